"""The part of a tag definition that describes it: names, type, owner, class, use."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import ValueType
from zhiyan.core.tag import MarketingUse, TagKind, TagValue
from zhiyan.lang.catalogue import Range
from zhiyan.lang.check import Name
from zhiyan.lang.measures import KEYS as MEASURE_KEYS
from zhiyan.lang.nearest import nearest
from zhiyan.lang.ranges import read_range
from zhiyan.lang.reader import Reader
from zhiyan.lang.yaml_nodes import Fields, Item, Scalar

PURPOSES = ("service", "marketing", "analytics", "gate", "compliance", "aggregate_analytics")
CONSENTS = ("general", "general+separate", "legal_duty", "care_record")
REFRESHES = ("realtime", "hourly", "on_event", "daily", "weekly", "monthly", "yearly")
POPULATIONS = ("valid", "all")
PRIORITIES = ("P0", "P1", "P2", "P3")
STATUSES = ("draft", "review", "live", "retired")
#: Whether values are kept as intervals; without it, all but pure counters are.
HISTORY = ("on", "off")
#: Whether people may put a value beside the computed one.
MANUAL = ("allowed", "refused")
TYPES = tuple(member.value for member in ValueType if member is not ValueType.NULL)

REQUIRED = (
    "code",
    "name",
    "description",
    "category",
    "kind",
    "type",
    "owner",
    "sensitivity",
    "purposes",
)
BODY_KEYS = (*MEASURE_KEYS, "measures", "cases", "otherwise", "match", "value")
KEYS = (
    *REQUIRED,
    *BODY_KEYS,
    "values",
    "domain",
    "population",
    "refresh",
    "stale_after_days",
    "half_life_days",
    "manual",
    "weight",
    "priority",
    "consent",
    "marketing_use",
    "example",
    "origin",
    "declassified",
    "status",
    "aliases",
    "history",
    "override",
)
_NUMBERS = frozenset({ValueType.INT, ValueType.DECIMAL, ValueType.MONEY})
_SENSITIVE = frozenset({Sensitivity.S3, Sensitivity.S4})


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """All that is known of a tag before its rule is read; ``fields`` holds the rule's YAML."""

    code: str
    name: tuple[str, str]
    description: tuple[str, str]
    category: tuple[str, ...]
    kind: TagKind
    type: ValueType
    values: tuple[TagValue, ...]
    domain: Range | None
    population: str
    refresh: str
    stale_after_days: int | None
    half_life_days: int | None
    manual: bool
    owner: str
    weight: float
    priority: str
    sensitivity: Sensitivity
    declassified: str
    consent: str
    marketing_use: MarketingUse
    purposes: tuple[str, ...]
    example: str
    origin: tuple[str, ...]
    status: str
    history: str
    aliases: tuple[str, ...]
    override: bool
    layer: int
    place: Item
    fields: Mapping[str, Item]

    @property
    def codes(self) -> tuple[str, ...]:
        """The closed domain, empty if open."""
        return tuple(value.value for value in self.values)

    @property
    def seen(self) -> Name:
        """How expressions see the tag."""
        return Name(type=self.type, values=self.codes)

    @property
    def where(self) -> str:
        """``file:line`` of the definition."""
        return f"{self.place.spot.file}:{self.place.spot.line}"


