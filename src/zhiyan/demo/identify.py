"""Identifiers of the source records as text, and who really stands behind each."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import (
    Array,
    Arrow,
    Column,
    Compute,
    as_arrow,
    integers,
    numbered,
    pick,
    scrambled,
    table,
)
from zhiyan.demo.names import NICKNAMES, SEGMENT, TEST_NAMES, full_names, virtual_numbers
from zhiyan.demo.people import People
from zhiyan.demo.records import NATIVE, NICK, NO_NAME, SOURCES, Records
from zhiyan.demo.stage import Stage

MASK = np.uint64((1 << 63) - 1)
PREFIXES = {
    "soyoung": "SY",
    "meituan": "MT",
    "douyin": "DY",
    "mini": "oZHIYAN",
    "wecom": "wmZHIYAN",
    "crm": "M",
}


def party_ids(world_wide: Array) -> Array:
    """Turn record numbers into scattered non-negative 63-bit ids (splitmix64 finaliser)."""
    z = world_wide.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) & MASK).astype(np.int64)


def phone_text(phone: Array) -> Column:
    """Return 11-digit numbers as text, null where 0."""
    return numbered("", np.where(phone == 0, -1, phone), 11)


def native_ids(records: Records, source: str, rec: Array) -> Column:
    """Return the identifier by which a source knows each record (text)."""
    serial = records.serial[rec]
    if source in {"his", "his_old"}:
        return numbered("", serial, 8)
    if source in PREFIXES:
        width = {"mini": 21, "wecom": 24}.get(source, 9)
        return numbered(PREFIXES[source], scrambled(serial, SEGMENT), width)
    return phone_text(records.phone[rec])


def member_numbers(records: Records, rec: Array) -> Column:
    """Return the member number of CRM records."""
    return numbered("M", records.serial[rec] + 1, 9)


def unionids(records: Records, people: People, rec: Array) -> Column:
    """Return the unionid of each record, null where it is not bound; one per person."""
    number = scrambled(people.first + records.person[rec], SEGMENT)
    return numbered("oUNION", np.where(records.bound[rec], number, -1), 22)


def shown_names(people: People, records: Records, rec: Array) -> Column:
    """Return the name that each record shows: real, a nickname or form of address, or null."""
    person = records.person[rec]
    real = full_names(people.name[person])
    title = np.where(people.male[person], "先生", "女士")
    surname = np.char.add(np.array([name[0] for name in real.tolist()] or [""]), title)[: len(rec)]
    which = (people.name[person] + rec) % (2 * len(NICKNAMES))
    nick = np.array(NICKNAMES)[which % len(NICKNAMES)]
    called = np.where(which < len(NICKNAMES), surname, nick)
    tests = np.array(TEST_NAMES)[people.name[person] % len(TEST_NAMES)]
    kind = records.name_kind[rec]
    name = np.where(people.test[person], tests, np.where(kind == NICK, called, real))
    return Arrow.array(
        name.tolist(), type=pa.string(), mask=(kind == NO_NAME) & ~people.test[person]
    )


def platform_phones(records: Records, rec: Array) -> Column:
    """Return the privacy number that a platform shows for a buyer."""
    return phone_text(virtual_numbers(records.serial[rec]))


def party_table(stage: Stage) -> pa.Table:
    """One row per record: its party, the true person behind it, and its identifiers."""
    people, records = stage.people, stage.records
    rec = np.arange(records.count)
    native = Arrow.concat_arrays(
        [native_ids(records, name, records.of(name)).cast(pa.string()) for name in SOURCES]
    )
    order = np.argsort(np.concatenate([records.of(name) for name in SOURCES]), kind="stable")
    source = np.array(SOURCES)[records.source].tolist()
    types = [NATIVE.get(name, "phone") for name in source]
    bindable = np.isin(records.source, [SOURCES.index("mini"), SOURCES.index("wecom")])
    union = unionids(records, people, rec)
    owner = people.number[records.person]
    holders = np.bincount(people.head, minlength=people.count)[people.head[records.person]]
    return table(
        {
            "party_id": party_ids(records.first + rec),
            "person": owner,
            "source": Arrow.array(source, type=pa.string()),
            "clinic": pick(stage.setting.group.clinic_codes, records.clinic),
            "id_type": Arrow.array(types, type=pa.string()),
            "id_value": native.take(Arrow.array(order)),
            "phone": phone_text(records.phone),
            "unionid": Compute.if_else(
                Arrow.array(bindable), union, Arrow.scalar(None, pa.string())
            ),
            "birthdate": as_arrow(
                np.where(records.has_birth, people.birth[records.person], np.datetime64("NaT", "D"))
            ),
            "phone_holders": integers(holders),
        }
    )
