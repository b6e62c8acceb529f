"""Which measures stand still between events, and at which ages of a row they turn."""

import pytest

from zhiyan.core.expression import ValueType
from zhiyan.core.measure import Follow, Measure, Span, Unit
from zhiyan.lang.catalogue import SourceColumn, View, ViewPart
from zhiyan.lang.crossings import crossings
from zhiyan.lang.parse import parse

COLUMNS = {
    "expire_at": ValueType.MOMENT,
    "used_at": ValueType.MOMENT,
    "birthdate": ValueType.DATE,
    "value_fen": ValueType.MONEY,
    "code": ValueType.TEXT,
}
VIEW = View(
    name="coupon",
    name_zh="券",
    name_en="Coupon",
    columns={name: SourceColumn(name=name, type=kind) for name, kind in COLUMNS.items()},
    parts=(ViewPart(kind="coupon", where=None, columns={}),),
)


def measure(aggregate: str, where: str | None = None, **more) -> Measure:
    return Measure(
        name="value",
        source="coupon",
        type=ValueType.INT,
        aggregate=parse(aggregate),
        where=parse(where) if where else None,
        **more,
    )


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
    assert crossings(measure(aggregate, where), VIEW) == ages


@pytest.mark.parametrize(
    ("aggregate", "where"),
    [
        ("sum(decay(days_since(occurred_at), 30, 1))", None),
        ("min(days_since(used_at))", None),
        ("count(*)", "years_since(birthdate) < 18"),
        ("count(*)", "days_since(birthdate) >= 0"),
        ("count(*)", "days_since(used_at) < value_fen / value_fen"),
        ("count(*)", "on_day(as_of) = on_day(used_at)"),
    ],
)
def test_measures_that_follow_the_clock(aggregate, where):
    assert crossings(measure(aggregate, where), VIEW) is None


def test_groups_are_looked_into():
    inner = (("last_at", parse("max(expire_at)")), ("spend", parse("sum(value_fen)")))
    picked = measure("count(*)", per=("code",), inner=inner, having=parse("last_at > as_of"))
    assert crossings(picked, VIEW) == set()
    counted = measure("min(days_since(last_at))", per=("code",), inner=inner)
    assert crossings(counted, VIEW) is None


def test_a_clock_among_the_followers_is_followed():
    follow = Follow(source="visit", where=parse("occurred_at > as_of"), within=Span(1, Unit.DAY))
    assert crossings(measure("any(not followed)", follow=follow), VIEW) is None
