"""What every operator, function and aggregate means, in examples; DuckDB must say the same."""
# ruff: noqa: DTZ001 - moments are naive UTC, as the warehouse stores them

from datetime import date, datetime, timedelta

import pytest
from tests.lang.world import SCOPE, single_value

from zhiyan.core.expression import Call, Literal, Ref, ValueType
from zhiyan.errors import DataError, InternalError
from zhiyan.lang.evaluate import aggregate, evaluate, evaluate_all
from zhiyan.lang.functions import REGISTRY, Kind
from zhiyan.lang.moment import Moment
from zhiyan.lang.parse import parse

#: 22 Nov 2026, 15:30 in Shanghai.
NOW = Moment(datetime(2026, 11, 22, 7, 30), 480)
EMPTY = dict.fromkeys(SCOPE.names)

SCALARS = [
    # three-valued logic
    ("ok and vip", {"ok": False}, False),
    ("ok and vip", {"ok": True}, None),
    ("ok and vip", {"ok": True, "vip": True}, True),
    ("ok or vip", {"ok": True}, True),
    ("ok or vip", {"ok": False}, None),
    ("ok or vip", {"ok": False, "vip": False}, False),
    ("not ok", {}, None),
    ("not ok", {"ok": False}, True),
    # comparisons
    ("n = m", {"n": 1}, None),
    ("n = m", {"n": 1, "m": 1}, True),
    ("n <> m", {"n": 1, "m": 1}, False),
    ("n < r", {"n": 1, "r": 1.5}, True),
    ("n <= m", {"n": 2, "m": 1}, False),
    ("n > m", {"n": 2, "m": 1}, True),
    ("n >= r", {"n": 1, "r": 1.0}, True),
    ("word < note", {"word": "A", "note": "a"}, True),
    ("word < note", {"word": "热", "note": "𝕫"}, True),
    ("tags = list_of('b', 'a')", {"tags": ("a", "b")}, True),
    ("at < as_of", {"at": NOW.as_of}, False),
    ("at < as_of", {"at": NOW.as_of - timedelta(microseconds=1)}, True),
    ("word is null", {}, True),
    ("word is null", {"word": ""}, False),
    ("n in (1, 2)", {"n": 2}, True),
    ("n in (1, 2)", {"n": 3}, False),
    ("n in (1, 2)", {}, None),
    ("n not in (1, 2)", {}, None),
    ("r in (1, 2)", {"r": 2.0}, True),
    ("n between 1 and 3", {"n": 3}, True),
    ("n between 1 and 3", {"n": 4}, False),
    # arithmetic
    ("n + m", {"n": 2, "m": -3}, -1),
    ("n - m", {"n": 2}, None),
    ("n * m", {"n": 2**31, "m": 2**31}, 2**62),
    ("r * q", {"r": 0.1, "q": 3.0}, 0.1 * 3.0),
    ("n / m", {"n": 7, "m": 2}, 3.5),
    ("n / m", {"n": 1, "m": 3}, 1 / 3),
    ("n / m", {"n": 7, "m": 0}, None),
    ("r / q", {"r": 1.0, "q": 0.0}, None),
    ("-n", {"n": 5}, -5),
    ("-spend", {"spend": -1}, 1),
    ("spend + paid", {"spend": 150, "paid": -50}, 100),
    ("spend * 3", {"spend": 150}, 450),
    ("spend / paid", {"spend": 150, "paid": 100}, 1.5),
    # values
    ("case when ok then 'a' when vip then 'b' else 'c' end", {"vip": True}, "b"),
    ("case when ok then 'a' when vip then 'b' else 'c' end", {}, "c"),
    ("case when ok then 1 end", {}, None),
    ("coalesce(word, note, 'x')", {"note": ""}, ""),
    ("coalesce(word, note)", {}, None),
    ("nullif(n, 0)", {"n": 0}, None),
    ("nullif(n, m)", {"n": 1}, 1),
    ("abs(n)", {"n": -4}, 4),
    ("abs(r)", {"r": -0.5}, 0.5),
    ("least(n, m, 5)", {"n": 7, "m": 6}, 5),
    ("least(n, m)", {"n": 7}, None),
    ("greatest(born, due)", {"born": date(2020, 1, 1), "due": date(2020, 1, 2)}, date(2020, 1, 2)),
    ("greatest(n, r)", {"n": 7, "r": 7.5}, 7.5),
    ("round_down(r)", {"r": 2.9}, 2),
    ("round_down(r)", {"r": -2.1}, -3),
    ("round_down(n)", {"n": 3}, 3),
    ("fen(spend / n)", {"spend": 100, "n": 3}, 33),
    ("fen(spend / n)", {"spend": -100, "n": 3}, -34),
    ("yuan(99.5)", {}, 9950),
    ("contains(tags, 'a')", {"tags": ("a", "b")}, True),
    ("contains(tags, word)", {"tags": ("a", "b")}, None),
    ("contains(tags, 'a')", {}, None),
    ("contains(tags, 'a')", {"tags": ()}, False),
    ("overlaps(tags, list_of('b', 'c'))", {"tags": ("a", "b")}, True),
    ("overlaps(tags, list_of('c'))", {"tags": ("a", "b")}, False),
    ("overlaps(tags, list_of())", {"tags": ("a", "b")}, False),
    ("overlaps(tags, codes)", {"tags": ("a", "b")}, None),
    ("size(tags)", {"tags": ("a", "b")}, 2),
    ("size(tags)", {"tags": ()}, 0),
    ("size(tags)", {}, None),
    ("list_of(word, 'b', note, 'b')", {"word": "热玛吉"}, ("b", "热玛吉")),
    ("decay(n, 30, 1)", {"n": 0}, 1_000_000),
    ("decay(n, 30, 2)", {"n": 30}, 1_000_000),
    ("decay(n, 30, 1)", {"n": 45}, 353_553),
    ("decay(n, 1, 1)", {"n": 7}, 7_813),  # 7812.5 goes away from zero
    ("decay(n, 1, -1)", {"n": 7}, -7_813),
    ("decay(n, 30, 1)", {}, None),
    ("decay(n, 30, 3)", {"n": -9}, 3_000_000),  # an age below 0 counts as 0
    ("decay(n, 7, 1000)", {"n": 7 * 22}, 0),
    ("decay(n, 7, 1000)", {"n": 7 * 20}, 1000),
    # texts and lists
    ("left(word, 2)", {"word": "热玛吉"}, "热玛"),
    ("left(word, 4)", {"word": "𝕫a"}, "𝕫a"),
    ("without_end(word, '市')", {"word": "上海市"}, "上海"),
    ("without_end(word, '市')", {"word": "市场"}, "市场"),
    ("without_end(word, note)", {"word": "a"}, None),
    ("value_of(tags, 'b')", {"tags": ("a=1", "b=2=3")}, "2=3"),
    ("value_of(tags, word)", {"tags": ("a=1",), "word": "b"}, None),
    ("list_union(tags, codes)", {"tags": ("b",), "codes": ("a", "b")}, ("a", "b")),
    ("list_common(tags, codes)", {"tags": ("b", "c"), "codes": ("a", "b")}, ("b",)),
    ("list_minus(tags, codes)", {"tags": ("b", "c"), "codes": ("a", "b")}, ("c",)),
    ("list_minus(tags, codes)", {"tags": ("b",)}, None),
    # dates moved and numbered
    ("add_days(due, n)", {"due": date(2026, 2, 28), "n": 1}, date(2026, 3, 1)),
    ("add_days(due, -1)", {"due": date(1, 1, 1)}, None),
    ("add_days(due, n)", {"due": date(2026, 1, 1), "n": 2**62}, None),
    ("add_months(due, 1)", {"due": date(2026, 1, 31)}, date(2026, 2, 28)),
    ("add_months(due, -12)", {"due": date(2024, 2, 29)}, date(2023, 2, 28)),
    ("add_months(due, 1)", {"due": date(9999, 12, 1)}, None),
    (
        "date_range(born, due)",
        {"born": date(2026, 1, 1), "due": date(2026, 2, 1)},
        "2026-01-01..2026-02-01",
    ),
    ("date_range(born, due)", {"born": date(2026, 1, 1)}, None),
    ("day_number(born)", {"born": date(1, 1, 2)}, 1),
    ("week_number(born)", {"born": date(1, 1, 8)}, 1),
    ("month_number(at)", {"at": datetime(2026, 1, 31, 16)}, 2026 * 12 + 1),
    # time: the business day is 22 Nov 2026, a Sunday, number 739941
    ("landmark(1)", {}, 739942),
    ("landmark(180)", {}, 739980),
    ("landmark(739942)", {}, 739942),
    ("landmark(739941)", {}, 1479882),
    ("days_since(at)", {"at": datetime(2026, 11, 21, 7, 30)}, 1),
    ("days_since(at)", {"at": datetime(2026, 11, 21, 7, 30, 0, 1)}, 0),
    ("days_since(at)", {"at": datetime(2026, 11, 22, 7, 30, 0, 1)}, -1),
    ("days_since(at)", {"at": datetime(1900, 1, 1)}, 46346),
    ("days_since(due)", {"due": date(2026, 11, 20)}, 2),
    ("days_since(due)", {"due": date(2026, 11, 23)}, -1),
    ("hours_since(at)", {"at": datetime(2026, 11, 22, 5, 31)}, 1),
    ("hours_since(at)", {"at": datetime(2026, 11, 22, 7, 31)}, -1),
    ("days_between(at, as_of)", {"at": datetime(2026, 11, 20, 8)}, 1),
    ("days_between(as_of, at)", {"at": datetime(2026, 11, 20, 8)}, -2),
    ("days_between(born, due)", {"born": date(2024, 2, 28), "due": date(2024, 3, 1)}, 2),
    ("on_day(at)", {"at": datetime(2026, 11, 21, 15, 59)}, date(2026, 11, 21)),
    ("on_day(at)", {"at": datetime(2026, 11, 21, 16)}, date(2026, 11, 22)),
    ("month_of(at)", {"at": datetime(2026, 11, 30, 16)}, 12),
    ("month_of(born)", {"born": date(2024, 2, 29)}, 2),
    ("hour_of(at)", {"at": datetime(2026, 11, 30, 16, 59)}, 0),
    ("weekday_of(at)", {"at": datetime(2026, 11, 22, 16)}, 1),
    ("weekday_of(born)", {"born": date(2026, 11, 22)}, 7),
    ("years_since(born)", {"born": date(2000, 11, 22)}, 26),
    ("years_since(born)", {"born": date(2000, 11, 23)}, 25),
    ("days_until_anniversary(born)", {"born": date(2000, 11, 22)}, 0),
    ("days_until_anniversary(born)", {"born": date(2000, 11, 21)}, 364),
    ("days_until_anniversary(born)", {"born": date(2000, 12, 1)}, 9),
]


