"""What is kept of every tag with every snapshot: version, coverage, freshness, distribution, use."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from zhiyan.analytics.stability import psi
from zhiyan.core.kinds import KINDS
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.tag_sql import ancestors
from zhiyan.lang.versions import described_parts, semantic_parts
from zhiyan.pipeline.stability.spread import count
from zhiyan.ports import Engine, Statement

#: Table -> its columns.
TABLES: dict[str, str] = {
    "meta.tag_version": """
        code VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL, status VARCHAR NOT NULL,
        parts VARCHAR NOT NULL, described VARCHAR NOT NULL, first_snapshot VARCHAR NOT NULL,
        first_as_of TIMESTAMP NOT NULL, first_seen TIMESTAMP NOT NULL""",
    "meta.tag_quality": """
        snapshot_id VARCHAR NOT NULL, as_of TIMESTAMP NOT NULL, code VARCHAR NOT NULL,
        version VARCHAR NOT NULL, customers BIGINT NOT NULL, known BIGINT NOT NULL,
        fact_age_days INTEGER, psi_previous DOUBLE, psi_30d DOUBLE, distribution VARCHAR NOT NULL""",
    "meta.tag_use": """
        day DATE NOT NULL, code VARCHAR NOT NULL, reader VARCHAR NOT NULL, uses BIGINT NOT NULL""",
}
LONG_AGO = timedelta(days=30)


def create_tables(engine: Engine) -> None:
    """Create the tables, if they are not there."""
    for name, columns in TABLES.items():
        engine.run(Statement(f"CREATE TABLE IF NOT EXISTS {name} ({columns})"))


def keep_versions(engine: Engine, catalogue: Catalogue, snapshot: Manifest) -> int:
    """Note the versions of tags that no snapshot had before; return how many."""
    known = engine.query(
        Statement("SELECT code, fingerprint, status, described FROM meta.tag_version")
    ).to_pylist()
    seen = {tuple(row.values()) for row in known}
    rows: list[dict[str, Any]] = []
    for tag in catalogue.tags.values():
        described = _json(described_parts(tag))
        if (tag.code, tag.fingerprint, tag.status, described) not in seen:
            rows.append(
                {
                    "code": tag.code,
                    "fingerprint": tag.fingerprint,
                    "status": tag.status,
                    "parts": _json(semantic_parts(tag, catalogue)),
                    "described": described,
                    "first_snapshot": snapshot.snapshot_id,
                    "first_as_of": snapshot.as_of,
                    "first_seen": snapshot.created_at,
                }
            )
    _insert(engine, "meta.tag_version", rows)
    return len(rows)


def note_uses(engine: Engine, uses: Mapping[tuple[date, str, str], int]) -> None:
    """Add counted uses by (day, tag, reader); who asked is nowhere kept."""
    rows = [
        {"day": day, "code": code, "reader": reader, "uses": count}
        for (day, code, reader), count in sorted(uses.items())
    ]
    _insert(engine, "meta.tag_use", rows)


def keep_quality(engine: Engine, catalogue: Catalogue, snapshot: Manifest) -> int:
    """Note coverage, freshness, distribution and stability of every tag of a snapshot, once."""
    done = engine.query(
        Statement(
            "SELECT count(*) AS n FROM meta.tag_quality WHERE snapshot_id = $id",
            {"id": snapshot.snapshot_id},
        )
    )
    tags = [tag for code, tag in catalogue.tags.items() if code in snapshot.tags]
    if done.column("n")[0].as_py() or not tags:
        return 0
    before, long_before = (
        _distributions(engine, snapshot.as_of - gap)
        for gap in (timedelta(microseconds=1), LONG_AGO)
    )
    customers, found = count(engine, catalogue, snapshot, earlier=before)
    ages = _fact_ages(engine, snapshot.as_of)
    rows = [
        {
            "snapshot_id": snapshot.snapshot_id,
            "as_of": snapshot.as_of,
            "code": tag.code,
            "version": tag.fingerprint,
            "customers": customers,
            "known": customers - spread["nulls"],
            "fact_age_days": _age(catalogue, tag, ages),
            "psi_previous": _psi(before.get(tag.code), spread),
            "psi_30d": _psi(long_before.get(tag.code), spread),
            "distribution": _json(spread),
        }
        for tag, spread in zip(tags, found, strict=True)
    ]
    _insert(engine, "meta.tag_quality", rows)
    return len(rows)


def _psi(before: dict[str, Any] | None, after: dict[str, Any]) -> float | None:
    """Return the stability between two kept distributions; None where they cannot be compared."""
    if before is None or before.get("edges") != after.get("edges"):
        return None
    if "edges" in after:
        return psi([before["nulls"], *before["counts"]], [after["nulls"], *after["counts"]])
    olds, news = before.get("values"), after.get("values")
    if olds is None or news is None:
        return None
    values = sorted({*olds, *news})
    return psi(
        [before["nulls"], *(olds.get(value, 0) for value in values)],
        [after["nulls"], *(news.get(value, 0) for value in values)],
    )


def _distributions(engine: Engine, until: datetime) -> dict[str, dict[str, Any]]:
    """Return the distributions of the last snapshot at or before a moment, by tag."""
    rows = engine.query(
        Statement(
            "SELECT code, distribution FROM meta.tag_quality WHERE as_of <= $until"
            " QUALIFY row_number() OVER (PARTITION BY code ORDER BY as_of DESC, rowid DESC) = 1",
            {"until": until},
        )
    ).to_pylist()
    return {row["code"]: json.loads(row["distribution"]) for row in rows}


def _fact_ages(engine: Engine, as_of: datetime) -> dict[str, int]:
    """Return how many whole days before the as-of the last fact of each kind occurred."""
    each = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, max(occurred_at) AS newest FROM event.{kind}"  # noqa: S608 - declared names
        " WHERE occurred_at < $as_of"
        for kind in KINDS
    )
    rows = engine.query(Statement(each, {"as_of": as_of})).to_pylist()
    return {row["kind"]: (as_of - row["newest"]).days for row in rows if row["newest"]}


def _age(catalogue: Catalogue, tag: Tag, ages: Mapping[str, int]) -> int | None:
    """Return the age of the newest fact that a tag could have read, itself or through others."""
    read = [tag, *(catalogue.tags[code] for code in ancestors(catalogue, tag.code))]
    sources = {measure.source for one in read for measure in one.measures}
    kinds = {part.kind for source in sources for part in catalogue.views[source].parts}
    return min((ages[kind] for kind in kinds if kind in ages), default=None)


def _insert(engine: Engine, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    with engine.load("stability_rows", pa.Table.from_pylist([dict(row) for row in rows])):
        engine.run(Statement(f"INSERT INTO {table} BY NAME SELECT * FROM stability_rows"))  # noqa: S608 - our names


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def quality(engine: Engine, codes: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return the kept rows of some tags (empty: of all), newest snapshot first."""
    return engine.query(
        Statement(
            "SELECT * FROM meta.tag_quality WHERE len($codes) = 0 OR list_contains($codes, code)"
            " ORDER BY as_of DESC, rowid DESC",
            {"codes": list(codes)},
        )
    ).to_pylist()


def versions(engine: Engine, codes: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return the kept versions of some tags (empty: of all), in the order of first sight."""
    return engine.query(
        Statement(
            "SELECT * FROM meta.tag_version WHERE len($codes) = 0 OR list_contains($codes, code)"
            " ORDER BY first_seen, rowid",
            {"codes": list(codes)},
        )
    ).to_pylist()


def uses(engine: Engine, since: date) -> list[dict[str, Any]]:
    """Return the uses of tags from a day on: code, reader, uses, last day; a row per pair."""
    return engine.query(
        Statement(
            "SELECT code, reader, sum(uses)::BIGINT AS uses, max(day) AS last FROM meta.tag_use"
            " WHERE day >= $since GROUP BY code, reader ORDER BY code, reader",
            {"since": since},
        )
    ).to_pylist()
