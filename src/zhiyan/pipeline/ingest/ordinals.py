"""Lines without a number of their own against those that earlier files brought.

Lines of a group (same document, same item or way of paying) are counted by content, which is right
as long as two files hold the same lines or one more. Where a file holds only some of the lines, or
changed ones, counting would take one line for another. So lines that say exactly what a known line
says are that line; only what is left over corrects what is left over, in order of content.
"""

from collections.abc import Sequence
from typing import Any

from zhiyan.core.event import EventKind
from zhiyan.pipeline.ingest.read.arrow import pa
from zhiyan.pipeline.ingest.statements import NUMBERED_ROWS, content, keyed
from zhiyan.ports import Engine, Statement

#: How many known lines of one group are looked for.
_REACH = 128


def renumber(kind: EventKind, engine: Engine) -> bool:
    """Give lines in ``numbered`` the numbers of the known lines that they repeat.

    ``stage_<kind>`` holds the lines as counted. Returns whether any number changed, so that the
    stage must be made again.
    """
    engine.run(_torn(kind))
    offered = engine.query(
        Statement(
            "SELECT line_group, place, content, nth, each FROM torn ORDER BY line_group, nth, place"
        )
    ).to_pylist()
    if not offered:
        return False
    engine.run(_known(kind))
    known = engine.query(
        Statement("SELECT line_group, nth, content FROM known_lines ORDER BY line_group, nth")
    ).to_pylist()
    changed: list[tuple[int, int]] = []
    for group, rows in _grouped(offered).items():
        lines = {int(one["nth"]): int(one["content"]) for one in _grouped(known).get(group, [])}
        numbers = _assign([int(row["content"]) for row in rows], lines, each=bool(rows[0]["each"]))
        changed += [
            (int(row["place"]), number)
            for row, number in zip(rows, numbers, strict=True)
            if number != row["nth"]
        ]
    if changed:
        _write(changed, engine)
    return bool(changed)


def _grouped(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["line_group"]), []).append(row)
    return found


def _assign(offered: Sequence[int], known: dict[int, int], *, each: bool) -> list[int]:
    """Return a number for every offered content; equal ones share one unless ``each`` is a line."""
    free = dict(known)
    numbers: dict[int, int] = {}
    chosen: list[int | None] = []
    for text in offered:
        if not each and text in numbers:
            chosen.append(numbers[text])
            continue
        match = next((number for number, held in free.items() if held == text), None)
        if match is not None:
            free.pop(match)
            numbers[text] = match
        chosen.append(match)
    fresh = (n for n in range(1, len(known) + len(offered) + 1) if n not in known)
    rest = iter([*sorted(free), *fresh])
    for place, text in enumerate(offered):
        if chosen[place] is None:
            shared = None if each else numbers.get(text)
            chosen[place] = numbers[text] = next(rest) if shared is None else shared
    return [number for number in chosen if number is not None]


def _torn(kind: EventKind) -> Statement:
    """Return what gathers the groups in which a counted line meets another content."""
    return Statement(
        f"""CREATE OR REPLACE TEMP TABLE torn AS
        WITH met AS (SELECT DISTINCT s.line_group FROM "stage_{kind.name}" AS s
          JOIN event."{kind.name}" AS e ON e.event_id = s.event_id AND e.superseded_at IS NULL
          WHERE s.line_group IS NOT NULL AND e.content_hash <> s.content_hash)
        SELECT * FROM {NUMBERED_ROWS} SEMI JOIN met USING (line_group)"""  # noqa: S608 - identifiers come from the declaration of the kind
    )


def _known(kind: EventKind) -> Statement:
    """Return what finds the lines of these groups that the warehouse holds, by their numbers."""
    return Statement(
        f"""CREATE OR REPLACE TEMP TABLE known_lines AS
        WITH one AS (SELECT DISTINCT ON (line_group) * FROM torn),
        tried AS (SELECT one.* REPLACE (k.nth AS nth)
          FROM one CROSS JOIN (SELECT range AS nth FROM range(1, $reach)) AS k),
        named AS (SELECT line_group, nth, event_id FROM ({keyed(kind, "tried")})),
        held AS (SELECT event_id, {content(kind)} AS content FROM event."{kind.name}"
          SEMI JOIN named USING (event_id) WHERE superseded_at IS NULL)
        SELECT line_group, nth, held.content FROM named JOIN held USING (event_id)""",  # noqa: S608 - identifiers come from the declaration of the kind
        {"kind": kind.name, "reach": _REACH},
    )


def _write(changed: Sequence[tuple[int, int]], engine: Engine) -> None:
    rows = pa.table(
        {"place": [place for place, _ in changed], "nth": [number for _, number in changed]}
    )
    with engine.load("renumbered", rows):
        engine.run(
            Statement(
                "UPDATE numbered SET nth = r.nth FROM renumbered AS r WHERE numbered.place = r.place"
            )
        )