@pytest.mark.parametrize(("source", "values", "expected"), SCALARS)
def test_scalar(source, values, expected, scratch_engine):
    row = {**EMPTY, **values}
    node = parse(source)
    found = evaluate(node, row, NOW)
    assert found == expected
    assert type(found) is type(expected)
    assert single_value(scratch_engine, node, row, NOW) == expected


@pytest.mark.parametrize(
    ("today", "years", "days"),
    [
        (date(2024, 2, 28), 23, 1),
        (date(2024, 2, 29), 24, 0),
        (date(2024, 3, 1), 24, 365),
        (date(2025, 2, 28), 24, 1),
        (date(2025, 3, 1), 25, 0),
        (date(2025, 3, 2), 25, 364),
        (date(2027, 3, 2), 27, 364),
        (date(2027, 12, 31), 27, 60),
    ],
)
def test_who_was_born_on_a_leap_day(today, years, days, scratch_engine):
    moment = Moment(datetime(today.year, today.month, today.day, 4), 480)
    row = {**EMPTY, "born": date(2000, 2, 29)}
    for source, expected in (("years_since(born)", years), ("days_until_anniversary(born)", days)):
        assert evaluate(parse(source), row, moment) == expected
        assert single_value(scratch_engine, parse(source), row, moment) == expected


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("n + m", {"n": 2**63 - 1, "m": 1}),
        ("n - m", {"n": -(2**63), "m": 1}),
        ("n * m", {"n": 2**32, "m": 2**31}),
        ("-n", {"n": -(2**63)}),
        ("abs(n)", {"n": -(2**63)}),
        ("round_down(r)", {"r": 1e19}),
        ("decay(n, 1, m)", {"n": 0, "m": 2**62}),
        ("decay(n, 1, m)", {"n": 1, "m": -(2**63)}),
    ],
)
def test_a_whole_number_beyond_64_bits_is_an_error(source, values, scratch_engine):
    row = {**EMPTY, **values}
    with pytest.raises(DataError) as caught:
        evaluate(parse(source), row, NOW)
    assert caught.value.code == "ZY590"
    with pytest.raises(Exception, match=r"(?i)overflow|out of range|can't be cast"):
        single_value(scratch_engine, parse(source), row, NOW)


