"""The verbs on the finished demo: create, open, select, preview, forecast, diff, replay."""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, timedelta
from math import ceil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.app.group import copy_of, exports, moments, reading, remembered_catalogues, rows, shop
from tests.effort import examples

from zhiyan.app.reading import WorkspaceReads
from zhiyan.app.reference import read_items
from zhiyan.app.workspace import Workspace
from zhiyan.core.difference import Difference
from zhiyan.core.expression import ValueType
from zhiyan.core.identity import public_id
from zhiyan.core.tag import Tag
from zhiyan.errors import UsageError, ZhiyanError
from zhiyan.pipeline.compare import Comparison


@pytest.fixture(scope="module")
def seen(demo: Path) -> Iterator[Workspace]:
    """The demo, read only."""
    with reading(demo) as workspace:
        yield workspace


# -- create, open, close


def test_create_and_open(tmp_path: Path):
    Workspace.create(tmp_path / "a" / "b", pack="retail", zone="Asia/Tokyo")
    with Workspace.open(tmp_path / "a" / "b") as workspace:
        assert workspace.settings.zone.offset_minutes == 540
        assert workspace.catalogue.tags
        assert workspace.snapshots() == []
        assert rows(workspace, "SELECT * FROM ref.item") == []
    mode = (tmp_path / "a" / "b" / "keys" / "workspace.key").stat().st_mode
    assert mode & 0o077 == 0


def test_a_workspace_is_never_made_over_another(tmp_path: Path):
    Workspace.create(tmp_path)
    key = (tmp_path / "keys" / "workspace.key").read_bytes()
    (tmp_path / "zhiyan.yaml").write_text("legal_entity: 我的\n", "utf-8")
    with pytest.raises(UsageError) as error:
        Workspace.create(tmp_path, pack="retail")
    assert error.value.code == "ZY401"
    assert (tmp_path / "keys" / "workspace.key").read_bytes() == key
    assert "我的" in (tmp_path / "zhiyan.yaml").read_text("utf-8")


@pytest.mark.parametrize("wrong", [{"pack": "retial"}, {"zone": "Europe/Berlin"}])
def test_a_wrong_wish_makes_nothing(wrong: dict[str, str], tmp_path: Path):
    with pytest.raises(UsageError):
        Workspace.create(tmp_path / "w", **wrong)
    assert not (tmp_path / "w").exists()


def test_every_workspace_has_a_key_of_its_own(tmp_path: Path):
    for name in "ab":
        Workspace.create(tmp_path / name)
    first, second = ((tmp_path / name / "keys" / "workspace.key").read_bytes() for name in "ab")
    assert len(first) == len(second) == 32
    assert first != second


def test_after_close_others_may_write(tmp_path: Path):
    Workspace.create(tmp_path)
    workspace = Workspace.open(tmp_path)
    workspace.close()
    with Workspace.open(tmp_path) as again:
        assert again.snapshots() == []


def test_reading_refuses_to_write(seen: Workspace):
    with pytest.raises(ZhiyanError):
        seen.resolve(seen.snapshot().as_of.replace(tzinfo=UTC))


def test_reference_tables_are_those_of_the_pack_and_the_settings(seen: Workspace):
    items = rows(seen, "SELECT code, name, price_low_fen FROM ref.item ORDER BY code")
    assert len(items) == len(read_items(seen.pack)) >= 72
    clinics = rows(seen, "SELECT code, name, legal_entity FROM ref.clinic ORDER BY code")
    assert [row["code"] for row in clinics] == sorted(c.code for c in seen.settings.clinics)
    assert all(row["legal_entity"] == seen.settings.legal_entity for row in clinics)
    assert rows(seen, "SELECT count(*) AS n FROM ref.city")[0]["n"] > 50


def test_reference_follows_the_settings(tmp_path: Path):
    Workspace.create(tmp_path)
    Workspace.open(tmp_path).close()
    text = (tmp_path / "zhiyan.yaml").read_text("utf-8")
    (tmp_path / "zhiyan.yaml").write_text(text.replace("clinics: []", "clinics: [{code: A}]"))
    with Workspace.open(tmp_path) as workspace:
        assert rows(workspace, "SELECT code, name FROM ref.clinic") == [{"code": "A", "name": "A"}]


# -- select: A, not A and unknown make all


def conditions(tags: list[Tag]) -> st.SearchStrategy[str]:
    """Return a strategy of conditions over tags."""
    atom = st.sampled_from(tags).flatmap(condition_on)
    return st.recursive(
        atom,
        lambda inner: st.one_of(
            inner.map(lambda a: f"not ({a})"),
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
                lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
            ),
        ),
        max_leaves=6,
    )