@dataclass(slots=True)
class HeadReader:
    """Reads heads; problems go to the reader's list."""

    reader: Reader
    categories: Collection[str]

    def head(self, item: Item, layer: int) -> Head | None:
        """Read one head; None if it has no code, kind or type to go on with."""
        read = self.reader
        what = f"tag {_code_of(item)!r}"
        found = read.fields(item, what, KEYS, required=REQUIRED)
        code = read.code(found["code"], f"{what}.code") if "code" in found else None
        kind = self._choice(found, "kind", tuple(TagKind), what=what) or ""
        type_ = self._choice(found, "type", TYPES, what=what) or ""
        texts = self._texts(found, what)
        category = self._category(found.get("category"), what)
        use = self._use(found, what)
        values, domain = self._domain(found, ValueType(type_) if type_ else None, what)
        override = read.flag(found["override"], what) if "override" in found else False
        origin = read.words(found["origin"], f"{what}.origin") if "origin" in found else ()
        aliases = read.words(found["aliases"], f"{what}.aliases") if "aliases" in found else ()
        if code is None or not kind or not type_:
            return None
        head = Head(
            code=code,
            name=texts["name"],
            description=texts["description"],
            category=category,
            kind=TagKind(kind),
            type=ValueType(type_),
            values=values,
            domain=domain,
            owner=texts["owner"][0],
            declassified=texts["declassified"][0],
            example=texts["example"][0],
            origin=origin,
            aliases=aliases,
            override=bool(override),
            layer=layer,
            place=found["code"],
            fields={key: found[key] for key in (*BODY_KEYS, "sensitivity") if key in found},
            **use,
        )
        self._policy(head, found)
        return head

    def _use(self, found: Mapping[str, Item], what: str) -> dict[str, Any]:
        """Read for whom, how fresh and for what a tag may be used, with defaults."""
        numbers = self._numbers(found, what)
        known = {
            key: self._choice(found, key, options, what=what) for key, options in _CHOICES.items()
        }
        return {
            "population": known["population"] or "valid",
            "refresh": known["refresh"] or "daily",
            "stale_after_days": int(numbers["stale_after_days"] or 0) or None,
            "half_life_days": int(numbers["half_life_days"] or 0) or None,
            "manual": known["manual"] == "allowed",
            "weight": numbers["weight"] or 0.0,
            "priority": known["priority"] or "P2",
            "sensitivity": Sensitivity(known["sensitivity"] or "P1"),
            "consent": known["consent"] or "general",
            "marketing_use": MarketingUse(known["marketing_use"] or "include"),
            "purposes": self._purposes(found.get("purposes"), what),
            "status": known["status"] or "live",
            "history": known["history"] or "",
        }

    def _choice(
        self, found: Mapping[str, Item], key: str, options: Collection[str], *, what: str
    ) -> str | None:
        return self.reader.choice(found[key], f"{what}.{key}", options) if key in found else None

    def _texts(self, found: Mapping[str, Item], what: str) -> dict[str, tuple[str, str]]:
        texts: dict[str, tuple[str, str]] = {}
        for key in ("name", "description"):
            texts[key] = ("", "")
            if key in found:
                texts[key] = self.reader.bilingual(found[key], f"{what}.{key}")
        for key in ("owner", "declassified", "example"):
            text = self.reader.text(found[key], f"{what}.{key}") if key in found else None
            texts[key] = (text or "", "")
        return texts

    def _category(self, item: Item | None, what: str) -> tuple[str, ...]:
        words = self.reader.words(item, f"{what}.category") if item else ()
        path = "/".join(words)
        if item is None or not words:
            return ("",)
        if len(words) > 2 or path not in self.categories:
            message = f"{what}: unknown category {path!r}"
            hint = nearest(path, self.categories)
            self.reader.report("ZY231", item, message, hint=hint)
        return words

    def _numbers(self, found: Mapping[str, Item], what: str) -> dict[str, float | None]:
        days = {
            key: self.reader.integer(found[key], f"{what}.{key}", low=1, high=3660)
            if key in found and not _is_null(found[key])
            else None
            for key in ("stale_after_days", "half_life_days")
        }
        weight = found.get("weight")
        part = self.reader.number(weight, f"{what}.weight", low=0, high=1) if weight else None
        return {"weight": part, **days}

    def _purposes(self, item: Item | None, what: str) -> tuple[str, ...]:
        if item is None:
            return ()
        members = self.reader.items(item, f"{what}.purposes")
        found = [self.reader.choice(m, f"{what}.purposes", PURPOSES) for m in members]
        if not members:
            self.reader.report("ZY223", item, f"{what}.purposes: at least one purpose is needed")
        return tuple(purpose for purpose in found if purpose)

    def _domain(
        self, found: Mapping[str, Item], type_: ValueType | None, what: str
    ) -> tuple[tuple[TagValue, ...], Range | None]:
        values = self._values(found["values"], what) if "values" in found else ()
        if type_ is ValueType.ENUM and "values" not in found:
            self.reader.report("ZY223", found["type"], f"{what}: an enum needs 'values'")
        if values and type_ not in (ValueType.ENUM, ValueType.LIST, None):
            message = f"{what}: only enums and lists have 'values'"
            self.reader.report("ZY225", found["values"], message)
        domain = found.get("domain")
        if domain is None or type_ is None:
            return values, None
        if type_ not in _NUMBERS:
            message = f"{what}: only numbers have a 'domain'"
            self.reader.report("ZY225", domain, message, hint="write 'values' for a closed list")
            return values, None
        return values, read_range(self.reader, domain, type_, what=f"{what}.domain")

    def _values(self, item: Item, what: str) -> tuple[TagValue, ...]:
        found: list[TagValue] = []
        for key, entry in self.reader.entries(item, f"{what}.values"):
            name = f"{what}.values.{key.text}"
            keys = ("zh", "en", "meaning")
            texts = self.reader.fields(entry, name, keys, required=("zh", "en"))
            zh, en = self.reader.pair(texts, name)
            meaning = self.reader.word(texts["meaning"], name) if "meaning" in texts else ""
            found.append(TagValue(value=key.text, zh=zh, en=en, meaning=meaning or ""))
        return tuple(found)

    def _policy(self, head: Head, found: Mapping[str, Item]) -> None:
        what = f"tag {head.code!r}"
        entered = head.kind is TagKind.MANUAL
        if entered and "manual" in found:
            message = f"{what}: people enter it anyway; 'manual' is for computed tags"
            self.reader.report("ZY274", found["manual"], message)
        if head.half_life_days and not entered and not head.manual:
            message = f"{what}: only what people enter has a half-life"
            hint = "write manual: allowed, or leave half_life_days out"
            self.reader.report("ZY274", found["half_life_days"], message, hint=hint)
        if head.sensitivity is Sensitivity.S4 and head.marketing_use is MarketingUse.INCLUDE:
            self.reader.report(
                "ZY237",
                found.get("marketing_use", head.place),
                f"{what}: a tag of class S4 cannot select people for marketing",
                hint="write marketing_use: exclude_only or never",
            )
        if head.sensitivity in _SENSITIVE and head.consent == "general":
            self.reader.report(
                "ZY237",
                found.get("consent", head.place),
                f"{what}: class {head.sensitivity.value} needs more than general consent",
                hint="write consent: general+separate, legal_duty or care_record",
            )


def _code_of(item: Item) -> str:
    if not isinstance(item, Fields):
        return "?"
    return next(
        (v.text for key, v in item.entries if key.text == "code" and isinstance(v, Scalar)), "?"
    )


def _is_null(item: Item) -> bool:
    return isinstance(item, Scalar) and item.value is None


_CHOICES: Mapping[str, Collection[str]] = {
    "population": POPULATIONS,
    "refresh": REFRESHES,
    "priority": PRIORITIES,
    "sensitivity": tuple(member.value for member in Sensitivity),
    "consent": CONSENTS,
    "marketing_use": tuple(member.value for member in MarketingUse),
    "status": STATUSES,
    "history": HISTORY,
    "manual": MANUAL,
}
