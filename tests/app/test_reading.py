"""Everything that the page reads, on the finished demo."""

from pathlib import Path

import pytest
from tests.app.group import exports, reading, rows, truth
from tests.effort import some

from zhiyan.app.reading import WorkspaceReads
from zhiyan.core.expression import ValueType
from zhiyan.core.identity import public_id
from zhiyan.errors import DefinitionError, UsageError

PAGE = 40
TIMES = frozenset({ValueType.DATE, ValueType.MOMENT})


@pytest.fixture(scope="module")
def reads(demo: Path) -> WorkspaceReads:
    return WorkspaceReads(demo)


@pytest.fixture(scope="module")
def valid(demo: Path) -> int:
    """How many customers count: all but staff, test accounts and the like."""
    with reading(demo) as workspace:
        return workspace.select("true").counts.total


def pages(reads: WorkspaceReads, where: str = "") -> list[int]:
    """Walk through all pages; return the ids in the order seen."""
    seen: list[int] = []
    after = None
    while True:
        page = reads.customers("", where=where, after=after, limit=PAGE)
        seen += [line.customer_id for line in page.lines]
        if not page.more:
            return seen
        assert len(page.lines) == PAGE
        after = page.lines[-1].customer_id


def test_overview_counts_what_is_there(reads: WorkspaceReads, demo: Path, valid: int):
    found = reads.overview()
    with reading(demo) as workspace:
        parties = rows(workspace, "SELECT count(*) AS n FROM identity.assignment")
        bad = rows(workspace, "SELECT sum(quarantined) AS n FROM meta.import_batch")
    assert found.customers == valid > 300
    assert found.parties == parties[0]["n"] > found.customers
    assert found.snapshot is not None
    assert found.newest_fact_at is not None
    assert found.newest_fact_at < found.snapshot.as_of
    assert len(found.imports) == len(exports(demo)) > 45
    assert found.events["order_line"] > 300
    assert 0 < sum(found.quarantine.values()) == bad[0]["n"]
    for line in found.imports:
        parts = line.accepted + line.duplicates + line.corrections + line.quarantined + line.dropped
        assert line.rows_read == parts, line.file_name


def test_snapshots_and_definitions(reads: WorkspaceReads):
    (snapshot,) = reads.snapshots()
    definitions = reads.definitions()
    assert set(snapshot.tags) == set(definitions.tags)
    assert len(definitions.taxonomies) >= 3
    assert set(definitions.headline) <= set(definitions.tags)
    assert definitions.highlights
    assert all(definitions.tags[code].type is ValueType.ENUM for code in definitions.highlights)
    assert reads.now().utcoffset() is not None


def test_coverage_is_the_known_of_every_distribution(reads: WorkspaceReads, valid: int):
    coverage = reads.coverage()
    assert set(coverage) == set(reads.definitions().tags)
    for code in ("net_spend_12m", "rfm_segment", "last_visit_date", "item_pref_top1", "age"):
        found = reads.distribution(code)
        assert found.known == coverage[code]
        assert found.total == valid


def test_bars_and_bins_sum_to_the_known(reads: WorkspaceReads):
    checked = {"bars": 0, "bins": 0}
    tags = sorted(reads.definitions().tags.items())
    for code, tag in tags[::5] + [pair for pair in tags if pair[1].type in TIMES]:
        found = reads.distribution(code)
        assert 0 <= found.known <= found.total
        if found.bins:
            assert not found.bars
            assert sum(part.customers for part in found.bins) == found.known, code
            assert all(part.low <= part.high for part in found.bins), code
            assert all(a.high == b.low for a, b in zip(found.bins, found.bins[1:], strict=False))
            checked["bins"] += 1
        elif tag.type is not ValueType.LIST:
            known = sum(part.customers for part in found.bars if part.value is not None)
            assert known + found.other == found.known, code
            checked["bars"] += 1
    assert checked["bars"] > 12
    assert checked["bins"] > 5


def test_labels_name_what_codes_point_at(reads: WorkspaceReads):
    shown = reads.distribution("item_pref_top1").bars
    labels = reads.labels("item_pref_top1")
    assert shown
    assert all(bar.value in labels for bar in shown if bar.value is not None)
    assert reads.labels("rfm_segment")["champion"].zh == "重要价值"
    assert reads.labels("rfm_r") == {}


def test_pages_cover_every_customer_once(reads: WorkspaceReads, valid: int):
    seen = pages(reads)
    assert len(seen) == valid == len(set(seen))
    assert seen == sorted(seen)
    first = reads.customers("", where="", after=None, limit=PAGE)
    assert first.total == valid


def test_pages_of_an_expression_are_its_members(reads: WorkspaceReads, demo: Path):
    where = "net_spend_12m > 0"
    with reading(demo) as workspace:
        members = workspace.select(where, limit=None).rows.column("customer_id").to_pylist()
    assert pages(reads, where) == members
    assert len(members) > 10


