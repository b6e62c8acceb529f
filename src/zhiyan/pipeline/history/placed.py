"""Where the rows of a sighting lie: versions in a generation, of which a refresh writes only new ones.

A row of ``snapshot.tag_G`` is seen by the snapshots from number ``born`` on and before ``died``. So
what differs between two snapshots of one generation is read off the versions that only one of them
sees. Columns that the view of a snapshot tells by its clock are not among the stored ones.
"""

from dataclasses import dataclass

from zhiyan.pipeline.history.tables import Sighting, columns_of, exists
from zhiyan.ports import Engine, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A snapshot's generation, its number within it, and the columns that are stored there."""

    generation: int
    number: int
    stored: frozenset[str]

    @property
    def table(self) -> str:
        """Table of the row versions."""
        return f"snapshot.tag_{self.generation}"

    @property
    def rows(self) -> str:
        """Relation of the rows that the snapshot sees, a row per customer."""
        return f"(SELECT * FROM {self.table} WHERE born <= {self.number} AND died > {self.number})"  # noqa: S608 - numbers of ours

    def rows_unlike(self, other: "Place") -> str:
        """Return the relation of the rows that another snapshot of the generation does not see."""
        first, last = sorted((self.number, other.number))
        if self.number == first:
            seen = f"born <= {first} AND died > {first} AND died <= {last}"
        else:
            seen = f"born > {first} AND born <= {last} AND died > {last}"
        return f"(SELECT * FROM {self.table} WHERE {seen})"  # noqa: S608 - numbers of ours


def place_of(engine: Engine, sighting: Sighting) -> Place | None:
    """Return where a sighting's rows lie; None if its snapshot is gone or is in no generation."""
    if sighting.held_in or not exists(engine, "meta.snapshot"):
        return None
    found = engine.query(
        Statement(
            "SELECT generation, number FROM meta.snapshot"
            " WHERE snapshot_id = $id AND generation IS NOT NULL",
            {"id": sighting.snapshot_id},
        )
    ).to_pylist()
    if not found or not exists(engine, sighting.table):
        return None
    place = Place(**found[0], stored=frozenset())
    columns = columns_of(engine, place.table)
    return Place(**found[0], stored=frozenset(columns)) if columns else None


def shared(engine: Engine, base: Sighting, new: Sighting) -> tuple[Place, Place] | None:
    """Return the places of two sightings that keep the same tags in one generation; else None."""
    if base.tags != new.tags:
        return None
    was, now = place_of(engine, base), place_of(engine, new)
    return (was, now) if was and now and was.generation == now.generation else None
