"""Tags by people on a whole workspace: entered, computed, explained, replayed, removed."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.app.group import copy_of, shop

from zhiyan.app.entering import Wish
from zhiyan.app.labelling import Limits, agreement, limits_of, quality
from zhiyan.app.manual import (
    confirm_tag,
    entries,
    entries_behind,
    remove_tag,
    set_from_file,
    set_tag,
)
from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import public_id
from zhiyan.errors import DataError, UsageError
from zhiyan.pipeline.manual import Wanted

NOW = datetime(2026, 11, 1, 4, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.moment = NOW

    def now(self):
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture
def ready(spare):
    with Workspace.open(spare, clock=Clock()) as workspace:
        yield workspace


@pytest.fixture
def shop_open(tmp_path, tmp_path_factory, worker_id):
    """The shop, which computes quickly, with nothing computed yet."""
    folder = copy_of(shop(tmp_path_factory, worker_id), tmp_path / "shop")
    with Workspace.open(folder, clock=Clock()) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def shared(demo, tmp_path_factory):
    """One workspace for the tests that look at their own author's entries only."""
    folder = copy_of(demo, tmp_path_factory.mktemp("shared") / "group")
    with Workspace.open(folder, clock=Clock()) as workspace:
        yield workspace


def some_customer(workspace, where="consent_sensitive = 'granted' and consent_general = 'granted'"):
    rows = workspace.select(f"{where} and intent_level = 'unknown'", limit=1).rows
    return public_id(rows.column("customer_id")[0].as_py())


def wish(customer, tag="intent_level", value="a", **more):
    given = {"author": "李顾问", "reason": "面谈得知", **more}
    return Wish(customer=customer, tag=tag, value=value, **given)


def value_at(workspace, customer, moment, known=None):
    manifest = workspace.compute(moment, known)
    return workspace.explain(customer, "intent_level", snapshot=manifest.snapshot_id).value


@pytest.mark.slow
def test_an_entry_shows_with_its_author_and_a_removal_is_no_rewriting(shop_open):
    ready = shop_open
    ready.compute(ready.clock.now())
    customer = some_customer(ready, "valid_customer")
    assert set_tag(ready, wish(customer, value="A 强", until="2026-12-31")).stored == 1
    entered = ready.clock.moment
    manifest = ready.refresh(entered + timedelta(hours=1))
    card = ready.explain(customer, "intent_level")
    assert card.value == "a"
    rows = entries_behind(ready, manifest, customer_id=card.customer_id, tag="intent_level")
    line = rows.to_pylist()[0]
    assert (line["author"], line["reason"], line["status"]) == ("李顾问", "面谈得知", "live")
    assert line["expires_at"] == datetime(2026, 12, 31, 16)  # noqa: DTZ001 - the day counts in full
    removed = remove_tag(ready, wish(customer, value="", author="王主管", reason="记错人"))
    assert (removed.stored, removed.ended) == (1, 1)
    gone = ready.clock.moment
    assert value_at(ready, customer, gone + timedelta(hours=1)) != "a"
    assert (
        value_at(ready, customer, gone + timedelta(hours=1), entered + timedelta(seconds=0)) == "a"
    )
    with pytest.raises(UsageError, match="ZY529"):
        remove_tag(ready, wish(customer, value="", reason="again"))


def test_a_confirmation_renews_for_as_long_as_before(ready):
    customer = some_customer(ready)
    set_tag(ready, wish(customer, until="2026-11-11"))
    first = entries(ready, Wanted(author="李顾问")).to_pylist()[0]
    ready.clock.moment += timedelta(days=5)
    confirm_tag(ready, wish(customer, value="", author="王主管", reason="电话复核"))
    rows = entries(ready, Wanted(everything=True, tag="intent_level")).to_pylist()
    mine = {r["author"]: r for r in rows if r["author"] in ("李顾问", "王主管")}
    assert mine["李顾问"]["status"] == "overruled"
    renewed = mine["王主管"]
    assert (renewed["way"], renewed["status"], renewed["value"]) == ("confirm", "live", "a")
    assert renewed["expires_at"] - renewed["occurred_at"] == (
        first["expires_at"] - first["occurred_at"]
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tag": "customer_value_level", "value": "high"}, "ZY520"),
        ({"value": "z"}, "ZY521"),
        ({"tag": "hiv"}, "ZY522"),
        ({"tag": "intent_levl"}, "ZY503"),
        ({"reason": "电话 139 1234 5678"}, "ZY523"),
        ({"reason": "疑似乙肝"}, "ZY522"),
        ({"tag": "household_id", "value": "13912345678"}, "ZY523"),
        ({"author": " "}, "ZY524"),
        ({"tag": "keloid_history", "value": "是"}, "ZY525"),
        ({"until": "2026-10-01"}, "ZY526"),
        ({"at": "2026-12-01"}, "ZY526"),
        ({"until": "someday"}, "ZY101"),
        ({"customer": "C0000000000000001"}, "ZY504"),
    ],
)
def test_what_may_not_be_entered_is_refused(shared, change, code):
    given = {"customer": some_customer(shared), "author": "陈试录", **change}
    with pytest.raises(UsageError) as caught:
        set_tag(shared, wish(**given))
    assert code in [problem.code for problem in caught.value.problems]
    assert entries(shared, Wanted(author="陈试录")).num_rows == 0


