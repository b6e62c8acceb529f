"""Source records (parties): how each system knows a person, and what it has written down of her."""

from dataclasses import dataclass, field

import numpy as np

from zhiyan.demo.columns import Array
from zhiyan.demo.names import mobiles
from zhiyan.demo.people import BUYER, CHANNELS, LEAD, People

SOURCES = (
    "his",
    "his_old",
    "soyoung",
    "meituan",
    "douyin",
    "mini",
    "wecom",
    "crm",
    "scrm",
    "sms",
    "call",
    "survey",
)
PLATFORMS = ("soyoung", "meituan", "douyin")
#: Type of the identifier that names a record in its source.
NATIVE = {
    "his": "his_no",
    "his_old": "his_no",
    "soyoung": "platform_uid",
    "meituan": "platform_uid",
    "douyin": "platform_uid",
    "mini": "openid",
    "wecom": "external_userid",
}
#: Kinds of name that a record shows.
REAL, NICK, NO_NAME = 0, 1, 2


@dataclass(slots=True, kw_only=True)
class Records:
    """All records of a chunk, one position each, numbered world-wide from ``first``.

    ``home`` maps a key (source, or ``his2`` for the second clinic) to the record of each person,
    -1 where she has none. ``serial`` numbers the identifier within the source. ``phone`` is 0 where
    the record has none. ``bound`` says that a unionid is known.
    """

    first: int
    person: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    source: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    clinic: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    serial: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    phone: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    name_kind: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    has_birth: Array = field(default_factory=lambda: np.zeros(0, dtype=bool))
    bound: Array = field(default_factory=lambda: np.zeros(0, dtype=bool))
    home: dict[str, Array] = field(default_factory=dict[str, Array])

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self.person)

    def of(self, source: str) -> Array:
        """Return the positions of the records of a source."""
        return np.flatnonzero(self.source == SOURCES.index(source))


def personal_phones(people: People) -> Array:
    """Return the number that each person gives: her own, her family's, or the reception's."""
    own = mobiles(people.number * 2)[people.head]
    return np.where(people.desk_phone, desk_numbers(people.clinic), own)


def desk_numbers(clinic: Array) -> Array:
    """Return the mobile that receptions type in for walk-ins: three clinics share a colleague."""
    return mobiles(50_000_000 + clinic // 3)


def make_records(rng: np.random.Generator, people: People, first: int) -> Records:
    """Decide which systems know each person, and what they have noted."""
    records = Records(first=first)
    n = people.count
    phone = personal_phones(people)
    second = mobiles(people.number * 2 + 1)
    visits = people.reach > LEAD
    with_phone = np.where(rng.random(n) < 0.94, phone, 0)
    _add(records, people, "his", who=visits, phone=with_phone, clinic=people.clinic, rng=rng)
    twice = visits & (people.reach == BUYER) & (people.second_clinic >= 0)
    choice = rng.random(n)
    other = np.where(choice < 0.55, phone, np.where(choice < 0.8, second, 0))
    _add(records, people, "his", who=twice, phone=other, clinic=people.second_clinic, rng=rng)
    records.home["his2"] = np.where(twice, records.home["his"], -1)
    records.home["his"] = np.where(visits, np.cumsum(visits) - 1, -1)
    old = visits & (people.entered < 0) & (rng.random(n) < 0.4)
    _add(records, people, "his_old", who=old, phone=phone, clinic=people.clinic, rng=rng)
    for platform in PLATFORMS:
        via = people.channel == CHANNELS.index(platform)
        knows = np.where(via, 0.85, 0.02) > rng.random(n)
        _add(records, people, platform, who=knows & (people.reach == BUYER), rng=rng)
    mini = visits & (rng.random(n) < 0.5)
    mini_phone = np.where(rng.random(n) < 0.7, phone, np.where(rng.random(n) < 0.5, second, 0))
    _add(records, people, "mini", who=mini, phone=mini_phone, rng=rng)
    friend = rng.random(n) < np.where(visits, 0.45, 0.12)
    noted = np.where(rng.random(n) < 0.7, phone, 0)  # in the friend's remark, by her consultant
    _add(records, people, "wecom", who=friend, phone=noted, rng=rng)
    everyone = np.ones(n, dtype=bool)
    for source in ("crm", "scrm", "sms", "call", "survey"):
        _add(records, people, source, who=everyone, phone=phone, rng=rng)
    return records


def _add(  # noqa: PLR0913 - one call describes one system
    records: Records,
    people: People,
    source: str,
    *,
    who: Array,
    rng: np.random.Generator,
    phone: Array | None = None,
    clinic: Array | None = None,
) -> None:
    """Append one record for everyone in ``who`` and note it in ``home``."""
    persons = np.flatnonzero(who)
    n = len(persons)
    serial = people.first + persons
    if source == "his":
        serial = serial * 2 + 1 + (records.count > 0)
    draw = rng.random(n)
    kind = np.where(draw < 0.93, REAL, np.where(draw < 0.985, NICK, NO_NAME))
    blocks = {
        "person": persons,
        "source": np.full(n, SOURCES.index(source)),
        "clinic": np.full(n, -1) if clinic is None else clinic[persons],
        "serial": serial,
        "phone": np.zeros(n, dtype=np.int64) if phone is None else phone[persons],
        "name_kind": kind,
        "has_birth": rng.random(n) < 0.72,
        "bound": rng.random(n) < 0.65,
    }
    where = np.full(people.count, -1)
    where[persons] = records.count + np.arange(n)
    records.home[source] = where
    for name, values in blocks.items():
        setattr(records, name, np.concatenate([getattr(records, name), values]))