def condition_on(tag: Tag) -> st.SearchStrategy[str]:
    small = st.integers(-3, 400)
    codes = [value.value for value in tag.values]
    by_type: dict[ValueType, st.SearchStrategy[str]] = {
        ValueType.BOOL: st.just(tag.code),
        ValueType.INT: small.map(lambda n: f"{tag.code} > {n}"),
        ValueType.DECIMAL: small.map(lambda n: f"{tag.code} <= {n / 100}"),
        ValueType.MONEY: small.map(lambda n: f"{tag.code} >= yuan({n * 50})"),
        ValueType.DATE: small.map(lambda n: f"days_since({tag.code}) < {n}"),
    }
    empty = st.just(f"{tag.code} is null")
    if tag.type is ValueType.ENUM and codes:
        listed = st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True)
        texts = listed.map(lambda some: ", ".join(f"'{code}'" for code in some))
        return st.one_of(texts.map(lambda text: f"{tag.code} in ({text})"), empty)
    return st.one_of(by_type.get(tag.type, empty), empty)


@settings(max_examples=examples(6), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_matched_not_matched_and_unknown_make_all(seen: Workspace, data: st.DataObject):
    where = data.draw(conditions(list(seen.catalogue.tags.values())))
    found, opposite = seen.select(where).counts, seen.select(f"not ({where})").counts
    assert found.matched + found.not_matched + found.unknown == found.total
    assert (found.matched, found.not_matched) == (opposite.not_matched, opposite.matched)
    assert found.unknown == opposite.unknown
    either = seen.select(f"({where}) or not ({where})").counts
    assert (either.matched, either.unknown) == (found.total - found.unknown, found.unknown)
    assert seen.select(where, limit=None).rows.num_rows == found.matched


def test_segment_and_its_text_are_the_same_audience(seen: Workspace):
    for segment in seen.catalogue.segments.values():
        assert seen.select(segment.code).counts == seen.select(segment.text).counts


def test_limit_and_columns(seen: Workspace):
    found = seen.select("true", columns=["age", "rfm_segment"], limit=7)
    assert found.rows.column_names == ["customer_id", "age", "rfm_segment"]
    assert found.rows.num_rows == 7
    assert seen.select("true").rows.num_rows == 0


# -- explain, preview, forecast, diff


def test_every_card_shows_the_value_of_the_snapshot(seen: Workspace):
    codes = ["customer_value_level", "lifecycle_stage", "due_status", "net_spend_12m", "age_band"]
    people = seen.select("net_spend_lifetime > 0", columns=codes, limit=5).rows.to_pylist()
    for row in people:
        for code in codes:
            card = seen.explain(public_id(row["customer_id"]), code)
            assert card.value == row[code]
            assert sum(clause.chosen for clause in card.clauses) == 1


@pytest.mark.slow
def test_preview_is_what_the_change_then_does(spare: Path):
    """A threshold of the value level: who moves, with what money; then do it and compare."""
    with Workspace.open(spare) as workspace:
        before = workspace.snapshot()
        preview = workspace.preview(params={"value_high": 8000})
        told = preview.difference()
        codes = ["net_spend_12m", "customer_value_level"]
        spend = workspace.select("true", columns=codes, limit=None).rows.to_pylist()
        members = preview.members("customer_value_level", limit=10_000).to_pylist()
    expected = {
        row["customer_id"]: row["net_spend_12m"]
        for row in spend
        if row["customer_value_level"] == "mid" and row["net_spend_12m"] >= 800_000
    }
    assert expected
    assert {row["customer_id"]: row["worth_fen"] for row in members} == expected
    (move,) = [move for move in told.moves if move.tag == "customer_value_level"]
    assert (move.before, move.after) == ("mid", "high")
    assert (move.customers, move.money_fen) == (len(expected), sum(expected.values()))

    text = (spare / "zhiyan.yaml").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("params:")]
    (spare / "zhiyan.yaml").write_text("\n".join([*lines, "params: {value_high: 8000}"]), "utf-8")
    with Workspace.open(spare) as workspace:
        after = workspace.compute(before.as_of.replace(tzinfo=UTC))
        assert after.snapshot_id != before.snapshot_id
        done = workspace.diff(before.snapshot_id, after.snapshot_id).difference()
    assert parts(done) == parts(told)


def parts(found: Difference) -> tuple[object, ...]:
    """Return all of a difference but the names of its sides."""
    return found.customers, found.appeared, found.gone, found.changed, found.moves, found.segments


