"""The evidence card in the terminal: bounded rows, columns that fit, and what is ahead."""

import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from zhiyan.app.settings import PACKS_FOLDER
from zhiyan.cli import card as module
from zhiyan.cli import output
from zhiyan.cli.card import ROWS, fitting, show_card
from zhiyan.cli.output import Shown
from zhiyan.core.evidence import Counted, Evidence, Flip
from zhiyan.core.expression import ValueType
from zhiyan.core.time import BusinessZone
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.load import load_catalogue

NOW = datetime(2026, 8, 31, 16)  # noqa: DTZ001 - as stored
COLUMNS = ("occurred_at", "card_no", "doctor", "item_code", "item_name", "nurse", "treatment_no")
CARD = Evidence(
    customer_id=1,
    tag="rfm_m",
    value=3,
    snapshot_id="0" * 16,
    as_of=NOW,
    fingerprint="f" * 16,
    clauses=(),
    counted=(),
    horizon_days=400,
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue([PACKS_FOLDER / "medical_aesthetics"])


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal of 80 columns shows."""
    found = io.StringIO()
    for place in (module, output):
        monkeypatch.setattr(place, "console", Console(file=found, width=80, highlight=False))
    return found


def show(card: Evidence, catalogue: Catalogue) -> None:
    show_card(
        card, catalogue.tags[card.tag], Shown(zone=BusinessZone.named(), views=catalogue.views)
    )


def counted(number: int) -> Counted:
    """Return rows of a grouped measure, wider than a terminal."""
    rows = tuple(
        (NOW - timedelta(days=day), "card 0123456789", "doctor of the skin", "SK01", "小气泡清洁加补水",
         "nurse of the day", f"T{day:015d}")
        for day in range(min(number, 50))
    )  # fmt: skip
    return Counted(
        measure="n", source="treatment", value=2, type=ValueType.INT, row_count=number,
        columns=COLUMNS, rows=rows,
    )  # fmt: skip


def test_many_wide_rows_are_cut_and_said_so(catalogue: Catalogue, said: io.StringIO):
    show(replace(CARD, counted=(counted(27),)), catalogue)
    lines = said.getvalue().splitlines()
    dated = [line for line in lines if line.startswith("2026-")]
    assert len(dated) == ROWS
    assert max(map(cell_len, (line.rstrip() for line in lines))) <= 80
    assert all(" SK01 " in f"{line} " for line in dated), "no row is folded into two lines"
    (more,) = [line for line in lines if line.startswith("…")]
    assert more == "… 还有 17 行；未列出 item_name、nurse、treatment_no（见 --json）"


def test_what_fits_is_shown_whole(catalogue: Catalogue, said: io.StringIO):
    few = counted(3)
    few = replace(few, columns=COLUMNS[:2], rows=tuple(row[:2] for row in few.rows))
    show(replace(CARD, counted=(few,)), catalogue)
    assert "…" not in said.getvalue()
    assert said.getvalue().count("card 0123456789") == 3


def test_at_least_one_column_is_shown():
    assert fitting(("occurred_at", "x"), [("2026-08-31 16:00", "1")], width=5) == 1
    assert fitting(("a", "b"), [("1", "2")], width=4) == 2
    assert fitting(("a", "b"), [("项目", "2")], width=7) == 2
    assert fitting(("a", "b"), [("项目", "2")], width=6) == 1


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        ({}, "若无新事件，400 天内不变"),
        ({"flip": Flip(at=NOW + timedelta(days=9), value=2)}, "若无新事件，2026-09-10 起变为 2"),
        ({"others_from": NOW}, "即使没有新事件，该值也取决于其他客户的变化，不作预告"),
        (
            {"others_from": NOW + timedelta(days=9)},
            "若无新事件，2026-09-10 之前不变；此后也取决于其他客户的变化，不作预告",
        ),
    ],
)
def test_what_is_ahead(ahead: dict[str, Flip], text: str, catalogue: Catalogue, said: io.StringIO):
    show(replace(CARD, **ahead), catalogue)
    assert said.getvalue().splitlines()[-1] == text
