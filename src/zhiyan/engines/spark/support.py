"""What Spark cannot answer as the warehouse does, and why; everything else it must answer alike."""

from typing import Final

from zhiyan.ports import Capabilities

#: Constructs of the language -> the reason why Spark would not give the same value to the last digit.
REFUSED: Final[dict[str, str]] = {}

CAPABILITIES: Final = Capabilities(name="spark", refused=REFUSED)
