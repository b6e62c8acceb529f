"""Distributions of tags over the valid customers of a snapshot, counted on within a generation."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhiyan.core.expression import ValueType
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.tag_sql import VALID
from zhiyan.pipeline.stored import place_of
from zhiyan.ports import Engine, Statement

_NUMBERS = frozenset({ValueType.INT, ValueType.DECIMAL, ValueType.MONEY})
_TIMES = frozenset({ValueType.DATE, ValueType.MOMENT})
#: Texts with more different values than this have no distribution, only coverage.
MOST_VALUES = 200


@dataclass(frozen=True, slots=True)
class _Asked:
    """SQL of the value whose histogram is taken, and the edges of its bins; empty: by value."""

    value: str
    edges: tuple[float, ...]


def count(
    engine: Engine,
    catalogue: Catalogue,
    snapshot: Manifest,
    *,
    earlier: Mapping[str, dict[str, Any]],
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many valid customers there are, and the distribution of each tag.

    Counted on from the last snapshot of the generation; what cannot be is counted in two scans.
    """
    tags = [tag for code, tag in catalogue.tags.items() if code in snapshot.tags]
    rows = f"snapshot.t_{snapshot.snapshot_id}{_valid(snapshot)}"
    moment = {"as_of": snapshot.as_of}
    found = _counted_on(engine, tags, snapshot, earlier=earlier)
    rest = [tag for tag in tags if tag.code not in found]
    first = ["count(*) AS customers", *(_sizes(tag, n, earlier) for n, tag in enumerate(rest))]
    sizes = _one(engine, f"SELECT {', '.join(first)} FROM {rows}", moment)  # noqa: S608 - declared names
    asked = [_asked(tag, n, sizes, earlier=earlier) for n, tag in enumerate(rest)]
    counts = _counts(engine, rows, asked, moment=moment)
    customers = int(sizes["customers"])
    for n, tag in enumerate(rest):
        nulls = customers - int(sizes[f"k{n}"])
        found[tag.code] = _spread(asked[n], counts.get(n), nulls)
    return customers, [found[tag.code] for tag in tags]


def _valid(snapshot: Manifest) -> str:
    return f' WHERE "{VALID}"' if VALID in snapshot.tags else ""


def _counts(
    engine: Engine, rows: str, asked: Sequence[_Asked | None], *, moment: Mapping[str, Any]
) -> dict[int, Any]:
    """Return the counted bins or values of what is asked, by its place: one scan for each sort."""
    bins = {n: one for n, one in enumerate(asked) if one is not None and one.edges}
    texts = {n: one for n, one in enumerate(asked) if one is not None and not one.edges}
    found = dict[int, Any]()
    if bins:
        listed = [f"histogram({one.value}, {list(one.edges)}) AS h{n}" for n, one in bins.items()]
        counted = _one(engine, f"SELECT {', '.join(listed)} FROM {rows}", moment)  # noqa: S608 - declared names
        found.update((n, counted[f"h{n}"]) for n in bins)
    if texts:
        values = ", ".join(one.value for one in texts.values())
        each = f"SELECT unnest([{values}]) AS value, unnest({list(texts)}) AS place FROM {rows}"  # noqa: S608 - declared names
        grouped = f"SELECT place, value, count(*) AS n FROM ({each}) WHERE value IS NOT NULL"  # noqa: S608 - as above
        for row in engine.query(Statement(f"{grouped} GROUP BY place, value")).to_pylist():
            found.setdefault(row["place"], []).append((row["value"], row["n"]))
    return found


