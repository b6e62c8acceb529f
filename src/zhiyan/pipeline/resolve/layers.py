"""All layers in the order of trust: decisions of staff, strong keys, contacts."""

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
    integers,
    match,
    pack,
)
from zhiyan.core.identity import CONTACT_KEYS, SECOND_KEYS, IdType
from zhiyan.pipeline.resolve.contact import join_contacts
from zhiyan.pipeline.resolve.guards import join
from zhiyan.pipeline.resolve.records import LINKING_KEYS, STRONG_KEYS, Holdings, Reason, Records

#: Confidence of links by keys that one person has one of, and by accounts that may change hands.
_CERTAIN_PPM: Final = 1_000_000
_ACCOUNT_PPM: Final = 990_000
_CERTAIN: Final = frozenset({IdType.UNIONID, IdType.ID_CARD, IdType.HIS_NO})


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """Who belongs together, and why.

    ``labels`` names the customer of each node by its smallest node. ``evidence`` has the tokens
    that a node shares with another node of its customer, ``merged`` the merge decisions that hold.
    ``score`` has, per cluster and token that joined records, the least confidence of its joins in
    millionths. ``refused`` lists tokens that would have linked more than they may, ``decisions``
    the merge decisions that could not hold.
    """

    labels: IntArray
    evidence: Holdings
    merged: Holdings
    score: tuple[Holdings, IntArray]
    refused: tuple[tuple[Reason, Holdings], ...]
    decisions: tuple[tuple[Reason, Holdings], ...]


class _Ledger:
    """Collects what the layers did while they run."""

    def __init__(self) -> None:
        self.linked: list[tuple[Holdings, int]] = []
        self.refused: list[tuple[Reason, Holdings]] = []

    def scores(self, labels: IntArray) -> tuple[Holdings, IntArray]:
        """Return the least confidence per (customer, token) that joined records."""
        node = np.concatenate([rows.node for rows, _ in self.linked] or [integers()])
        token = np.concatenate([rows.token for rows, _ in self.linked] or [integers()])
        ppm = np.concatenate(
            [np.full(rows.node.size, p) for rows, p in self.linked] or [integers()]
        )
        customer, token, ppm = distinct(labels[node], token, ppm)
        _, first = counted(customer, token)  # rows ascend, so the first has the least
        lowest = first == np.arange(first.size)
        return Holdings(customer[lowest], token[lowest]), ppm[lowest]


def link(records: Records) -> Linking:
    """Link parties to customers; a pure function of the rows, whatever their order."""
    ledger = _Ledger()
    manual = join(records, np.arange(records.size), records.merges)
    labels = manual.labels
    for id_type in STRONG_KEYS:
        keys = records.keys.get(id_type)
        if keys is None:
            continue
        joined = join(records, labels, keys)
        labels = joined.labels
        ppm = _CERTAIN_PPM if id_type in _CERTAIN else _ACCOUNT_PPM
        ledger.linked.append((keys.where(joined.linked), ppm))
        ledger.refused += [(reason, keys.where(bad)) for reason, bad in joined.refused.items()]
    bases = labels
    for id_type in CONTACT_KEYS:
        keys = records.keys.get(id_type)
        steps = join_contacts(records, labels, keys, bases=bases) if keys is not None else ()
        for step in steps:
            labels = step.labels
            ledger.linked.append((step.linked, step.confidence_ppm))
            ledger.refused += step.refused
    return Linking(
        labels=labels,
        evidence=_evidence(records, labels, ledger),
        merged=records.merges.where(_shared(records.merges, labels)),
        score=ledger.scores(labels),
        refused=(*ledger.refused, *_two_cards(records)),
        decisions=tuple(
            (reason, records.merges.where(bad)) for reason, bad in manual.refused.items()
        ),
    )


def connected(records: Records) -> IntArray:
    """Return per node the smallest node that usable identifiers or merges connect it with.

    Whatever the rules decide, they decide it within what is connected.
    """
    left, right = [integers()], [integers()]
    for rows in (records.merges, *(records.keys.get(key) for key in LINKING_KEYS)):
        if rows is not None:
            edges = chained(rows.token, rows.node)
            left.append(edges[0])
            right.append(edges[1])
    return components(records.size, np.concatenate(left), np.concatenate(right))


def _shared(rows: Holdings, labels: IntArray) -> BoolArray:
    """Mark tokens that several nodes of one customer hold."""
    return holders(pack(labels[rows.node], rows.token), rows.node) > 1


def _evidence(records: Records, labels: IntArray, ledger: _Ledger) -> Holdings:
    """Return what nodes of one customer share: strong keys, contacts, and names beside contacts."""
    many = [rows.token for reason, rows in ledger.refused if reason is Reason.SHARED_BY_MANY]
    linked = [rows.token for rows, _ in ledger.linked]
    barred = np.setdiff1d(
        np.concatenate([*many, integers()]), np.concatenate([*linked, integers()])
    )
    found: list[Holdings] = []
    for id_type in (*STRONG_KEYS, *CONTACT_KEYS):
        keys = records.keys.get(id_type)
        if keys is None:
            continue
        keys = keys.where(_shared(keys, labels) & ~np.isin(keys.token, barred))
        found.append(keys)
        if id_type in CONTACT_KEYS:
            found += [_beside(records, labels, (keys, second)) for second in SECOND_KEYS]
    node = np.concatenate([rows.node for rows in found] or [integers()])
    token = np.concatenate([rows.token for rows in found] or [integers()])
    return Holdings(*distinct(node, token))


def _beside(records: Records, labels: IntArray, keys: tuple[Holdings, IdType]) -> Holdings:
    """Return the second keys that nodes agree on which share a contact within a customer."""
    contacts, id_type = keys
    held = records.keys.get(id_type, Holdings(integers(), integers()))
    i, j = match(contacts.node, held.node)
    node, token = contacts.node[i], held.token[j]
    agree = holders(pack(labels[node], contacts.token[i], token), node) > 1
    return Holdings(node[agree], token[agree])


def _two_cards(records: Records) -> list[tuple[Reason, Holdings]]:
    """List the parties that hold two ID cards by themselves."""
    cards = records.keys.get(IdType.ID_CARD)
    if cards is None:
        return []
    return [(Reason.TWO_ID_CARDS, cards.where(holders(cards.node, cards.token) > 1))]
