"""Apache Spark: the same statements, on a cluster."""

from zhiyan.engines.spark.engine import SparkEngine
from zhiyan.engines.spark.session import is_available
from zhiyan.engines.spark.support import CAPABILITIES

__all__ = ["CAPABILITIES", "SparkEngine", "is_available"]
