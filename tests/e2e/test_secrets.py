"""No name, phone, ID number or platform id lies in the files of a workspace in clear."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from tests.app.group import copy_of, rows, truth
from tests.e2e.finding import found_in

from zhiyan.app.workspace import Workspace

#: Forms of text in which a program may have written it down.
FORMS = ("utf-8", "utf-16-le", "gb18030")


def name_cells(demo: Path) -> set[str]:
    """Return the customers' names in the largest export, of two characters or more.

    ``demo`` is the name of a test account, and a part of ordinary words.
    """
    text = (demo / "exports" / "HIS开单明细_01.csv").read_bytes().decode("gb18030")
    names = {row["姓名"].strip() for row in csv.DictReader(io.StringIO(text, newline=""))}
    return {name for name in names - {"demo"} if len(name) > 2 and name.isalpha()}


def id_cards(demo: Path) -> set[str]:
    """Return the ID numbers in the customer files and in remarks."""
    page = lxml.html.fromstring((demo / "exports" / "HIS客户档案_01.xls").read_text("utf-8"))
    cells = {(cell.text or "").strip() for cell in page.iter("td")}
    return {cell for cell in cells if len(cell) == 18 and cell[:17].isdigit()}


@pytest.fixture(scope="module")
def planted(demo: Path) -> dict[str, set[str]]:
    """What must not be found, by kind."""
    records = truth(demo, "records")
    found = {
        "phone": {row["phone"] for row in records if row["phone"]},
        "native id": {
            row["id_value"]
            for row in records
            if row["id_type"] in {"openid", "external_userid", "platform_uid"}
        },
        "unionid": {row["unionid"] for row in records if row["unionid"]},
        "name": name_cells(demo),
        "id card": id_cards(demo),
    }
    assert all(len(values) > 10 for values in found.values()), {k: len(v) for k, v in found.items()}
    return found


@pytest.fixture(scope="module")
def closed(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that was opened for writing and closed again, so that nothing lies in a log."""
    folder = copy_of(demo, tmp_path_factory.mktemp("secrets") / "copy")
    with Workspace.open(folder) as workspace:
        workspace.select("true")
    assert not list(folder.glob("*.wal"))
    return folder


@pytest.mark.parametrize("file", ["warehouse.duckdb", "vault.duckdb"])
def test_no_secret_in_the_bytes_of_a_file(closed: Path, planted: dict[str, set[str]], file: str):
    content = (closed / file).read_bytes()
    written = {
        value.encode(form): (kind, form)
        for kind, values in planted.items()
        for value in values
        for form in FORMS
    }
    hits = {written[one] for one in found_in(content, written)}
    assert hits == set()


def test_no_secret_in_any_text_of_the_warehouse(closed: Path, planted: dict[str, set[str]]):
    """Columns are compressed in the file; so look at what they hold as well."""
    with Workspace.open(closed) as workspace:
        texts = "\n".join(texts_of(workspace))
    assert len(texts) > 100_000
    written = {v.encode(): (kind, v) for kind, values in planted.items() for v in values}
    assert [written[one] for one in found_in(texts.encode(), written)] == []


def texts_of(workspace: Workspace) -> Iterator[str]:
    """Yield every distinct text of every column that holds text, or lists of it."""
    columns = rows(
        workspace,
        """SELECT table_schema AS s, table_name AS t, list(column_name) AS c
        FROM information_schema.columns WHERE data_type LIKE 'VARCHAR%' OR data_type = 'JSON'
        GROUP BY ALL""",
    )
    assert sum(len(place["c"]) for place in columns) > 100
    for place in columns:
        table = f'{place["s"]}."{place["t"]}"'
        texts = ", ".join(f'"{column}"::VARCHAR' for column in place["c"])
        for row in rows(workspace, f"SELECT DISTINCT unnest([{texts}]) AS v FROM {table}"):
            if row["v"] is not None:
                yield row["v"]


def test_no_secret_in_the_quality_report_of_the_import(planted: dict[str, set[str]], demo: Path):
    with Workspace.reading(demo) as workspace:
        reports = "\n".join(
            row["report"] for row in rows(workspace, "SELECT report FROM meta.import_batch")
        )
    written = {v.encode(): (kind, v) for kind, values in planted.items() for v in values}
    assert [written[one] for one in found_in(reports.encode(), written)] == []


def test_key_file_is_private(closed: Path, demo: Path):
    assert (demo / "keys" / "workspace.key").stat().st_mode & 0o077 == 0
    secret = (demo / "keys" / "workspace.key").read_bytes()
    for name in ("warehouse.duckdb", "vault.duckdb"):
        assert secret not in (closed / name).read_bytes()
