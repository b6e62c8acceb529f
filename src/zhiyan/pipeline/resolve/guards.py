"""Joining clusters through shared tokens, under rules that no link may break.

A layer is a set of *hubs* (tokens) with the nodes that hold them. Joining a layer means: clusters
behind one hub become one, except where that would

- bring together what staff split: the record that was taken out stays out;
- bring together two ID cards that no single record holds already: the hub does not link;
- grow beyond ``RECORDS_PER_SCOPE`` numbered records of one source and clinic: the same.

Each rule looks at single hubs first, then at what the remaining hubs would chain together. All hubs
of a layer are judged at once, so the order of rows cannot matter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

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
    pack,
)
from zhiyan.core.identity import IdType
from zhiyan.pipeline.resolve.records import Holdings, Reason, Records

#: No person has more numbered files than this in one clinic of one source.
RECORDS_PER_SCOPE: Final = 8


@dataclass(frozen=True, slots=True)
class Joined:
    """The clusters after a layer, and what happened to each of its rows.

    ``labels`` names the cluster of each node by its smallest node. ``linked`` marks rows whose hub
    brought clusters together. ``refused`` marks, per reason, rows that were kept out.
    """

    labels: IntArray
    linked: BoolArray
    refused: dict[Reason, BoolArray]


#: Takes the group and cluster of each row and marks the rows to refuse.
_Rule: TypeAlias = Callable[[IntArray, IntArray], BoolArray]


def join(records: Records, labels: IntArray, layer: Holdings) -> Joined:
    """Join the clusters behind each hub of a layer as far as the rules allow."""
    cluster = labels[layer.node]
    alive = holders(layer.token, cluster) > 1
    if not alive.any():
        return Joined(labels, alive, {})
    rules = _rules(records, labels)
    refused: dict[Reason, BoolArray] = {}
    group = layer.token
    for by_hub in (True, False):
        for reason, rule in rules:
            group = group if by_hub else _united(labels, layer, alive)[layer.node]
            rows = np.flatnonzero(alive)
            bad = rows[rule(group[rows], cluster[rows])]
            alive[bad] = False
            if bad.size:
                refused.setdefault(reason, np.zeros(alive.size, np.bool_))[bad] = True
    linked = alive.copy()
    linked[alive] = holders(layer.token[alive], cluster[alive]) > 1
    return Joined(_united(labels, layer, alive), linked, refused)


def _united(labels: IntArray, layer: Holdings, alive: BoolArray) -> IntArray:
    edges = chained(layer.token[alive], labels[layer.node[alive]])
    return components(labels.size, *edges)[labels]


def _rules(records: Records, labels: IntArray) -> list[tuple[Reason, _Rule]]:
    rules: list[tuple[Reason, _Rule]] = []
    if records.stay.size:
        rules.append((Reason.SPLIT_BY_HAND, _kept_out(labels[records.stay], labels[records.leave])))
    cards = records.keys.get(IdType.ID_CARD)
    if cards is not None:
        everywhere = np.zeros_like(labels)
        rules.append((Reason.ID_CARDS_DIFFER, _at_most(1, cards, (labels, everywhere))))
    numbered = np.flatnonzero(records.scope >= 0)
    itself = Holdings(numbered, numbered)
    cap = _at_most(RECORDS_PER_SCOPE, itself, (labels, records.scope))
    rules.append((Reason.TOO_MANY_RECORDS, cap))
    return rules


def _kept_out(stay: IntArray, leave: IntArray) -> _Rule:
    """Refuse the rows of a cluster that left, in groups where it would meet the one it left."""

    def rule(group: IntArray, cluster: IntArray) -> BoolArray:
        split, row = match(leave, cluster)
        other_split, other_row = match(stay, cluster)
        here = pack(np.append(split, other_split), np.append(group[row], group[other_row]))
        meets = np.isin(here[: split.size], here[split.size :])
        refused = np.zeros(group.size, np.bool_)
        refused[row[meets]] = True
        return refused

    return rule


def _at_most(limit: int, held: Holdings, place: tuple[IntArray, IntArray]) -> _Rule:
    """Refuse groups that would hold more than ``limit`` tokens of one scope.

    ``place`` gives the cluster and the scope of each node. A cluster that is beyond the limit by
    itself may take others in as long as the number does not grow.
    """
    labels, scopes = place
    owner, scope, token = distinct(labels[held.node], scopes[held.node], held.token)
    own, _ = counted(owner, scope)

    def rule(group: IntArray, cluster: IntArray) -> BoolArray:
        groups, clusters = distinct(group, cluster)
        i, j = match(clusters, owner)
        _, first, bucket = np.unique(
            pack(groups[i], scope[j]), return_index=True, return_inverse=True
        )
        allowed = np.full(first.size, limit, np.int64)
        np.maximum.at(allowed, bucket, own[j])
        held_here, _ = distinct(bucket.astype(np.int64), token[j])
        over = np.bincount(held_here, minlength=first.size) > allowed
        return np.isin(group, groups[i][first[over]])

    return rule
