"""Decisions of staff about who is who: merge, split, undo. They are events and never rewritten.

Per pair of parties the newest decision that is not undone stands. A merge links the two whatever
their identifiers say (but never over two different ID cards or a split). A split takes ``party_b``
out of the customer of ``party_a`` for good. A decision holds from the moment at which both records
exist, and is known from the moment at which it was recorded: so it reaches into the past of a
customer, but not into what was known before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import md5
from typing import Any, Final

from zhiyan.core.kinds import KINDS
from zhiyan.core.time import naive_utc
from zhiyan.errors import Problem, UsageError
from zhiyan.ports import Engine, Statement


class Action(StrEnum):
    """What a decision does."""

    MERGE = "merge"
    SPLIT = "split"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision to record.

    Merge and split name two parties (a split takes ``party_b`` out); undo names the decision that
    it undoes, which may itself be an undo.
    """

    action: Action
    author: str
    reason: str
    party_a: int | None = None
    party_b: int | None = None
    undoes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A merge or split that is neither undone nor replaced by a newer one on the same pair."""

    decision_id: str
    action: str
    parties: tuple[int, int]


_FIRST_SEEN: Final = """
SELECT party_id, min(occurred_at) AS first_seen
FROM ({sightings})
WHERE party_id = $a OR party_id = $b
GROUP BY party_id
"""

_TARGET: Final = """
SELECT party_a, party_b, occurred_at, recorded_at
FROM identity.decision
WHERE decision_id = $undoes
"""

_UNDONE: Final = "SELECT decision_id, undoes, recorded_at, action FROM identity.decision"

_INSERT: Final = """
INSERT INTO identity.decision
    (decision_id, action, party_a, party_b, author, reason, undoes, occurred_at, recorded_at)
VALUES ($decision_id, $action, $party_a, $party_b, $author, $reason, $undoes,
        $occurred_at, $recorded_at)
"""


def decide(engine: Engine, decision: Decision, *, recorded_at: datetime) -> str:
    """Record a decision at an aware moment and return its id; it takes effect at the next resolve.

    Raises UsageError: ``ZY411`` a merge or split that does not name two different known parties,
    ``ZY412`` an undo of a decision that does not exist, is undone already or is not older,
    ``ZY413`` no author or no reason.
    """
    if not (decision.author.strip() and decision.reason.strip()):
        raise _refusal("ZY413", "a decision needs an author and a reason")
    stored = naive_utc(recorded_at)
    if decision.action is Action.UNDO:
        values = _undo(engine, decision, stored)
    else:
        values = _pair(engine, decision)
    values |= {
        "action": str(decision.action),
        "author": decision.author,
        "reason": decision.reason,
        "undoes": decision.undoes,
        "recorded_at": stored,
    }
    parts = "|".join(f"{name}={values[name]}" for name in sorted(values))
    decision_id = md5(parts.encode(), usedforsecurity=False).hexdigest()
    engine.run(Statement(_INSERT, {**values, "decision_id": decision_id}))
    return decision_id


def standing(rows: Iterable[Mapping[str, Any]]) -> list[Standing]:
    """Return what stands of all visible rows of identity.decision, ordered by id."""
    undone = _undone(rows := list(rows))
    newest: dict[tuple[int, ...], Standing] = {}
    for row in sorted(rows, key=lambda row: (row["recorded_at"], row["decision_id"])):
        if row["action"] == Action.UNDO or row["decision_id"] in undone:
            continue
        pair = (row["party_a"], row["party_b"])
        newest[tuple(sorted(pair))] = Standing(
            decision_id=row["decision_id"], action=row["action"], parties=pair
        )
    return sorted(newest.values(), key=lambda decision: decision.decision_id)


def _undone(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of undone decisions; an undo that is itself undone does nothing."""
    undone: set[str] = set()
    undos = [row for row in rows if row["action"] == Action.UNDO]
    for row in sorted(undos, key=lambda row: row["recorded_at"], reverse=True):
        if row["decision_id"] not in undone:
            undone.add(row["undoes"])
    return undone


def _pair(engine: Engine, decision: Decision) -> dict[str, Any]:
    a, b = decision.party_a, decision.party_b
    if a is None or b is None or a == b or decision.undoes is not None:
        raise _refusal("ZY411", f"a {decision.action} names two different parties")
    tables = ("identity.observation", *(f'event."{kind}"' for kind in KINDS))
    sightings = " UNION ALL ".join(f"SELECT party_id, occurred_at FROM {name}" for name in tables)  # noqa: S608 - kinds are declared
    statement = Statement(_FIRST_SEEN.format(sightings=sightings), {"a": a, "b": b})
    seen = {row["party_id"]: row["first_seen"] for row in engine.query(statement).to_pylist()}
    missing = sorted({a, b} - seen.keys())
    if missing:
        raise _refusal("ZY411", f"no record has the party id {missing[0]}")
    return {"party_a": a, "party_b": b, "occurred_at": max(seen.values())}


def _undo(engine: Engine, decision: Decision, recorded_at: datetime) -> dict[str, Any]:
    found = engine.query(Statement(_TARGET, {"undoes": decision.undoes})).to_pylist()
    if not found:
        raise _refusal("ZY412", "there is no such decision to undo")
    if decision.undoes in _undone(engine.query(Statement(_UNDONE)).to_pylist()):
        raise _refusal("ZY412", "this decision is undone already")
    target = found[0]
    if target["recorded_at"] >= recorded_at:
        raise _refusal("ZY412", "a decision can only be undone after it was recorded")
    return {name: target[name] for name in ("party_a", "party_b", "occurred_at")}


def _refusal(code: str, message: str) -> UsageError:
    return UsageError(Problem(code=code, message=message))
