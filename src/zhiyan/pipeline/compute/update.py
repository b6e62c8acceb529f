"""Row versions of a refresh: what came out different takes the place of what was there.

Every step reads the living rows of the snapshot before (``place``) and writes rows of the one that
follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from zhiyan.lang.bounds import named
from zhiyan.lang.counters import moving
from zhiyan.lang.plan import Plan, make_plan
from zhiyan.lang.tag_sql import with_tags
from zhiyan.pipeline.compute.full import joined, make_measures, make_parts
from zhiyan.pipeline.compute.generation import DIGEST, MOST_VERSIONS, Generation, Layout
from zhiyan.pipeline.compute.run import Job, create_as, drop, statement
from zhiyan.ports import Engine, Statement

ID = "customer_id"
#: Temporary tables, a row per customer: measures of the touched, measures that follow the clock,
#: everybody whose measures are replaced, their new measures.
AGAIN, FOLLOWING, REPLACED, MEASURED = "again", "following", "replaced", "measured"
#: And of tags: steady ones of the touched, all of everybody, what is written.
STEADY, TOLD, FRESH = "steady", "told", "fresh"


def is_crowded(engine: Engine, place: Generation) -> bool:
    """Tell whether a generation holds so many old rows that a new one is due."""
    living = f"count(CASE WHEN {place.seen.sql()} THEN 1 END)"
    text = f"SELECT count(*) > $most * {living} FROM {place.tags}"  # noqa: S608 - names of our own tables
    return bool(engine.query(Statement(text, {"most": MOST_VERSIONS})).column(0)[0].as_py())


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One refresh: ``touched`` and ``parties`` name the tables of the touched and their parties."""

    job: Job
    plan: Plan
    place: Generation
    touched: str
    parties: str

    def run(self) -> Generation:
        """Write everything that differs; return the place of the new snapshot."""
        self._end_gone()
        self._update_measures()
        with self.job.timed("tags"):
            self._update_tags()
        self._update_parties()
        return self.place.following

    def _end_gone(self) -> None:
        """End the rows of customers who are none any more."""
        gone = f"{ID} NOT IN (SELECT {ID} FROM identity.assignment)"  # noqa: S608 - names of our own tables
        for table in (self.place.measures, self.place.tags):
            self._end(table, gone)

    def _update_measures(self) -> None:
        """Replace the measures of the touched, and those that follow the clock where they differ."""
        again = make_plan(self.job.frame(self.parties))
        steady = Plan(parts=tuple(p for p in again.parts if not p.volatile), columns=again.columns)
        make_measures(self.job, steady, AGAIN, parties=self.parties)
        following = self._make_following()
        with self.job.timed("replace measures"):
            self._make(REPLACED, self._replaced(following))
            values = [_taken(name, follows=name in following) for name in self._measures]
            rows = (
                exp.select(f"{REPLACED}.{ID}", *values, *self.place.following.version)
                .from_(REPLACED)
                .join(FOLLOWING, on=_same(FOLLOWING, REPLACED))
                .join(AGAIN, on=_same(AGAIN, REPLACED), join_type="left")
                .join(self._old(self.place.measures), on=_same("old", REPLACED), join_type="left")
            )
            self._make(MEASURED, rows)
            self._replace(self.place.measures, MEASURED)
        drop(self.job.engine, AGAIN, FOLLOWING, REPLACED, MEASURED)

    @property
    def _measures(self) -> list[str]:
        return [c.name for part in self.plan.parts for c in part.columns]

    def _make_following(self) -> frozenset[str]:
        """Tell the measures that follow the clock for everybody; return their names."""
        parts = tuple(part for part in self.plan.parts if part.volatile)
        make_parts(self.job, parts, self.job.values(self.plan))
        with self.job.timed("join"):
            self._make(FOLLOWING, joined(parts, "identity.assignment"))
            drop(self.job.engine, *(part.name for part in parts))
        return frozenset(c.name for part in parts for c in part.columns)

    def _replaced(self, following: frozenset[str]) -> exp.Query:
        """Return everybody who gets a new row of measures: touched, new, or moved by the clock."""
        differs = [_differ(name, "old", FOLLOWING) for name in sorted(following)]
        moved = (
            exp.select(f"{FOLLOWING}.{ID}")
            .from_(FOLLOWING)
            .join(self._old(self.place.measures), on=_same("old", FOLLOWING), join_type="left")
            .where(exp.or_(f"old.{ID} IS NULL", *differs))
        )
        there = f"{ID} IN (SELECT {ID} FROM {FOLLOWING})"  # noqa: S608 - names of our own tables
        return exp.union(exp.select(ID).from_(self.touched).where(there), moved, distinct=True)

    def _update_tags(self) -> None:
        """Replace the tags of everybody for whom they came out different."""
        shifting = moving(self.job.catalogue, self.plan)
        steady = [code for code in self.job.catalogue.tags if code not in shifting]
        self._make_steady(steady)
        self._make_told(steady)
        rows = (
            exp.select(f"{TOLD}.*", *self.place.following.version)
            .from_(TOLD)
            .join(self._old(self.place.tags), on=_same("old", TOLD), join_type="left")
            .where(_differ(DIGEST, "old", TOLD))
        )
        self._make(FRESH, rows)
        self._replace(self.place.tags, FRESH)
        drop(self.job.engine, STEADY, TOLD, FRESH)

    def _make_steady(self, steady: Sequence[str]) -> None:
        """Tell the tags that nothing but facts can change, for the touched and the new."""
        known = f"SELECT {ID} FROM {self.place.tags} WHERE {self.place.seen.sql()}"  # noqa: S608 - names of our own tables
        rows = self._living(self.place.measures, self.place.following).where(
            f"{ID} IN (SELECT {ID} FROM {self.touched}) OR {ID} NOT IN ({known})"  # noqa: S608 - names of our own tables
        )
        values = [exp.column(ID), *(exp.column(code, quoted=True) for code in steady)]
        self._make(STEADY, self._with_tags(rows, values, steady))

    def _make_told(self, steady: Sequence[str]) -> None:
        """Tell all other tags for everybody, over the steady ones as they are now."""
        now = [named(_either(code, STEADY, "old"), code) for code in steady]
        rows = (
            exp.select("measure.*", *now)
            .from_(self._living(self.place.measures, self.place.following).subquery("measure"))
            .join(STEADY, on=_same(STEADY, "measure"), join_type="left")
            .join(self._old(self.place.tags), on=_same("old", "measure"), join_type="left")
        )
        values = Layout.of(self.job, self.plan).values
        shifting = set(self.job.catalogue.tags) - set(steady)
        self._make(TOLD, self._with_tags(rows, values, shifting))

    def _with_tags(
        self, rows: exp.Query, values: Sequence[exp.Expr], chosen: Sequence[str] | set[str]
    ) -> exp.Query:
        frame = self.job.frame()
        return with_tags(frame, self.plan.columns, rows=rows, values=values, chosen=set(chosen))

    def _update_parties(self) -> None:
        """Replace who is who where it is no longer so."""
        table, following = self.place.parties, self.place.following
        same = "now.party_id = old.party_id AND now.customer_id = old.customer_id"
        now = f"SELECT 1 FROM identity.assignment AS now WHERE {same}"  # noqa: S608 - names of our own tables
        gone = f"{self.place.seen.sql()} AND NOT EXISTS ({now})"
        text = f"UPDATE {table} AS old SET died = $died WHERE {gone}"  # noqa: S608 - names of our own tables
        self.job.engine.run(Statement(text, {"died": following.snapshot}))
        there = f"SELECT 1 FROM {table} AS old WHERE {same} AND {following.seen.sql()}"  # noqa: S608 - names of our own tables
        rows = exp.select("now.party_id", "now.customer_id", *following.version)
        rows = rows.from_("identity.assignment AS now").where(f"NOT EXISTS ({there})")
        self._run(exp.insert(rows, table))

    def _replace(self, table: str, rows: str) -> None:
        """Put the rows of a temporary table in the place of those of the same customers."""
        self._end(table, f"{ID} IN (SELECT {ID} FROM {rows})")  # noqa: S608 - names of our own tables
        self._run(exp.insert(exp.select("*").from_(rows).order_by(ID), table))

    def _end(self, table: str, which: str) -> None:
        died = self.place.following.snapshot
        text = f"UPDATE {table} SET died = $died WHERE {self.place.seen.sql()} AND {which}"  # noqa: S608 - names of our own tables
        self.job.engine.run(Statement(text, {"died": died}))

    def _living(self, table: str, place: Generation) -> exp.Select:
        return exp.select("*").from_(table).where(place.seen)

    def _old(self, table: str) -> exp.Subquery:
        return self._living(table, self.place).subquery("old")

    def _make(self, table: str, query: exp.Query) -> None:
        self._run(create_as(table, query, temporary=True))

    def _run(self, query: exp.Expr) -> None:
        self.job.engine.run(statement(query, self.job.values(self.plan)))


def _taken(name: str, *, follows: bool) -> exp.Expr:
    """Return a measure's new value: told anew for all, for the touched, or taken over."""
    if follows:
        return exp.column(name, table=FOLLOWING, quoted=True)
    return named(_either(name, AGAIN, "old"), name)


def _either(name: str, first: str, second: str) -> exp.Expr:
    """Return a column of the first table if it has the customer, else of the second."""
    there = exp.column(ID, table=first).is_(exp.null()).not_()
    value, other = (exp.column(name, table=table, quoted=True) for table in (first, second))
    return exp.Case(ifs=[exp.If(this=there, true=value)], default=other)


def _same(one: str, other: str) -> str:
    return f"{one}.{ID} = {other}.{ID}"


def _differ(name: str, one: str, other: str) -> exp.Expr:
    return exp.NullSafeNEQ(
        this=exp.column(name, table=one, quoted=True),
        expression=exp.column(name, table=other, quoted=True),
    )
