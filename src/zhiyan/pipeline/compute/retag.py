"""Rows of tags of a refresh: told again for whom something moved, and compared.

Something moved for a customer if what her tags read differs, if a tag of hers turned with time, or if
a tag that compares customers came out different. Each step tells the fewest tags of the fewest
customers: tags that look at the clock of those for whom it passed a bound; what is compared, of those
who moved; comparisons, of everybody, if what is compared differs for anybody; then all tags of all of
these.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from zhiyan.lang.bounds import named
from zhiyan.lang.counters import Clocked, clocked, compared, inputs_of, measures_of, read_by
from zhiyan.lang.crossings import Tick
from zhiyan.pipeline.compute.causes import Step, crossed, step_values
from zhiyan.pipeline.compute.full import RANKED, Chunk, add_tags, chunks, filling, within
from zhiyan.pipeline.compute.generation import Generation, born_next, seen_by
from zhiyan.pipeline.compute.remeasure import ID, differ, measured
from zhiyan.pipeline.compute.run import (
    Job,
    create_as,
    drop,
    union,
)
from zhiyan.pipeline.compute.strips import DIGEST, Layout, Reader, Strip, reading

#: Temporary tables, a row per customer: who moved, what is compared of them, who has rows to tell,
#: and whose measures are as they were among these.
MOVED, PLACED, RETOLD, UNCHANGED = "moved", "placed", "retold", "unchanged"


def fresh(strip: Strip) -> str:
    """Return the temporary table of the new rows of tags of a strip, a row per customer."""
    return f"fresh_{strip.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kinds:
    """The tags of a strip by what can change them, counters apart."""

    clocked: Mapping[str, Clocked]
    compared: frozenset[str]
    #: The tags that comparisons read, directly or not: of this strip, and of those before.
    read: frozenset[str]
    read_before: frozenset[str]

    @classmethod
    def of(cls, job: Job, strip: Strip) -> "_Kinds":
        own = frozenset(strip.tags)
        found = compared(job.catalogue) & own
        read = read_by(job.catalogue, found) - found
        turning = clocked(job.catalogue, job.plan)
        return cls(
            clocked={code: tag for code, tag in turning.items() if code in own},
            compared=found,
            read=read & own,
            read_before=read - own,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retag:
    """Makes the new rows of tags of a strip from what differs, and the snapshot before.

    All new rows of measures are in their place already, and those of the strips before this one.
    ``columns``: the measures that may differ; ``reached``: the tags that may in strips before, None
    if any may, as where there are new customers. ``fewer``: customers of the snapshot before are gone.
    """

    job: Job
    place: Generation
    step: Step
    strip: Strip
    columns: frozenset[str]
    reached: frozenset[str] | None
    fewer: bool

    def run(self) -> frozenset[str] | None:
        """Make the table of new rows; return the tags that may differ so far, None if any may."""
        with self.job.timed("tags by the clock"):
            self._make_moved()
        with self.job.timed("comparisons"):
            anew = bool(self._kinds.compared) and self._compare()
        with self.job.timed("new tags"):
            self._make(RETOLD, lambda: self._retold(ranked=anew), anew)
            self._make(UNCHANGED, self._unchanged)
            reached = None if self.reached is None else self._reached(self.reached, anew=anew)
            self._make_fresh(reached, ranked=anew)
        drop(self.job.engine, MOVED, PLACED, RANKED, RETOLD, UNCHANGED)
        return reached

    @property
    def _layout(self) -> Layout:
        return Layout.of(self.job)

    @property
    def _kinds(self) -> _Kinds:
        key = ("kinds of tags", self.strip.name)
        return self.job.once(key, lambda: _Kinds.of(self.job, self.strip))

    def _make_moved(self) -> None:
        """Tell for whom what the tags read differs, and for whom a tag turned with time."""

        def moved() -> exp.Query:
            due = self._due()
            strips = self._layout.strips
            before = strips[: strips.index(self.strip)]
            tables = [*map(measured, (*before, self.strip)), *map(fresh, before)]
            rows: list[exp.Query] = [exp.select(ID).from_(table) for table in tables]
            return union([*rows, *([] if due is None else [self._turned(due)])], distinct=True)

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
            daily = ticks or tag.passing.stretches
            if ticks - {Tick.MIDNIGHT} or (daily and self._is_new_day):
                return exp.true()
            for name in tag.moments:
                for age in (None, *tag.passing.ages):
                    found = crossed(name, age)
                    conditions[found.sql()] = found
        return exp.or_(*(conditions[text] for text in sorted(conditions))) if conditions else None

    def _turned(self, due: exp.Expr) -> exp.Query:
        """Return those of the due for whom a tag that looks at the clock came out different."""
        chosen = sorted(self._kinds.clocked)
        known = [_of("old", code) for code in self.strip.tags if code not in chosen]
        known += [named(_of("old", code), _before(code)) for code in chosen]
        rows = self._rows(self._inputs(chosen).where(due), known)
        both = [_column(name) for code in chosen for name in (code, _before(code))]
        told = self._told(rows, [exp.column(ID), *both], chosen)
        return exp.select(ID).from_(told.subquery("told")).where(_any_differs(chosen))

    def _compare(self) -> bool:
        """Make the comparisons of everybody anew if any may differ; tell whether that is so."""
        self._make(PLACED, self._placed)
        anew = self._are_compared_anew()
        if anew:
            self._make(RANKED, self._ranked)
        return anew

    def _placed(self) -> exp.Query:
        """Return the tags of the moved that comparisons read."""
        read = sorted(self._kinds.read)
        rows = self._inputs(read, reading(_both(seen_by("following"), _is_in(MOVED))))
        return self._told(rows, [exp.column(ID), *map(_column, read)], read)

    def _reached(self, before: Collection[str], *, anew: bool) -> frozenset[str]:
        """Return the tags that may differ: by measures, by time, or through others that may."""
        catalogue, plan, kinds = self.job.catalogue, self.job.plan, self._kinds
        found = {*before, *(kinds.compared if anew else ())}
        found |= {code for code, tag in kinds.clocked.items() if self._moves(tag)}
        for code, tag in catalogue.tags.items():  # inputs first
            own = {plan.columns[code, measure.name] for measure in tag.measures}
            if own & self.columns or found & inputs_of(catalogue, code):
                found.add(code)
        return frozenset(found)

    def _are_compared_anew(self) -> bool:
        """Tell whether what is compared differs for anybody."""
        kinds, layout = self._kinds, self._layout
        before = self.reached is None or kinds.read_before & (self.reached | layout.counters)
        if self.fewer or before or not kinds.compared.isdisjoint(kinds.clocked):
            return True
        key = ("compared anew", self.place.number, self.strip.name)
        written = self.job.written(key, self._compared_anew)
        found = self.job.engine.query(written.bind(self._values))
        return int(found.column("n")[0].as_py()) > 0

    def _compared_anew(self) -> exp.Query:
        """Return the query that counts, as ``n``, for whom what is compared differs."""
        kinds, layout = self._kinds, self._layout
        measures = measures_of(kinds.compared, self.job.plan)
        pairs = [(_of(PLACED, code), _of("old", code)) for code in sorted(kinds.read)]
        pairs += [(_of("measure", name), _of("old_measure", name)) for name in measures]
        now, was = (
            layout.rows(
                self.place, measures=measures, first=self.strip.name, read=reading(seen_by(number))
            )
            for number in ("following", "before")
        )
        return (
            exp.select("count(*) AS n")
            .from_(PLACED)
            .join(now.subquery("measure"), on=_same("measure", PLACED))
            .join(self._old(), on=_same("old", PLACED), join_type="left")
            .join(was.subquery("old_measure"), on=_same("old_measure", PLACED), join_type="left")
            .where(exp.or_(exp.false(), *(differ(one, other) for one, other in pairs)))
        )

    def _ranked(self) -> exp.Query:
        """Return the comparisons of who moved, and whose came out different, and what they were."""
        chosen = sorted(self._kinds.compared)
        known = [named(_either(code, PLACED, "old"), code) for code in sorted(self._kinds.read)]
        known += [named(_of("old", code), _before(code)) for code in chosen]
        known += [named(_there(PLACED), MOVED)]
        both = [_column(name) for code in chosen for name in (code, _before(code))]
        rows = self._rows(self._inputs(chosen), known, PLACED)
        told = self._told(rows, [exp.column(ID), *both, exp.column(MOVED)], chosen)
        either = exp.or_(exp.column(MOVED), _any_differs(chosen))
        return exp.select("*").from_(told.subquery("told")).where(either)

    def _retold(self, *, ranked: bool) -> exp.Query:
        """Return everybody who moved, in comparisons too."""
        moved: exp.Query = exp.select(ID).from_(MOVED)
        if ranked:
            differs = _any_differs(sorted(self._kinds.compared))
            moved = exp.union(moved, exp.select(ID).from_(RANKED).where(differs), distinct=True)
        return moved

    def _unchanged(self) -> exp.Query:
        """Return those who have rows to tell though no measure of the strip differs."""
        there = exp.select(ID).from_(measured(self.strip))
        return exp.except_(exp.select(ID).from_(RETOLD), there)

    def _make_fresh(self, reached: frozenset[str] | None, *, ranked: bool) -> None:
        """Make the new rows, some customers at a time where they are many."""
        table = fresh(self.strip)
        for chunk in chunks(self.job, RETOLD):
            self._run(
                lambda chunk=chunk: filling(
                    table, self._fresh(reached, ranked=ranked, chunk=chunk), chunk
                ),
                (table, reached, ranked, chunk),
            )

    def _fresh(self, reached: Collection[str] | None, *, ranked: bool, chunk: Chunk) -> exp.Query:
        """Return the rows that are not what they were; ``reached`` None: any tag may differ."""
        kinds, tags = self._kinds, self.strip.tags
        chosen = {code for code in tags if reached is None or code in reached} - kinds.compared
        place = RANKED if ranked else "old"
        known = [
            _of(place if code in kinds.compared else "old", code)
            for code in tags
            if code not in chosen
        ]
        inputs = self._inputs(chosen, self._reading_retold(chunk))
        rows = self._rows(inputs, known, *((RANKED,) if ranked else ()), old=self._old(of=RETOLD))
        told = self._told(rows, self.strip.values, chosen)
        return (
            exp.select("told.*", *born_next())
            .from_(told.subquery("told"))
            .join(self._old(of=RETOLD), on=_same("old", "told"), join_type="left")
            .where(differ(_of("old", DIGEST), _of("told", DIGEST)))
        )

    def _reading_retold(self, chunk: Chunk) -> Reader:
        """Return what reads the rows of those who have rows to tell.

        Measures that differ lie at hand, whole rows of them, and are not looked up once more.
        """
        living, own = seen_by("following"), self.place.measures(self.strip.name)

        def read(table: str, columns: Sequence[exp.Expr]) -> exp.Query:
            if table != own:
                return reading(_both(living, within(chunk), _is_in(RETOLD)))(table, columns)
            there = reading(within(chunk))(measured(self.strip), columns)
            rest = reading(_both(living, within(chunk), _is_in(UNCHANGED)))(table, columns)
            return exp.union(there, rest, distinct=False)

        return read

    def _told(
        self, rows: exp.Query, values: Sequence[exp.Expr], chosen: Collection[str]
    ) -> exp.Query:
        return add_tags(self.job, self._layout, chosen=chosen, rows=rows, values=values)

    def _rows(
        self,
        inputs: exp.Select,
        known: Sequence[exp.Expr],
        *tables: str,
        old: exp.Subquery | None = None,
    ) -> exp.Select:
        """Return what some tags read, with what is known of the other tags of the strip."""
        rows = exp.select("measure.*", *known).from_(inputs.subquery("measure"))
        for table in tables:
            rows = rows.join(table, on=_same(table, "measure"), join_type="left")
        return rows.join(old or self._old(), on=_same("old", "measure"), join_type="left")

    def _inputs(self, chosen: Collection[str], read: Reader | None = None) -> exp.Select:
        """Return the measures, and the tags of strips before, that tags read, as they are now.

        ``read`` reads the tables; without, all rows of everybody.
        """
        read = read or reading(seen_by("following"))
        return self._layout.inputs(self.job, self.place, self.strip, chosen=chosen, read=read)

    def _old(self, *, of: str = "") -> exp.Subquery:
        """Return the rows of tags of the snapshot before as ``old``; ``of`` some customers only."""
        rows = exp.select("*").from_(self.place.tags(self.strip.name))
        where = _both(seen_by("before"), _is_in(of) if of else None)
        return rows.where(where).subquery("old")

    @property
    def _values(self) -> dict[str, Any]:
        return {**self.job.values, **step_values(self.job, self.step), **self.place.numbers}

    def _make(self, table: str, query: Callable[[], exp.Query], *variant: Hashable) -> None:
        """Make a temporary table by a query that is the same at each refresh of a generation."""
        self._run(lambda: create_as(table, query(), temporary=True), (table, *variant))

    def _run(self, made: Callable[[], exp.Expr], key: tuple[Hashable, ...]) -> None:
        """Run a statement that is written once for a key in a generation."""
        written = self.job.written((self.place.number, self.strip.name, *key), made)
        self.job.engine.run(written.bind(self._values))


def _before(code: str) -> str:
    return f"before {code}"


def _column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def _of(table: str, name: str) -> exp.Expr:
    return exp.column(name, table=table, quoted=True)


def _either(name: str, first: str, second: str) -> exp.Expr:
    """Return a column of the first table if it has the customer, else of the second."""
    return exp.Case(
        ifs=[exp.If(this=_there(first), true=_of(first, name))], default=_of(second, name)
    )


def _there(table: str) -> exp.Expr:
    return exp.column(ID, table=table).is_(exp.null()).not_()


def _any_differs(codes: Sequence[str]) -> exp.Expr:
    return exp.or_(*(differ(_column(code), _column(_before(code))) for code in codes))


def _same(one: str, other: str) -> str:
    return f"{one}.{ID} = {other}.{ID}"


def _both(*conditions: exp.Expr | None) -> exp.Expr:
    return exp.and_(*(one for one in conditions if one is not None))


def _is_in(table: str) -> exp.Expr:
    return exp.condition(f"{ID} IN (SELECT {ID} FROM {table})")  # noqa: S608 - names of our own tables
