"""Storing identifiers: nothing that is stored ever changes, and no order of files matters."""

from collections import Counter
from datetime import timedelta

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.pipeline.ingest.workshop import KEY, START, write_csv

from zhiyan.pipeline.ingest.commit import store_people
from zhiyan.pipeline.ingest.context import Context, ImportOptions, Reference
from zhiyan.ports import Statement
from zhiyan.store.vault import EncryptedVault

SEEN = pa.schema(
    [
        ("row_id", pa.int64()),
        ("row_no", pa.int32()),
        ("party_id", pa.int64()),
        ("id_type", pa.string()),
        ("token", pa.string()),
        ("quality", pa.string()),
        ("verified", pa.bool_()),
        ("source", pa.string()),
        ("clinic", pa.string()),
        ("occurred_at", pa.timestamp("us")),
    ]
)
SIGHTING = st.fixed_dictionaries(
    {
        "party_id": st.integers(1, 2),
        "id_type": st.just("phone"),
        "token": st.sampled_from(["t1", "t2"]),
        "quality": st.sampled_from(["ok", "ok", "landline"]),
        "verified": st.booleans(),
        "source": st.just("his"),
        "clinic": st.sampled_from([None, "c1", "c2"]),
        "occurred_at": st.integers(0, 5).map(lambda day: START + timedelta(days=day)),
    }
)
LEADS = ["进线时间", "线索编号", "手机号", "姓名", "渠道"]
VISIBLE = """
SELECT party_id, id_type, token, min(quality) AS quality, bool_or(verified) AS verified,
  min(occurred_at) AS first_seen, arg_min(struct_pack(clinic := clinic),
    row(occurred_at, source, coalesce(clinic, ''))) AS place
FROM identity.observation WHERE occurred_at < $as_of AND recorded_at <= $known_at
GROUP BY ALL ORDER BY ALL
"""


def store(desk, sightings, *, number):
    """Store the sightings of one file, which is the ``number``-th import; return what is new."""
    engine = desk.importer.engine
    rows = [row | {"row_id": at, "row_no": at} for at, row in enumerate(sightings)]
    engine.run(Statement("CREATE OR REPLACE TEMP TABLE bad_row (row_id BIGINT, kind VARCHAR)"))
    context = Context(
        engine=engine,
        vault=EncryptedVault(desk.vault_engine, KEY),
        reference=Reference(),
        options=ImportOptions(),
        recorded_at=START + timedelta(days=100 + number),
        import_id=number,
    )
    with engine.transaction():
        return store_people(pa.Table.from_pylist(rows, schema=SEEN), context)


def forget(desk):
    desk.importer.engine.run(Statement("DELETE FROM identity.observation"))


def stored(desk):
    return Counter(tuple(row.values()) for row in desk.rows("SELECT * FROM identity.observation"))


def visible(desk, day=99, number=99):
    """Return what is seen of the identifiers at a day, after the ``number``-th import."""
    moments = {"as_of": START + timedelta(days=day), "known_at": START + timedelta(100 + number)}
    return desk.rows(VISIBLE, **moments)


def one(day=3, **more):
    row = {"party_id": 1, "id_type": "phone", "token": "t", "quality": "ok", "verified": False,
           "source": "his", "clinic": "c1", "occurred_at": START + timedelta(days=day)}  # fmt: skip
    return row | more


def test_an_earlier_sighting_is_a_row_of_its_own(desk):
    assert store(desk, [one(3), one(4)], number=1) == 1
    before, then = stored(desk), visible(desk, number=1)
    assert sum(before.values()) == 1
    assert store(desk, [one(1), one(2), one(5)], number=2) == 0
    assert stored(desk) > before
    assert sum(stored(desk).values()) == 2
    assert visible(desk, number=1) == then
    assert visible(desk)[0]["first_seen"] == START + timedelta(days=1)


def test_the_first_verification_is_a_row_of_its_own(desk):
    store(desk, [one(3)], number=1)
    before = stored(desk)
    store(desk, [one(6, verified=True), one(8, verified=True)], number=2)
    assert stored(desk) > before
    assert sum(stored(desk).values()) == 2
    assert [visible(desk, day)[0]["verified"] for day in (4, 6, 7)] == [False, False, True]
    assert not visible(desk, number=1)[0]["verified"]
    assert visible(desk)[0]["first_seen"] == START + timedelta(days=3)


def test_what_adds_nothing_is_not_stored(desk):
    store(desk, [one(3, verified=True)], number=1)
    before = stored(desk)
    assert store(desk, [one(3), one(3, verified=True), one(9)], number=2) == 0
    assert stored(desk) == before


@settings(
    max_examples=examples(3),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sightings=st.lists(SIGHTING, max_size=10), data=st.data())
def test_neither_order_nor_files_matter_and_the_past_stays(desk, sightings, data):
    forget(desk)
    store(desk, sightings, number=1)
    whole = [visible(desk, day) for day in range(7)]
    assert store(desk, sightings, number=2) == 0
    assert len({row["import_id"] for row in desk.rows("FROM identity.observation")}) <= 1
    forget(desk)
    shuffled = data.draw(st.permutations(sightings))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), min_size=2, max_size=2)))
    past = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, None], strict=True)):
        store(desk, shuffled[start:end], number=number)
        past.append(visible(desk, number=number))
    assert [visible(desk, day) for day in range(7)] == whole
    assert [visible(desk, number=number) for number in range(3)] == past


def test_the_same_file_under_another_name_adds_no_identifier(desk, tmp_path):
    rows = [
        LEADS,
        ["2026-01-05 10:00:00", "XS1", "13912345678", "王桂兰", "美团"],
    ]
    assert desk.take(write_csv(tmp_path / "线索.csv", rows)).identifiers == 2
    before = stored(desk)
    desk.take(write_csv(tmp_path / "线索_2.csv", [*rows, [""] * len(LEADS)]))
    assert stored(desk) == before
