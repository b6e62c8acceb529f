"""Where the rows of a snapshot lie, and how to read them past the view that shows them all.

The view ``snapshot.t_ID`` names every tag and tells every counter, which costs more to bind than
most questions cost to answer. Tags that are stored as they are lie in the strips of a generation:
tables ``snapshot.tag_G_STRIP`` of row versions, each seen by the snapshots from number ``born`` on
and before ``died``. So what differs between two snapshots of one generation is read off the versions
that only one of them sees.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from zhiyan.core.snapshot import Manifest
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.counters import counters
from zhiyan.ports import Engine, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A snapshot's generation, its number within it, and the tags that each strip stores.

    Every strip has a row per customer.
    """

    generation: int
    number: int
    strips: Mapping[str, Sequence[str]]

    def table(self, strip: str) -> str:
        """Return the table of row versions of a strip."""
        return tag_table(self.generation, strip)

    def holding(self, codes: Collection[str]) -> list[str]:
        """Return the strips that hold some tags, the first one if there are none to hold."""
        found = [name for name, stored in self.strips.items() if not set(codes).isdisjoint(stored)]
        return found or list(self.strips)[:1]

    @property
    def stored(self) -> frozenset[str]:
        """All tags that are stored as they are."""
        return frozenset(code for stored in self.strips.values() for code in stored)

    @property
    def seen(self) -> str:
        """The condition that the snapshot sees a row version."""
        return f"born <= {self.number} AND died > {self.number}"

    def unlike(self, other: "Place") -> str:
        """Return the condition that it sees a row version, and another snapshot does not."""
        first, last = sorted((self.number, other.number))
        if self.number == first:
            return f"born <= {first} AND died > {first} AND died <= {last}"
        return f"born > {first} AND born <= {last} AND died > {last}"


def tag_table(generation: int, strip: str) -> str:
    """Return the table of the tags of a strip: one row per customer and version."""
    return f"snapshot.tag_{generation}_{strip}"


def measure_table(generation: int, strip: str) -> str:
    """Return the table of the measures of a strip: one row per customer and version."""
    return f"snapshot.measure_{generation}_{strip}"


def place_of(engine: Engine, snapshot_id: str) -> Place | None:
    """Return where the rows of a snapshot lie; None if it is gone or lies in no strips."""
    query = "SELECT generation, number, strips FROM meta.snapshot WHERE snapshot_id = $id"
    found = engine.query(Statement(query, {"id": snapshot_id})).to_pylist()
    if not found or found[0]["strips"] is None:
        return None
    row = found[0]
    strips = {name: tuple(codes) for name, codes in json.loads(row["strips"]).items()}
    return Place(generation=int(row["generation"]), number=int(row["number"]), strips=strips)


def tag_rows(
    engine: Engine, catalogue: Catalogue, snapshot: Manifest, *, codes: Collection[str]
) -> exp.Select:
    """Return a query with customer_id and some tags, one row per customer of a snapshot.

    Counters, tags defined otherwise than the snapshot has them, and all tags of a snapshot that
    lies in no strips are read through the view.
    """
    columns = [exp.column(code, quoted=True) for code in sorted(set(codes))]
    rows = exp.select("customer_id", *columns)
    place = (
        place_of(engine, snapshot.snapshot_id) if same_values(catalogue, snapshot, codes) else None
    )
    if place is None:
        return rows.from_(exp.to_table(f"snapshot.t_{snapshot.snapshot_id}"))
    first, *others = place.holding(codes)
    if not others:
        return rows.from_(place.table(first)).where(place.seen)
    strips = [
        exp.select("*").from_(place.table(name)).where(place.seen) for name in (first, *others)
    ]
    query = exp.select(*rows.expressions).from_(strips[0].subquery("one"))
    for number, strip in enumerate(strips[1:]):
        query = query.join(strip.subquery(f"other_{number}"), using=["customer_id"])
    return query


def same_values(catalogue: Catalogue, snapshot: Manifest, codes: Collection[str]) -> bool:
    """Tell whether the snapshot keeps the values of some tags as they are.

    A fingerprint covers all that a rule reads, so a tag of the same one was kept as it would be now.
    """
    same = all(
        code in catalogue.tags and snapshot.tags.get(code) == catalogue.tags[code].fingerprint
        for code in codes
    )
    return same and (not codes or counters(catalogue).isdisjoint(codes))
