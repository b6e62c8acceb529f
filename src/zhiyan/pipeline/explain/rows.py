"""The visible rows of one customer, source by source."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlglot import exp

from zhiyan.core.expression import names
from zhiyan.core.measure import Measure
from zhiyan.core.snapshot import Manifest
from zhiyan.core.time import BusinessZone
from zhiyan.lang.bounds import parameter, shift
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.measure_sql import columns_read, other_rows
from zhiyan.lang.memory import Row
from zhiyan.lang.moment import Moment
from zhiyan.lang.rows import DERIVED, Frame, source_rows, sql_name
from zhiyan.memo import Memo
from zhiyan.pipeline.stored import place_of, tag_rows
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
PARTIES = "explained_party"
_Made = TypeVar("_Made")
#: The moment from which on rows of a source can count.
COUNTED_FROM = "counted_from"


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
    memo: Memo = field(default_factory=Memo, compare=False)

    @property
    def moment(self) -> Moment:
        """The as-of of the snapshot, and the business zone."""
        return Moment(as_of=self.snapshot.as_of, offset_minutes=self.zone.offset_minutes)

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what a function makes of the definitions and a key, made once while these stay."""
        views, params = self.catalogue.views, self.catalogue.params
        # What is kept keeps the definitions too, so that no others can have their ids.
        whole = (id(views), id(params), key)
        return self.memo.once(whole, lambda: (views, params, make()))[2]


def stored_values(subject: Subject, codes: Collection[str]) -> dict[str, Any] | None:
    """Return some tags of the customer as the snapshot has them; None if it has no such customer."""
    place = place_of(subject.engine, subject.snapshot.snapshot_id)
    where = (place.generation, place.number) if place else None

    def made() -> str:
        rows = tag_rows(subject.engine, subject.catalogue, subject.snapshot, codes=codes)
        return rows.where("customer_id = $id").sql(dialect=DIALECT)

    text = subject.once(("stored", subject.snapshot.snapshot_id, where, frozenset(codes)), made)
    found = subject.engine.query(Statement(text, {"id": subject.customer_id})).to_pylist()
    return {code: _plain(found[0][code]) for code in codes} if found else None


def fetch_rows(subject: Subject, measures: Iterable[Measure]) -> Mapping[str, list[Row]]:
    """Return the customer's visible rows of every source that some bound measures read.

    Rows that can count at the snapshot or at any time after it; older ones may be left out.
    """
    measures = tuple(measures)
    read: dict[str, set[str]] = {}
    for measure in measures:
        read.setdefault(measure.source, set()).update(columns_read(measure))
        for other in other_rows(measure):
            more = names(other.where) if other.where else frozenset[str]()
            read.setdefault(other.source, set()).update(more - {"as_of"})
    begins = _begins(measures, subject.moment)
    parties = _parties(subject) if read else []
    return {
        source: _rows_of(subject, (source, begins[source]), wanted, parties)
        for source, wanted in read.items()
    }


def _begins(measures: Iterable[Measure], moment: Moment) -> Mapping[str, datetime | None]:
    """Return from when on rows of each source can count; None: from the first one on.

    The beginning of a window only moves forward, and what follows a row is later than the row.
    """
    found: dict[str, datetime | None] = {}

    def note(source: str, begin: datetime | None) -> None:
        known = found.get(source, begin)
        found[source] = min(known, begin) if known and begin else None

    for measure in measures:
        window, follow = measure.window, measure.follow
        back = window.start if window.on == "occurred_at" and not window.ahead else None
        begin = shift(moment, back, ahead=False) if back else None
        note(measure.source, begin)
        if follow:
            note(follow.source, begin)
        if follow and follow.without:
            note(follow.without.source, begin)
        if measure.since:
            note(measure.since.rows.source, None)
    return found


def _parties(subject: Subject) -> list[int]:
    """Return the customer's parties as the snapshot knew them."""
    found = subject.engine.query(
        Statement(
            f"SELECT party_id FROM snapshot.a_{subject.snapshot.snapshot_id}"  # noqa: S608 - an id of ours
            " WHERE customer_id = $id ORDER BY party_id",
            {"id": subject.customer_id},
        )
    )
    return [row["party_id"] for row in found.to_pylist()]


def _rows_of(  # noqa: PLR0917 - whose rows, of which source and since when, with what
    subject: Subject,
    source: tuple[str, datetime | None],
    wanted: set[str],
    parties: Sequence[int],
) -> list[Row]:
    bounded = source[1] is not None
    key = ("rows", source[0], frozenset(wanted), bounded, subject.zone.offset_minutes)
    text, used = subject.once(key, lambda: _statement(subject, source[0], wanted, bounded=bounded))
    known = {
        COUNTED_FROM: source[1],
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


def _statement(
    subject: Subject, source: str, wanted: set[str], *, bounded: bool
) -> tuple[str, frozenset[str]]:
    """Return the text that reads a source and the names of its values; the same for everybody."""
    catalogue = subject.catalogue
    frame = Frame(catalogue=catalogue, moment=subject.moment, parties=PARTIES)
    query = source_rows(frame, catalogue.views[source], wanted)
    if bounded:
        late = exp.GTE(this=exp.column("occurred_at"), expression=parameter(COUNTED_FROM))
        query = exp.select("*").from_(query.subquery("fact", copy=False)).where(late)
    query = query.with_(PARTIES, as_=_named())
    used = frozenset(found.name for found in query.find_all(exp.Placeholder))
    return query.sql(dialect=DIALECT), used


def _named() -> exp.Select:
    """Return the parties as rows of constants, so that an engine can skip what holds none."""
    listed = exp.cast(exp.Placeholder(this="parties"), "BIGINT[]")
    customer = exp.cast(exp.Placeholder(this="explained"), "BIGINT")
    party = exp.func("unnest", listed)
    return exp.select(exp.alias_(party, "party_id"), exp.alias_(customer, "customer_id"))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
