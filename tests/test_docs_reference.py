"""The reference names every setting, environment variable, table, command and tag that there is."""

import re
from pathlib import Path

import pytest
from tools.docs import commands, warehouse

from zhiyan.app.settings import KEYS, PACKS_FOLDER, available_packs
from zhiyan.core.kinds import KINDS
from zhiyan.lang.load import load_catalogue

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"


def first_column(page):
    text = (REFERENCE / page).read_text("utf-8")
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


def test_every_setting_and_variable_is_described_and_no_other():
    source = (ROOT / "src/zhiyan/app/settings.py").read_text("utf-8")
    variables = set(re.findall(r'environ\.get\("(\w+)"', source))
    assert sorted(first_column("settings.md")) == sorted({*KEYS, *variables})


def test_every_command_has_its_section():
    headings = re.findall(
        r"^## (.+)$", (REFERENCE / "commands.md").read_text("utf-8"), re.MULTILINE
    )
    names = [name for name, _ in commands.commands()]
    assert headings == names
    assert "zhiyan import" in names
    assert "zhiyan mapping suggest" in names


@pytest.mark.parametrize("name", [name for name, _ in commands.commands()])
def test_every_command_and_option_says_what_it_is(name):
    command = dict(commands.commands())[name]
    assert command.help
    assert [p.name for p in command.params if not p.help and p.name != "help"] == []


def test_every_table_says_its_grain_and_columns():
    page = warehouse.page()
    tables = [*(f"event.{kind}" for kind in KINDS), *warehouse.fixed_tables()]
    assert [name for name in tables if f"### {name}\n" not in page] == []
    assert "| `superseded_at` | TIMESTAMP |" in page
    assert "| `contraindications` | VARCHAR[] |" in page
    assert "reads as `booked` until `status_at` has passed" in page


@pytest.mark.parametrize("pack", available_packs())
def test_every_tag_has_its_section(pack):
    page = (REFERENCE / f"tags-{pack}.md").read_text("utf-8")
    catalogue = load_catalogue([PACKS_FOLDER / pack])
    headings = re.findall(r"^#### (\w+):", page, re.MULTILINE)
    assert sorted(headings) == sorted(catalogue.tags)


def test_links_between_pages_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_decision_is_listed():
    listed = re.findall(
        r"\]\((\d{4}-[\w-]+\.md)\)", (ROOT / "docs/adr/README.md").read_text("utf-8")
    )
    assert listed == sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
