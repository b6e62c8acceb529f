"""Apache Spark as the engine of resolve, compute, refresh and select.

The warehouse's file keeps import, ledger and results; Spark reads Parquet copies of its tables
(``replica``) and does the work. A statement on ``meta`` goes to the ledger; a query runs on Spark; a
statement that makes or fills a table of the warehouse runs on Spark, writes Parquet aside, and
brings its rows home within the ledger's transaction. Tables without a schema live only while the
engine does.
"""

import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet
from sqlglot import exp

from zhiyan.engines.spark import session
from zhiyan.engines.spark.joins import shorten
from zhiyan.engines.spark.replica import Replicas
from zhiyan.engines.spark.rules import refuse
from zhiyan.engines.spark.translate import (
    Name,
    name_of,
    parse,
    point_to_views,
    spark_sql,
    tables_of,
)
from zhiyan.ports import Engine, Statement

#: The stubs of pyarrow know half of it.
_PARQUET: Final[Any] = parquet
#: Tables that the warehouse's own engine reads and writes itself.
LEDGER_SCHEMAS: Final = frozenset({"meta"})


class SparkEngine:
    """Runs the warehouse's statements on Spark, beside the engine that owns the warehouse's file.

    ``folder`` holds the Parquet copies; every node of the cluster must see it at the same path.
    ``properties`` are Spark's own. Spark starts with the first statement that needs it.
    """

    def __init__(self, ledger: Engine, folder: Path, properties: Mapping[str, str]) -> None:
        self._ledger = ledger
        self._scratch = folder / "scratch"
        self._properties = dict(properties)
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._replicas = Replicas(folder, ledger)
        self._spark: Any = None
        self._owns = False
        self._views: dict[str, tuple[str, ...]] = {}
        self._checked: set[Name] = set()
        self._own: set[str] = set()
        self._stages: list[Name] = []
        self._inside = False
        self._number = 0
        self._doers: dict[type[exp.Expr], Callable[[Any], pa.Table | None]] = {
            exp.Create: self._create,
            exp.Insert: self._insert,
            exp.Delete: self._delete,
            exp.Drop: self._drop,
            exp.Alter: self._alter,
            exp.Update: self._update,
        }

    def run(self, statement: Statement) -> None:
        """Run a statement for its effect."""
        self._do(statement)

    def query(self, statement: Statement) -> pa.Table:
        """Run a statement and return its rows as an Arrow table."""
        found = self._do(statement)
        return pa.table({}) if found is None else found

    @contextmanager
    def load(self, name: str, rows: pa.Table) -> Generator[None]:
        """Offer Arrow rows as a view while the context lasts."""
        place = self._aside()
        place.mkdir(parents=True)
        _PARQUET.write_table(rows, place / "part-0.parquet")
        self._show(name, (str(place),))
        self._own.add(name)
        try:
            yield
        finally:
            self._hide(name)
            shutil.rmtree(place)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Commit on leaving, roll back on any exception."""
        before = dict(self._replicas.pointers)
        self._checked.clear()
        self._inside = True
        try:
            with self._ledger.transaction():
                yield
        except BaseException:
            self._replicas.pointers = before
            raise
        finally:
            self._inside = False
            self._checked.clear()
        self._replicas.save()

    def close(self) -> None:
        """Stop a Spark that this engine started, remove working tables; the ledger stays open."""
        if self._spark is not None and self._owns:
            self._spark.stop()
        self._spark = None
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _do(self, statement: Statement) -> pa.Table | None:
        tree = parse(statement)
        places = tables_of(tree)
        if self._is_ledgers(tree, places):
            return self._ledger.query(statement)
        done = self._doers.get(type(tree), self._rows)
        try:
            found = done(tree)
        finally:
            self._drop_stages()
        if not self._inside:
            self._replicas.save()
        return found

    @staticmethod
    def _is_ledgers(tree: exp.Expr, places: Mapping[Name, Any]) -> bool:
        """Tell whether a statement is about nothing but the ledger's tables and schemas."""
        if isinstance(tree, exp.Create) and tree.kind == "SCHEMA":
            return True
        return bool(places) and all(name.schema in LEDGER_SCHEMAS for name in places)

    def _rows(self, query: exp.Expr) -> pa.Table:
        frame = self._frame(query)
        with session.errors_wrapped():
            return frame.toArrow()

    def _frame(self, query: exp.Expr) -> Any:
        """Return Spark's frame of a query; the tables that it reads are brought up to date."""
        shorten(query, self._stage)
        places = tables_of(query)
        for name in places:
            self._offer(name)
        point_to_views(places)
        with session.errors_wrapped():
            return self._started().sql(spark_sql(query))

    def _stage(self, query: exp.Query) -> str:
        """Keep the rows of a part of a statement while it runs; return the name of its table."""
        name = Name(schema="", table=f"stage_{len(self._stages)}")
        place = self._written(self._frame(query))
        self._show(name.view, (str(place),))
        self._own.add(name.view)
        self._stages.append(name)
        return name.table

    def _drop_stages(self) -> None:
        while self._stages:
            self._drop_view(self._stages.pop())

    def _create(self, tree: exp.Expr) -> None:
        """``CREATE [TEMP] TABLE x AS query``, or with declared columns."""
        name = name_of(tree)
        query = tree.expression
        if tree.args.get("kind") == "VIEW":
            self._ledger.run(Statement(tree.sql(dialect="duckdb")))
            return
        if not isinstance(query, exp.Query):
            self._declare(tree, name)
            return
        order = _taken_order(query)
        place = self._written(self._frame(query))
        if not name.schema:
            self._drop_view(name)
            self._show(name.view, (str(place),))
            self._own.add(name.view)
            return
        verb = "CREATE OR REPLACE TABLE" if tree.args.get("replace") else "CREATE TABLE"
        home = f"{verb} {name.text} AS SELECT * FROM read_parquet($files){order}"  # noqa: S608 - a table of the warehouse
        self._ledger.run(Statement(home, {"files": f"{place}/*.parquet"}))
        self._replicas.adopt(name, place)
        self._checked.add(name)

    def _declare(self, tree: exp.Expr, name: Name) -> None:
        """Create an empty table: one of the warehouse at home, others here."""
        if name.schema:
            self._ledger.run(Statement(tree.sql(dialect="duckdb")))
            return
        columns = ", ".join(
            f"CAST(NULL AS {column.args['kind'].sql(dialect='spark')}) AS `{column.name}`"
            for column in tree.find_all(exp.ColumnDef)
        )
        with session.errors_wrapped():
            frame = self._started().sql(f"SELECT {columns} LIMIT 0")
        self._show(name.view, (str(self._written(frame)),))
        self._own.add(name.view)

    def _insert(self, tree: exp.Expr) -> pa.Table | None:
        """``INSERT INTO x (columns) query [RETURNING column]``."""
        name = name_of(tree.this)
        schema = tree.this
        columns = [c.name for c in schema.expressions] if isinstance(schema, exp.Schema) else []
        returned = tree.args.get("returning")
        query = tree.expression
        if not isinstance(query, exp.Query):
            raise refuse("INSERT of anything but a query")
        order = _taken_order(query)
        frame = self._frame(query)
        frame = frame.toDF(*(columns or frame.columns))
        place = self._written(frame)
        if not name.schema:
            self._show(name.view, (*self._views[name.view], str(place)))
            return None
        listed = ", ".join(f'"{column}"' for column in frame.columns)
        home = (
            f"INSERT INTO {name.text} ({listed})"  # noqa: S608 - a table of the warehouse
            f" SELECT {listed} FROM read_parquet($files){order}"
        )
        self._ledger.run(Statement(home, {"files": f"{place}/*.parquet"}))
        self._checked.discard(name)
        return None if returned is None else _read(place, [c.name for c in returned.expressions])

    def _delete(self, tree: exp.Expr) -> None:
        """``DELETE`` from a table of the warehouse, which happens at home."""
        name = name_of(tree)
        if not name.schema:
            raise refuse("DELETE from a working table")
        self._at_home(tree)
        self._checked.discard(name)

    def _update(self, tree: exp.Expr) -> None:
        """``UPDATE`` of a table of the warehouse, which happens at home."""
        name = name_of(tree)
        if not name.schema:
            raise refuse("UPDATE of a working table")
        self._at_home(tree)
        self._checked.discard(name)

    def _at_home(self, tree: exp.Expr) -> None:
        """Run a change at home; working tables that it reads are offered there as Parquet."""
        for table in list(tree.find_all(exp.Table)):
            files = self._views.get(table.name, ())
            if not table.db and files:
                listed = exp.array(*(exp.Literal.string(f"{file}/*.parquet") for file in files))
                table.replace(exp.func("read_parquet", listed))
        self._ledger.run(Statement(tree.sql(dialect="duckdb")))

    def _drop(self, tree: exp.Expr) -> None:
        for table in tree.find_all(exp.Table):
            name = name_of(table)
            if name.schema:
                self._ledger.run(Statement(tree.sql(dialect="duckdb")))
                self._replicas.forget(name)
                self._checked.discard(name)
            self._drop_view(name)

    def _alter(self, tree: exp.Expr) -> None:
        """``ALTER TABLE x RENAME TO y``."""
        renamed = tree.find(exp.AlterRename)
        name = name_of(tree)
        if renamed is None or not name.schema:
            raise refuse("ALTER of anything but a name")
        self._ledger.run(Statement(tree.sql(dialect="duckdb")))
        new = Name(schema=name.schema, table=renamed.this.name)
        self._replicas.rename(name, new)
        self._drop_view(name)
        if name in self._checked:
            self._checked.discard(name)
            self._checked.add(new)

    def _offer(self, name: Name) -> None:
        """Make a table visible to Spark as the warehouse has it now."""
        if not name.schema or name in self._checked:
            if name.schema and name.view not in self._views:
                paths = [part.path for part in self._replicas.pointers[name.text]]
                self._show(name.view, tuple(paths))
            return
        self._show(name.view, tuple(self._replicas.files(name)))
        if self._inside:
            self._checked.add(name)

    def _show(self, view: str, files: tuple[str, ...]) -> None:
        if self._views.get(view) == files:
            return
        with session.errors_wrapped():
            self._started().read.parquet(*files).createOrReplaceTempView(f"`{view}`")
        self._views[view] = files

    def _hide(self, view: str) -> None:
        if self._views.pop(view, None) is not None:
            with session.errors_wrapped():
                self._started().catalog.dropTempView(view)

    def _drop_view(self, name: Name) -> None:
        files = self._views.get(name.view, ())
        self._hide(name.view)
        if name.view in self._own:
            self._own.discard(name.view)
            for file in files:
                shutil.rmtree(file, ignore_errors=True)

    def _written(self, frame: Any) -> Path:
        place = self._aside()
        with session.errors_wrapped():
            frame.write.parquet(str(place))
        return place

    def _aside(self) -> Path:
        self._number += 1
        return self._scratch / f"{self._number:06d}"

    def _started(self) -> Any:
        if self._spark is None:
            self._spark, self._owns = session.start(self._properties)
        return self._spark


def _taken_order(query: exp.Expr) -> str:
    """Take the order of a query that fills a table away; return it for the way home."""
    order = query.args.get("order")
    if order is None or query.args.get("limit") is not None:
        return ""
    query.set("order", None)
    names = ", ".join(f'"{part.this.name}"' for part in order.expressions)
    return f" ORDER BY {names}"


def _read(place: Path, columns: list[str]) -> pa.Table:
    return _PARQUET.read_table(place, columns=columns)
