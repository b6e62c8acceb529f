"""What other customers may decide: any look at them, unless the rest of the rule settles it."""

from datetime import datetime

import pytest

from zhiyan.lang.moment import Moment
from zhiyan.lang.parse import parse
from zhiyan.pipeline.explain.others import depends_on_others

NOW = Moment(datetime(2026, 9, 1), 480)  # noqa: DTZ001 - as stored
ROW = {"spend": 7, "visits": 0, "nothing": None, "city": "x"}


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("rank_share(spend)", True),
        ("rank_share(spend) >= 0.9", True),
        ("band(spend, 5, city)", True),
        ("peers(city) > 3", True),
        ("peers(nothing) is null", False),
        ("rank_share(nothing) >= 0.9", False),
        ("rank_share(nothing)", False),
        ("rank_share(spend, nothing)", False),
        ("band(spend, 5, nothing)", False),
        ("rank_share(spend) >= 0.9 and visits > 0", False),
        ("rank_share(spend) >= 0.9 and visits = 0", True),
        ("rank_share(spend) >= 0.9 or visits = 0", False),
        ("rank_share(spend) >= 0.9 or visits > 0", True),
        ("case when visits = 0 then 1 when rank_share(spend) > 0.5 then 2 else 3 end", False),
        ("case when visits > 0 then 1 when rank_share(spend) > 0.5 then 2 else 3 end", True),
        ("case when visits > 0 then rank_share(spend) else 3 end", False),
        ("case when rank_share(spend) > 0.5 then 2 when visits = 0 then 2 else 3 end", False),
        ("moved + 1", True),
        ("rank_share(moved)", True),
        ("case when visits > 0 then moved else spend end", False),
        ("spend * 2", False),
    ],
)
def test_who_decides(text: str, open_: bool):
    assert depends_on_others(parse(text, ""), ROW, NOW, unsure={"moved"}) is open_


def test_what_overflows_where_nobody_looks_stops_nobody():
    big = {**ROW, "spend": 2**62}
    text = "case when rank_share(visits) > 0.5 then spend * spend else 1 end"
    assert depends_on_others(parse(text, ""), big, NOW, unsure=())
