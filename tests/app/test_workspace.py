"""The verbs on the finished demo: create, open, select, preview, forecast, diff, replay."""

import csv
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.app.group import copy_of, exports, reading, rows
from zhiyan.app.reference import read_items
from zhiyan.app.workspace import Workspace
from zhiyan.core.difference import Difference
from zhiyan.core.expression import ValueType
from zhiyan.core.identity import public_id
from zhiyan.core.tag import Tag
from zhiyan.errors import OutsideError, UsageError
from zhiyan.pipeline.ingest.context import ImportOptions


@pytest.fixture(scope="module")
def seen(demo: Path) -> Iterator[Workspace]:
    """The demo, read only."""
    with reading(demo) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def opened(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A copy of the demo, to be computed on."""
    folder = copy_of(demo, tmp_path_factory.mktemp("workspace") / "group")
    with Workspace.open(folder) as workspace:
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


def test_keys_differ_and_so_do_the_pseudonyms(tmp_path: Path):
    for name in "ab":
        Workspace.create(tmp_path / name)
    first, second = ((tmp_path / name / "keys" / "workspace.key").read_bytes() for name in "ab")
    assert first != second
    assert len(first) == 32


def test_after_close_others_may_write(tmp_path: Path):
    Workspace.create(tmp_path)
    workspace = Workspace.open(tmp_path)
    workspace.close()
    with Workspace.open(tmp_path) as again:
        assert again.snapshots() == []


def test_reading_refuses_to_write(seen: Workspace, demo: Path):
    with pytest.raises((OutsideError, Exception)) as error:
        seen.resolve(seen.snapshot().as_of.replace(tzinfo=UTC))
    assert "ZY" in str(error.value)


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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
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
    people = seen.select("net_spend_lifetime > 0", columns=codes, limit=8).rows.to_pylist()
    for row in people:
        for code in codes:
            card = seen.explain(public_id(row["customer_id"]), code)
            assert card.value == row[code]
            assert sum(clause.chosen for clause in card.clauses) == 1


@pytest.mark.slow
def test_preview_is_what_the_change_then_does(opened: Workspace):
    """A threshold of the value level: who moves, with what money; then do it and compare."""
    before = opened.snapshot()
    preview = opened.preview(params={"value_high": 8000})
    told = preview.difference()
    spend = opened.select("true", columns=["net_spend_12m", "customer_value_level"], limit=None)
    expected = {
        row["customer_id"]: row["net_spend_12m"]
        for row in spend.rows.to_pylist()
        if row["customer_value_level"] == "mid" and row["net_spend_12m"] >= 800_000
    }
    assert expected
    members = preview.members("customer_value_level", limit=10_000).to_pylist()
    assert {row["customer_id"]: row["worth_fen"] for row in members} == expected
    (move,) = [move for move in told.moves if move.tag == "customer_value_level"]
    assert (move.before, move.after) == ("mid", "high")
    assert (move.customers, move.money_fen) == (len(expected), sum(expected.values()))

    folder = opened.folder.with_name("changed")
    opened.close()
    copy_of(opened.folder, folder)
    text = (folder / "zhiyan.yaml").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("params:")]
    (folder / "zhiyan.yaml").write_text("\n".join([*lines, "params: {value_high: 8000}"]), "utf-8")
    with Workspace.open(folder) as changed:
        after = changed.compute(before.as_of.replace(tzinfo=UTC))
        done = changed.diff(before.snapshot_id, after.snapshot_id).difference()
    assert parts(done) == parts(told)
    with Workspace.open(opened.folder) as again:
        opened.engine = again.engine


def parts(found: Difference) -> tuple[object, ...]:
    """Return all of a difference but the names of its sides."""
    return found.customers, found.appeared, found.gone, found.changed, found.moves, found.segments
