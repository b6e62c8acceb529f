"""Generations: the rows of a snapshot and of the refreshes that follow it, each row version once.

``snapshot.measure_G_STRIP``, ``snapshot.tag_G_STRIP`` and ``snapshot.party_G`` hold row versions:
``born`` is the number of the snapshot within the generation that made a row, ``died`` the number of
the one that replaced it. A snapshot is three views over them (``m_ID``, ``t_ID``, ``a_ID``), so that
a refresh writes what changed and nothing else, and old snapshots stay as they are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from zhiyan.core.expression import ValueType
from zhiyan.lang.bounds import named
from zhiyan.lang.tag_sql import VALID, with_tags
from zhiyan.lang.term import literal_sql
from zhiyan.pipeline.compute.run import DIALECT, Job, create_as, statement
from zhiyan.pipeline.compute.strips import DIGEST, Layout, Strip, reading
from zhiyan.pipeline.stored import measure_table, tag_table
from zhiyan.ports import Statement

#: ``died`` of a row that no snapshot has replaced.
ALIVE = 2**31 - 1
#: Stands in the text of a view for the number of the snapshot.
SNAPSHOT = "snapshot"
#: The condition that a row version belongs to the snapshot of a bound number, of which it lacks the
#: name.
SEEN = "born <= ${0} AND died > ${0}"
#: More row versions than this for each living one, and a refresh moves to a new generation.
MOST_VERSIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Where the rows of a snapshot lie: the number of its generation, and its own within that.

    ``strips`` are the names of the strips of the generation.
    """

    number: int
    snapshot: int = 1
    strips: tuple[str, ...]

    def measures(self, strip: str) -> str:
        """Return the table of the measures of a strip: one row per customer and version."""
        return measure_table(self.number, strip)

    def tags(self, strip: str) -> str:
        """Return the table of the tags of a strip: one row per customer and version."""
        return tag_table(self.number, strip)

    @property
    def parties(self) -> str:
        """Table of who was who: one row per party and version."""
        return f"snapshot.party_{self.number}"

    @property
    def customers(self) -> list[str]:
        """All tables of the generation that have a row per customer and version."""
        return [name(strip) for name in (self.measures, self.tags) for strip in self.strips]

    @property
    def following(self) -> "Generation":
        """The next snapshot of the generation."""
        return replace(self, snapshot=self.snapshot + 1)

    @property
    def version(self) -> tuple[exp.Expr, exp.Expr]:
        """Born and died of a row that this snapshot makes."""
        return (
            named(exp.Literal.number(self.snapshot), "born"),
            named(exp.Literal.number(ALIVE), "died"),
        )

    @property
    def numbers(self) -> dict[str, int]:
        """The numbers of this snapshot and the next, as statements of a refresh bind them."""
        return {"before": self.snapshot, "following": self.snapshot + 1}


def fresh_generation(job: Job) -> Generation:
    """Return the next generation."""
    rows = job.engine.query(Statement("SELECT coalesce(max(generation), 0) FROM meta.snapshot"))
    strips = tuple(strip.name for strip in Layout.of(job).strips)
    return Generation(number=int(rows.column(0)[0].as_py()) + 1, strips=strips)


def keep_parties(job: Job, place: Generation) -> None:
    """Keep who is who as the first snapshot of a generation."""
    rows = exp.select("party_id", "customer_id", *place.version).from_("identity.assignment")
    job.engine.run(statement(create_as(place.parties, rows), {}))


def publish(job: Job, place: Generation, *, snapshot_id: str) -> None:
    """Make the three views by which everybody reads a snapshot."""
    moments = job.values

    def told(name: re.Match[str]) -> str:
        return str(place.snapshot) if name[1] == SNAPSHOT else _moment(moments[name[1]])

    for letter, view in job.once(("views", place.number), lambda: _views(job, place)).items():
        text = re.sub(r"\$(\w+)", told, view)
        job.engine.run(Statement(f"CREATE VIEW snapshot.{letter}_{snapshot_id} AS {text}"))


def _views(job: Job, place: Generation) -> dict[str, str]:
    """Return the texts of the views, with names for the number of the snapshot and for moments."""
    layout = Layout.of(job)
    columns = [c.name for part in job.plan.parts for c in part.columns]
    first = layout.strips[0].name
    seen = seen_by(SNAPSHOT)
    queries: dict[str, exp.Query] = {
        "m": layout.rows(place, measures=columns, first=first, read=reading(seen)),
        "a": exp.select("party_id", "customer_id").from_(place.parties).where(seen),
        "t": _tags_view(job, place, seen),
    }
    return {letter: query.sql(dialect=DIALECT) for letter, query in queries.items()}


def _tags_view(job: Job, place: Generation, seen: exp.Expr) -> exp.Query:
    """Return all tags of a snapshot, counters told as of its moment."""
    layout = Layout.of(job)
    codes = [exp.column(code, quoted=True) for code in job.catalogue.tags]
    stored = exp.select("*")
    for number, strip in enumerate(layout.strips):
        columns = [exp.column(name, quoted=True) for name, _ in strip.columns]
        rows = exp.select("customer_id", *columns).from_(place.tags(strip.name)).where(seen.copy())
        held = rows.subquery(strip.name)
        stored = stored.join(held, using=["customer_id"]) if number else stored.from_(held)
    values = [exp.column("customer_id"), *codes]
    return with_tags(
        job.frame(), job.plan.columns, rows=stored, values=values, chosen=layout.counters
    )


def born_next() -> tuple[exp.Expr, exp.Expr]:
    """Return born and died of a row that the snapshot of the bound number ``following`` makes."""
    values = (exp.Placeholder(this="following"), exp.Literal.number(ALIVE))
    born, died = (exp.cast(value, exp.DType.INT) for value in values)
    return named(born, "born"), named(died, "died")


def seen_by(number: str) -> exp.Expr:
    """Return the condition that a row version belongs to the snapshot of a bound number."""
    return exp.condition(SEEN.format(number), dialect=DIALECT)


def _moment(value: Any) -> str:
    return literal_sql(value, ValueType.MOMENT).sql(dialect=DIALECT)


def content(job: Job, place: Generation) -> tuple[str, int]:
    """Return the digests of all rows of a snapshot as one text, and its valid customers.

    Everybody's values count for the text; test accounts and staff are no customers.
    """
    texts: list[str] = []
    customers = 0
    for strip in Layout.of(job).strips:
        found = _mixed(job, place, strip)
        texts.append(f"{found['mixed']}|{found['n']}")
        if VALID in strip.tags or VALID not in job.catalogue.tags:
            customers = int(found["customers"])
    return "|".join(texts), customers


def _mixed(job: Job, place: Generation, strip: Strip) -> dict[str, Any]:
    def query() -> exp.Query:
        valid: exp.Expr = exp.column(VALID, quoted=True) if VALID in strip.tags else exp.true()
        one = exp.Case(ifs=[exp.If(this=valid, true=exp.Literal.number(1))])
        columns: Sequence[str | exp.Expr] = (
            f"to_hex(bit_xor(md5_number({DIGEST}))) AS mixed",
            "count(*) AS n",
            exp.alias_(exp.Count(this=one), "customers"),
        )
        return exp.select(*columns).from_(place.tags(strip.name)).where(seen_by(SNAPSHOT))

    written = job.written(("content", place.number, strip.name), query)
    rows = job.engine.query(written.bind({SNAPSHOT: place.snapshot}))
    found: dict[str, Any] = rows.to_pylist()[0]
    return found
