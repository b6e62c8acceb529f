"""What the identity tables hold: as of when, up to which facts, and by which rules.

A resolve that finds this can tell what became visible since, and look at nothing else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from hashlib import md5
from importlib.resources import files
from typing import Any, Final

from zhiyan.ports import Engine, Statement

#: Packages and modules whose text decides what a resolve finds.
_RULES: Final = (
    ("zhiyan.pipeline.resolve", ""),
    ("zhiyan.analytics", "linkage.py"),
    ("zhiyan.core", "identity.py"),
)

_READ: Final = "SELECT * FROM identity.resolution"

_CLEAR: Final = "DELETE FROM identity.resolution"

_WRITE: Final = """
INSERT INTO identity.resolution
    (resolution, as_of, complete, last_import, next_due, observations, decisions, rules, sizes,
     recorded_at)
SELECT $resolution, $as_of, $complete, $last_import, $next_due::TIMESTAMP, $observations, $decisions, $rules,
       $sizes, $recorded_at
"""

_PROBE: Final = "SELECT CAST(hash('zhiyan') >> 1 AS BIGINT) AS key"

_OBSERVATIONS: Final = """
SELECT count(*) AS n FROM identity.observation WHERE import_id <= $last_import
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The one row of identity.resolution. Moments are naive UTC.

    ``resolution`` numbers the resolves that wrote something, from 1. ``complete`` says that nothing
    visible at ``as_of`` was held back. ``last_import`` is the last import looked at, ``next_due``
    when the first of the facts that lie ahead becomes visible (None: there is none).
    ``observations`` counts the rows of identity.observation up to that import, ``decisions`` lists
    the visible decisions. ``sizes`` holds the numbers of the report.
    """

    resolution: int
    as_of: datetime
    complete: bool
    last_import: int
    next_due: datetime | None
    observations: int
    decisions: frozenset[str]
    rules: str
    sizes: Mapping[str, Mapping[str, int]]
    recorded_at: datetime


def read_state(engine: Engine) -> State | None:
    """Return what the identity tables hold; None before the first resolve."""
    rows = engine.query(Statement(_READ)).to_pylist()
    if not rows:
        return None
    row: dict[str, Any] = dict(rows[0])
    row["decisions"] = frozenset(filter(None, str(row["decisions"]).split(",")))
    row["sizes"] = json.loads(row["sizes"])
    return State(**row)


def write_state(engine: Engine, state: State) -> None:
    """Replace what is known of the identity tables; call inside the transaction."""
    values = {
        **{field.name: getattr(state, field.name) for field in fields(state)},
        "decisions": ",".join(sorted(state.decisions)),
        "sizes": json.dumps(state.sizes, sort_keys=True),
    }
    engine.run(Statement(_CLEAR))
    engine.run(Statement(_WRITE, values))


def observations(engine: Engine, last_import: int) -> int:
    """Count the observations up to an import: what is there never goes away by itself."""
    found = engine.query(Statement(_OBSERVATIONS, {"last_import": last_import})).to_pylist()
    return int(found[0]["n"])


def rules(engine: Engine) -> str:
    """Return the fingerprint of the code that decides who is who, and of the engine's hash."""
    probe = engine.query(Statement(_PROBE)).to_pylist()[0]["key"]
    return f"{_code()}{probe & 0xFFFFFFFF:08x}"


@cache
def _code() -> str:
    digest = md5(usedforsecurity=False)
    for package, only in _RULES:
        for file in sorted(files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py") and (not only or file.name == only):
                digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
