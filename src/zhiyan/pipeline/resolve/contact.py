"""The rule for phones and e-mail addresses, which families, assistants and staff share.

A shared contact joins clusters only if nothing contradicts, in this order:

1. same contact, same name and same birthdate join;
2. same contact and same name join, unless birthdates behind them differ;
3. same contact and same birthdate join, unless names behind them differ;
4. whoever is left behind the contact joins, unless names or birthdates differ.

Names differ if two clusters have a usable one and the clusters do not all share a name; so mother
and daughter on one phone stay two, each joined with her own records, and a record that has nothing
but their phone stays alone. A record with the names of both (an account that one opened and the
other uses) agrees with each of them and would make them one: such a bridge joins neither.

A contact behind more than ``PERSONS_PER_CONTACT`` persons whose names or birthdates tell them apart
joins nothing at all; where records without either make it more, it joins by steps 1 to 3 only.
That a contact was verified does not matter: it shows who held it once, not whose it is.
"""

from collections.abc import Iterator
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
from zhiyan.core.identity import IdType
from zhiyan.pipeline.resolve.contradict import DIFFERS, SecondKeys, bridges, units
from zhiyan.pipeline.resolve.guards import join
from zhiyan.pipeline.resolve.records import Holdings, Reason, Records

PERSONS_PER_CONTACT: Final = 3

_NOTHING: Final = Holdings(integers(), integers())