def test_last_page_is_known_to_be_the_last(reads: WorkspaceReads, valid: int):
    whole = reads.customers("", where="", after=None, limit=valid)
    assert not whole.more
    assert len(whole.lines) == valid
    nothing = reads.customers("", where="", after=whole.lines[-1].customer_id, limit=5)
    assert nothing.lines == ()
    assert not nothing.more


def test_customers_are_found_by_phone_through_the_blind_index(reads: WorkspaceReads, demo: Path):
    alone = [
        row["phone"]
        for row in truth(demo, "records")
        if row["source"] == "his" and row["phone"] and row["phone_holders"] == 1
    ]
    found = 0
    for phone in alone[:8]:
        plain = reads.customers(phone, where="", after=None, limit=4)
        dashed = f"+86 {phone[:3]}-{phone[3:7]}-{phone[7:]}"
        assert reads.customers(dashed, where="", after=None, limit=4) == plain
        assert plain.total is not None
        assert plain.more == (plain.total > len(plain.lines))
        found += bool(plain.lines)
    assert found >= 6
    assert reads.customers("13000000000", where="", after=None, limit=10).lines == ()
    assert reads.customers("no number", where="", after=None, limit=10).lines == ()


def test_customer_is_found_by_id(reads: WorkspaceReads):
    first = reads.customers("", where="", after=None, limit=1).lines[0]
    shown = public_id(first.customer_id)
    for text in (shown, f" {shown.lower()} "):
        page = reads.customers(text, where="", after=None, limit=5)
        assert [line.customer_id for line in page.lines] == [first.customer_id]
    assert reads.customers("C0000000000000001", where="", after=None, limit=5).lines == ()
    assert reads.customers("CFFFFFFFFFFFFFFFF", where="", after=None, limit=5).lines == ()


def test_profile_holds_every_tag_and_no_secret(reads: WorkspaceReads):
    page = reads.customers("", where="net_spend_12m > 0", after=None, limit=5)
    for line in page.lines:
        profile = reads.customer(line.customer_id)
        assert profile is not None
        assert set(profile.cells) == set(reads.definitions().tags)
        assert profile.parties >= 1
        assert profile.identifiers
        assert sum(profile.events.values()) > 0
        assert profile.cells["net_spend_12m"].value == line.tags["net_spend_12m"]
    assert reads.customer(1) is None
    assert reads.customer((1 << 64) - 1) is None


def test_evidence_agrees_with_the_profile(reads: WorkspaceReads):
    line = reads.customers("", where="net_spend_12m > 0", after=None, limit=1).lines[0]
    card = reads.evidence(line.customer_id, "net_spend_12m")
    assert card is not None
    assert card.value == line.tags["net_spend_12m"]
    assert card.counted
    assert sum(counted.row_count for counted in card.counted) > 0
    assert reads.evidence(1, "net_spend_12m") is None


def test_audience_counts_each_condition_alone(reads: WorkspaceReads, demo: Path, valid: int):
    where = "net_spend_12m > 0 and age >= 30 and due_status in ('due', 'overdue')"
    found = reads.audience(where)
    assert found.matched + found.not_matched + found.unknown == found.total == valid
    assert len(found.clauses) == 3
    with reading(demo) as workspace:
        for clause in found.clauses:
            alone = workspace.select(clause.text).counts
            shown = (clause.matched, clause.not_matched, clause.unknown)
            assert shown == (alone.matched, alone.not_matched, alone.unknown)
            assert clause.matched >= found.matched
    assert reads.audience("net_spend_12m > 0").clauses == ()


def test_audience_counts_behaviours_with_tags(reads: WorkspaceReads, valid: int):
    behaviour = "[count(*) of visit where effective window 365d] >= 2"
    found = reads.audience(f"{behaviour} and not {behaviour}")
    assert (found.matched, found.not_matched, found.total) == (0, valid, valid)
    first, second = found.clauses
    assert (first.text, second.text) == (behaviour, f"not {behaviour}")
    assert 0 < first.matched < valid
    assert first.matched + second.matched == valid
    page = reads.customers("", where=behaviour, after=None, limit=PAGE)
    assert len(page.lines) == min(PAGE, first.matched)


def test_audience_of_a_segment_is_its_expression(reads: WorkspaceReads, demo: Path):
    with reading(demo) as workspace:
        for code in some(sorted(reads.definitions().segments)):
            found = reads.audience(code)
            assert workspace.select(code).counts.matched == found.matched


def test_wrong_questions_have_codes(reads: WorkspaceReads):
    with pytest.raises(DefinitionError) as wrong:
        reads.audience("net_spend_12 > 0")
    assert "net_spend_12m" in wrong.value.problems[0].hint
    with pytest.raises(DefinitionError):
        reads.customers("", where="net_spend_12m >", after=None, limit=5)
    with pytest.raises(UsageError) as unknown:
        reads.distribution("net_spend_12")
    assert unknown.value.code == "ZY503"
