"""Counts off encoded tags are those of the warehouse, whatever is combined."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from benchmarks.trees import trees
from sqlglot import exp
from tests.app.group import copy_of, group, moments, remembered_catalogues

from zhiyan.app.workspace import Workspace
from zhiyan.core.expression import Node
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.lang.parse import parse
from zhiyan.pipeline.select import Counts, align, count
from zhiyan.pipeline.select import encoded as module
from zhiyan.pipeline.select.encoded import Encoded, encode
from zhiyan.ports import Statement


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Workspace]:
    """A clinic group with a snapshot whose tags are encoded."""
    folder = copy_of(group(tmp_path_factory, worker_id), tmp_path_factory.mktemp("enc") / "group")
    with remembered_catalogues(), Workspace.open(folder) as workspace:
        workspace.compute(moments(workspace)[-1])
        assert align(workspace.engine, workspace.snapshot(), workspace.aligned, least=1)
        yield workspace


def both(workspace: Workspace, text: str) -> tuple[Counts, Counts]:
    """Count a condition off the files and off the warehouse."""
    asked = workspace.judgement(text, workspace.snapshot())
    return count(asked), count(replace(asked, aligned=None))


def test_combined_conditions_are_counted_alike(
    lived: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Counts | None] = []
    told = Encoded.count

    def noted(files: Encoded, node: Node) -> Counts | None:
        served.append(told(files, node))
        return served[-1]

    monkeypatch.setattr(Encoded, "count", noted)
    monkeypatch.setattr(module, "BLOCK", 97)
    snapshot, draw = lived.snapshot(), Random(5)
    plain = trees(lived, snapshot, 60)
    unknowns = 0
    for text in plain:
        tag = draw.choice(sorted(snapshot.tags))
        other = draw.choice(plain)
        asked = draw.choice([text, f"not ({text})", f"{tag} is null or not ({text} and {other})"])
        ours, theirs = both(lived, asked)
        assert ours == theirs, asked
        unknowns += ours.unknown
    assert unknowns
    assert None not in served


def test_conditions_of_every_tag_are_counted_alike(lived: Workspace) -> None:
    for code in lived.snapshot().tags:
        ours, theirs = both(lived, f"{code} is null and valid_customer")
        assert ours == theirs, code
        assert ours.total


@pytest.mark.parametrize(
    "text",
    [
        "days_since(last_visit_date) > 30 and gender = 'female'",
        "size(reachable_channels) = 0 or contains(reachable_channels, 'sms')",
        "net_spend_12m > yuan(1000) and not net_spend_12m > yuan(5000)",
        "case when gender = 'female' then valid_customer else not valid_customer end",
    ],
)
def test_functions_of_one_tag_are_judged_by_value(lived: Workspace, text: str) -> None:
    ours, theirs = both(lived, text)
    assert ours == theirs


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "net_spend_12m < net_spend_lifetime",
        "rank_share(net_spend_12m) > 0.5 and minor_flag",
    ],
)
def test_what_no_single_value_decides_is_left_to_the_warehouse(lived: Workspace, text: str) -> None:
    if "rank_share" not in text:
        ours, theirs = both(lived, text)
        assert ours == theirs
    files = Encoded(engine=lived.engine, folder=lived.aligned, written=_never, bound=_never)
    assert files.count(parse(text)) is None


def test_a_snapshot_without_files_is_counted_by_the_warehouse(lived: Workspace) -> None:
    asked = lived.judgement("gender = 'female'", lived.snapshot())
    elsewhere = replace(asked, aligned=lived.folder / "nowhere")
    assert count(elsewhere) == count(asked)


def _never(_: object) -> exp.Expr:
    raise AssertionError


#: Columns with what is awkward in each: nulls, one value only, none, more than a byte or two number.
AWKWARD = """
SELECT nullif(i % 7, 3) AS few, i AS every, i % 1000 AS middling, NULL::BIGINT AS never,
  CASE WHEN i % 3 > 0 THEN list_value('a"b', 'c, d')[:i % 3] END AS listed,
  DATE '2026-01-01' + (i % 40)::INT AS day, (i % 9) / 8 AS share, i % 2 = 0 AS even
