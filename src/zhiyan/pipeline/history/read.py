"""Reading intervals: what held on a day, since when, and what was believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zhiyan.pipeline.history.state import believed, stored_value
from zhiyan.pipeline.history.tables import CUSTOMER, Sighting, sightings
from zhiyan.ports import Engine, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """An unbroken stretch of one value of one customer's tag, under one version of the tag.

    The value is canonical text. It was first seen at ``valid_from``; the sighting before, at
    ``unseen_at`` (None: there was none), had another value or none: the change happened between the
    two. ``valid_to`` None: it held at the last sighting. ``known_to`` None: it is still believed.
    """

    tag: str
    value: str
    version: str
    unseen_at: datetime | None
    valid_from: datetime
    valid_to: datetime | None
    known_from: datetime
    known_to: datetime | None


def at(
    known: Sequence[Sighting], moment: datetime, known_at: datetime | None = None
) -> Sighting | None:
    """Return the sighting that answers for a moment, as known then; None if it lies before all."""
    seen = [one for one in _by(known, known_at) if one.as_of <= moment]
    return max(seen, key=lambda one: (one.as_of, one.order), default=None)


def timeline(known: Sequence[Sighting], known_at: datetime | None = None) -> list[Sighting]:
    """Return what is believed of each as-of, in the order of as-ofs: one sighting each."""
    newest = {one.as_of: one for one in _by(known, known_at)}
    return [newest[as_of] for as_of in sorted(newest)]


def customer_at(
    engine: Engine, sighting: Sighting, known: Sequence[Sighting], *, customer_id: int
) -> dict[str, Any] | None:
    """Return the kept tags of a customer at a sighting, from intervals; None if she was not there."""
    rows = engine.query(
        Statement(
            f"SELECT tag, value FROM {believed(sighting, known)} WHERE customer_id = $id",  # noqa: S608 - declared names
            {"id": customer_id},
        )
    ).to_pylist()
    texts = {row["tag"]: row["value"] for row in rows}
    if CUSTOMER not in texts:
        return None
    values = {
        code: stored_value(texts[code], kind) if code in texts else None
        for code, (_, kind) in sighting.tags.items()
    }
    return {"customer_id": customer_id, **values}


def stretches(
    engine: Engine,
    customer_id: int,
    tags: Sequence[str] = (),
    *,
    known_at: datetime | None = None,
    every_belief: bool = False,
) -> list[Stretch]:
    """Return the stretches of a customer by tag and time; ``tags`` empty: of all tags.

    As believed now, or at ``known_at``; with ``every_belief`` also what is not believed any more.
    """
    known = sightings(engine)
    seen = _by(known, known_at)
    if not seen:
        return []
    rows = engine.query(
        Statement(
            "SELECT tag, value, version, valid_from, valid_to, known_from, known_to"
            " FROM history.value WHERE customer_id = $id AND known_from < known_to"
            " AND (len($tags) = 0 OR list_contains($tags, tag))"
            " AND list_contains($numbers, opened_by)"
            " AND ($every OR replaced_by IS NULL OR NOT list_contains($numbers, replaced_by))"
            " ORDER BY tag, valid_from, known_from",
            {
                "id": customer_id,
                "tags": list(tags),
                "numbers": [one.number for one in seen],
                "every": every_belief,
            },
        )
    ).to_pylist()
    return [_stretch(row, seen) for row in rows]


def _stretch(row: dict[str, Any], seen: Sequence[Sighting]) -> Stretch:
    """Return a row as far as the sightings saw it."""
    days = [one.as_of for one in seen if row["known_from"] <= one.known_at < row["known_to"]]
    earlier = [one.as_of for one in seen if one.known_at < row["known_to"]]
    last = max([*days, *earlier])
    moments: dict[str, Any] = {
        "unseen_at": max((day for day in earlier if day < row["valid_from"]), default=None),
        "valid_to": row["valid_to"] if row["valid_to"] <= last else None,
        "known_to": row["known_to"] if row["known_to"] <= seen[-1].known_at else None,
    }
    return Stretch(**{**row, **moments})


def _by(known: Sequence[Sighting], known_at: datetime | None) -> list[Sighting]:
    return [one for one in known if known_at is None or one.known_at <= known_at]
