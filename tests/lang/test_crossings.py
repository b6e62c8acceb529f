"""Which measures stand still between events, and at which ages of a row they turn."""

import pytest

from zhiyan.core.expression import ValueType
from zhiyan.core.measure import Follow, Measure, Span, Unit
from zhiyan.lang.catalogue import Catalogue, SourceColumn, View, ViewPart
from zhiyan.lang.crossings import Passing, Tick, measure_passing
from zhiyan.lang.parse import parse

COLUMNS = {
    "expire_at": ValueType.MOMENT,
    "used_at": ValueType.MOMENT,
    "birthdate": ValueType.DATE,
    "value_fen": ValueType.MONEY,
    "code": ValueType.TEXT,
}


def view(name: str, **parts: str) -> View:
    """A view of one part; ``where`` is its condition."""
    where = parse(parts["where"]) if parts else None
    return View(
        name=name,
        name_zh=name,
        name_en=name,
        columns={name: SourceColumn(name=name, type=kind) for name, kind in COLUMNS.items()},
        parts=(ViewPart(kind="coupon", where=where, columns={}),),
    )


CATALOGUE = Catalogue(
    name="test",
    name_zh="测试",
    name_en="Test",
    version="1",
    tags={},
    segments={},
    views={
        "coupon": view("coupon"),
        "visit": view("visit"),
        "recent": view("recent", where="days_since(used_at) < 7"),
    },
    params={},
    categories={},
    taxonomies={},
    domains={},
    used_by={},
)


def found(aggregate: str, where: str | None = None, **more) -> Passing:
    given = {"name": "value", "source": "coupon", "type": ValueType.INT, **more}
    condition = parse(where) if where else None
    return measure_passing(Measure(aggregate=parse(aggregate), where=condition, **given), CATALOGUE)


def days(*counts: int, ahead: bool = False, unit: Unit = Unit.DAY) -> set[tuple[Span, bool]]:
    return {(Span(count, unit), ahead) for count in counts}


@pytest.mark.parametrize(
    ("aggregate", "where", "ages"),
    [
        ("count(*)", "value_fen > 0", set()),
        ("count(*)", "expire_at > as_of", set()),
        ("count(*)", "as_of <= coalesce(expire_at, used_at)", set()),
        ("any(coalesce(expire_at > as_of, true))", None, set()),
        ("count(*)", "days_since(occurred_at) < 30", days(30, 31)),
        ("count(*)", "30 <= days_since(used_at) and value_fen > 0", days(30, 31)),
        ("any(hours_since(used_at) > 24)", None, days(24, 25, unit=Unit.HOUR)),
        ("count(*)", "days_since(expire_at) >= -7", days(7, 6, ahead=True)),
    ],
)
def test_measures_that_turn_at_known_ages(aggregate, where, ages):
    assert found(aggregate, where) == Passing(frozenset(ages), frozenset())


@pytest.mark.parametrize(
    ("aggregate", "where", "ticks"),
    [
        ("sum(decay(days_since(occurred_at), 30, 1))", None, {Tick.DAY}),
        ("min(days_since(used_at))", None, {Tick.DAY}),
        ("min(hours_since(used_at))", None, {Tick.HOUR}),
        ("count(*)", "years_since(birthdate) < 18", {Tick.MIDNIGHT}),
        ("count(*)", "days_since(birthdate) >= 0", {Tick.MIDNIGHT}),
        ("count(*)", "days_since(used_at) < value_fen / value_fen", {Tick.DAY}),
        ("count(*)", "on_day(as_of) = on_day(used_at)", {Tick.MIDNIGHT}),
        ("count(*)", "days_between(used_at, as_of) > 3", {Tick.ALWAYS}),
        (
            "count(*)",
            "on_day(case when days_since(used_at) > 3 then as_of end) = birthdate",
            {Tick.ALWAYS, Tick.MIDNIGHT},
        ),
        ("sum(decay(days_since(on_day(occurred_at)), 30, 1))", None, {Tick.MIDNIGHT}),
        ("count(*)", "days_since(on_day(used_at)) < 30", {Tick.MIDNIGHT}),
        ("any(days_since(coalesce(birthdate, on_day(used_at))) < 3)", None, {Tick.MIDNIGHT}),
        (
            "any(days_since(on_day(case when days_since(used_at) > value_fen / value_fen then used_at end)) < 3)",
            None,
            {Tick.DAY, Tick.MIDNIGHT},
        ),
    ],
)
def test_measures_that_follow_the_clock(aggregate, where, ticks):
    assert found(aggregate, where).ticks == ticks


def test_landmarks_turn_at_the_ends_of_their_stretches():
    score = "sum(decay(landmark(30) - day_number(occurred_at), 30, 1))"
    assert found(score, "landmark(7) > 0") == Passing(stretches=frozenset({7, 30}))
    today = found("any(day_number(as_of) = day_number(used_at))")
    assert today == Passing(ticks=frozenset({Tick.MIDNIGHT}))


def test_a_moment_picked_from_some_rows_is_a_moment():
    chosen = "max(case when code = 'paid' then used_at end)"
    inner = (
        ("paid", parse(chosen)),
        ("other", parse("max(case when code = '1' then value_fen end)")),
    )
    recent = found("any(days_since(paid) < 7)", per=("code",), inner=inner)
    assert recent == Passing(ages=frozenset(days(7, 8)))
    either = found("any(days_since(case when other > 1 then paid else birthdate end) < 7)",
                   per=("code",), inner=inner)  # fmt: skip
    assert either.ticks == {Tick.DAY, Tick.MIDNIGHT}


def test_groups_are_looked_into():
    inner = (("last_at", parse("max(expire_at)")), ("spend", parse("sum(value_fen)")))
    picked = found("count(*)", per=("code",), inner=inner, having=parse("last_at > as_of"))
    assert picked == Passing()
    counted = found("min(days_since(last_at))", per=("code",), inner=inner)
    assert counted.ticks == {Tick.DAY}


def test_rows_that_follow_and_views_are_looked_into():
    follow = Follow(
        source="visit", where=parse("days_since(used_at) > 9"), within=Span(1, Unit.DAY)
    )
    assert found("any(not followed)", follow=follow).ages == days(9, 10)
    assert found("count(*)", source="recent").ages == days(7, 8)