FROM range(70000) AS numbers(i)
"""


@pytest.mark.parametrize(
    "condition",
    [
        "few >= 3", "few IN (1, 5)", "few IS NULL", "every < 65600", "every % 2 = 0",
        "middling BETWEEN 10 AND 300", "middling % 5 = 1", "never > 1", "never IS NULL",
        "len(listed) = 2", "list_contains(listed, 'a\"b')", "listed IS NULL",
        "day < DATE '2026-01-20'", "share > 0.5", "share = 0.125", "even", "NOT even",
    ],
)  # fmt: skip
def test_values_of_any_kind_and_number(
    tmp_path: Path, condition: str, awkward: DuckDBEngine
) -> None:
    (name,) = {
        column.name for column in exp.maybe_parse(condition, dialect="duckdb").find_all(exp.Column)
    }
    files = Encoded(
        engine=awkward,
        folder=awkward_files(awkward, tmp_path),
        written=lambda _: exp.maybe_parse(condition, dialect="duckdb"),
        bound=lambda query: Statement(query.sql(dialect="duckdb")),
    )
    told = awkward.query(
        Statement(
            f"SELECT count(*) FILTER ({condition}) AS matched,"
            f" count(*) FILTER (({condition}) IS NULL) AS unknown,"
            " count(*) AS total FROM awkward"
        )
    ).to_pylist()[0]
    assert files.count(parse(name)) == Counts.of(**told)


@pytest.fixture(scope="module")
def awkward() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(None)
    engine.run(Statement(f"CREATE TABLE awkward AS {AWKWARD}"))
    yield engine
    engine.close()


def awkward_files(engine: DuckDBEngine, folder: Path) -> Path:
    """Encode the awkward columns; what lay there before goes."""
    old = folder / "aligned" / "old"
    encode(engine, exp.select("few").from_("awkward"), old)
    encode(engine, exp.select("*").from_("awkward"), folder / "aligned" / "new")
    assert not old.exists()
    assert [one.name for one in (folder / "aligned").iterdir()] == ["new"]
    return folder / "aligned" / "new"


def test_numbers_are_no_wider_than_they_must_be(tmp_path: Path, awkward: DuckDBEngine) -> None:
    folder = awkward_files(awkward, tmp_path)
    widths = {}
    for path in folder.iterdir():
        with pa.memory_map(str(path)) as source:
            column = pa.ipc.open_file(source).read_all().column("value").combine_chunks()
            widths[path.stem] = column.indices.type.bit_width
            assert np.all(np.asarray(column.indices) < len(column.dictionary))
    assert widths["few"] == widths["even"] == widths["never"] == 8
    assert widths["middling"] == 16
    assert widths["every"] == 32


def test_nobody_is_counted_where_nobody_is_valid(tmp_path: Path, awkward: DuckDBEngine) -> None:
    folder = tmp_path / "aligned" / "none"
    encode(awkward, exp.select("few", "listed").from_("awkward").where("FALSE"), folder)
    files = Encoded(
        engine=awkward,
        folder=folder,
        written=lambda node: exp.column(node.name, quoted=True).is_(exp.null()),
        bound=lambda query: Statement(query.sql(dialect="duckdb")),
    )
    for name in ("few", "listed"):
        assert files.count(parse(name)) == Counts.of(matched=0, unknown=0, total=0)


def test_an_encoding_that_was_cut_off_leaves_no_trace(
    tmp_path: Path, awkward: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, written = tmp_path / "aligned" / "new", []

    def cut(path: Path, column: object) -> None:
        written.append(path)
        if len(written) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "_write", cut)
    with pytest.raises(KeyboardInterrupt):
        encode(awkward, exp.select("*").from_("awkward"), folder)
    assert not folder.exists()
    monkeypatch.undo()
    assert awkward_files(awkward, tmp_path).exists()