def test_sensitive_tags_need_the_separate_consent(shared):
    without = some_customer(
        shared, "consent_sensitive <> 'granted' and consent_general = 'granted'"
    )
    with pytest.raises(UsageError, match="ZY527"):
        set_tag(shared, wish(without, tag="lost_deal_reason", value="price"))
    set_tag(shared, wish(without))  # general consent is enough for this one


def test_a_file_is_taken_whole_or_not_at_all(ready, tmp_path):
    customer = some_customer(ready)
    file = tmp_path / "名单.csv"
    head = "客户编号,标签,值,录入人,理由,有效期至\n"
    good = f"{customer},intent_level,A 强,李顾问,面谈得知,2026/12/31\n"
    file.write_text(
        head + good + f"{customer},intent_level,Z,李顾问,面谈,\nC1,hiv,1,,x,\n", "utf-8"
    )
    with pytest.raises(DataError) as caught:
        set_from_file(ready, file)
    places = [(p.where.rsplit(" ", 1)[1], p.code) for p in caught.value.problems]
    assert places == [("3", "ZY521"), ("4", "ZY522"), ("4", "ZY504"), ("4", "ZY524")]
    file.write_text(head + good + good.replace("A 强", "b"), "utf-8")
    with pytest.raises(DataError, match="ZY528"):
        set_from_file(ready, file)
    file.write_text(head + good, "utf-8")
    assert set_from_file(ready, file, dry_run=True).stored == 1
    assert entries(ready, Wanted(author="李顾问")).num_rows == 0
    assert set_from_file(ready, file).stored == 1
    again = set_from_file(ready, file)
    assert (again.stored, again.duplicates) == (0, 1)
    line = entries(ready, Wanted(author="李顾问")).to_pylist()[0]
    assert (line["row_no"], line["value"]) == (2, "a")
    file.write_text("客户编号,标签\n" + f"{customer},x\n", "utf-8")
    with pytest.raises(DataError, match="value, author, reason"):
        set_from_file(ready, file)


def test_the_quality_report_has_all_parts(ready):
    customer = some_customer(ready)
    set_tag(ready, wish(customer, until="2026-11-05"))
    found = quality(ready, within_days=10)
    assert found.limits == Limits() == limits_of(ready.catalogue)
    mine = next(r for r in found.authors.to_pylist() if r["author"] == "李顾问")
    assert (mine["entries"], mine["live"]) == (1, 1)
    assert [r["confirm_by"] for r in found.due.to_pylist() if r["author"] == "李顾问"] == ["李顾问"]


def labels(*rows):
    names = ("tag", "customer_id", "author", "label", "entered_at")
    return [
        dict(zip(names, (t, c, a, v, NOW + timedelta(days=d)), strict=True))
        for t, c, a, v, d in rows
    ]


def test_labels_far_apart_are_no_double_labels():
    rows = [(t, c, a, v, d) for c in range(10) for t, a, v, d in (
        ("level", "li", "ab"[c % 2], 0), ("level", "wang", "ab"[c % 2], 3),
        ("level", "zhao", "b", 40))]  # fmt: skip
    found = {(one.measure, one.authors): one for one in agreement(labels(*rows), Limits())}
    assert found["kappa", ("li", "wang")].value == 1
    assert ("kappa", ("li", "zhao")) not in found
    assert all(one.value is None for one in agreement(labels(*rows[:6]), Limits()))
