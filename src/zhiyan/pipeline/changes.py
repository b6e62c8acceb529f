"""Changes: what one refresh changed for whom, and who entered or left which segment by it.

A refresh writes rows only where something came out different, so that the customers in question are
read off the row versions; nobody else is looked at. What only counts on by the clock (days since the
last visit) is no change until a fact changes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlglot import exp

from zhiyan.core.expression import names
from zhiyan.core.segment import Segment
from zhiyan.core.snapshot import Manifest
from zhiyan.lang.bounds import parameter
from zhiyan.lang.catalogue import AS_OF, Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.moment import Moment
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.tag_sql import VALID
from zhiyan.pipeline.stored import place_of
from zhiyan.ports import Engine, Statement

DIALECT = "duckdb"
#: Temporary table of the customers whose tags were written anew: a row each.
_WRITTEN = "written_anew"
#: Stands in the text of a question for the view of a snapshot.
_SNAPSHOT = "snapshot.t_asked"
_ANY = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as stored
#: What the columns of segments begin with, so that they meet no tag.
_IN = "in segment "


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one refresh changed for one customer.

    ``tags`` maps codes to the values before and after (None: no value, or no such customer yet).
    ``at`` is the as-of of the refresh, naive UTC.
    """

    customer_id: int
    at: datetime
    tags: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    entered: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked of both snapshots: tags, segments, and the text with a name for the snapshot."""

    codes: tuple[str, ...]
    segments: tuple[str, ...]
    text: str
    asks_clock: bool


class Telling:
    """Tells what changed between snapshots of one workspace, by one catalogue."""

    def __init__(self, engine: Engine, catalogue: Catalogue, offset_minutes: int) -> None:
        """Take the catalogue of the snapshots; ``offset_minutes`` is the business zone's."""
        self._engine = engine
        self._catalogue = catalogue
        self._offset_minutes = offset_minutes
        self._questions: dict[frozenset[str], _Question] = {}

    def changes(self, before: Manifest, after: Manifest) -> list[Change]:
        """Return what changed from a snapshot to one that follows it, in the order of ids.

        Tags that only one of the two has are left out, and segments that read such.
        """
        if not self._find_written(before, after):
            return []
        question = self._question(frozenset(before.tags.keys() & after.tags.keys()))
        try:
            sides = [self._side(question, one) for one in (before, after)]
        finally:
            self._engine.run(Statement(f"DROP TABLE IF EXISTS {_WRITTEN}"))
        return list(_differences(question, sides, after.as_of))

    def _find_written(self, before: Manifest, after: Manifest) -> int:
        """Make the table of customers with a row of tags that only one of the snapshots sees."""
        was, now = (place_of(self._engine, one.snapshot_id) for one in (before, after))
        query = _unlike(before, after)
        if was is not None and now is not None and was.generation == now.generation:
            query = " UNION ".join(
                f"SELECT customer_id FROM {now.table(strip)}"  # noqa: S608 - numbers of ours
                f" WHERE ({now.unlike(was)}) OR ({was.unlike(now)})"
                for strip in now.strips
            )
        self._engine.run(Statement(f"CREATE OR REPLACE TEMP TABLE {_WRITTEN} AS {query}"))
        found = self._engine.query(Statement(f"SELECT count(*) AS n FROM {_WRITTEN}"))  # noqa: S608 - a name of ours
        return int(found.column("n")[0].as_py())

    def _question(self, both: frozenset[str]) -> _Question:
        """Return the question about the tags that both snapshots have; written once."""
        if both not in self._questions:
            self._questions[both] = self._written(both)
        return self._questions[both]

    def _written(self, both: frozenset[str]) -> _Question:
        catalogue = self._catalogue
        codes = [code for code in catalogue.tags if code in both]
        segments = [
            one
            for one in catalogue.segments.values()
            if names(one.where) & set(catalogue.tags) <= both
        ]
        columns = [exp.column(code, quoted=True) for code in codes]
        query = (
            exp.select("customer_id", *columns, *map(self._holds, segments), copy=False)
            .from_(exp.to_table(_SNAPSHOT), copy=False)
            .where(f"customer_id IN (SELECT customer_id FROM {_WRITTEN})", copy=False)  # noqa: S608 - a name of ours
        )
        return _Question(
            codes=tuple(codes),
            segments=tuple(one.code for one in segments),
            asks_clock=any(found.name == AS_OF for found in query.find_all(exp.Placeholder)),
            text=query.sql(dialect=DIALECT),
        )

    def _holds(self, segment: Segment) -> exp.Expr:
        """Return whether a customer is in a segment, as a column of its name."""
        # The clock stands in the text as a value to bind; of this one only the zone is read.
        clock = Moment(as_of=_ANY, offset_minutes=self._offset_minutes)
        node = bind(segment.where, self._catalogue.literals)
        valid = exp.column(VALID, quoted=True) if VALID in self._catalogue.tags else exp.true()
        holds = exp.and_(valid, scalar_sql(node, self._catalogue.scope, _column, clock))
        return exp.alias_(exp.func("coalesce", holds, exp.false()), _IN + segment.code, quoted=True)

    def _side(self, question: _Question, manifest: Manifest) -> dict[int, dict[str, Any]]:
        """Return the rows of one snapshot of those written anew: tags, and which segments hold."""
        text = question.text.replace(_SNAPSHOT, f"snapshot.t_{manifest.snapshot_id}")
        values = {AS_OF: manifest.as_of} if question.asks_clock else {}
        found: pa.Table = self._engine.query(Statement(text, values))
        return {row["customer_id"]: row for row in found.to_pylist()}


def _column(name: str) -> exp.Expr:
    return parameter(AS_OF) if name == AS_OF else exp.column(name, quoted=True)


def _unlike(before: Manifest, after: Manifest) -> str:
    """Return the query for customers who differ between two generations."""
    old, new = (f"snapshot.t_{one.snapshot_id}" for one in (before, after))
    return f"""
        SELECT coalesce(old.customer_id, new.customer_id) AS customer_id
        FROM {old} AS old FULL JOIN {new} AS new USING (customer_id)
        WHERE old IS DISTINCT FROM new"""  # noqa: S608 - ids of ours


def _differences(
    question: _Question, sides: Sequence[dict[int, dict[str, Any]]], at: datetime
) -> Iterator[Change]:
    for customer_id in sorted(sides[0].keys() | sides[1].keys()):
        before, after = (side.get(customer_id, {}) for side in sides)
        tags = {
            code: (before.get(code), after.get(code))
            for code in question.codes
            if before.get(code) != after.get(code)
        }
        was = {code for code in question.segments if before.get(_IN + code)}
        now = {code for code in question.segments if after.get(_IN + code)}
        if tags or was != now:
            yield Change(
                customer_id=customer_id,
                at=at,
                tags=tags,
                entered=tuple(sorted(now - was)),
                left=tuple(sorted(was - now)),
            )