#: The second keys that must agree in each step, with the confidence of its links in millionths.
#: These are settings, ordered by evidence, not measured probabilities.
_STEPS: Final = (
    ((IdType.NAME, IdType.BIRTHDATE), 985_000),
    ((IdType.NAME,), 970_000),
    ((IdType.BIRTHDATE,), 950_000),
    ((), 900_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did: clusters after it, rows (node, token) that linked, rows refused."""

    labels: IntArray
    linked: Holdings
    confidence_ppm: int
    refused: tuple[tuple[Reason, Holdings], ...]


@dataclass(frozen=True, slots=True)
class _Scene:
    """The contacts that more than one cluster holds, and the second keys of the bases of those."""

    records: Records
    contacts: Holdings
    second: dict[IdType, Holdings]

    def without(self, rows: BoolArray) -> "_Scene":
        return _Scene(self.records, self.contacts.where(~rows), self.second)

    def rows(self, rows: IntArray) -> Holdings:
        return Holdings(self.contacts.node[rows], self.contacts.token[rows])


def join_contacts(
    records: Records, labels: IntArray, contacts: Holdings, *, bases: IntArray
) -> Iterator[Step]:
    """Join clusters through one type of contact, step by step.

    ``bases`` names the cluster of each node before contacts of any type were looked at.
    """
    scene = _scene(records, labels, contacts, bases=bases)
    named, nameless = _persons(scene, labels)
    crowded = named + nameless > PERSONS_PER_CONTACT
    refused = (Reason.SHARED_BY_MANY, scene.contacts.where(crowded))
    yield Step(labels=labels, linked=_NOTHING, confidence_ppm=0, refused=(refused,))
    never = named > PERSONS_PER_CONTACT
    scene, crowded = scene.without(never), crowded[~never]
    for agreeing, confidence_ppm in _STEPS:
        within = scene if agreeing else scene.without(crowded)
        step = _step(within, labels, (agreeing, confidence_ppm))
        labels = step.labels
        yield step


def _scene(records: Records, labels: IntArray, contacts: Holdings, *, bases: IntArray) -> _Scene:
    contacts = contacts.where(holders(contacts.token, labels[contacts.node]) > 1)
    involved = np.zeros(labels.size, np.bool_)
    involved[labels[contacts.node]] = True
    second: dict[IdType, Holdings] = {}
    for id_type in DIFFERS:
        held = records.keys.get(id_type, _NOTHING)
        second[id_type] = held.where(involved[labels[held.node]]).of(bases)
    return _Scene(records, contacts, second)


def _step(scene: _Scene, labels: IntArray, step: tuple[tuple[IdType, ...], int]) -> Step:
    agreeing, confidence_ppm = step
    contacts, keys = scene.contacts, SecondKeys(labels, scene.second)
    group, row = contacts.token, np.arange(contacts.token.size)
    for id_type in agreeing:
        held = keys.of_clusters(id_type)
        i, j = match(labels[contacts.node[row]], held.node)
        group, row = pack(group[i], held.token[j]), row[i]
    refused: list[tuple[Reason, Holdings]] = []
    for contradicted in (_by_group, bridges, _by_unit):
        cluster = labels[contacts.node[row]]
        found = contradicted(keys, Holdings(cluster, group), cluster)
        refused += [(reason, scene.rows(row[bad])) for reason, bad in found.items()]
        alive = ~np.logical_or.reduce(list(found.values()))
        group, row = group[alive], row[alive]
    joined = join(scene.records, labels, Holdings(contacts.node[row], group))
    refused += [(reason, scene.rows(row[bad])) for reason, bad in joined.refused.items()]
    return Step(
        labels=joined.labels,
        linked=scene.rows(row[joined.linked]),
        confidence_ppm=confidence_ppm,
        refused=() if agreeing else tuple(refused),  # the last step meets all refusals again
    )


def _by_group(keys: SecondKeys, rows: Holdings, cluster: IntArray) -> dict[Reason, BoolArray]:
    return keys.contradicted(rows.token, cluster)


def _by_unit(keys: SecondKeys, rows: Holdings, cluster: IntArray) -> dict[Reason, BoolArray]:
    return keys.contradicted(units(rows), cluster)


def _persons(scene: _Scene, labels: IntArray) -> tuple[IntArray, IntArray]:
    """Count for each row the persons behind its contact: with a second key, and without.

    Clusters that agree on a name, or on a birthdate under names that do not differ, count as one
    person. A bridge between names counts by itself and makes the others no fewer. Clusters with
    neither key count if they hold a strong key, and only as many as the source that has the most of
    them shows: one person has records in many sources, but seldom several in one.
    """
    contact, cluster = distinct(scene.contacts.token, labels[scene.contacts.node])
    keys = SecondKeys(labels, scene.second)
    known = np.zeros(contact.size, np.bool_)
    member, group, kind = [integers()], [integers()], [integers()]
    for number, id_type in enumerate(DIFFERS):
        held = keys.of_clusters(id_type)
        i, j = match(cluster, held.node)
        known[i] = True
        agreed = pack(contact[i], held.token[j])
        alive = ~keys.differ(IdType.NAME, agreed, cluster[i])
        member.append(i[alive])
        group.append(agreed[alive])
        kind.append(np.full(member[-1].size, number))
    rows = Holdings(np.concatenate(member), pack(np.concatenate(group), np.concatenate(kind)))
    apart = bridges(keys, rows, cluster[rows.node])[Reason.NAMES_DIFFER]
    edges = chained(rows.token[~apart], rows.node[~apart])
    person = np.unique(components(contact.size, *edges)[known])
    nameless = _nameless(scene, labels, cluster[known])
    named = np.bincount(contact[person], minlength=nameless.size)
    return named[scene.contacts.token], nameless[scene.contacts.token]


def _nameless(scene: _Scene, labels: IntArray, named: IntArray) -> IntArray:
    """Count per contact the clusters with a strong key and no second key, in the worst source."""
    records, contacts = scene.records, scene.contacts
    cluster = labels[contacts.node]
    strong = np.zeros(labels.size, np.bool_)
    strong[labels[records.strong]] = True
    rows = strong[cluster] & ~np.isin(cluster, named)
    token, source, _ = distinct(
        contacts.token[rows], records.source[contacts.node[rows]], cluster[rows]
    )
    worst = np.zeros(int(contacts.token.max(initial=-1)) + 1, np.int64)
    np.maximum.at(worst, token, counted(token, source)[0])
    return worst