@pytest.mark.slow
def test_forecast_changes_a_customer_on_the_day_that_her_card_names(spare: Path):
    codes = ["customer_value_level", "lifecycle_stage", "due_status", "visit_freq_level"]
    with Workspace.open(spare) as workspace:
        snapshot = workspace.snapshot()
        people = workspace.select("net_spend_12m > 0", limit=25).rows.column("customer_id")
        flips: dict[tuple[int, str], tuple[int, object]] = {}
        for person in people.to_pylist():
            for code in codes:
                card = workspace.explain(public_id(person), code)
                if card.flip is not None:
                    days = (card.flip.at - snapshot.as_of) / timedelta(days=1)
                    flips[person, code] = (ceil(days), card.flip.value)
        day = Counter(day for day, _ in flips.values() if 2 <= day <= 90).most_common(1)[0][0]
        on_the_day = changes(workspace.forecast(day), codes)
        the_day_before = changes(workspace.forecast(day - 1), codes)
    due = {key for key, (when, _) in flips.items() if when == day}
    later = {key for key, (when, _) in flips.items() if when > day}
    assert due
    assert {key: on_the_day.get(key) for key in due} == {key: flips[key][1] for key in due}
    assert not due & set(the_day_before)
    assert not later & set(on_the_day)


def changes(forecast: Comparison, codes: list[str]) -> dict[tuple[int, str], str]:
    """Return the value after, of everyone whose value of a tag changes."""
    return {
        (row["customer_id"], code): row["after"]
        for code in codes
        for row in forecast.members(code, limit=100_000).to_pylist()
    }


@pytest.mark.slow
def test_replay_of_what_was_known(demo: Path, spare: Path, tmp_path: Path):
    """A late file changes the present, and not what was known before it came."""
    with Workspace.open(spare) as workspace:
        first = workspace.snapshot()
        as_of, known = (moment.replace(tzinfo=UTC) for moment in (first.as_of, first.known_at))
        (report,) = workspace.ingest([late_payments(demo, tmp_path, day="2026-08-20")])
        assert report.accepted == 3
        present = workspace.compute(as_of)
        replayed = workspace.compute(as_of, known)
        changed = workspace.diff(first.snapshot_id, present.snapshot_id).difference().changed
        before, after = (spend_at(workspace, found.snapshot_id) for found in (first, present))
    assert replayed.snapshot_id == first.snapshot_id != present.snapshot_id
    assert 1 <= changed["net_spend_12m"] <= 3, "two files may be one person"
    assert after - before == 3 * 123_456


@pytest.mark.slow
def test_replay_keeps_who_was_who(demo: Path, spare: Path, tmp_path: Path):
    """Facts older than all that was known of a customer must not change her id in a replay."""
    with Workspace.open(spare) as workspace:
        first = workspace.snapshot()
        as_of, known = (moment.replace(tzinfo=UTC) for moment in (first.as_of, first.known_at))
        workspace.ingest([late_payments(demo, tmp_path, day="2015-03-05")])
        assert workspace.compute(as_of, known).snapshot_id == first.snapshot_id


def spend_at(workspace: Workspace, snapshot: str) -> int:
    found = workspace.select("true", snapshot=snapshot, columns=["net_spend_12m"], limit=None)
    return sum(found.rows.column("net_spend_12m").to_pylist())


def late_payments(folder: Path, target: Path, *, day: str) -> Path:
    """Write three payments of a day that the clinic found in a drawer."""
    text = next(path for path in exports(folder) if path.stem == "HIS收款流水_01").read_bytes()
    listed = list(csv.DictReader(text.decode("gb18030").splitlines()))
    payers = {
        row["病历号"]: row
        for row in listed
        if row["收款类型"] == "收款"
        and row["病历号"]
        and "2026-01-01" < row["收款时间"] < "2026-08-01"
    }
    assert len(payers) > 3
    path = target / "HIS收款流水_补录.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, listed[0].keys())
        writer.writeheader()
        for number, row in enumerate(list(payers.values())[-3:]):
            moment = f"{day} 10:00:00"
            writer.writerow(row | {"流水号": f"BL{number}", "订单号": "", "收款时间": moment,
                                   "录入时间": moment, "支付方式": "微信", "金额": "1234.56", "备注": ""})  # fmt: skip
    return path


def test_who_is_who_is_of_the_newest_day_after_a_past_one(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
):
    folder = copy_of(shop(tmp_path_factory, worker_id), tmp_path_factory.mktemp("days") / "shop")
    tables = ("assignment", "identifier", "conflict")
    with remembered_catalogues(), Workspace.open(folder) as workspace:
        newest = workspace.compute(moments(workspace)[-1])
        told = [rows(workspace, f"FROM identity.{name} ORDER BY ALL") for name in tables]
        first_seen = sorted(row["first_seen"] for row in told[0])
        then = workspace.compute(first_seen[len(first_seen) // 2].replace(tzinfo=UTC))
        assert [rows(workspace, f"FROM identity.{name} ORDER BY ALL") for name in tables] == told
        known = rows(workspace, f"SELECT count(*) AS n FROM snapshot.a_{then.snapshot_id}")[0]["n"]
        assert known < len(told[0])
    overview = WorkspaceReads(folder).overview()
    assert overview.snapshot == newest
    assert overview.parties == len(told[0])
