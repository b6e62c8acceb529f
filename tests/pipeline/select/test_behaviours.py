"""Behaviours asked of a snapshot are what tags of the same measures say, and see what it saw."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from tests.app.group import copy_of, group, remembered_catalogues

from zhiyan.app.workspace import Workspace
from zhiyan.core.expression import Ref
from zhiyan.core.measure import LIFETIME, Measure, Window
from zhiyan.core.tag import Tag
from zhiyan.lang.measure_sql import is_shaped
from zhiyan.lang.render import render
from zhiyan.pipeline.select import Counts, count
from zhiyan.ports import Statement


@pytest.fixture
def clinic(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, tmp_path: Path
) -> Iterator[Workspace]:
    folder = copy_of(group(tmp_path_factory, worker_id), tmp_path / "clinic")
    with remembered_catalogues(), Workspace.open(folder) as workspace:
        yield workspace


def ask(workspace: Workspace, text: str, snapshot: str | None = None) -> Counts:
    return count(workspace.judgement(text, workspace.snapshot(snapshot)))


def number(workspace: Workspace, query: str) -> int:
    return int(workspace.engine.query(Statement(query)).column(0)[0].as_py())


def written(measure: Measure) -> str | None:
    """Return a measure as a behaviour in brackets; None if it needs more than these can say."""
    if (is_shaped(measure) and measure.latest is None) or measure.grouped or measure.follow:
        return None
    if (
        measure.source == "identifier"
        or measure.since
        or measure.empty.value is not None
        or "previous_at" in render(measure.aggregate)
    ):
        return None
    where = f" where {render(measure.where)}" if measure.where else ""
    latest = f" latest {render(measure.latest)}" if measure.latest else ""
    window = "" if measure.window == LIFETIME else f" window {lengths(measure.window)}"
    return f"[{render(measure.aggregate)} of {measure.source}{where}{window}{latest}]"


def lengths(window: Window) -> str:
    start, end = (
        f"{one.count}{one.unit.value}" if one else "" for one in (window.start, window.end)
    )
    on = "" if window.on == "occurred_at" else f" on {window.on}"
    if window.ahead:
        return (f"next {start}" if start else "future") + on
    return (f"{start}..{end}" if end else start or "lifetime") + on


def is_bare(tag: Tag) -> bool:
    """Tell whether a tag is nothing but its one measure."""
    one = len(tag.measures) == 1 and not tag.cases and not tag.manual
    return one and tag.otherwise == Ref(tag.measures[0].name) and tag.sensitivity.value != "S4"


def test_a_behaviour_is_what_the_tag_of_its_measure_says(clinic: Workspace):
    told = {
        tag.code: text
        for tag in clinic.catalogue.tags.values()
        if is_bare(tag) and (text := written(tag.measures[0]))
    }
    assert len(told) >= 15
    for code, text in told.items():
        same = f"coalesce({code} = {text}, {code} is null and {text} is null)"
        found = ask(clinic, same)
        assert found.matched == found.total > 0, (code, text)


def test_behaviours_and_tags_together_count_what_sql_counts(clinic: Workspace):
    snapshot = clinic.snapshot()
    begin = snapshot.as_of - timedelta(days=180)
    expected = f"""
        SELECT count(*) FROM snapshot.t_{snapshot.snapshot_id} AS t
        WHERE valid_customer AND paid_order_cnt_12m > 0 AND (
            SELECT count(*) FROM event.visit JOIN identity.assignment USING (party_id)
            WHERE customer_id = t.customer_id AND effective
              AND occurred_at >= TIMESTAMP '{begin}' AND occurred_at < TIMESTAMP '{snapshot.as_of}'
              AND superseded_at IS NULL) BETWEEN 1 AND 2"""
    text = (
        "paid_order_cnt_12m > 0 and [count(*) of visit where effective window 180d] between 1 and 2"
    )
    found = ask(clinic, text)
    assert found.matched == number(clinic, expected) > 0
    assert found.unknown == 0
    rows = clinic.select(text, columns=["paid_order_cnt_12m"], limit=None).rows
    assert rows.num_rows == found.matched
    assert rows.column_names == ["customer_id", "paid_order_cnt_12m"]


def test_who_has_no_rows_has_none_and_no_sum(clinic: Workspace):
    total = ask(clinic, "true").total
    nobody = "[count(*) of visit where clinic = 'nowhere'] = 0"
    assert ask(clinic, nobody) == Counts(matched=total, not_matched=0, unknown=0, total=total)
    unknown = "[sum(net_fen) of order_line where clinic = 'nowhere'] > 0"
    assert ask(clinic, unknown) == Counts(matched=0, not_matched=0, unknown=total, total=total)


def test_a_snapshot_does_not_see_what_came_after_it(clinic: Workspace):
    snapshot = clinic.snapshot()
    text = "[count(*) of web_event] >= 1"
    before = ask(clinic, text)
    assert 0 < before.matched < before.total
    late = snapshot.known_at + timedelta(hours=1)
    clinic.engine.run(
        Statement(
            f"""INSERT INTO event.web_event BY NAME
            SELECT * REPLACE ('late-' || party_id AS message_id), TIMESTAMP '{late}' AS recorded_at
            FROM (SELECT DISTINCT ON (party_id) * EXCLUDE (recorded_at) FROM event.web_event)"""
        )
    )
    clinic.engine.run(Statement(f"UPDATE event.web_event SET superseded_at = TIMESTAMP '{late}'"))
    assert ask(clinic, text) == before


def test_who_was_who_is_what_the_snapshot_knew(clinic: Workspace):
    text = "[count(*) of order_line] >= 2"
    before = ask(clinic, text)
    clinic.engine.run(Statement("UPDATE identity.assignment SET customer_id = customer_id + 1"))
    assert ask(clinic, text) == before


def test_parameters_and_the_clock_may_stand_inside(clinic: Workspace):
    snapshot = clinic.snapshot()
    clock = ask(clinic, "[count(*) of visit where effective and days_since(occurred_at) < 90] > 0")
    window = ask(clinic, "[count(*) of visit where effective window 90d] > 0")
    assert clock.matched > 0
    assert abs(clock.matched - window.matched) <= number(
        clinic,
        f"""SELECT count(*) FROM event.visit
        WHERE occurred_at BETWEEN TIMESTAMP '{snapshot.as_of}' - INTERVAL 91 DAY
        AND TIMESTAMP '{snapshot.as_of}' - INTERVAL 89 DAY""",
    )
    cap = clinic.catalogue.params["touch_cap_30d"].node
    asked = ask(clinic, "[count(*) of touch window 30d] >= param.touch_cap_30d")
    assert asked == ask(clinic, f"[count(*) of touch window 30d] >= {render(cap)}")


def test_an_earlier_snapshot_is_asked_as_of_its_day(clinic: Workspace):
    last = clinic.snapshot()
    early = clinic.compute((last.as_of - timedelta(days=200)).replace(tzinfo=UTC))
    text = "[count(*) of order_line window 90d] >= 1"
    then, now = (ask(clinic, text, one.snapshot_id) for one in (early, last))
    begin = early.as_of - timedelta(days=90)
    expected = f"""
        SELECT count(DISTINCT customer_id) FROM event.order_line
        JOIN snapshot.a_{early.snapshot_id} USING (party_id)
        JOIN (SELECT customer_id FROM snapshot.t_{early.snapshot_id} WHERE valid_customer)
        USING (customer_id)
        WHERE occurred_at >= TIMESTAMP '{begin}' AND occurred_at < TIMESTAMP '{early.as_of}'"""
    assert then.matched == number(clinic, expected) > 0
    assert then != now


@pytest.mark.parametrize(
    "text",
    [
        "customer_value_level = 'high' and [count(*) of web_event window 90d] >= 2",
        "[sum(net_fen) of order_line window 365d] > yuan(500) and age >= 30 and not wecom_friend",
        "(age >= 30 or [count(*) of visit] > 3) and [count(*) of order_line] >= 1 and wecom_friend",
        "rank_share([count(*) of web_event]) >= 0.7 and age >= 30",
        "rank_share(net_spend_12m) >= 0.5 and [count(*) of visit] >= 2 and net_spend_12m > 0",
        "age >= 30 and not (wecom_friend and [last(status) of appointment] = 'no_show')",
    ],
)
def test_whom_tags_rule_out_beforehand_changes_no_count(clinic: Workspace, text: str):
    found = ask(clinic, text)
    assert found == ask(clinic, f"({text}) or false")
    assert 0 < found.matched < found.total
