"""Tags: named, typed, owned rules that give each customer one value as of a moment."""

from dataclasses import dataclass, field
from enum import StrEnum

from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import Node, ValueType
from zhiyan.core.measure import Measure


class TagKind(StrEnum):
    """Where a tag's value comes from."""

    FACT = "fact"  # one measure of events
    RULE = "rule"  # cases or a formula over measures, parameters and other tags
    MANUAL = "manual"  # what people entered
    MODEL = "model"  # a fitted model's score


class MarketingUse(StrEnum):
    """Whether a tag may select people for marketing."""

    INCLUDE = "include"
    EXCLUDE_ONLY = "exclude_only"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagValue:
    """One value of a closed domain, with what it means in both languages."""

    value: str
    zh: str
    en: str
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCase:
    """One case of a rule: where ``when`` is true the tag has the value ``then``."""

    when: Node
    then: Node
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One checked tag definition.

    ``cases`` are tried in order, first match wins, ``otherwise`` if none does; a formula tag has no
    cases and its formula in ``otherwise``. ``population`` is "valid" (real customers) or "all".
    What people entered loses half of its weight of evidence in ``half_life_days``; ``manual`` lets
    them put a value beside a computed one (which it never replaces).
    ``history`` is "on", "off" or empty (the default rule); ``aliases`` are its earlier codes.
    ``fingerprint`` covers everything that can change a value. ``where`` is ``file:line``.
    """

    code: str
    name_zh: str
    name_en: str
    description_zh: str
    description_en: str
    category: tuple[str, ...]
    kind: TagKind
    type: ValueType
    values: tuple[TagValue, ...] = ()
    measures: tuple[Measure, ...] = ()
    cases: tuple[TagCase, ...] = ()
    otherwise: Node
    depends_on: tuple[str, ...] = ()
    population: str = "valid"
    refresh: str = "daily"
    stale_after_days: int | None = None
    half_life_days: int | None = None
    manual: bool = False
    owner: str
    weight: float = 0.0
    priority: str = "P2"
    sensitivity: Sensitivity = Sensitivity.P1
    declassified: str = ""
    consent: str = "general"
    marketing_use: MarketingUse = MarketingUse.INCLUDE
    purposes: tuple[str, ...] = ()
    example: str = ""
    origin: tuple[str, ...] = ()
    status: str = "live"
    history: str = ""
    aliases: tuple[str, ...] = ()
    fingerprint: str = ""
    where: str = field(default="", compare=False)
