"""Finding what people name: snapshots, tags, customers; with the nearest name where there is none."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from zhiyan.core.expression import names
from zhiyan.core.identity import parse_public_id
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.core.time import BusinessZone, aware
from zhiyan.errors import Problem, UsageError
from zhiyan.lang.behaviours import Question, check_question
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.nearest import nearest
from zhiyan.ports import Engine, Statement


def snapshot_named(found: Sequence[Manifest], name: str | None) -> Manifest:
    """Return the newest snapshot (name None), or the one whose id begins like ``name``.

    Raises UsageError ``ZY501`` if there is none yet, ``ZY502`` if the name fits none or several.
    """
    if not found:
        raise UsageError(
            Problem(code="ZY501", message="no snapshot yet", hint="run `zhiyan compute` first")
        )
    fitting = found if name is None else [m for m in found if m.snapshot_id.startswith(name)]
    if name is not None and len(fitting) != 1:
        ids = [m.snapshot_id for m in found]
        raise UsageError(
            Problem(
                code="ZY502",
                message=f"{len(fitting)} snapshots are called {name!r}",
                hint=nearest(name, ids) or f"there are {', '.join(ids[:5])}",
            )
        )
    return fitting[0]


def tag_named(catalogue: Catalogue, code: str) -> Tag:
    """Return a tag by its code or an earlier one; raises UsageError ``ZY503`` if there is none."""
    found = catalogue.tags.get(catalogue.aliases.get(code, code))
    if found is None:
        hint = nearest(code, catalogue.tags)
        raise UsageError(Problem(code="ZY503", message=f"there is no tag {code!r}", hint=hint))
    return found


def tag_at(catalogue: Catalogue, snapshot: Manifest, code: str, *, zone: BusinessZone) -> Tag:
    """Return a tag that a snapshot has.

    Raises UsageError ``ZY503`` if there is no such tag, ``ZY513`` if the snapshot has none.
    """
    tag = tag_named(catalogue, code)
    demand_tags(snapshot, [tag.code], zone=zone)
    return tag


def demand_tags(snapshot: Manifest, codes: Iterable[str], *, zone: BusinessZone) -> None:
    """Raise UsageError ``ZY513`` if a snapshot lacks some of the tags of today."""
    missing = sorted(set(codes) - set(snapshot.tags))
    if not missing:
        return
    local = zone.to_local(aware(snapshot.as_of))
    midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
    day = f"{local:%Y-%m-%d}" if midnight else f"{local:%Y-%m-%dT%H:%M:%S}"
    raise UsageError(
        Problem(
            code="ZY513",
            message=f"snapshot {snapshot.snapshot_id} as of {day} has no tag {', '.join(missing)}",
            hint=f"run `zhiyan compute --as-of {day}`, or name another snapshot with --snapshot",
        )
    )


def question_named(catalogue: Catalogue, text: str) -> Question:
    """Return an expression, or the condition of a segment, as a question.

    Raises DefinitionError for a wrong expression.
    """
    segment = catalogue.segments.get(text.strip())
    return Question(node=segment.where) if segment else check_question(catalogue, text)


def question_at(
    catalogue: Catalogue, snapshot: Manifest, text: str, *, zone: BusinessZone
) -> Question:
    """Return an expression, or the condition of a segment, to be asked of a snapshot.

    Raises as ``question_named``; UsageError ``ZY513`` if the snapshot lacks a tag.
    """
    found = question_named(catalogue, text)
    demand_tags(snapshot, names(found.node) & set(catalogue.tags), zone=zone)
    return found


def customer_named(text: str) -> int:
    """Return the number behind a printed customer id; raises UsageError ``ZY504``."""
    customer_id = parse_public_id(text)
    if customer_id is None:
        raise UsageError(
            Problem(
                code="ZY504",
                message=f"{text!r} is no customer id",
                hint="ids are C and 16 digits or letters A to F, as `zhiyan select` shows",
            )
        )
    return customer_id


def no_customer(text: str) -> UsageError:
    """Return the error for a well-formed customer id that nobody has (``ZY504``)."""
    hint = "merged customers keep the id of the one seen first; find her with `zhiyan select`"
    return UsageError(Problem(code="ZY504", message=f"there is no customer {text}", hint=hint))


def customer_row(engine: Engine, snapshot: Manifest, customer_id: int) -> dict[str, Any] | None:
    """Return all tags of a customer at a snapshot, None if it has no such customer."""
    rows = engine.query(
        Statement(
            f"SELECT * FROM snapshot.t_{snapshot.snapshot_id} WHERE customer_id = $id",  # noqa: S608 - an id of ours
            {"id": customer_id},
        )
    ).to_pylist()
    return rows[0] if rows else None


def seen_by(catalogue: Catalogue, snapshot: Manifest) -> Catalogue:
    """Return the definitions that a snapshot can answer: tags that it has, segments over them."""
    tags = {code: tag for code, tag in catalogue.tags.items() if code in snapshot.tags}
    segments = {
        code: segment
        for code, segment in catalogue.segments.items()
        if not any(name in catalogue.tags and name not in tags for name in names(segment.where))
    }
    return replace(catalogue, tags=tags, segments=segments)
