"""A small workspace for import tests: engine, vault, the pack's sources, a few names."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import xlsxwriter

from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.pipeline.ingest.context import ImportOptions, Reference
from zhiyan.pipeline.ingest.load import load_sources
from zhiyan.pipeline.ingest.run import Importer
from zhiyan.pipeline.schema import create_schema
from zhiyan.ports import Statement
from zhiyan.store.keys import WorkspaceKey
from zhiyan.store.vault import EncryptedVault

PACKS = Path(__file__).parents[3] / "src" / "zhiyan" / "packs"
KEY = WorkspaceKey(bytes(range(32)))
START = datetime(2026, 1, 1)  # noqa: DTZ001 - the warehouse keeps naive UTC
ITEMS = {"光子嫩肤": "EN01", "光子": "EN01", "水光": "IN07", "热玛吉": "EN08", "小气泡": "SK01"}
CLINICS = {"上海一院": "SH01", "杭州一院": "HZ01"}


@cache
def sources(pack="medical_aesthetics"):
    return load_sources([PACKS / pack / "sources"])


@dataclass
class Bench:
    """Imports files one after the other, each a day later than the one before."""

    importer: Importer
    vault_engine: DuckDBEngine
    moment: datetime = START

    def take(self, path, **options):
        importer = self.importer
        if options:
            importer = replace(importer, options=replace(importer.options, **options))
        self.moment += timedelta(days=1)
        return importer.ingest(path, self.moment)

    def rows(self, sql, **values):
        return self.importer.engine.query(Statement(sql, values)).to_pylist()

    def one(self, sql):
        (row,) = self.rows(sql)
        return next(iter(row.values())) if len(row) == 1 else row

    def content(self, kind):
        """The visible facts of a kind, whatever import and row they came from."""
        return self.rows(
            f"""SELECT * EXCLUDE (recorded_at, superseded_at, import_id, row_no)
            FROM event.{kind} WHERE superseded_at IS NULL ORDER BY event_id"""
        )

    def kept(self):
        """How many values the vault keeps."""
        text = "SELECT count(*) AS n FROM secret_value"
        return self.vault_engine.query(Statement(text)).to_pylist()[0]["n"]

    def reveal(self, id_type):
        found = self.rows(
            "SELECT DISTINCT token FROM identity.observation WHERE id_type = $t", t=id_type
        )
        return set(self.importer.vault.reveal(id_type, [row["token"] for row in found]))


#: Names of all tables, and of those that hold rows.
_TABLES = """SELECT format('{}.{}', schema_name, table_name) AS name, column_count AS columns,
    estimated_size > 0 AS filled
    FROM duckdb_tables() ORDER BY schema_name, table_name"""
_Pair = tuple[DuckDBEngine, DuckDBEngine]
_empty: list[_Pair] = []
_used: list[_Pair] = []


def _pair(folder=None, engine=None):
    """Return a warehouse and the engine of a vault, both without rows."""
    if engine is None and folder is None and _empty:
        _used.append(_empty.pop())
        return _used[-1]
    warehouse = engine or DuckDBEngine(folder / "warehouse.duckdb" if folder else None)
    pair = warehouse, DuckDBEngine(folder / "vault.duckdb" if folder else None)
    for one in pair:
        one.run(Statement("SET threads = 1"))
    create_schema(warehouse)
    if engine is None and folder is None:
        _used.append(pair)
    return pair


@contextmanager
def taken_back() -> Iterator[None]:
    """Empty what benches in memory filled within the context, for others: laying out is slow."""
    before = len(_used)
    yield
    while len(_used) > before:
        pair = _used.pop()
        if all(_emptied(engine) for engine in pair):
            _empty.append(pair)
        else:
            for engine in pair:
                engine.close()


def _emptied(engine: DuckDBEngine) -> bool:
    """Tell whether an engine has no row any more, and the tables that it had when it was new."""
    tables = engine.query(Statement(_TABLES)).to_pylist()
    for table in tables:
        if table["filled"] and table["name"] != "main.key_check":
            engine.run(Statement(f"TRUNCATE {table['name']}"))
    return [(table["name"], table["columns"]) for table in tables] in _layouts()


@cache
def _layouts():
    """Return the tables of a new warehouse and of a new vault."""
    warehouse, vault = DuckDBEngine(None), DuckDBEngine(None)
    create_schema(warehouse)
    EncryptedVault(vault, KEY)
    found = [
        [
            (table["name"], table["columns"])
            for table in engine.query(Statement(_TABLES)).to_pylist()
        ]
        for engine in (warehouse, vault)
    ]
    warehouse.close()
    vault.close()
    return found


def bench(folder=None, pack="medical_aesthetics", engine=None):
    """Open a bench in memory, or in files of a folder."""
    warehouse, vault_engine = _pair(folder, engine)
    importer = Importer(
        engine=warehouse,
        vault=EncryptedVault(vault_engine, KEY),
        sources=sources(pack),
        reference=Reference(items=ITEMS, clinics=CLINICS),
        options=ImportOptions(),
    )
    return Bench(importer, vault_engine)


def write_csv(path, rows, encoding="utf-8"):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def write_xlsx(path, rows, merges=()):
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(number, column, value)
    for first_row, first_column, last_row, last_column, value in merges:
        sheet.merge_range(first_row, first_column, last_row, last_column, value)
    book.close()
    return path


ORDER_HEAD = ["门店", "订单号", "行号", "病历号", "姓名", "开单时间", "项目名称", "套餐名称",
              "套餐总价", "数量", "原价", "成交金额", "是否赠送", "开单人", "状态"]  # fmt: skip


def order(number, line=1, *, file="00000017", item="光子嫩肤", net="880.00", **more):
    """One row of an order export as a clinic's system writes it."""
    row = {
        "门店": "上海一院", "订单号": number, "行号": line, "病历号": file, "姓名": "王芳",
        "开单时间": "2025-03-05 14:30:00", "项目名称": item, "套餐名称": "", "套餐总价": "",
        "数量": 1, "原价": "1000.00", "成交金额": net, "是否赠送": "否", "开单人": "SH01-C01",
        "状态": "已收款",
    }  # fmt: skip
    return [(row | more)[name] for name in ORDER_HEAD]
