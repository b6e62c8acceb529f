"""What must hold for any records: of the linking rules alone, and of the stage on tables."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.pipeline.resolve.world import AS_OF, START, World, clear, load, run, state

from zhiyan.analytics.linkage import components, integers
from zhiyan.core.identity import CONTACT_KEYS, SECOND_KEYS
from zhiyan.pipeline.resolve.layers import link
from zhiyan.pipeline.resolve.records import STRONG_KEYS, Holdings, Records

SIZE = 9
POOL = {"unionid": 3, "id_card": 2, "openid": 3, "email": 2, "phone": 3, "name": 3, "birthdate": 2}
NODE = st.integers(0, SIZE - 1)
PAIR = st.tuples(NODE, NODE).filter(lambda pair: pair[0] != pair[1])


@st.composite
def all_records(draw):
    """Draw records over a handful of tokens, so that everything meets everything."""
    keys, first = {}, 0
    for id_type, size in POOL.items():
        held = draw(st.sets(st.tuples(NODE, st.integers(first, first + size - 1)), max_size=SIZE))
        keys[id_type] = Holdings(*(integers([row[at] for row in sorted(held)]) for at in (0, 1)))
        first += size
    merges = draw(st.lists(PAIR, max_size=2))
    splits = draw(st.lists(PAIR, max_size=2))
    strong = np.zeros(SIZE, bool)
    for id_type in STRONG_KEYS:
        if id_type in keys:
            strong[keys[id_type].node] = True
    scope = integers(draw(st.lists(st.integers(-1, 1), min_size=SIZE, max_size=SIZE)))
    return Records(
        source=np.maximum(scope, 0),
        scope=scope,
        strong=strong,
        keys=keys,
        merges=Holdings(
            integers([n for pair in merges for n in pair]), np.repeat(np.arange(len(merges)), 2)
        ),
        stay=integers([a for a, _ in splits]),
        leave=integers([b for _, b in splits]),
    )


@settings(max_examples=examples(6), deadline=None)
@given(records=all_records())
def test_no_customer_breaks_a_rule(records):
    linking = link(records)
    labels = linking.labels
    assert (labels[labels] == labels).all()
    assert (labels <= np.arange(SIZE)).all()
    assert not (labels[records.stay] == labels[records.leave]).any()
    cards = records.keys["id_card"]
    for customer in np.unique(labels):
        parties = np.flatnonzero(labels == customer)
        held = [set(cards.token[cards.node == party].tolist()) for party in parties]
        assert len(set().union(*held)) <= max(1, *map(len, held))


@settings(max_examples=examples(10), deadline=None)
@given(records=all_records())
def test_contacts_never_join_other_names_or_birthdates(records):
    """Bases are what strong keys and decisions make; those of a customer all share one name."""
    keys = {key: held for key, held in records.keys.items() if key not in CONTACT_KEYS}
    bases = link(replace(records, keys=keys)).labels
    labels = link(records).labels
    for id_type in SECOND_KEYS:
        held = records.keys[id_type].of(bases)
        for customer in np.unique(labels):
            rows = held.where(labels[held.node] == customer)
            if rows.node.size:
                assert (
                    np.unique(rows.token, return_counts=True)[1].max() == np.unique(rows.node).size
                )


@settings(max_examples=examples(6), deadline=None)
@given(records=all_records())
def test_the_evidence_explains_every_customer_and_no_more(records):
    linking = link(records)
    shared = [linking.evidence, Holdings(linking.merged.node, linking.merged.token + 1000)]
    primary = {*STRONG_KEYS, *CONTACT_KEYS}
    usable = np.concatenate([records.keys[key].token for key in POOL if key in primary])
    left, right = [], []
    for rows in shared:
        for token in np.unique(rows.token):
            for customer in np.unique(linking.labels):
                nodes = rows.node[(rows.token == token) & (linking.labels[rows.node] == customer)]
                if nodes.size and (token in usable or token >= 1000):
                    left += [nodes[0]] * nodes.size
                    right += nodes.tolist()
    found = components(SIZE, integers(left), integers(right))
    assert found.tolist() == linking.labels.tolist()


@settings(max_examples=examples(6), deadline=None)
@given(records=all_records(), seed=st.integers(0, 999))
def test_order_of_rows_and_numbers_of_tokens_do_not_matter(records, seed):
    generator = np.random.default_rng(seed)
    renumbered = generator.permutation(sum(POOL.values()))
    keys = {}
    for id_type in generator.permutation(list(records.keys)):
        held = records.keys[str(id_type)]
        order = generator.permutation(held.node.size)
        keys[str(id_type)] = Holdings(held.node[order], renumbered[held.token[order]])
    turned = generator.permutation(records.stay.size)
    other = link(
        Records(
            source=records.source,
            scope=records.scope,
            strong=records.strong,
            keys=keys,
            merges=Holdings(records.merges.node[::-1], records.merges.token[::-1]),
            stay=records.stay[turned],
            leave=records.leave[turned],
        )
    )
    linking = link(records)
    assert other.labels.tolist() == linking.labels.tolist()
    assert _rows(other.evidence) == _rows(
        Holdings(linking.evidence.node, renumbered[linking.evidence.token])
    )
    assert _refusals(other) == {
        (reason, int(renumbered[token])) for reason, token in _refusals(linking)
    }


def _rows(held):
    return sorted(zip(held.node.tolist(), held.token.tolist(), strict=True))


def _refusals(linking):
    return {(reason, token) for reason, rows in linking.refused for token in rows.token.tolist()}


@settings(max_examples=examples(8), deadline=None)
@given(records=all_records())
def test_who_shares_a_strong_key_is_one_unless_something_forbids_it(records):
    free = Records(
        source=records.source,
        scope=np.full(SIZE, -1),
        strong=records.strong,
        keys={key: held for key, held in records.keys.items() if key != "id_card"},
        merges=records.merges,
        stay=integers(),
        leave=integers(),
    )
    labels = link(free).labels
    for id_type in ("unionid", "openid"):
        held = free.keys[id_type]
        for token in np.unique(held.token):
            assert np.unique(labels[held.node[held.token == token]]).size == 1


KEY = st.fixed_dictionaries(
    {},
    optional={
        "unionid": st.sampled_from(["u1", "u2"]),
        "phone": st.sampled_from(["p1", "p2", ["p1", "p2"], ("p3", "pattern")]),
        "name": st.sampled_from(["n1", "n2", ("n3", "placeholder")]),
        "his_no": st.sampled_from(["1", "2", "3"]),
    },
)
RECORDS = st.lists(st.tuples(st.sampled_from(["c1", "c2"]), st.integers(0, 60), KEY), max_size=12)
SHARED = settings(
    max_examples=examples(1),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def build(records) -> World:
    world = World()
    for clinic, day, keys in records:
        world.record(clinic=clinic, at=START + timedelta(days=day), **keys)
    return world


@SHARED
@given(records=RECORDS, seed=st.integers(0, 99))
def test_shuffled_and_split_imports_change_nothing(engine, records, seed):
    world = build(records)
    clear(engine)
    run(engine, world)
    before = state(engine)
    rows = [world.rows[at] for at in np.random.default_rng(seed).permutation(len(world.rows))]
    load(engine, rows)
    report = run(engine)
    assert state(engine) == before
    assert (report.merges, report.splits) == (0, 0)


@SHARED
@given(records=RECORDS, planted=RECORDS, late=st.booleans())
def test_what_is_not_visible_changes_nothing(engine, records, planted, late):
    world = build(records)
    clear(engine)
    known_at = AS_OF
    run(engine, world, known_at=known_at)
    before = state(engine)
    naive = AS_OF.replace(tzinfo=None)
    for clinic, day, keys in planted:
        at = START + timedelta(days=day) if late else naive + timedelta(days=day)
        known = naive + timedelta(seconds=1) if late else START
        world.record(clinic=clinic, at=at, known=known, **keys)
    run(engine, world, known_at=known_at)
    assert state(engine) == before


@SHARED
@given(records=RECORDS.filter(bool), newer=RECORDS)
def test_newer_records_do_not_rename_a_customer(engine, records, newer):
    """The parties of one customer keep its id, unless it joins an older customer."""
    world = build(records)
    clear(engine)
    run(engine, world)
    old = {row["party_id"]: row["customer_id"] for row in state(engine)["assignment"]}
    first = {row["party_id"]: row["first_seen"] for row in state(engine)["assignment"]}
    for clinic, day, keys in newer:
        world.record(clinic=clinic, at=START + timedelta(days=61 + day), **keys)
    run(engine, world)
    for row in state(engine)["assignment"]:
        if row["customer_id"] not in {old.get(row["party_id"]), row["party_id"]}:
            assert row["customer_id"] in old.values() or row["party_id"] not in old
        if row["party_id"] in first and row["customer_id"] == old[row["party_id"]]:
            assert row["first_seen"] == first[row["party_id"]]
