"""Rows of a snapshot read with only the tags wanted, past the view that shows them all.

The view ``snapshot.t_ID`` names every tag and tells every counter, which costs more to bind than
most questions cost to answer. Tags that are stored as they are lie in the table of the generation.
"""

from collections.abc import Collection

from sqlglot import exp

from zhiyan.core.snapshot import Manifest
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.counters import counters
from zhiyan.ports import Engine, Statement


def tag_rows(
    engine: Engine, catalogue: Catalogue, snapshot: Manifest, *, codes: Collection[str]
) -> exp.Select:
    """Return a query with customer_id and some tags, one row per customer of a snapshot.

    Counters, tags defined otherwise than the snapshot has them, and all tags of a snapshot that
    lies in no generation are read through the view.
    """
    columns = [exp.column(code, quoted=True) for code in sorted(set(codes))]
    rows = exp.select("customer_id", *columns)
    seen = _place(engine, snapshot) if _stored(catalogue, snapshot, codes) else None
    if seen is None:
        return rows.from_(exp.to_table(f"snapshot.t_{snapshot.snapshot_id}"))
    generation, number = seen
    alive = exp.condition(f"born <= {number} AND died > {number}")
    return rows.from_(exp.to_table(f"snapshot.tag_{generation}")).where(alive)


def _stored(catalogue: Catalogue, snapshot: Manifest, codes: Collection[str]) -> bool:
    """Tell whether the snapshot keeps the values of some tags as they are.

    A fingerprint covers all that a rule reads, so a tag of the same one was kept as it would be now.
    """
    same = all(
        code in catalogue.tags and snapshot.tags.get(code) == catalogue.tags[code].fingerprint
        for code in codes
    )
    return same and (not codes or counters(catalogue).isdisjoint(codes))


def _place(engine: Engine, snapshot: Manifest) -> tuple[int, int] | None:
    """Return the number of the generation of a snapshot, and its own within that."""
    query = "SELECT * FROM meta.snapshot WHERE snapshot_id = $id"
    found = engine.query(Statement(query, {"id": snapshot.snapshot_id})).to_pylist()
    if not found or found[0].get("generation") is None:
        return None
    return int(found[0]["generation"]), int(found[0]["number"])
