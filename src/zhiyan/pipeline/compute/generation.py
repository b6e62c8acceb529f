"""Generations: the rows of a snapshot and of the refreshes that follow it, each row version once.

``snapshot.measure_G``, ``snapshot.tag_G`` and ``snapshot.party_G`` hold row versions: ``born`` is the
number of the snapshot within the generation that made a row, ``died`` the number of the one that
replaced it. A snapshot is three views over them (``m_ID``, ``t_ID``, ``a_ID``), so that a refresh
writes what changed and nothing else, and old snapshots stay as they are.
"""

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from zhiyan.core.expression import ValueType
from zhiyan.lang.bounds import named
from zhiyan.lang.counters import counters, measures_of
from zhiyan.lang.tag_sql import with_tags
from zhiyan.lang.term import literal_sql
from zhiyan.pipeline.compute.run import DIALECT, Job, create_as, statement
from zhiyan.ports import Engine, Statement

#: ``died`` of a row that no snapshot has replaced.
ALIVE = 2**31 - 1
DIGEST = "digest"
#: More row versions than this for each living one, and a refresh moves to a new generation.
MOST_VERSIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Where the rows of a snapshot lie: the number of its generation, and its own within that."""

    number: int
    snapshot: int = 1

    @property
    def measures(self) -> str:
        """Table of the measures: one row per customer and version."""
        return f"snapshot.measure_{self.number}"

    @property
    def tags(self) -> str:
        """Table of the tags: one row per customer and version."""
        return f"snapshot.tag_{self.number}"

    @property
    def parties(self) -> str:
        """Table of who was who: one row per party and version."""
        return f"snapshot.party_{self.number}"

    @property
    def following(self) -> "Generation":
        """The next snapshot of the generation."""
        return Generation(number=self.number, snapshot=self.snapshot + 1)

    @property
    def version(self) -> tuple[exp.Expr, exp.Expr]:
        """Born and died of a row that this snapshot makes."""
        return (
            named(exp.Literal.number(self.snapshot), "born"),
            named(exp.Literal.number(ALIVE), "died"),
        )

    @property
    def seen(self) -> exp.Expr:
        """The condition that a row version belongs to this snapshot."""
        return exp.condition(f"born <= {self.snapshot} AND died > {self.snapshot}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a row of tags holds: stored tags, the measures that counters count from, a digest."""

    columns: tuple[tuple[str, ValueType], ...]
    counters: frozenset[str]

    @classmethod
    def of(cls, job: Job) -> "Layout":
        """Return the layout of a catalogue."""
        return job.once("layout", lambda: cls._made(job))

    @classmethod
    def _made(cls, job: Job) -> "Layout":
        plan, told = job.plan, counters(job.catalogue)
        types = {c.name: c.measure.type for part in plan.parts for c in part.columns}
        stored = [(c, tag.type) for c, tag in job.catalogue.tags.items() if c not in told]
        kept = [(name, types[name]) for name in measures_of(told, plan)]
        return cls(columns=(*stored, *kept), counters=told)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that carry content."""
        return tuple(name for name, _ in self.columns)

    @property
    def values(self) -> list[exp.Expr]:
        """Everything that a row of tags holds, its version apart."""
        kept = [exp.column(name, quoted=True) for name in self.names]
        return [exp.column("customer_id"), *kept, named(self.digest(), DIGEST)]

    def digest(self) -> exp.Expr:
        """Return a text of 32 digits that tells rows of other content apart."""
        texts = [_canonical(name, kind) for name, kind in self.columns]
        row = exp.func("concat_ws", exp.Literal.string("|"), exp.column("customer_id"), *texts)
        return exp.func("md5", row)


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


def fresh_generation(engine: Engine) -> Generation:
    """Return the next generation."""
    rows = engine.query(Statement("SELECT coalesce(max(generation), 0) FROM meta.snapshot"))
    return Generation(number=int(rows.column(0)[0].as_py()) + 1)


def keep_parties(job: Job, place: Generation) -> None:
    """Keep who is who as the first snapshot of a generation."""
    rows = exp.select("party_id", "customer_id", *place.version).from_("identity.assignment")
    job.engine.run(statement(create_as(place.parties, rows), {}))


def publish(job: Job, place: Generation, *, snapshot_id: str) -> None:
    """Make the three views by which everybody reads a snapshot."""
    columns = [c.name for part in job.plan.parts for c in part.columns]
    measures = ["customer_id", *(exp.column(name, quoted=True) for name in columns)]
    queries = {
        "m": exp.select(*measures).from_(place.measures).where(place.seen),
        "a": exp.select("party_id", "customer_id").from_(place.parties).where(place.seen),
        "t": _tags_view(job, place),
    }
    for letter, query in queries.items():
        name = f"snapshot.{letter}_{snapshot_id}"
        text = f"CREATE VIEW {name} AS {query.sql(dialect=DIALECT)}"
        job.engine.run(Statement(text))


def _tags_view(job: Job, place: Generation) -> exp.Query:
    """Return all tags of a snapshot, counters told as of its moment."""
    layout = Layout.of(job)
    codes = [exp.column(code, quoted=True) for code in job.catalogue.tags]
    stored = exp.select("*").from_(place.tags).where(place.seen)
    values = [exp.column("customer_id"), *codes]
    query = with_tags(
        job.frame(), job.plan.columns, rows=stored, values=values, chosen=layout.counters
    )
    bound = job.values

    def fixed(part: exp.Expr) -> exp.Expr:
        return _moment(bound[part.name]) if isinstance(part, exp.Placeholder) else part

    found = query.transform(fixed)
    assert isinstance(found, exp.Query)  # noqa: S101 - a query stays one
    return found


def _moment(value: Any) -> exp.Expr:
    return literal_sql(value, ValueType.MOMENT)


def content(job: Job, place: Generation, valid: exp.Expr) -> tuple[str, int]:
    """Return the digests of all rows of a snapshot as one text, and its valid customers.

    Everybody's values count for the text; test accounts and staff are no customers.
    """
    one = exp.Case(ifs=[exp.If(this=valid, true=exp.Literal.number(1))])
    rows = exp.select(
        f"to_hex(bit_xor(md5_number({DIGEST}))) AS mixed",
        "count(*) AS n",
        exp.alias_(exp.Count(this=one), "customers"),
    )
    rows = rows.from_(place.tags).where(place.seen)
    found = job.engine.query(statement(rows, {})).to_pylist()[0]
    return f"{found['mixed']}|{found['n']}", int(found["customers"])
