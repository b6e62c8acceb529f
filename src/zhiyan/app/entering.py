"""Judging what people want to enter: every mistake of every wish, before anything is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from zhiyan.app.session import Session
from zhiyan.core.identity import parse_public_id
from zhiyan.core.tag import Tag
from zhiyan.core.time import BusinessZone, naive_utc
from zhiyan.errors import Problem, UsageError
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.entered import entered, may_enter
from zhiyan.lang.forbidden import ForbiddenList
from zhiyan.lang.nearest import nearest
from zhiyan.pipeline import compute as computing
from zhiyan.pipeline.ingest.clean.scan import find_sensitive
from zhiyan.pipeline.manual import Mark, Way
from zhiyan.ports import Statement

#: Tags of the pack that say what a customer has agreed to. A pack without one has no such gate.
CONSENT, SEPARATE, ERASED = "consent_general", "consent_sensitive", "tag_erasure_requested"
MAX_REASON, MAX_AUTHOR = 200, 40
_NUMBERS = {"id_card": "an identity card number", "bank_card": "a bank card number",
            "phone": "a phone number"}  # fmt: skip
_DAY = len("2026-11-22")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to enter, as typed. ``place`` is where it stands in a file.

    ``until`` is the last day on which it holds (or a moment), ``at`` when it was learnt; empty
    means for ever, and now.
    """

    customer: str
    tag: str
    value: str
    author: str
    reason: str
    until: str = ""
    at: str = ""
    place: str = ""
    row_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the customers of some wishes: their parties and their gates.

    ``gates`` holds by customer what the newest snapshot says of consent and erasure.
    """

    owner: Mapping[int, int]
    gates: Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges wishes against definitions, consent and the present moment (naive UTC)."""

    catalogue: Catalogue
    zone: BusinessZone
    now: datetime
    medical_authors: frozenset[str]
    known: Known
    forbidden: ForbiddenList

    def marks(self, wish: Wish) -> tuple[list[Mark], list[Problem]]:
        """Return what is to be stored for a wish, nothing where there is a problem."""
        tag, problems = self._tag(wish)
        values: tuple[str, ...] = ()
        if tag is not None:
            values, fault = entered(tag, wish.value)
            problems += [fault] if fault else []
            problems += self._author_may(tag, wish.author)
        party, faults = self._party(wish, tag)
        moments, wrong = self._moments(wish)
        problems += [*faults, *self._texts(wish, tag), *wrong]
        if problems or tag is None or party is None:
            return [], [replace(problem, where=wish.place) for problem in problems]
        occurred_at, expires_at = moments
        return [
            Mark(
                way=Way.SET,
                party_id=party,
                tag=tag.code,
                value=value,
                author=wish.author.strip(),
                reason=wish.reason.strip(),
                occurred_at=occurred_at,
                expires_at=expires_at,
                row_no=wish.row_no,
            )
            for value in values
        ], []

    def may_end(self, wish: Wish) -> list[Problem]:
        """Return what is wrong with a wish to end entries, whose tag and customer are known."""
        tag = self.catalogue.tags[wish.tag.strip()]
        return [*self._author_may(tag, wish.author), *self._texts(wish, None)]

    def _tag(self, wish: Wish) -> tuple[Tag | None, list[Problem]]:
        code = wish.tag.strip()
        tag = self.catalogue.tags.get(code)
        if tag is not None:
            refused = may_enter(tag)
            return (None, [refused]) if refused else (tag, [])
        match = self.forbidden.match_text(code)
        if match is not None:
            message = f"{code!r} is a forbidden tag ({match.entry.name_zh})"
            return None, [Problem(code="ZY522", message=message, hint=match.entry.rule)]
        named = [t.code for t in self.catalogue.tags.values() if code in (t.name_zh, t.name_en)]
        hint = nearest(code, self.catalogue.tags) or (f"did you mean {named[0]}?" if named else "")
        message = f"there is no tag {code!r}"
        return None, [Problem(code="ZY503", message=message, hint=hint)]

    def _author_may(self, tag: Tag, author: str) -> list[Problem]:
        """What comes with the care record is entered by medical staff only."""
        if tag.consent != "care_record" or author.strip() in self.medical_authors:
            return []
        message = f"the tag {tag.code!r} belongs to the care record; {author!r} may not enter it"
        hint = "medical staff do; the setting medical_authors in zhiyan.yaml lists them"
        return [Problem(code="ZY525", message=message, hint=hint)]

    def _party(self, wish: Wish, tag: Tag | None) -> tuple[int | None, list[Problem]]:
        party = parse_public_id(wish.customer)
        if party is None or party not in self.known.owner:
            message = f"there is no customer {wish.customer!r}"
            hint = "ids are C and 16 digits or letters A to F, as `zhiyan select` shows"
            return None, [Problem(code="ZY504", message=message, hint=hint)]
        gates = self.known.gates.get(self.known.owner[party], {})
        refused = _consent(tag, gates) if tag else None
        return party, [refused] if refused else []

    def _texts(self, wish: Wish, tag: Tag | None) -> list[Problem]:
        problems: list[Problem] = []
        texts = {"author": (wish.author, MAX_AUTHOR), "reason": (wish.reason, MAX_REASON)}
        for name, (text, most) in texts.items():
            if not text.strip() or len(text.strip()) > most:
                message = f"{name}: a text of 1 to {most} characters is needed"
                problems.append(Problem(code="ZY524", message=message))
        open_ended = tag is not None and not tag.values
        free = {"reason": wish.reason, **({"value": wish.value} if open_ended else {})}
        return [*problems, *_identifying({"author": wish.author, **free}), *self._banned(free)]

    def _banned(self, texts: Mapping[str, str]) -> list[Problem]:
        """Refuse free text that says what no tag may say."""
        found = [(name, self.forbidden.match_text(text)) for name, text in texts.items()]
        return [
            Problem(
                code="ZY522",
                message=f"{name} says what no tag may say ({match.entry.name_zh})",
                hint=match.entry.rule,
            )
            for name, match in found
            if match is not None
        ]

    def _moments(self, wish: Wish) -> tuple[tuple[datetime, datetime | None], list[Problem]]:
        """Return since when and until when, naive UTC."""
        try:
            at = naive_utc(self.zone.parse_moment(wish.at.strip())) if wish.at.strip() else self.now
            until = last_moment(self.zone, wish.until)
        except UsageError as error:
            return (self.now, None), list(error.problems)
        if at > self.now:
            message = f"{wish.at!r} lies ahead"
            return (at, until), [Problem(code="ZY526", message=message, hint="leave it out")]
        if until is not None and until <= self.now:
            message = f"{wish.until!r} has passed already"
            return (at, until), [Problem(code="ZY526", message=message, hint="name a later day")]
        return (at, until), []


