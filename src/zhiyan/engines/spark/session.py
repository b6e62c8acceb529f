"""The connection to Spark: started at the first statement that needs it, stopped with the engine."""

import contextlib
import importlib
import importlib.util
import shutil
import warnings
from collections.abc import Generator, Mapping
from typing import Any, Final

from zhiyan.errors import DataError, InternalError, OutsideError, Problem, UsageError

#: What the results depend on: moments without zone, ANSI errors, Parquet as it is written.
MEANING: Final[Mapping[str, str]] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
}

#: What is sensible unless the settings say otherwise.
DEFAULTS: Final[Mapping[str, str]] = {
    "spark.app.name": "zhiyan",
    "spark.master": "local[*]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.adaptive.enabled": "true",
    # Plans of hundreds of columns: their text is long, and nobody reads it.
    "spark.sql.maxMetadataStringLength": "50",
    "spark.sql.debug.maxToStringFields": "5",
}


def start(properties: Mapping[str, str]) -> tuple[Any, bool]:
    """Start Spark, or join the one of this process; tells whether it was started.

    The session is the caller's own: its views are seen by nobody else. Raises UsageError ``ZY109`` without PySpark or Java, OutsideError ``ZY905`` if it does not start.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise _missing("PySpark is not installed", "install it: pip install 'zhiyan[spark]'")
    wanted = {**DEFAULTS, **properties, **MEANING}
    local = wanted["spark.master"].startswith("local")
    if local:
        wanted.setdefault("spark.driver.host", "127.0.0.1")
        wanted.setdefault("spark.driver.bindAddress", "127.0.0.1")
        if shutil.which("java") is None:
            raise _missing(
                "there is no Java", "install Java 17, for example openjdk-17-jre-headless"
            )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sql = importlib.import_module("pyspark.sql")
        builder = sql.SparkSession.builder
        for name, value in wanted.items():
            builder = builder.config(name, value)
        with errors_wrapped():
            is_first = sql.SparkSession.getActiveSession() is None
            own = builder.getOrCreate().newSession()
            for name, value in MEANING.items():
                own.conf.set(name, value)
            return own, is_first


def is_available() -> bool:
    """Tell whether this machine can start a Spark of its own."""
    return importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


def _missing(message: str, hint: str) -> UsageError:
    return UsageError(Problem(code="ZY109", message=message, hint=hint))


@contextlib.contextmanager
def errors_wrapped() -> Generator[None]:
    """Turn Spark's errors into ours: a number too large, too little memory, the cluster, a bug."""
    if importlib.util.find_spec("pyspark") is None:
        yield  # `start` says what is missing
        return
    failures = importlib.import_module("pyspark.errors")
    broken = (OSError, importlib.import_module("py4j.protocol").Py4JError)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except failures.ArithmeticException as error:
        raise DataError(
            Problem(code="ZY590", message=f"a value is out of range: {_first_line(error)}")
        ) from error
    except (failures.AnalysisException, failures.ParseException) as error:
        raise InternalError(Problem(code="ZY990", message=_first_line(error))) from error
    except (failures.PySparkException, *broken) as error:
        raise _failed(_first_line(error)) from error


def _failed(text: str) -> DataError | OutsideError:
    """Return the error for a job that failed, by what its text names."""
    if "ARITHMETIC_OVERFLOW" in text or "CAST_OVERFLOW" in text:
        return DataError(Problem(code="ZY590", message=f"a value is out of range: {text}"))
    if "OutOfMemory" in text or "maxResultSize" in text or "UNABLE_TO_ACQUIRE" in text:
        hint = "give Spark more: spark.driver.memory, spark.driver.maxResultSize, executors"
        return OutsideError(Problem(code="ZY903", message="not enough memory", hint=hint))
    hint = "is the cluster up, and does every node see the folder of spark.folder?"
    return OutsideError(Problem(code="ZY905", message=f"Spark failed: {text}", hint=hint))


def _first_line(error: BaseException) -> str:
    """Return what an error of Spark says, the cause before the call that met it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by:")]
    return (causes or lines or [type(error).__name__])[0][:500]
