"""Evidence cards of the whole medical pack: every kind of tag, told right now and on every day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.app.group import reading, rows
from tests.effort import examples, some

from zhiyan.app.workspace import Workspace
from zhiyan.core.expression import Node, walk
from zhiyan.core.identity import public_id
from zhiyan.core.tag import Tag
from zhiyan.errors import UsageError
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.counters import counters
from zhiyan.lang.moment import Moment
from zhiyan.lang.volatile import POPULATION_FUNCTIONS, compares
from zhiyan.pipeline.explain import Subject
from zhiyan.pipeline.explain.ahead import outlook
from zhiyan.pipeline.explain.replay import Replay, bound_rules, closure
from zhiyan.pipeline.explain.rows import fetch_rows
from zhiyan.pipeline.stored import tag_rows

DAYS = 30


@pytest.fixture(scope="module")
def seen(demo: Path) -> Iterator[Workspace]:
    """The demo, read only."""
    with reading(demo) as workspace:
        yield workspace


def stored(workspace: Workspace, limit: int) -> list[dict[str, object]]:
    """Return all tags of some customers, through the view that tells everything."""
    view = f"snapshot.t_{workspace.snapshot().snapshot_id}"
    order = "md5(customer_id::VARCHAR)"
    found = rows(workspace, f"SELECT * FROM {view} WHERE net_spend_12m > 0 ORDER BY {order}")
    return [
        {code: tuple(v) if isinstance(v, list) else v for code, v in row.items()}
        for row in found[:limit]
    ]


def subject_of(workspace: Workspace, customer_id: int) -> Subject:
    return Subject(
        engine=workspace.engine,
        catalogue=workspace.catalogue,
        snapshot=workspace.snapshot(),
        customer_id=customer_id,
        zone=workspace.settings.zone,
        memo=workspace.compiled,
    )


def replay_of(subject: Subject) -> Replay:
    rules = bound_rules(subject, list(subject.catalogue.tags.values()))
    return Replay(rules, fetch_rows(subject, [m for rule in rules for m in rule.measures]))


def test_the_pack_has_a_tag_of_every_kind(seen: Workspace):
    tags = seen.catalogue.tags
    nodes = {c: [n for k in t.cases for n in (k.when, k.then)] for c, t in tags.items()}
    called = {getattr(p, "op", "") for c in tags for n in nodes[c] for p in walk(n)}
    called |= {getattr(p, "op", "") for t in tags.values() for p in walk(t.otherwise)}
    assert called & POPULATION_FUNCTIONS
    assert counters(seen.catalogue)
    kinds = {tag.kind.value for tag in tags.values()}
    assert {"fact", "rule", "manual", "model"} <= kinds


def test_every_tag_of_a_card_is_what_the_snapshot_has(seen: Workspace):
    (row,) = stored(seen, 1)
    person = public_id(row["customer_id"])
    for code in some(sorted(seen.snapshot().tags)):
        card = seen.explain(person, code)
        assert card.value == row[code], code
        assert sum(clause.chosen for clause in card.clauses) == 1, code


def test_all_tags_of_several_customers_are_replayed_from_their_own_rows(seen: Workspace):
    for row in stored(seen, examples(3)):
        subject = subject_of(seen, int(str(row["customer_id"])))
        moment = Moment(subject.snapshot.as_of, subject.zone.offset_minutes)
        assert replay_of(subject).values(moment) == {c: row[c] for c in seen.snapshot().tags}


@pytest.mark.parametrize("code", ["age", "days_since_last_activity", "rfm_segment"])
def test_a_predicate_counts_alike_on_the_table_and_on_the_view(seen: Workspace, code: str):
    """Counters are read through the view, stored tags past it."""
    catalogue, manifest = seen.catalogue, seen.snapshot()
    narrow = tag_rows(seen.engine, catalogue, manifest, codes=[code]).sql(dialect="duckdb")
    view = f"snapshot.t_{manifest.snapshot_id}"
    assert (view in narrow) == (code in counters(catalogue))
    whole = rows(seen, f'SELECT customer_id, "{code}" FROM {view} ORDER BY 1')
    assert rows(seen, f"SELECT * FROM ({narrow}) ORDER BY 1") == whole
    of_the_valid = f'SELECT count("{code}") AS n FROM {view} WHERE valid_customer'
    known = seen.select(f"{code} is not null").counts.matched
    assert known == rows(seen, of_the_valid)[0]["n"] > 0


def test_a_tag_defined_otherwise_since_is_read_through_the_view(seen: Workspace):
    manifest = seen.snapshot()
    older = replace(manifest, tags={**manifest.tags, "rfm_segment": "another"})
    for codes, past in ((["rfm_segment"], False), (["rfm_r"], True)):
        text = tag_rows(seen.engine, seen.catalogue, older, codes=codes).sql(dialect="duckdb")
        assert ("snapshot.tag_" in text) == past


def compared_tags(catalogue: Catalogue) -> set[str]:
    """Return the tags whose closure looks at other customers."""
    found: set[str] = set()
    for code, tag in catalogue.tags.items():
        nodes = (tag.otherwise, *(node for case in tag.cases for node in (case.when, case.then)))
        called = {getattr(part, "op", "") for node in nodes for part in walk(node)}
        if called & POPULATION_FUNCTIONS or {one.code for one in closure(catalogue, code)} & found:
            found.add(code)
    return found


@pytest.mark.slow
def test_the_flip_is_the_first_day_that_a_replay_of_every_day_finds(seen: Workspace):
    found = 0
    comparing = compared_tags(seen.catalogue)
    for row in stored(seen, 2):
        subject = subject_of(seen, int(str(row["customer_id"])))
        replay = replay_of(subject)
        moment = Moment(subject.snapshot.as_of, subject.zone.offset_minutes)
        now = replay.values(moment)
        first: dict[str, tuple[object, object]] = {}
        for day in range(1, DAYS + 1):
            ahead = replace(moment, as_of=moment.as_of + timedelta(days=day))
            for code, value in replay.values(ahead).items():
                if value != now[code]:
                    first.setdefault(code, (ahead.as_of, value))
        for code in now:
            ahead = outlook(replay, subject.catalogue, code, at=(moment, DAYS))
            flip = ahead.flip and (ahead.flip.at, ahead.flip.value)
            if ahead.others_from is None:
                assert flip == first.get(code), code
            else:
                assert code in comparing, code
                assert flip is None, code
                assert code not in first or ahead.others_from <= first[code][0], code
        found += len(first)
    assert found


def test_where_other_customers_decide_nothing_is_foretold(seen: Workspace):
    (row,) = stored(seen, 1)
    person = public_id(int(str(row["customer_id"])))
    for code in ("rfm_m", "rfm_segment"):
        card = seen.explain(person, code)
        assert (card.flip, card.others_from) == (None, card.as_of), code
    assert seen.explain(person, "net_spend_12m").others_from is None


def test_who_is_compared_with_nobody_is_foretold(seen: Workspace):
    """A rank settles nothing where the rest of the rule, or the gate, already does."""
    view = f"snapshot.t_{seen.snapshot().snapshot_id}"
    found = rows(seen, f"SELECT customer_id FROM {view} WHERE NOT valid_customer LIMIT 1")
    card = seen.explain(public_id(found[0]["customer_id"]), "rfm_m")
    assert (card.value, card.others_from) == (None, None)


def test_a_card_looks_ahead_as_a_replay_of_everything_does(seen: Workspace):
    """Inputs that stand still are looked up, and rows too old to count again are not read."""
    for row in stored(seen, 2):
        subject = subject_of(seen, int(str(row["customer_id"])))
        replay = replay_of(subject)
        for code in some(sorted(seen.snapshot().tags)):
            card = seen.explain(public_id(subject.customer_id), code)
            ahead = outlook(replay, seen.catalogue, code, at=(subject.moment, card.horizon_days))
            assert (card.flip, card.others_from) == (ahead.flip, ahead.others_from), code
            assert card.value == row[code], code
            counted = {m.measure: m for m in card.counted}
            rule = next(rule for rule in replay.rules if rule.tag.code == code)
            for measure in rule.measures:
                whole = replay.found(rule, measure, subject.moment)
                kept = counted[measure.name]
                assert (kept.value, kept.row_count) == (whole.value, len(whole.rows)), code


def test_ranks_are_counted_as_the_snapshot_sorted_them(seen: Workspace):
    tags = seen.catalogue.tags
    comparing = [code for code in tags if any(map(compares, rule_nodes(tags[code])))]
    assert {"rfm_m", "spending_power", "clv_band", "postal_prefix"} <= set(comparing)
    for row in stored(seen, 8):
        person = public_id(int(str(row["customer_id"])))
        for code in comparing:
            assert seen.explain(person, code).value == row[code], code


def rule_nodes(tag: Tag) -> list[Node]:
    return [tag.otherwise, *(node for case in tag.cases for node in (case.when, case.then))]


def test_nobody_has_no_card(seen: Workspace):
    assert seen.evidence(1, "age") is None
    with pytest.raises(UsageError, match="ZY504"):
        seen.explain(public_id(1), "age")