def test_rank_share_looks_at_the_population():
    rows = [
        {"n": n, "word": w} for n, w in [(10, "a"), (20, "a"), (20, "b"), (None, "b"), (5, None)]
    ]
    node = parse("rank_share(n)")
    assert evaluate_all(node, rows, NOW) == [0.25, 0.5, 0.5, None, 0.0]
    by_word = parse("case when rank_share(n, word) >= 0.5 then 'high' else 'low' end")
    assert evaluate_all(by_word, rows, NOW) == ["low", "high", "low", "low", "low"]
    rows = [*({**row, "flag": True} for row in rows), {"n": 1, "word": "a", "flag": False}]
    by_two = parse("rank_share(n, word, flag)")
    assert evaluate_all(by_two, rows, NOW) == [0.0, 0.5, 0.0, None, None, 0.0]
    assert evaluate_all(parse("band(n, 2, word, flag)"), rows, NOW) == [1, 2, 1, None, None, 1]
    assert evaluate_all(parse("n + 1"), rows, NOW) == [11, 21, 21, None, 6, 2]


def test_what_was_not_checked_is_our_bug():
    for node in (parse("rank_share(n)"), parse("count(*)"), Call("sinh", ()), Ref("unknown")):
        with pytest.raises(InternalError):
            evaluate(node, EMPTY, NOW)
    for node in (parse("n + 1"), Ref("n"), Literal(1, ValueType.INT)):
        with pytest.raises(InternalError):
            aggregate(node, [], NOW)


