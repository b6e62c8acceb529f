"""What is ahead of a value: the day on which it differs, or from which on others may decide it."""

from datetime import datetime, timedelta
from pathlib import Path

from tests.lang.definitions import load, tag

from zhiyan.core.expression import Call, Literal, Node, ValueType, replaced
from zhiyan.core.tag import Tag
from zhiyan.lang.memory import Row
from zhiyan.lang.moment import Moment
from zhiyan.lang.volatile import POPULATION_FUNCTIONS
from zhiyan.pipeline.explain.ahead import Outlook, outlook
from zhiyan.pipeline.explain.replay import Replay, Rule

NOW = datetime(2026, 9, 1, 16)  # noqa: DTZ001 - as stored
VISITS = tag(
    "visits",
    "kind: fact\ntype: int\nsource: visit\naggregate: count(*)\nwindow: 30d",
)
BEST = tag("best", "kind: rule\ntype: bool\nvalue: rank_share(visits) >= 0.5")
NEW = tag(
    "new",
    "kind: rule\ntype: text\ncases:\n- {when: visits > 0, then: \"'now'\"}\n"
    "- {when: best, then: \"'best'\"}\notherwise: \"'gone'\"",
)


def at_the_median(node: Node) -> Node | None:
    compares = isinstance(node, Call) and node.op in POPULATION_FUNCTIONS
    return Literal(0.5, ValueType.DECIMAL) if compares else None


def rule_of(found: Tag) -> Rule:
    """Bind a tag for a customer in the middle of all."""
    cases = tuple(
        (replaced(c.when, at_the_median), replaced(c.then, at_the_median)) for c in found.cases
    )
    otherwise = replaced(found.otherwise, at_the_median)
    return Rule(
        tag=found,
        measures=found.measures,
        cases=cases,
        otherwise=otherwise,
        gated=False,
        comparing=found.otherwise if otherwise != found.otherwise else None,
    )


def ahead_of(folder: Path, code: str, *days_ago: float) -> Outlook:
    """Look ahead of a tag of a customer who came so many days ago."""
    catalogue = load(folder, VISITS, BEST, NEW)
    rules = [rule_of(found) for found in catalogue.tags.values()]
    came = [NOW - timedelta(days=days) for days in days_ago]
    rows: dict[str, list[Row]] = {
        "visit": [{"occurred_at": at, "tie": n} for n, at in enumerate(came)]
    }
    return outlook(Replay(rules, rows), catalogue, code, at=(Moment(NOW, 480), 400))


def test_a_window_flips_on_its_day(tmp_path: Path):
    found = ahead_of(tmp_path, "visits", 10)
    assert found.others_from is None
    assert found.flip
    assert (found.flip.at, found.flip.value) == (NOW + timedelta(days=21), 0)


def test_where_others_decide_already_nothing_is_told(tmp_path: Path):
    assert ahead_of(tmp_path, "best", 10) == Outlook(others_from=NOW)
    assert ahead_of(tmp_path, "new") == Outlook(others_from=NOW)


def test_what_is_told_ends_on_the_day_from_which_others_decide(tmp_path: Path):
    assert ahead_of(tmp_path, "new", 10) == Outlook(others_from=NOW + timedelta(days=21))
