"""Rows of tags of a refresh: told again for whom something moved, and compared.

Something moved for a customer if her measures differ, if a tag of hers turned with time, or if a tag
that compares customers came out different. Each step tells the fewest tags of the fewest customers:
tags that look at the clock of those for whom it passed a bound; what is compared, of those who moved;
comparisons, of everybody, if what is compared differs for anybody; then all tags of all of these.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from zhiyan.lang.bounds import named
from zhiyan.lang.counters import (
    Clocked,
    clocked,
    compared,
    counters,
    inputs_of,
    measures_of,
    read_by,
)
from zhiyan.lang.crossings import Tick
from zhiyan.lang.tag_sql import with_tags
from zhiyan.pipeline.compute.causes import Step, crossed, step_values
from zhiyan.pipeline.compute.full import ALL, RANKED, Chunk, chunks, only
from zhiyan.pipeline.compute.generation import ALIVE, DIGEST, Generation, Layout
from zhiyan.pipeline.compute.remeasure import ID, MEASURED, differ
from zhiyan.pipeline.compute.run import DIALECT, Job, create_as, drop, statement, template

#: Temporary tables, a row per customer: who moved, what is compared of them, who has rows to tell,
#: the new rows.
MOVED, PLACED, RETOLD, FRESH = "moved", "placed", "retold", "fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kinds:
    """The tags of a catalogue by what can change them."""

    clocked: dict[str, Clocked]
    counters: frozenset[str]
    compared: frozenset[str]
    #: The tags that comparisons read, directly or not.
    read: frozenset[str]

    @classmethod
    def of(cls, job: Job) -> "_Kinds":
        found = compared(job.catalogue)
        return cls(
            clocked=clocked(job.catalogue, job.plan),
            counters=counters(job.catalogue),
            compared=found,
            read=read_by(job.catalogue, found) - found,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retag:
    """Makes ``fresh``, the new rows of tags, from ``measured`` and the snapshot before.

    The new rows of measures are in their place already. ``columns``: the measures that may differ.
    ``fewer``: customers of the snapshot before are gone.
    """

    job: Job
    place: Generation
    step: Step
    columns: frozenset[str]
    fewer: bool

    def run(self) -> None:
        """Make the table of new rows."""
        with self.job.timed("tags by the clock"):
            self._make_moved()
        with self.job.timed("comparisons"):
            self._make(PLACED, self._placed)
            more = self._are_more()
            anew = bool(self._kinds.compared) and (more or self._are_compared_anew())
            if anew:
                self._make(RANKED, self._ranked)
        with self.job.timed("new tags"):
            self._make(RETOLD, lambda: self._retold(ranked=anew), anew)
            chosen = self._reached(self._kinds.compared if anew else ()) if not more else None
            self._make_fresh(chosen, ranked=anew)
        drop(self.job.engine, MOVED, PLACED, RANKED, RETOLD)

    @property
    def _kinds(self) -> _Kinds:
        return self.job.once("kinds of tags", lambda: _Kinds.of(self.job))

    def _make_moved(self) -> None:
        """Tell whose measures differ, and for whom a tag turned with time."""
        due = self._due()

        def moved() -> exp.Query:
            rows = exp.select(ID).from_(MEASURED)
            return rows if due is None else exp.union(rows, self._turned(due), distinct=True)

        self._make(MOVED, moved, self._is_new_day)

    @property
    def _is_new_day(self) -> bool:
        return self.step.new.today != self.step.old.today

    def _moves(self, tag: Clocked) -> bool:
        """Tell whether time can have turned a tag for anybody at all."""
        only_at_midnight = not tag.passing.ticks - {Tick.MIDNIGHT} and not tag.moments
        return self._is_new_day or not only_at_midnight

    def _due(self) -> exp.Expr | None:
        """Return the condition that time may have turned a tag, None if it can have turned none."""
        conditions: dict[str, exp.Expr] = {}
        for tag in filter(self._moves, self._kinds.clocked.values()):
            ticks = tag.passing.ticks
            if ticks - {Tick.MIDNIGHT} or (ticks and self._is_new_day):
                return exp.true()
            for name in tag.moments:
                for age in (None, *tag.passing.ages):
                    found = crossed(name, age)
                    conditions[found.sql()] = found
        return exp.or_(*(conditions[text] for text in sorted(conditions))) if conditions else None

    def _turned(self, due: exp.Expr) -> exp.Query:
        """Return those of the due for whom a tag that looks at the clock came out different."""
        chosen = sorted(self._kinds.clocked)
        stored = [code for code in self.job.catalogue.tags if code not in self._kinds.counters]
        known = [_of("old", code) for code in stored if code not in chosen]
        known += [named(_of("old", code), _before(code)) for code in chosen]
        rows = self._rows(known, measures=self._living().where(due))
        both = [_column(name) for code in chosen for name in (code, _before(code))]
        told = self._with_tags(rows, [exp.column(ID), *both], chosen)
        return exp.select(ID).from_(told.subquery("told")).where(_any_differs(chosen))

    def _placed(self) -> exp.Query:
        """Return the tags of the moved that comparisons read."""
        read = sorted(self._kinds.read - self._kinds.counters)
        rows = self._living().where(_is_in(MOVED))
        return self._with_tags(rows, [exp.column(ID), *map(_column, read)], read)

    def _are_more(self) -> bool:
        """Tell whether there are customers whom the snapshot before did not know."""
        known = self._old(self.place.tags, "old")
        rows = exp.select("count(*) AS n").from_(MEASURED)
        rows = rows.join(known, on=_same("old", MEASURED), join_type="left")
        return self._counts_any(rows.where(f"old.{ID} IS NULL"))

    def _reached(self, anew: Collection[str]) -> frozenset[str]:
        """Return the tags that may differ: by measures, by time, or through others that may."""
        catalogue, plan = self.job.catalogue, self.job.plan
        found = {*anew, *(code for code, tag in self._kinds.clocked.items() if self._moves(tag))}
        for code, tag in catalogue.tags.items():  # inputs first
            own = {plan.columns[code, measure.name] for measure in tag.measures}
            if own & self.columns or found & inputs_of(catalogue, code):
                found.add(code)
        return frozenset(found)

    def _are_compared_anew(self) -> bool:
        """Tell whether what is compared differs for anybody."""
        kinds = self._kinds
        if self.fewer or kinds.read & kinds.counters or kinds.compared & set(kinds.clocked):
            return True
        measures = measures_of(kinds.compared, self.job.plan)
        pairs = [(_of(PLACED, code), _of("old", code)) for code in sorted(kinds.read)]
        pairs += [(_of("measure", name), _of("old_measure", name)) for name in measures]
        different = exp.or_(*(differ(one, other) for one, other in pairs))
        old_measures = self._old(self.place.measures, "old_measure")
        rows = (
            exp.select("count(*) AS n")
            .from_(PLACED)
            .join(self._living().subquery("measure"), on=_same("measure", PLACED))
            .join(self._old(self.place.tags, "old"), on=_same("old", PLACED), join_type="left")
            .join(old_measures, on=_same("old_measure", PLACED), join_type="left")
            .where(different)
        )
        return self._counts_any(rows)

    def _ranked(self) -> exp.Query:
        """Return the comparisons of everybody, as they are and as they were."""
        chosen = sorted(self._kinds.compared)
        read = sorted(self._kinds.read - self._kinds.counters)
        known = [named(_either(code, PLACED, "old"), code) for code in read]
        known += [named(_of("old", code), _before(code)) for code in chosen]
        both = [_column(name) for code in chosen for name in (code, _before(code))]
        return self._with_tags(self._rows(known, PLACED), [exp.column(ID), *both], chosen)

    def _retold(self, *, ranked: bool) -> exp.Query:
        """Return everybody who moved, in comparisons too."""
        moved: exp.Query = exp.select(ID).from_(MOVED)
        if ranked:
            differs = _any_differs(sorted(self._kinds.compared))
            moved = exp.union(moved, exp.select(ID).from_(RANKED).where(differs), distinct=True)
        return moved

    def _make_fresh(self, reached: frozenset[str] | None, *, ranked: bool) -> None:
        """Make the new rows, some customers at a time where they are many."""
        found = chunks(self.job, RETOLD)
        if len(found) == 1:
            self._make(FRESH, lambda: self._fresh(reached, ranked=ranked), reached, ranked)
            return
        for number, chunk in enumerate(found):
            query = self._fresh(reached, ranked=ranked, chunk=chunk)
            made = exp.insert(query, FRESH) if number else create_as(FRESH, query, temporary=True)
            self.job.engine.run(statement(made, self._values))

    def _fresh(
        self, reached: Collection[str] | None, *, ranked: bool, chunk: Chunk = ALL
    ) -> exp.Query:
        """Return the rows that are not what they were; ``reached`` None: any tag may differ."""
        kinds, tags = self._kinds, [*self.job.catalogue.tags]
        chosen = {*(tags if reached is None else reached)} - kinds.compared
        place = RANKED if ranked else "old"
        known = [
            _of(place if code in kinds.compared else "old", code)
            for code in tags
            if code not in chosen and code not in kinds.counters
        ]
        tables = (RANKED,) if ranked else ()
        rows = self._rows(
            known, *tables, measures=only(self._living().where(_is_in(RETOLD)), chunk)
        )
        values = Layout.of(self.job).values
        told = self._with_tags(rows, values, chosen)
        born, died = (
            named(exp.cast(value, "INTEGER"), name)
            for name, value in (("born", exp.Placeholder(this="following")), ("died", ALIVE))
        )
        return (
            exp.select("told.*", born, died)
            .from_(told.subquery("told"))
            .join(self._old(self.place.tags, "old"), on=_same("old", "told"), join_type="left")
            .where(differ(_of("old", DIGEST), _of("told", DIGEST)))
        )

    def _with_tags(
        self, rows: exp.Query, values: Sequence[exp.Expr], chosen: Collection[str]
    ) -> exp.Query:
        """Add tags to some rows; counters, which no rows hold, are told wherever they are read."""
        read = read_by(self.job.catalogue, chosen)
        return with_tags(
            self.job.frame(),
            self.job.plan.columns,
            rows=rows,
            values=values,
            chosen={*chosen, *(read & self._kinds.counters)},
        )

    def _rows(
        self, known: Sequence[exp.Expr], *tables: str, measures: exp.Select | None = None
    ) -> exp.Select:
        """Return rows of measures with what is known of their tags."""
        rows = exp.select("measure.*", *known)
        rows = rows.from_((measures or self._living()).subquery("measure"))
        for table in tables:
            rows = rows.join(table, on=_same(table, "measure"), join_type="left")
        old = self._old(self.place.tags, "old")
        return rows.join(old, on=_same("old", "measure"), join_type="left")

    def _living(self) -> exp.Select:
        """Return the rows of measures as they are now."""
        seen = "born <= $following AND died > $following"
        return exp.select("*").from_(self.place.measures).where(seen, dialect=DIALECT)

    def _old(self, table: str, name: str) -> exp.Subquery:
        """Return the rows of the snapshot before."""
        seen = "born <= $before AND died > $before"
        return exp.select("*").from_(table).where(seen, dialect=DIALECT).subquery(name)

    @property
    def _values(self) -> dict[str, Any]:
        numbers = {"before": self.place.snapshot, "following": self.place.following.snapshot}
        return {**self.job.values, **step_values(self.job, self.step), **numbers}

    def _counts_any(self, rows: exp.Select) -> bool:
        """Tell whether a query that counts rows (``n``) finds one."""
        found = self.job.engine.query(statement(rows, self._values))
        return int(found.column("n")[0].as_py()) > 0

    def _make(self, table: str, query: Callable[[], exp.Query], *variant: object) -> None:
        """Make a temporary table by a query that is the same at each refresh of a generation."""
        made = self.job.once(
            (table, self.place.number, *variant),
            lambda: template(create_as(table, query(), temporary=True)),
        )
        self.job.engine.run(made.bind(self._values))


def _before(code: str) -> str:
    return f"before {code}"


def _column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def _of(table: str, name: str) -> exp.Expr:
    return exp.column(name, table=table, quoted=True)


def _either(name: str, first: str, second: str) -> exp.Expr:
    """Return a column of the first table if it has the customer, else of the second."""
    there = exp.column(ID, table=first).is_(exp.null()).not_()
    return exp.Case(ifs=[exp.If(this=there, true=_of(first, name))], default=_of(second, name))


def _any_differs(codes: Sequence[str]) -> exp.Expr:
    return exp.or_(*(differ(_column(code), _column(_before(code))) for code in codes))


def _same(one: str, other: str) -> str:
    return f"{one}.{ID} = {other}.{ID}"


def _is_in(table: str) -> str:
    return f"{ID} IN (SELECT {ID} FROM {table})"  # noqa: S608 - names of our own tables
