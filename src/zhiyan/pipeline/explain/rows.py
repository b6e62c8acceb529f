"""The visible rows of one customer, source by source."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
    """Whom and what an explanation is about.

    ``memo`` keeps the text of statements for the next explanation by the same definitions.
    """

    engine: Engine
    catalogue: Catalogue
    snapshot: Manifest
    customer_id: int
    zone: BusinessZone
    memo: dict[Hashable, Any] = field(default_factory=dict[Hashable, Any], compare=False)


def fetch_rows(subject: Subject, measures: Iterable[Measure]) -> Mapping[str, list[Row]]:
    """Return the customer's visible rows of every source that some bound measures read."""
    read: dict[str, set[str]] = {}
    for measure in measures:
        read.setdefault(measure.source, set()).update(columns_read(measure))
        for other in other_rows(measure):
            more = names(other.where) if other.where else frozenset[str]()
            read.setdefault(other.source, set()).update(more - {"as_of"})
    parties = _parties(subject)
    return {source: _rows_of(subject, source, wanted, parties) for source, wanted in read.items()}


def _parties(subject: Subject) -> list[int]:
    """Return the customer's parties as the snapshot knew them."""
    query = exp.select("party_id").from_(exp.to_table(f"snapshot.a_{subject.snapshot.snapshot_id}"))
    query = query.where("customer_id = $customer_id").order_by("party_id")
    text = query.sql(dialect=DIALECT)
    found = subject.engine.query(Statement(text, {"customer_id": subject.customer_id}))
    return [row["party_id"] for row in found.to_pylist()]


def _rows_of(  # noqa: PLR0917 - whose rows, of which source, with what
    subject: Subject, source: str, wanted: set[str], parties: Sequence[int]
) -> list[Row]:
    text, used = _statement(subject, source, wanted)
    known = {
        "as_of": subject.snapshot.as_of,
        "facts_before": subject.snapshot.as_of,
        "known_at": subject.snapshot.known_at,
        "explained": subject.customer_id,
        "parties": parties,
    }
    values = {name: known[name] for name in used}
    table = subject.engine.query(Statement(text, values))
    back = {sql_name(name): name for name in wanted - DERIVED}
    return [
        {back.get(name, name): _plain(value) for name, value in row.items()}
        for row in table.to_pylist()
    ]


def _statement(subject: Subject, source: str, wanted: set[str]) -> tuple[str, frozenset[str]]:
    """Return the text that reads a source and the names of its values; the same for everybody."""
    catalogue = subject.catalogue
    key = ("explain", source, frozenset(wanted), subject.zone.offset_minutes)
    kept = subject.memo.get(key)
    if kept and kept[0] is catalogue.views and kept[1] is catalogue.params:
        return kept[2:]
    clock = Moment(as_of=subject.snapshot.as_of, offset_minutes=subject.zone.offset_minutes)
    frame = Frame(catalogue=catalogue, moment=clock, parties=PARTIES)
    query = source_rows(frame, catalogue.views[source], wanted).with_(PARTIES, as_=_named())
    used = frozenset(found.name for found in query.find_all(exp.Placeholder))
    text = query.sql(dialect=DIALECT)
    subject.memo[key] = (catalogue.views, catalogue.params, text, used)
    return text, used


def _named() -> exp.Select:
    """Return the parties as rows of constants, so that an engine can skip what holds none."""
    listed = exp.cast(exp.Placeholder(this="parties"), "BIGINT[]")
    customer = exp.cast(exp.Placeholder(this="explained"), "BIGINT")
    party = exp.func("unnest", listed)
    return exp.select(exp.alias_(party, "party_id"), exp.alias_(customer, "customer_id"))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
