"""Which engine does the work of a workspace: the warehouse's own, or Spark."""

from pathlib import Path

from zhiyan.app.settings import Settings
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.engines.spark import CAPABILITIES, SparkEngine
from zhiyan.errors import DefinitionError
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.portable import refusals
from zhiyan.ports import Engine

SPARK = "spark"


def engine_of(settings: Settings, ledger: DuckDBEngine, folder: Path) -> Engine:
    """Return the engine of resolve, compute, refresh and select.

    A workspace opened for reading asks its own warehouse, which holds all results.
    """
    if settings.engine != SPARK or ledger.read_only:
        return ledger
    properties = dict(settings.spark)
    place = folder / properties.pop("folder", SPARK)
    return SparkEngine(ledger, place.resolve(), properties)


def stop(worker: Engine | None, ledger: Engine) -> None:
    """Let go of an engine that is not the warehouse's own."""
    if worker is not None and worker is not ledger:
        worker.close()


def portable(catalogue: Catalogue, settings: Settings) -> Catalogue:
    """Return a catalogue that the workspace's engine can compute.

    Raises DefinitionError ``ZY289`` naming every construct that Spark would not answer alike.
    """
    if settings.engine == SPARK:
        problems = refusals(catalogue, CAPABILITIES.name, CAPABILITIES.refused)
        if problems:
            raise DefinitionError(*problems)
    return catalogue
