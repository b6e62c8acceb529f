"""PostgreSQL as tools use it that rebuild every tag by itself, on a tenth of the customers.

A server of its own on loopback, in a folder of its own, stopped at the end. Both forms are timed:
fused, and a statement per tag.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.rivals.base import COLUMNS, TAGS
from benchmarks.rivals.child import Entry, Options, enter, missing
from benchmarks.rivals.sql import Dialect, statements, wide

try:
    import polars as pl
except ImportError:
    missing("polars, which reads the Parquet files")

DIALECT = Dialect(
    moment=lambda moment: f"TIMESTAMP '{moment}'",
    pick='(array_agg(v ORDER BY {n} DESC, v COLLATE "C")/*filter*/)[1]',
)
PORT = 54_399
TENTH = 10
TYPES = {"occurred_at": "TIMESTAMP", "superseded_at": "TIMESTAMP", "closed_at": "TIMESTAMP",
         "appt_at": "TIMESTAMP", "status_at": "TIMESTAMP", "party_id": "BIGINT",
         "customer_id": "BIGINT", "seconds": "BIGINT", "qty": "BIGINT", "list_fen": "BIGINT",
         "net_fen": "BIGINT", "is_gift": "BOOLEAN", "is_test": "BOOLEAN"}  # fmt: skip


class Server:
    """A PostgreSQL server in a folder; as root it runs as the user that its package made."""

    def __init__(self, folder: Path) -> None:
        programs = _programs()
        if programs is None:
            missing("postgres")
        self.programs, self.folder = programs, folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.user = "postgres" if os.name != "nt" and os.geteuid() == 0 else None
        if self.user:
            shutil.chown(folder, self.user)
        self.run(
            "initdb", "-D", folder / "db", "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"
        )
        options = f"-p {PORT} -c listen_addresses=127.0.0.1 -c unix_socket_directories= {SETTINGS}"
        self.run("pg_ctl", "-D", folder / "db", "-w", "-l", folder / "log", "-o", options, "start")

    def run(self, program: str, *words: object, stdin: Any = None) -> str:
        """Run one of PostgreSQL's programs."""
        done = subprocess.run(
            [str(self.programs / program), *map(str, words)],
            user=self.user, cwd=self.folder, stdin=stdin, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{program}: {done.stderr}")
        return done.stdout

    def sql(self, text: str, stdin: Any = None) -> str:
        """Run statements in one session."""
        place = ("-h", "127.0.0.1", "-p", PORT, "-U", "bench", "-d", "postgres")
        return self.run("psql", *place, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text, stdin=stdin)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self.run("pg_ctl", "-D", self.folder / "db", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


#: As somebody sets a server up who has this machine for it.
SETTINGS = (
    "-c shared_buffers=2GB -c work_mem=512MB -c max_parallel_workers_per_gather=2"
    " -c fsync=off -c synchronous_commit=off -c max_wal_size=4GB -c jit=off"
)


def _programs() -> Path | None:
    found = shutil.which("pg_ctl")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").is_file()), None)


def entry(chosen: Options) -> Entry:
    """Load a tenth of the customers with all their rows; compute the wide table."""
    server = Server(chosen.scratch / "postgres")
    try:
        version = server.sql("SHOW server_version").strip()
        _load(server, chosen.data)
    except BaseException:
        server.stop()
        raise
    parts = statements(DIALECT, apart=APART)
    names = ", ".join(name for name, _, _ in parts)
    text = "; ".join(
        [
            "DROP TABLE IF EXISTS wide",
            *(f"CREATE UNLOGGED TABLE {name} AS {query}" for name, query, _ in parts),
            "SET join_collapse_limit = 1",
            f"CREATE UNLOGGED TABLE wide AS {wide(DIALECT, parts)}",
            f"DROP TABLE {names}",
        ]
    )

    def write(out: Path) -> None:
        listed = server.sql("COPY wide TO STDOUT (FORMAT csv, HEADER)")
        server.stop()
        _frame(listed).write_parquet(out)

    return Entry(lambda: server.sql(text), write, version, lambda: 0.0, lambda: 0.0)


def _load(server: Server, data: Path) -> None:
    party = pl.read_parquet(data / "party.parquet").filter(pl.col("customer_id") % TENTH == 0)
    columns = {"party": ("party_id", "customer_id")}
    columns |= {
        kind: ("party_id", "occurred_at", "superseded_at", *c) for kind, c in COLUMNS.items()
    }
    for kind, names in columns.items():
        rows = party.lazy() if kind == "party" else pl.scan_parquet(data / f"{kind}.parquet")
        if kind != "party":
            rows = rows.join(party.lazy().select("party_id"), on="party_id", how="semi")
        path = server.folder / f"{kind}.csv"
        rows.select(names).collect(engine="streaming").write_csv(
            path, datetime_format="%Y-%m-%d %H:%M:%S%.6f"
        )
        listed = ", ".join(f"{name} {TYPES.get(name, 'TEXT')}" for name in names)
        server.sql(f"CREATE UNLOGGED TABLE {kind} ({listed})")
        with path.open() as rows_in:
            server.sql(f"COPY {kind} FROM STDIN (FORMAT csv, HEADER)", stdin=rows_in)
        path.unlink()
        server.sql(f"CREATE INDEX ON {kind} (party_id)")
    server.sql("VACUUM ANALYZE")


def _frame(listed: str) -> Any:
    frame = pl.read_csv(listed.encode(), infer_schema=False)
    kinds = {
        tag.code: pl.Int64
        for tag in TAGS
        if not tag.code.startswith("top_") and not tag.code.endswith("_at")
    }
    moments = [tag.code for tag in TAGS if tag.code.endswith("_at")]
    return frame.with_columns(
        *(pl.col(name).cast(kind) for name, kind in {"customer_id": pl.Int64, **kinds}.items()),
        *(pl.col(name).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us") for name in moments),
    )


if __name__ == "__main__":
    APART = sys.argv.pop(1) == "apart"
    enter(entry)
