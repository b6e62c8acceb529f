"""Which records cannot be one person by what they say: names or birthdates that differ.

The names of *bases* are compared: the clusters that strong keys and decisions had made before any
contact was looked at. So a record that joins by a contact lends its names to nobody, and a customer
made by contacts never holds two bases that have a name but none in common.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from zhiyan.analytics.linkage import (
    BoolArray,
    IntArray,
    chained,
    components,
    counted,
    distinct,
    holders,
    match,
)
from zhiyan.core.identity import IdType
from zhiyan.pipeline.resolve.records import Holdings, Reason

DIFFERS: Final = {
    IdType.NAME: Reason.NAMES_DIFFER,
    IdType.BIRTHDATE: Reason.BIRTHDATES_DIFFER,
}

#: So many clusters behind one key are not asked one by one which of them is the bridge.
_CROWD: Final = 100


@dataclass(frozen=True, slots=True)
class SecondKeys:
    """The second keys of bases, and the cluster that each node is in by now."""

    labels: IntArray
    held: dict[IdType, Holdings]

    def of_clusters(self, id_type: IdType) -> Holdings:
        """Return the keys of one type that the clusters hold."""
        return self.held[id_type].of(self.labels)

    def differ(self, id_type: IdType, group: IntArray, cluster: IntArray) -> BoolArray:
        """Mark the rows of groups where two bases hold a key and no key is shared by all."""
        held = self.held[id_type]
        groups, clusters = distinct(group, cluster)
        i, j = match(clusters, self.labels[held.node])
        groups, bases, tokens = groups[i], held.node[j], held.token[j]
        having = holders(groups, bases)
        sharing, _ = counted(groups, tokens)
        known, place = np.unique(groups, return_inverse=True)
        most = np.zeros(known.size, np.int64)
        np.maximum.at(most, place, sharing)
        return np.isin(group, groups[most[place] < having])

    def contradicted(self, group: IntArray, cluster: IntArray) -> dict[Reason, BoolArray]:
        """Mark the rows of groups that contradict themselves, by reason."""
        return {reason: self.differ(id_type, group, cluster) for id_type, reason in DIFFERS.items()}


def bridges(keys: SecondKeys, rows: Holdings, cluster: IntArray) -> dict[Reason, BoolArray]:
    """Mark the rows of members that would bring together what contradicts itself.

    ``rows`` puts members into groups (their tokens), none of which contradicts itself, though
    groups that share a member may. A bridge is a member whose groups do so together.
    """
    found = keys.contradicted(units(rows), cluster)
    bad = np.logical_or.reduce(list(found.values()))
    if not bad.any():
        return found
    crowd = bad & (holders(rows.token, rows.node) > _CROWD)
    asked = np.flatnonzero(bad & ~crowd & (holders(rows.node, rows.token) > 1))
    i, j = match(rows.token[asked], rows.token)
    star = rows.node[asked][i]
    together = keys.contradicted(star, cluster[j])
    return {
        reason: mask & (crowd | np.isin(rows.node, star[together[reason]]))
        for reason, mask in found.items()
    }


def units(rows: Holdings) -> IntArray:
    """Return for each row the smallest member that groups connect its member to."""
    size = int(rows.node.max(initial=-1)) + 1
    return components(size, *chained(rows.token, rows.node))[rows.node]