def _identifying(texts: Mapping[str, str]) -> list[Problem]:
    """Refuse numbers that tell who somebody is."""
    found = [(name, find_sensitive(text)) for name, text in texts.items()]
    return [
        Problem(
            code="ZY523",
            message=f"{name} holds {_NUMBERS.get(kind, kind)}",
            hint="leave it out: tags and reasons hold no identifiers",
        )
        for name, kind in found
        if kind
    ]


def last_moment(zone: BusinessZone, text: str) -> datetime | None:
    """Return the naive UTC moment at which something ends that holds until a day or moment.

    A day counts in full. None for an empty text; raises UsageError ``ZY101`` for no moment.
    """
    plain = text.strip()
    if not plain:
        return None
    moment = naive_utc(zone.parse_moment(plain))
    return moment + timedelta(days=1) if len(plain) == _DAY else moment


def _consent(tag: Tag, gates: Mapping[str, Any]) -> Problem | None:
    """Say why a tag may not be kept of a customer (``ZY527``), None if it may."""
    erased = gates.get(ERASED) or ()
    if "*" in erased or tag.code in erased:
        message = f"she asked to have the tag {tag.code!r} erased"
        return Problem(code="ZY527", message=message, hint="it must not come back")
    if tag.consent == "general" and gates.get(CONSENT) == "withdrawn":
        message = "she has withdrawn her general consent"
        return Problem(code="ZY527", message=message, hint="no tag may be kept of her")
    if tag.consent == "general+separate" and SEPARATE in gates and gates[SEPARATE] != "granted":
        message = f"the tag {tag.code!r} ({tag.sensitivity.value}) needs her separate consent"
        hint = f"{SEPARATE} is {gates[SEPARATE]!r}; ask her first, import, refresh"
        return Problem(code="ZY527", message=message, hint=hint)
    return None


def known_of(session: Session, wishes: Sequence[str]) -> Known:
    """Look up the customers that texts name, with their gates at the newest snapshot."""
    parties = sorted({p for text in wishes if (p := parse_public_id(text)) is not None})
    rows = session.engine.query(
        Statement(
            "SELECT party_id, customer_id FROM identity.assignment"
            " WHERE list_contains($parties, party_id)",
            {"parties": parties},
        )
    ).to_pylist()
    owner = {row["party_id"]: row["customer_id"] for row in rows}
    manifests = computing.snapshots(session.engine)
    if not manifests or not owner:
        return Known(owner=owner, gates={})
    columns = [code for code in (CONSENT, SEPARATE, ERASED) if code in manifests[0].tags]
    listed = ", ".join(["customer_id", *(f'"{code}"' for code in columns)])
    found = session.engine.query(
        Statement(
            f"SELECT {listed} FROM snapshot.t_{manifests[0].snapshot_id}"  # noqa: S608 - names of ours
            " WHERE list_contains($customers, customer_id)",
            {"customers": sorted(set(owner.values()))},
        )
    ).to_pylist()
    gates = {row["customer_id"]: {code: row[code] for code in columns} for row in found}
    closed = {SEPARATE: "none"} if SEPARATE in columns else {}
    return Known(owner=owner, gates={c: gates.get(c, closed) for c in owner.values()})
