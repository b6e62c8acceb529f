"""PySpark on both processors of this machine, fused SQL, from Parquet to Parquet."""

import os
import shutil
from pathlib import Path
from typing import Any

from benchmarks.rivals.child import Entry, Options, enter, missing
from benchmarks.rivals.sql import Dialect, statements, wide

try:
    from pyspark.sql import SparkSession
except ImportError:
    missing("pyspark")

DIALECT = Dialect(
    moment=lambda moment: f"TIMESTAMP '{moment}'",
    pick="min_by(v, struct(-{n}, v))",
)


def entry(chosen: Options) -> Entry:
    """Compute the wide table and write it as Parquet, as Spark jobs end."""
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        missing("java")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder: Any = SparkSession.builder
    settings = {
        "spark.master": "local[2]",
        "spark.driver.memory": "8g",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "8",
        "spark.local.dir": str(chosen.scratch / "spark"),
        "spark.sql.warehouse.dir": str(chosen.scratch / "spark-warehouse"),
        "spark.log.level": "ERROR",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    for path in chosen.data.glob("*.parquet"):
        session.read.parquet(str(path)).createOrReplaceTempView(path.stem)
    parts = statements(DIALECT)
    kept = chosen.scratch / "spark-wide"

    def work() -> None:
        for name, query, _ in parts:
            session.sql(query).createOrReplaceTempView(name)
        session.sql(wide(DIALECT, parts)).write.mode("overwrite").parquet(str(kept))

    def write(out: Path) -> None:
        if out.is_dir():
            shutil.rmtree(out)
        out.unlink(missing_ok=True)
        session.stop()
        files = sorted(kept.glob("*.parquet"))
        import pyarrow.parquet as pq  # noqa: PLC0415 - only here

        pq.write_table(pq.read_table(files), out)

    return Entry(
        work,
        write,
        session.version,
        lambda: _java_megabytes(session),
        lambda: _java_seconds(session),
    )


def _java_megabytes(session: Any) -> float:
    """Return the peak resident memory of the Java process, 0 where the system does not tell."""
    number = session.sparkContext._gateway.proc.pid  # noqa: SLF001 - nobody else knows it
    status = Path(f"/proc/{number}/status")
    if not status.is_file():
        return 0.0
    lines = [line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def _java_seconds(session: Any) -> float:
    """Return the processor seconds of the Java process so far, 0 where the system does not tell."""
    number = session.sparkContext._gateway.proc.pid  # noqa: SLF001 - as above
    told = Path(f"/proc/{number}/stat")
    if not told.is_file():
        return 0.0
    user, system = told.read_text("ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    enter(entry)