def _counted_on(
    engine: Engine, tags: Sequence[Tag], snapshot: Manifest, *, earlier: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the distributions told from those of an earlier snapshot of the generation, by tag.

    The row versions that only one of the two sees tell the difference. What follows the clock is
    left out: nothing of it need be written anew.
    """
    base = _base(engine, snapshot)
    if base is None:
        return {}
    kept = _kept(engine, base["snapshot_id"])
    chosen = [
        (tag, kept[tag.code])
        for tag in tags
        if _goes_on(tag, kept.get(tag.code), earlier.get(tag.code, {}))
        and tag.code in base["stored"]
    ]
    asked = [_asked_again(tag, row) for tag, row in chosen]
    before, after = (
        _counted_rows(
            engine, f"{rows}{_valid(snapshot)}", tags=[tag for tag, _ in chosen], asked=asked
        )
        for rows in base["sides"]
    )
    return {
        tag.code: _moved_on(row["distribution"], before[n], after[n])
        for n, (tag, row) in enumerate(chosen)
    }


def _base(engine: Engine, snapshot: Manifest) -> dict[str, Any] | None:
    """Return the last snapshot before in the generation: its id, stored columns, and both sides.

    The sides are the relations of the row versions that only it sees, and only the new one, of the
    strip that tells who is a valid customer; columns of other strips are not among the stored ones.
    """
    found = engine.query(
        Statement(
            "SELECT b.snapshot_id FROM meta.snapshot AS s JOIN meta.snapshot AS b"
            " ON b.generation = s.generation AND b.number < s.number"
            " WHERE s.snapshot_id = $id AND b.snapshot_id IN (SELECT snapshot_id FROM meta.tag_quality)"
            " ORDER BY b.number DESC LIMIT 1",
            {"id": snapshot.snapshot_id},
        )
    ).to_pylist()
    now = place_of(engine, snapshot.snapshot_id)
    was = place_of(engine, found[0]["snapshot_id"]) if found else None
    if was is None or now is None:
        return None
    (strip,) = now.holding([VALID] if VALID in snapshot.tags else [])
    return {
        "snapshot_id": found[0]["snapshot_id"],
        "stored": set(now.strips[strip]),
        "sides": [
            f"(SELECT * FROM {now.table(strip)} WHERE {seen})"  # noqa: S608 - numbers of ours
            for seen in (was.unlike(now), now.unlike(was))
        ],
    }


def _kept(engine: Engine, snapshot_id: str) -> dict[str, dict[str, Any]]:
    """Return what is kept of the tags of a snapshot: version, known, distribution."""
    rows = engine.query(
        Statement(
            "SELECT code, version, known, distribution FROM meta.tag_quality WHERE snapshot_id = $id",
            {"id": snapshot_id},
        )
    ).to_pylist()
    return {row["code"]: {**row, "distribution": json.loads(row["distribution"])} for row in rows}


def _goes_on(tag: Tag, row: Mapping[str, Any] | None, earlier: Mapping[str, Any]) -> bool:
    """Tell whether a tag's new distribution can be told from the kept one."""
    if row is None or row["version"] != tag.fingerprint or tag.type in _TIMES:
        return False
    edges = row["distribution"].get("edges")
    return not _in_bins(tag) or bool(edges and edges == earlier.get("edges"))


def _asked_again(tag: Tag, row: Mapping[str, Any]) -> _Asked | None:
    """Return what to count of the rows that changed; None where there were too many texts."""
    spread = row["distribution"]
    if _in_bins(tag):
        return _Asked(_value(tag), tuple(spread["edges"]))
    return _Asked(_value(tag), ()) if "values" in spread or not row["known"] else None


def _counted_rows(
    engine: Engine, rows: str, *, tags: Sequence[Tag], asked: Sequence[_Asked | None]
) -> list[dict[str, Any]]:
    """Return the distribution of each tag over some rows."""
    known = [f'count("{tag.code}") AS k{n}' for n, tag in enumerate(tags)]
    sizes = _one(engine, f"SELECT {', '.join(['count(*) AS customers', *known])} FROM {rows}", {})  # noqa: S608 - declared names
    counts = _counts(engine, rows, asked, moment={})
    return [
        _spread(one, counts.get(n), sizes["customers"] - sizes[f"k{n}"])
        for n, one in enumerate(asked)
    ]


def _moved_on(
    kept: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a distribution without the rows that ended, and with those that began."""
    nulls = kept["nulls"] - before["nulls"] + after["nulls"]
    if "edges" in after:
        each = zip(kept["counts"], before["counts"], after["counts"], strict=True)
        counts = [held - ended + begun for held, ended, begun in each]
        return {"nulls": nulls, "edges": kept["edges"], "counts": counts}
    if "values" not in after:
        return {"nulls": nulls}
    values = Counter[str](kept.get("values", {}))
    values.subtract(before["values"])
    values.update(after["values"])
    left = {value: count for value, count in values.items() if count}
    return {"nulls": nulls, "values": left} if 0 < len(left) <= MOST_VALUES else {"nulls": nulls}


def _value(tag: Tag) -> str:
    """Return the number or text whose distribution tells about a tag.

    Dates count as days before the as-of, lists by their length.
    """
    name = f'"{tag.code}"'
    if tag.type in _TIMES:
        return f"((epoch($as_of::TIMESTAMP) - epoch({name}::TIMESTAMP)) / 86400)"
    if tag.type is ValueType.LIST:
        return f"len({name})::DOUBLE"
    return f"{name}::DOUBLE" if tag.type in _NUMBERS else f"{name}::VARCHAR"


def _in_bins(tag: Tag) -> bool:
    return tag.type in _NUMBERS or tag.type in _TIMES or tag.type is ValueType.LIST


def _sizes(tag: Tag, number: int, earlier: Mapping[str, dict[str, Any]]) -> str:
    known = f'count("{tag.code}") AS k{number}'
    if _in_bins(tag):
        if earlier.get(tag.code, {}).get("edges"):
            return known
        tenths = [share / 10 for share in range(1, 10)]
        return f"{known}, approx_quantile({_value(tag)}, {tenths}) AS q{number}"
    return f'{known}, approx_count_distinct("{tag.code}") AS d{number}'


def _asked(
    tag: Tag, number: int, sizes: Mapping[str, Any], *, earlier: Mapping[str, dict[str, Any]]
) -> _Asked | None:
    """Return what to count; None where there is nothing, or too many different texts."""
    if not _in_bins(tag):
        return _Asked(_value(tag), ()) if 0 < sizes[f"d{number}"] <= MOST_VALUES else None
    kept = earlier.get(tag.code, {}).get("edges")
    edges = kept or sorted({float(edge) for edge in sizes[f"q{number}"] or ()})
    return _Asked(_value(tag), tuple(edges)) if edges else None


def _spread(asked: _Asked | None, counted: Any, nulls: int) -> dict[str, Any]:
    """Return a distribution as it is kept; bins end at their edges, the last one is open."""
    pairs: list[tuple[Any, int]] = list(counted or ())
    if asked is None:
        return {"nulls": nulls}
    if not asked.edges:
        return {"nulls": nulls, "values": {str(value): int(n) for value, n in pairs}}
    found = {float(edge): int(n) for edge, n in pairs}
    inner = [found.get(edge, 0) for edge in asked.edges]
    return {
        "nulls": nulls,
        "edges": list(asked.edges),
        "counts": [*inner, sum(found.values()) - sum(inner)],
    }


def _one(engine: Engine, text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    used = {name: value for name, value in values.items() if f"${name}" in text}
    return engine.query(Statement(text, used)).to_pylist()[0]
