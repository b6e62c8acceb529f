"""The visible rows of one customer, source by source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from zhiyan.core.expression import names
from zhiyan.core.measure import Measure
from zhiyan.core.snapshot import Manifest
from zhiyan.core.time import BusinessZone
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.measure_sql import columns_read, other_rows
from zhiyan.lang.memory import Row
from zhiyan.lang.moment import Moment
from zhiyan.lang.rows import DERIVED, Frame, source_rows, sql_name
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
PARTIES = "explained_party"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom and what an explanation is about."""

    engine: Engine
    catalogue: Catalogue
    snapshot: Manifest
    customer_id: int
    zone: BusinessZone


def fetch_rows(subject: Subject, measures: Iterable[Measure]) -> Mapping[str, list[Row]]:
    """Return the customer's visible rows of every source that some bound measures read."""
    read: dict[str, set[str]] = {}
    for measure in measures:
        read.setdefault(measure.source, set()).update(columns_read(measure))
        for other in other_rows(measure):
            more = names(other.where) if other.where else frozenset[str]()
            read.setdefault(other.source, set()).update(more - {"as_of"})
    _name_parties(subject)
    found = {source: _rows_of(subject, source, wanted) for source, wanted in read.items()}
    subject.engine.run(Statement(f"DROP TABLE {PARTIES}"))
    return found


def _name_parties(subject: Subject) -> None:
    """Make a temporary table of the customer's parties as the snapshot knew them."""
    subject.engine.run(Statement(f"DROP TABLE IF EXISTS {PARTIES}"))
    subject.engine.run(
        Statement(f"CREATE TEMPORARY TABLE {PARTIES} (party_id BIGINT, customer_id BIGINT)")
    )
    parties = exp.select("party_id", "customer_id").from_(
        exp.to_table(f"snapshot.a_{subject.snapshot.snapshot_id}")
    )
    parties = parties.where("customer_id = $customer_id")
    fill = exp.insert(parties, PARTIES)
    subject.engine.run(Statement(fill.sql(dialect=DIALECT), {"customer_id": subject.customer_id}))


def _rows_of(subject: Subject, source: str, wanted: set[str]) -> list[Row]:
    view = subject.catalogue.views[source]
    clock = Moment(as_of=subject.snapshot.as_of, offset_minutes=subject.zone.offset_minutes)
    frame = Frame(catalogue=subject.catalogue, moment=clock, parties=PARTIES)
    query = source_rows(frame, view, wanted)
    moments = {
        "as_of": subject.snapshot.as_of,
        "facts_before": subject.snapshot.as_of,
        "known_at": subject.snapshot.known_at,
    }
    used = {found.name for found in query.find_all(exp.Placeholder)}
    values = {name: value for name, value in moments.items() if name in used}
    table = subject.engine.query(Statement(query.sql(dialect=DIALECT), values))
    back = {sql_name(name): name for name in wanted - DERIVED}
    return [
        {back.get(name, name): _plain(value) for name, value in row.items()}
        for row in table.to_pylist()
    ]


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