def test_an_amount_in_a_tree_made_by_hand(scratch_engine):
    node = Call("yuan", (Ref("n"),))
    assert evaluate(node, {**EMPTY, "n": 3}, NOW) == 300
    assert single_value(scratch_engine, node, {**EMPTY, "n": 3}, NOW) == 300


def rows(*values):
    """Rows one hour apart: (n, word) or (n, word, hours)."""
    out = []
    for number, (n, word, *hours) in enumerate(values):
        at = datetime(2026, 1, 1) + timedelta(hours=hours[0] if hours else number)
        out.append({**EMPTY, "occurred_at": at, "n": n, "word": word})
    return out


SOME = rows((3, "b"), (None, "a"), (1, "b"), (5, None), (1, "a"))
DAYS = [
    {**EMPTY, "occurred_at": datetime(2026, 1, 1), "due": day}
    for day in (date(2026, 1, 1), date(2026, 1, 11), date(2026, 1, 1), date(2026, 1, 13), None)
]


@pytest.mark.parametrize(
    ("source", "given", "expected"),
    [
        ("count(*)", SOME, 5),
        ("count(n)", SOME, 4),
        ("count(distinct n)", SOME, 3),
        ("sum(n)", SOME, 10),
        ("min(n)", SOME, 1),
        ("max(word)", SOME, "b"),
        ("any(n > 4)", SOME, True),
        ("any(n > 9)", SOME, False),
        ("first(n)", SOME, 3),
        ("last(n)", SOME, 1),
        ("last(word)", SOME, "a"),
        ("first(word)", rows((1, "b", 0), (1, "a", 0)), "a"),
        ("last(word)", rows((1, "b", 0), (1, "a", 0)), "b"),
        ("mode(word)", SOME, "a"),  # two each: the smaller
        ("mode(word)", [*SOME, *rows((1, "b"))], "b"),
        ("top(word, 1)", [*SOME, *rows((1, "b"), (1, "c"))], ("b",)),
        ("top(word, 2)", [*SOME, *rows((1, "b"), (1, "c"))], ("a", "b")),
        ("top(word, 9)", SOME, ("a", "b")),
        ("top(word, 1, n)", SOME, ("b",)),
        ("top1(word, n)", rows((1, "a"), (1, "a"), (1, "a"), (4, "b")), "b"),
        ("top1(word, n)", rows((2, "a"), (1, "b"), (1, "b")), "a"),
        ("top1(word, n)", rows((None, "a"), (-1, "b")), "b"),
        ("set(word)", SOME, ("a", "b")),
        ("set(list_of(word, 'z'))", SOME, ("a", "b", "z")),
        ("median_gap_days(due)", DAYS, 2),  # gaps 2 and 10: the lower one
        ("median_gap_days(due)", DAYS[:1], None),
        ("max_share(n)", SOME, 0.5),
        ("latest_by(word, n)", SOME, ("a=1", "b=1")),
        ("latest_by(word, n)", rows((1, "a", 0), (2, "a", 0)), ("a=2",)),
        ("latest_by(word, n > 1)", SOME, ("a=false", "b=false")),
        ("streak(n = 3)", SOME, 4),
        ("streak(n = 1)", SOME, 0),
        ("streak(n = 9)", SOME, 5),
        ("streak(n = 1)", rows((1, "a", 0), (2, "a", 0), (3, "a", 1)), 1),
        ("longest_streak(n > 2)", rows((3, "a"), (4, "a"), (1, "a"), (5, "a")), 2),
        ("longest_streak(n > 2)", rows((3, "a", 0), (1, "a", 0), (5, "a", 1)), 2),
        ("longest_streak(n > 9)", SOME, 0),
        ("longest_run(n)", rows((7, "a"), (3, "a"), (1, "a"), (2, "a"), (2, "b"), (8, "a")), 3),
        ("longest_run(n)", rows((None, "a")), 0),
        ("latest_run(n)", rows((7, "a"), (3, "a"), (1, "a"), (2, "a"), (8, "a")), 2),
    ],
)
def test_aggregate(source, given, expected):
    found = aggregate(parse(source), given, NOW)
    assert found == expected
    assert type(found) is type(expected)
    assert aggregate(parse(source), given[::-1], NOW) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("count(*)", 0),
        ("count(n)", 0),
        ("count(distinct n)", 0),
        ("any(ok)", False),
        ("streak(ok)", 0),
        *((f"{name}(n)", None) for name in ("sum", "min", "max", "first", "last", "mode")),
        ("max_share(n)", None),
        ("median_gap_days(due)", None),
        ("set(word)", None),
        ("top(word, 3)", None),
        ("top1(word, n)", None),
        ("latest_by(word, n)", None),
    ],
)
def test_aggregate_over_no_rows(source, expected):
    assert aggregate(parse(source), [], NOW) == expected


def test_a_sum_beyond_64_bits_is_an_error():
    with pytest.raises(DataError):
        aggregate(parse("sum(n)"), rows((2**62, "a"), (2**62, "b")), NOW)


def test_every_entry_has_an_example():
    written = " ".join(source for source, *_ in SCALARS)
    spelled = {"is_null": "is null", "negate": "-n"}
    for name, entry in REGISTRY.items():
        if entry.kind in {Kind.OPERATOR, Kind.SCALAR}:
            assert spelled.get(name, name) in written, name
