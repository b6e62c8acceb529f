"""The embedded engine: one DuckDB file, one writer."""

import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa

from zhiyan.errors import DataError, InternalError, OutsideError, Problem
from zhiyan.memo import Memo
from zhiyan.ports import Statement

#: Memory that a warehouse takes for itself where nothing else is asked; beyond it, work goes to disk.
MEMORY_GB = 3
#: How long to wait for a file that another process has open: readers hold it for moments only.
PATIENCE_SECONDS = 3.0
#: How many parsed statements are kept, those used last: parsing takes up to a fifth of a wide one.
MOST_PARSED = 500
# Results are copied once; what ``sql`` would save on that it spends on binding each question twice.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)


class DuckDBEngine:
    """A warehouse in one file; ``path`` None keeps it in memory.

    Many processes may read, or one may write. ``read_only`` refuses every change but to temporary
    tables. Beyond ``memory_gb`` gigabytes, sorts, joins and groups go to disk beside the file.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        read_only: bool = False,
        memory_gb: int = MEMORY_GB,
        within: duckdb.DuckDBPyConnection | None = None,
    ) -> None:
        self.read_only = read_only
        self._connection = within.cursor() if within else _connect(path, read_only=read_only)
        if within is None:
            self._connection.execute(f"SET memory_limit = '{int(memory_gb)}GB'")
        self._connection.execute("SET TimeZone = 'UTC'")
        # Without it, Arrow results of ``execute`` lose the order of ORDER BY (DuckDB 2.0.0, two threads).
        self._connection.execute("SET preserve_insertion_order = true")
        self._parsed = Memo(MOST_PARSED)

    def beside(self) -> Self:
        """Return an engine on the same open file for readers in another thread.

        It sees what is committed; its temporary tables and its transactions are its own.
        """
        return type(self)(None, read_only=True, within=self._connection)

    def run(self, statement: Statement) -> None:
        """Run a statement for its effect."""
        with _errors_wrapped():
            self._execute(statement)

    def query(self, statement: Statement) -> pa.Table:
        """Run a statement and return its rows as an Arrow table."""
        with _errors_wrapped():
            rows = self._execute(statement).to_arrow_table()
        return pa.table({}) if rows is None else rows

    def _execute(self, statement: Statement) -> duckdb.DuckDBPyConnection:
        """Run a statement; one whose text came before is not parsed again."""
        text = statement.text
        (parsed,) = self._parsed.once(text, lambda: self._connection.extract_statements(text))
        return self._connection.execute(parsed, dict(statement.values) or None)

    @contextmanager
    def load(self, name: str, rows: pa.Table) -> Generator[None]:
        """Offer Arrow rows as a view while the context lasts."""
        self._connection.register(name, rows)
        try:
            yield
        finally:
            self._connection.unregister(name)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Commit on leaving, roll back on any exception."""
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        with _errors_wrapped():
            self._connection.commit()

    def close(self) -> None:
        """Checkpoint and close the file."""
        self._connection.close()


def _connect(path: Path | None, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the file; another process gets a moment to let go of it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return duckdb.connect(str(path) if path else ":memory:", read_only=read_only)
        except duckdb.IOException as error:
            if time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise OutsideError(
                Problem(
                    code="ZY901",
                    message="the workspace is in use by another process",
                    where=str(path),
                    hint="wait for the other command to end and try again",
                ),
                transient=True,
            ) from error


@contextmanager
def _errors_wrapped() -> Generator[None]:
    """Turn DuckDB's errors into ours: disk, a number too large, or a bug."""
    try:
        yield
    except duckdb.IOException as error:
        message = f"the warehouse cannot be read or written: {error}"
        raise OutsideError(
            Problem(code="ZY902", message=message, hint="is the disk full?")
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise OutsideError(
            Problem(code="ZY903", message="not enough memory", hint="close other programs")
        ) from error
    except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
        raise DataError(
            Problem(code="ZY590", message=f"a value is out of range: {error}")
        ) from error
    except duckdb.Error as error:
        raise InternalError(Problem(code="ZY990", message=str(error))) from error
