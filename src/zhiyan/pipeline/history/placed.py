"""Where the rows of a sighting lie, if it has a snapshot of row versions.

Columns that the view of a snapshot tells by its clock are not among the stored ones.
"""

from zhiyan.pipeline import stored
from zhiyan.pipeline.history.tables import Sighting, exists
from zhiyan.pipeline.stored import Place
from zhiyan.ports import Engine


def place_of(engine: Engine, sighting: Sighting) -> Place | None:
    """Return where a sighting's rows lie; None if its snapshot is gone or lies in no strips."""
    if sighting.held_in or not exists(engine, "meta.snapshot"):
        return None
    return stored.place_of(engine, sighting.snapshot_id) if exists(engine, sighting.table) else None


def shared(engine: Engine, base: Sighting, new: Sighting) -> tuple[Place, Place] | None:
    """Return the places of two sightings that keep the same tags in one generation; else None."""
    if base.tags != new.tags:
        return None
    was, now = place_of(engine, base), place_of(engine, new)
    return (was, now) if was and now and was.generation == now.generation else None
