"""The reference tells everything, and its examples load."""

import re
from pathlib import Path

from tests.lang.definitions import write

from zhiyan.core.kinds import KINDS
from zhiyan.lang import heads
from zhiyan.lang.functions import REGISTRY
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.sources import ITEM_COLUMNS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/reference/tag-language.md").read_text("utf-8")


def test_every_error_code_of_the_language_is_listed():
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "src/zhiyan/lang").glob("*.py"))
    used = set(re.findall(r"ZY2\d\d", sources))
    assert used - set(re.findall(r"^\| (ZY2\d\d) \|", TEXT, re.MULTILINE)) == set()


def test_every_field_source_and_closed_list_is_named():
    words = set(re.findall(r"`([a-z0-9_.+]+)`", TEXT, re.IGNORECASE))
    closed = (
        *heads.KEYS,
        *heads.PURPOSES,
        *heads.CONSENTS,
        *heads.REFRESHES,
        *heads.POPULATIONS,
        *heads.STATUSES,
        *heads.TYPES,
        *KINDS,
        *(f"item.{name}" for name in ITEM_COLUMNS),
    )
    assert set(closed) - words == set()


def test_every_column_and_function_is_named():
    sources = TEXT.partition("## Sources")[2].splitlines()
    for kind in KINDS.values():
        row = next(line for line in sources if line.startswith(f"| `{kind.name}` |"))
        assert all(f"`{column.name}`" in row for column in kind.columns)
    plain = TEXT.replace("\\|", "|")
    assert [entry.form for entry in REGISTRY.values() if f"`{entry.form}`" not in plain] == []


def test_the_examples_load(tmp_path):
    blocks = re.findall(r"```yaml\n# ([\w./]+\.yaml)\n(.*?)```", TEXT, re.DOTALL)
    files = dict(blocks)
    assert len(files) == 6
    catalogue = load_catalogue([write(tmp_path, files)])
    assert list(catalogue.tags) == ["no_show_level", "visits_30d"]
    assert catalogue.warnings == ()
    assert catalogue.views["activity"].columns["what"].values == ("visit", "order")
    assert catalogue.taxonomies["a"].group_of("visits_30d").code == "behaviour"
