"""Strips: which columns of a snapshot are written together.

A new day gives everybody's decaying scores other values, and leaves nearly all else as it was. So
what ticks lies apart from what stands still: measures that follow the clock, tags that tick, and all
tags that read such.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sqlglot import exp

from zhiyan.core.expression import ValueType
from zhiyan.lang.bounds import named
from zhiyan.lang.counters import clocked, counters, inputs_of, measures_of, read_by
from zhiyan.lang.plan import Part
from zhiyan.pipeline.compute.run import Job

STILL, TICKING = "still", "ticking"
DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Columns that are written together: a row per customer of measures, and one of tags.

    ``tags``: the tags that it stores. ``columns``: what carries content in a row of tags, which is
    these tags and the measures that counters count from.
    """

    name: str
    parts: tuple[Part, ...]
    tags: tuple[str, ...]
    columns: tuple[tuple[str, ValueType], ...]

    @property
    def measures(self) -> list[str]:
        """Names of its measures."""
        return [column.name for part in self.parts for column in part.columns]

    @property
    def values(self) -> list[exp.Expr]:
        """Everything that a row of tags holds, its version apart."""
        kept = [exp.column(name, quoted=True) for name, _ in self.columns]
        return [exp.column("customer_id"), *kept, named(self.digest(), DIGEST)]

    def digest(self) -> exp.Expr:
        """Return a text of 32 digits that tells rows of other content apart."""
        texts = [_canonical(name, kind) for name, kind in self.columns]
        row = exp.func("concat_ws", exp.Literal.string("|"), exp.column("customer_id"), *texts)
        return exp.func("md5", row)


#: Reads the columns of a table, and customer_id.
Reader: TypeAlias = Callable[[str, Sequence[exp.Expr]], exp.Query]


class Tables(Protocol):
    """The names of the tables that hold strips."""

    def measures(self, strip: str) -> str:
        """Return the table of the measures of a strip."""
        ...

    def tags(self, strip: str) -> str:
        """Return the table of the tags of a strip."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The strips of a catalogue, in an order in which each reads only itself and those before.

    ``measured_in`` and ``stored_in`` name the strip of each measure and each stored tag.
    """

    strips: tuple[Strip, ...]
    counters: frozenset[str]
    measured_in: Mapping[str, str]
    stored_in: Mapping[str, str]

    @classmethod
    def of(cls, job: Job) -> "Layout":
        """Return the layout of the snapshots of a catalogue: counters are told when read."""
        return job.once("layout", lambda: cls._split(job))

    @classmethod
    def whole(cls, job: Job) -> "Layout":
        """Return the layout with every tag in one strip."""
        tags = tuple(job.catalogue.tags)
        strip = _strip(job, name=STILL, parts=job.plan.parts, tags=tags, kept=())
        return cls._of((strip,), frozenset())

    @classmethod
    def _split(cls, job: Job) -> "Layout":
        told, ticking = counters(job.catalogue), _ticking(job)
        kept = measures_of(told, job.plan)
        strips: list[Strip] = []
        for name in (STILL, TICKING):
            parts = tuple(part for part in job.plan.parts if bool(part.ticks) is (name == TICKING))
            tags = tuple(
                code
                for code in job.catalogue.tags
                if code not in told and (code in ticking) is (name == TICKING)
            )
            if parts or tags or name == STILL:
                strips.append(_strip(job, name=name, parts=parts, tags=tags, kept=kept))
        return cls._of(tuple(strips), told)

    @classmethod
    def _of(cls, strips: tuple[Strip, ...], told: frozenset[str]) -> "Layout":
        return cls(
            strips=strips,
            counters=told,
            measured_in={name: strip.name for strip in strips for name in strip.measures},
            stored_in={code: strip.name for strip in strips for code in strip.tags},
        )

    def rows(
        self,
        tables: Tables,
        *,
        measures: Iterable[str],
        tags: Collection[str] = (),
        first: str,
        read: Reader,
    ) -> exp.Select:
        """Return customer_id, some measures and some tags, from the strips that hold them.

        A row per customer of the measures of the strip ``first``; ``read`` reads each table.
        """
        names: dict[str, list[str]] = {tables.measures(first): []}
        for name in dict.fromkeys(measures):
            names.setdefault(tables.measures(self.measured_in[name]), []).append(name)
        for code in sorted(tags):
            names.setdefault(tables.tags(self.stored_in[code]), []).append(code)
        query = exp.select("strip_0.customer_id")
        for number, (table, own) in enumerate(names.items()):
            columns = [exp.column(name, quoted=True) for name in own]
            source = read(table, columns).subquery(f"strip_{number}", copy=False)
            query = query.select(*(column.copy() for column in columns), copy=False)
            if not number:
                query = query.from_(source, copy=False)
            else:
                same = f"strip_{number}.customer_id = strip_0.customer_id"
                query = query.join(source, on=same, copy=False)
        return query

    def inputs(
        self,
        job: Job,
        tables: Tables,
        strip: Strip,
        *,
        chosen: Collection[str],
        read: Reader,
    ) -> exp.Select:
        """Return what is read to tell some tags of a strip, and what else its rows of tags hold.

        These are measures, and tags of strips before it; its own tags are not among them.
        """
        above = read_by(job.catalogue, chosen)
        kept = [name for name, _ in strip.columns if name in self.measured_in]
        return self.rows(
            tables,
            measures=[*measures_of({*chosen, *(above & self.counters)}, job.plan), *kept],
            tags=[c for c in above if self.stored_in.get(c, strip.name) != strip.name],
            first=strip.name,
            read=read,
        )


def reading(where: exp.Expr | None = None) -> Reader:
    """Return what reads the rows of a table that a condition holds of."""

    def read(table: str, columns: Sequence[exp.Expr]) -> exp.Query:
        rows = exp.select("customer_id", *columns).from_(table)
        return rows if where is None else rows.where(where.copy())

    return read


def _strip(
    job: Job, *, name: str, parts: tuple[Part, ...], tags: tuple[str, ...], kept: Collection[str]
) -> Strip:
    types = {c.name: c.measure.type for part in parts for c in part.columns}
    stored = [(code, job.catalogue.tags[code].type) for code in tags]
    counted = [(measure, types[measure]) for measure in kept if measure in types]
    return Strip(name=name, parts=parts, tags=tags, columns=(*stored, *counted))


def _ticking(job: Job) -> frozenset[str]:
    """Return the tags that time alone can change for many: they tick, or read what does."""
    catalogue, plan = job.catalogue, job.plan
    ticking = {column.name for part in plan.parts if part.ticks for column in part.columns}
    found = {code for code, tag in clocked(catalogue, plan).items() if tag.passing.ticks}
    found |= {code for (code, _), name in plan.columns.items() if name in ticking}
    return frozenset(c for c in catalogue.tags if c in found or found & inputs_of(catalogue, c))


def _canonical(name: str, kind: ValueType) -> exp.Expr:
    """Return a text of a value that is the same on every engine; null is ``~``."""
    value: exp.Expr = exp.column(name, quoted=True)
    if kind is ValueType.DECIMAL:
        value = exp.cast(
            exp.func("round", exp.Mul(this=value, expression="1000000000")), "DECIMAL(38,0)"
        )
    if kind is ValueType.LIST:
        value = exp.func("array_to_string", value, exp.Literal.string(","))
    return exp.func("coalesce", exp.cast(value, exp.DType.VARCHAR), exp.Literal.string("~"))
