"""A measure told day after day is what it is when told from nothing each day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.lang.definitions import load, tag

from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.memory import Row
from zhiyan.lang.moment import Moment
from zhiyan.lang.plan import bind_measure
from zhiyan.pipeline.explain.ahead import outlook
from zhiyan.pipeline.explain.replay import Replay, Rule

NOW = Moment(datetime(2026, 9, 1, 16), 480)  # noqa: DTZ001 - as stored
DAYS = 45
DECAY = "decay(days_since(occurred_at), 7, 1000)"
FADING = "decay(landmark(9) - day_number(occurred_at), 7, 1000)"
#: Tags whose measures tick: plain, with parts that stand still, with a condition that turns, shaped.
TICKING = {
    "decaying": f"type: decimal\nwindow: 30d\naggregate: sum({DECAY})",
    "one_clinic": f"type: decimal\naggregate: sum(case when clinic = 'a' then {DECAY} end)",
    "late": f"type: decimal\nwhere: days_since(occurred_at) > 20\naggregate: max({DECAY})",
    "by_clinic": f"type: decimal\nper: clinic\ninner:\n  one: sum({DECAY})\n"
    "having: one > 200\naggregate: max(one)",
    "fading": f"type: decimal\nwindow: 30d\naggregate: sum({FADING})",
    "newest": f"type: decimal\nwindow: 30d\nlatest: 2\naggregate: min({DECAY})",
}
visits = st.lists(st.tuples(st.integers(1, 60 * 24), st.sampled_from(["a", "b", None])), max_size=5)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Facts that tick, and a rule over each, so that a flip comes later than the first day."""
    folder: Path = tmp_path_factory.mktemp("tags")
    facts = [tag(code, f"kind: fact\nsource: visit\n{body}") for code, body in TICKING.items()]
    rules = [
        tag(f"much_{code}", f"kind: rule\ntype: bool\nvalue: {code} >= 300") for code in TICKING
    ]
    return load(folder, *facts, *rules)


def rules_of(catalogue: Catalogue) -> list[Rule]:
    return [
        Rule(
            tag=found,
            measures=tuple(bind_measure(m, catalogue.literals) for m in found.measures),
            cases=(),
            otherwise=found.otherwise,
            gated=False,
        )
        for found in catalogue.tags.values()
    ]


def first_changes(replay: Replay) -> Mapping[str, tuple[datetime, Any]]:
    """Return when each tag first differs and what it is then, every day told from nothing."""
    now, found = replay.values(NOW), dict[str, tuple[datetime, Any]]()
    for day in range(1, DAYS + 1):
        ahead = replace(NOW, as_of=NOW.as_of + timedelta(days=day))
        for code, value in replay.values(ahead).items():
            if value != now[code]:
                found.setdefault(code, (ahead.as_of, value))
    return found


@settings(max_examples=examples(15), deadline=None)
@given(came=visits)
def test_a_flip_is_what_a_replay_of_every_day_finds(
    catalogue: Catalogue, came: list[tuple[int, str | None]]
):
    rows: list[Row] = [
        {"occurred_at": NOW.as_of - timedelta(hours=hours), "tie": n, "clinic": clinic}
        for n, (hours, clinic) in enumerate(came)
    ]
    replay = Replay(rules_of(catalogue), {"visit": rows})
    expected = first_changes(replay)
    for code in catalogue.tags:
        flip = outlook(replay, catalogue, code, at=(NOW, DAYS)).flip
        assert (flip and (flip.at, flip.value)) == expected.get(code), code
