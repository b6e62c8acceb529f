"""A resolve that looks at what is new only: the same tables, the same log, and who was touched."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.pipeline.resolve.world import (
    OBSERVATION,
    SCOPED,
    START,
    clear,
    read,
    rewritten,
    state,
    token_of,
)

from zhiyan.core.time import AsOf
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.errors import UsageError
from zhiyan.pipeline.resolve import Action, Decision, Extent, decide, resolve, scope
from zhiyan.pipeline.schema import create_schema
from zhiyan.ports import Silent, Statement

PARTIES = 12
CLOCK = datetime(2026, 7, 1)  # noqa: DTZ001 - stored moments are naive UTC


@dataclass
class Base:
    """A warehouse that imports arrive at; ``full`` ones resolve everything every time."""

    engine: DuckDBEngine
    full: bool = False
    ticks: int = 0
    imports: int = 0
    decisions: list[str] = field(default_factory=list)

    @property
    def now(self):
        return CLOCK + timedelta(minutes=self.ticks)

    def take(self, observations=(), visits=(), superseded=(), kinds=None):
        """Import observations, visits (party, day) and supersede the visits of parties.

        ``kinds`` are those that its report tells; None: it tells nothing.
        """
        self.ticks += 1
        self.imports += 1
        stamp = {"recorded_at": self.now, "import_id": self.imports}
        rows = [{**row, **stamp, "row_no": at} for at, row in enumerate(observations)]
        rows = rows[::-1] if self.full else rows
        with self.engine.load("new_rows", pa.Table.from_pylist(rows, schema=OBSERVATION)):
            self.engine.run(Statement("INSERT INTO identity.observation BY NAME FROM new_rows"))
        for party in superseded:
            self.engine.run(
                Statement(
                    "UPDATE event.visit SET superseded_at = $recorded_at"
                    " WHERE party_id = $party AND superseded_at IS NULL",
                    {"party": party, "recorded_at": self.now},
                )
            )
        for party, day in visits:
            self.engine.run(
                Statement(
                    "INSERT INTO event.visit (party_id, occurred_at, recorded_at, import_id)"
                    " VALUES ($party, $at, $recorded_at, $import_id)",
                    {**stamp, "party": party, "at": START + timedelta(days=day)},
                )
            )
        self.engine.run(
            Statement(
                "INSERT INTO meta.import_batch"
                " (import_id, file_name, file_sha256, recorded_at, report)"
                " VALUES ($import_id, 'f', 'f', $recorded_at, $report)",
                {**stamp, "report": None if kinds is None else json.dumps({"tables": kinds})},
            )
        )

    def decide(self, action, a, b):
        self.ticks += 1
        named = {"party_a": a, "party_b": b}
        if action is Action.UNDO:
            if not self.decisions:
                return
            named = {"undoes": self.decisions[a % len(self.decisions)]}
        decision = Decision(action=action, author="lin", reason="seen", **named)
        at = self.now.replace(tzinfo=UTC)
        with suppress(UsageError):  # unknown parties, undone already: nothing is recorded
            self.decisions.append(decide(self.engine, decision, recorded_at=at))

    def resolve(self, day, back=None):
        """Resolve as of a day, knowing what was known some ticks ago."""
        if self.full:
            rewritten(self.engine)
        known = None if back is None else (self.now - timedelta(minutes=back)).replace(tzinfo=UTC)
        moment = AsOf(as_of=(START + timedelta(days=day)).replace(tzinfo=UTC), known_at=known)
        at = self.now.replace(tzinfo=UTC)
        return resolve(self.engine, moment, recorded_at=at, progress=Silent())


def observed(party, day=0, clinic="c1", source="his", **keys):
    """Return observations of a party; a key is a value, or (value, quality)."""
    rows = []
    for id_type, value in keys.items():
        text, quality = value if isinstance(value, tuple) else (value, "ok")
        scoped = f"{source}/{clinic}/{text}" if id_type in SCOPED else text
        rows.append(
            {
                "party_id": party,
                "id_type": id_type,
                "token": token_of(id_type, scoped),
                "quality": quality,
                "verified": False,
                "source": source,
                "clinic": clinic,
                "occurred_at": START + timedelta(days=day),
            }
        )
    return rows


def opened():
    engine = DuckDBEngine(None)
    engine.run(Statement("SET threads = 1"))
    create_schema(engine)
    return engine


@pytest.fixture(scope="module")
def other():
    engine = opened()
    yield engine
    engine.close()


@pytest.fixture
def base(engine):
    return Base(engine)


def identifiers(engine):
    """Return what identity.touched speaks of: rows per customer and type, parties per customer."""
    found = {}
    for row in read(engine, "identifier"):
        found.setdefault((row["customer_id"], row["id_type"]), []).append(tuple(row.values()))
    for row in read(engine, "assignment"):
        found.setdefault((row["customer_id"], "party"), []).append(tuple(row.values()))
    return found


def touched(engine, after):
    query = Statement(
        "SELECT customer_id, id_type FROM identity.touched WHERE resolution > $after",
        {"after": after},
    )
    return {(row["customer_id"], row["id_type"]) for row in engine.query(query).to_pylist()}


def differing(before, now):
    return {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}


PARTY = st.integers(1, PARTIES)
DAY = st.integers(0, 60)
KEYS = st.fixed_dictionaries(
    {},
    optional={
        "unionid": st.sampled_from(["u1", "u2", "u3", "u4"]),
        "id_card": st.sampled_from(["i1", "i2"]),
        "phone": st.sampled_from(["p1", "p2", "p3", ("p3", "pattern"), ("p4", "virtual")]),
        "email": st.sampled_from(["e1", "e2"]),
        "name": st.sampled_from(["n1", "n2", ("n2", "masked"), ("n3", "placeholder")]),
        "birthdate": st.sampled_from(["b1", "b2"]),
        "his_no": st.sampled_from(["1", "2", "3"]),
    },
)
RECORD = st.builds(
    lambda party, day, place, keys: observed(party, day, *place, **keys),
    PARTY,
    DAY,
    st.sampled_from([("c1", "his"), ("c2", "his"), (None, "mall")]),
    KEYS,
)
VISITS = [{"kinds": ["visit"]}]
STEP = st.one_of(
    st.builds(
        lambda records, visits, gone, kinds: (
            "take",
            [row for rows in records for row in rows],
            visits,
            gone,
            kinds,
        ),
        st.lists(RECORD, max_size=4),
        st.lists(st.tuples(PARTY, DAY), max_size=2),
        st.lists(PARTY, max_size=1),
        st.sampled_from([None, VISITS]),
    ),
    st.tuples(st.just("decide"), st.sampled_from(Action), PARTY, PARTY),
    st.tuples(st.just("resolve"), DAY, st.sampled_from([None, None, None, 0, 2])),
)
LIFE = st.lists(STEP, min_size=3, max_size=12)
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=examples(2), deadline=None, suppress_health_check=SLOW)
@given(life=LIFE, forward=st.booleans())
def test_any_life_leaves_what_one_resolve_of_everything_leaves(engine, other, life, forward):
    """The log, too, is that of a base that resolved everything at the same steps.

    ``forward`` lets the as-of only advance, so that parts are resolved and not everything.
    """
    clear(engine)
    clear(other)
    step, whole = Base(engine), Base(other, full=True)
    day, past = 0, {}
    for name, *args in [*life, ("resolve", 61, None)]:
        if name != "resolve":
            getattr(step, name)(*args)
            getattr(whole, name)(*args)
            continue
        day = max(day, args[0]) if forward else args[0]
        report = step.resolve(day, args[1])
        expected = whole.resolve(day, args[1])
        assert state(engine) == state(other)
        assert read(engine, "party") == read(other, "party")
        assert read(engine, "change") == read(other, "change")
        assert (report.merges, report.splits) == (expected.merges, expected.splits)
        assert report.links == expected.links
        assert (report.parties, report.customers) == (expected.parties, expected.customers)
        now = identifiers(engine)
        for number, before in past.items():
            found = touched(engine, number)
            assert differing(before, now) <= found
            if number == report.resolution - 1:
                assert differing(before, now) == found
        past.setdefault(report.resolution, now)
    rewritten(engine)
    step.resolve(61)
    assert state(engine) == state(other)


def test_nothing_new_is_only_noted(base):
    base.take(observed(1, 0, phone="p1") + observed(2, 1, phone="p1"), visits=[(7, 3)])
    first = base.resolve(30)
    base.take(visits=[(1, 29), (7, 40)])
    again = base.resolve(31)
    assert (first.extent, again.extent) == (Extent.ALL, Extent.NOTHING)
    assert (again.resolution, again.resolved) == (first.resolution, 0)
    assert (again.parties, again.customers, again.links) == (3, 2, first.links)
    assert touched(base.engine, first.resolution) == set()


def test_only_kinds_that_an_import_tells_are_asked(base):
    base.take(observed(1, 0, phone="p1"))
    base.resolve(30)
    base.take(visits=[(8, 3), (9, 40)], kinds=VISITS)
    assert base.resolve(31).extent is Extent.PART
    assert base.resolve(41).parties == 3
    base.take(visits=[(10, 3)], kinds=[{"kinds": ["lead"]}])
    assert base.resolve(42).extent is Extent.NOTHING
    base.take(visits=[(11, 3)], kinds=[])
    assert base.resolve(43).extent is Extent.PART


def test_only_what_is_connected_is_resolved_again(base):
    base.take(
        observed(1, 0, phone="p1", name="n1")
        + observed(2, 1, phone="p1", name="n1")
        + observed(3, 2, phone="p2", name="n1")
        + observed(4, 3, phone="p3", name="n2")
    )
    first = base.resolve(30)
    base.take(observed(5, 9, phone="p1", name="n1"))
    report = base.resolve(30)
    assert (report.extent, report.resolved, report.resolution) == (Extent.PART, 3, 2)
    # The new record makes no new holder of the name: records 1, 2 and 5 are one customer.
    assert touched(base.engine, first.resolution) == {(1, "party")}
    base.take(observed(6, 9, name="n1"))
    report = base.resolve(30)
    assert (report.extent, report.resolved) == (Extent.PART, 1)
    assert touched(base.engine, 2) == {(6, "party"), (6, "name"), (1, "name"), (3, "name")}
    persons = {r["customer_id"]: r["persons"] for r in read(base.engine, "identifier")}
    assert persons[6] == 3


def test_what_lay_ahead_comes_into_sight(base):
    base.take(observed(1, 0, phone="p1") + observed(2, 40, phone="p1"), visits=[(9, 50)])
    assert base.resolve(30).parties == 1
    assert base.resolve(40).extent is Extent.NOTHING
    report = base.resolve(41)
    assert (report.extent, report.parties, report.customers) == (Extent.PART, 2, 1)
    assert base.resolve(51).parties == 3
    assert base.resolve(60).extent is Extent.NOTHING


def test_a_late_or_withdrawn_fact_changes_who_was_first(base):
    base.take(observed(1, 9, phone="p1") + observed(2, 8, phone="p1"), visits=[(1, 5)])
    base.resolve(30)
    assert {row["customer_id"] for row in read(base.engine, "assignment")} == {1}
    base.take(superseded=[1])
    report = base.resolve(30)
    assert (report.extent, report.merges) == (Extent.PART, 2)
    assert {row["customer_id"] for row in read(base.engine, "assignment")} == {2}
    base.take(visits=[(1, 2)])
    assert base.resolve(30).extent is Extent.PART
    assert {row["customer_id"] for row in read(base.engine, "assignment")} == {1}


def test_everything_is_resolved_where_the_past_or_the_rules_differ(base, monkeypatch):
    base.take(observed(1, 0, phone="p1") + observed(2, 1, phone="p1"))
    base.resolve(30)
    assert base.resolve(29).extent is Extent.ALL
    base.take(observed(3, 0, phone="p1"))
    assert base.resolve(30, back=1).extent is Extent.ALL  # the last import is held back
    assert base.resolve(30).extent is Extent.ALL
    assert base.resolve(30, back=0).extent is Extent.NOTHING  # nothing is held back
    base.engine.run(Statement("DELETE FROM identity.observation WHERE party_id = 3"))
    report = base.resolve(30)
    assert (report.extent, report.parties) == (Extent.ALL, 2)
    base.take(observed(4, 0, phone="p1"))
    monkeypatch.setattr(scope, "LEAST_PARTIES", 0)
    assert base.resolve(30).extent is Extent.ALL  # too much of the base is connected
    base.engine.run(Statement("UPDATE identity.resolution SET rules = 'other'"))
    assert base.resolve(30).extent is Extent.ALL
