"""What a pack says about itself: parameters, categories, taxonomies, forbidden tags, segments."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias, cast

from zhiyan.core.expression import Literal, ValueType
from zhiyan.core.measure import NULL
from zhiyan.core.segment import Segment
from zhiyan.errors import Problem
from zhiyan.lang.catalogue import Category, Forbidden, Param, Taxonomy, TaxonomyGroup
from zhiyan.lang.check import Scope
from zhiyan.lang.clinics import CITIES, ClinicSettings, cities
from zhiyan.lang.documents import Member
from zhiyan.lang.expressions import Expressions
from zhiyan.lang.literals import Wanted, read_literal
from zhiyan.lang.nearest import nearest
from zhiyan.lang.reader import Reader
from zhiyan.lang.yaml_nodes import Item, Items, Scalar, Spot

PARAM_TYPES = ("int", "decimal", "money", "text", "bool", "date", "list")
#: Values of the workspace by code, and its clinics.
_Given: TypeAlias = tuple[Mapping[str, object], Sequence[ClinicSettings]]
_PARAM_KEYS = ("type", "default", "zh", "en", "min", "max")
_SEGMENT_KEYS = ("code", "name", "description", "where", "owner")
_FORBIDDEN_KEYS = ("code", "name", "name_zh", "name_en", "covers", "rule", "aliases")
_GROUP_KEYS = ("code", "name", "tags", "categories")


@dataclass(frozen=True, slots=True)
class _Bounds:
    low: float | None
    high: float | None

    def holds(self, value: object) -> bool:
        """Return true unless a number lies outside."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return True
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)


@dataclass(slots=True)
class PackReader:
    """Reads the sections around the tags; problems go to the reader's list."""

    reader: Reader

    def params(
        self,
        members: Iterable[Member],
        overrides: Mapping[str, object],
        clinics: Sequence[ClinicSettings] = (),
    ) -> dict[str, Param]:
        """Read parameters and apply the values of workspace and clinics (``ZY240``), by code."""
        found: dict[str, Param] = {}
        for member in members:
            key = member.key
            if key is None or self.reader.code(key, "parameter") is None:
                continue
            if key.text in found:
                self._twice(key, f"parameter {key.text!r}", found[key.text].where)
                continue
            values = {CITIES: cities(clinics), **overrides}
            found[key.text] = self._param(key, member.item, (values, clinics)) or _broken(key)
        for code in sorted(set(overrides) - set(found)):
            hint = nearest(code, found)
            self._setting(code, f"there is no parameter {code!r}", hint=hint)
        for clinic in clinics:
            for code in sorted(set(clinic.params) - set(found)):
                message = f"clinic {clinic.code}: there is no parameter {code!r}"
                self._setting(code, message, hint=nearest(code, found))
        return found

    def _param(self, key: Scalar, item: Item, given: _Given) -> Param | None:
        overrides, clinics = given
        read, what = self.reader, f"parameter {key.text!r}"
        found = read.fields(item, what, _PARAM_KEYS, required=("type", "default", "zh", "en"))
        zh, en = read.pair(found, what)
        named = read.choice(found["type"], f"{what}.type", PARAM_TYPES) if "type" in found else None
        if named is None or "default" not in found:
            return None
        wanted = Wanted(ValueType(named))
        default = read_literal(read, found["default"], wanted, what=f"{what}.default")
        if default is None:
            return None
        bounds = self._bounds(found, wanted, what)
        if not bounds.holds(default.value):
            read.report("ZY226", found["default"], f"{what}: the default is outside min to max")
        param = Param(
            code=key.text,
            type=wanted.type,
            literal=default,
            default=default,
            name_zh=zh,
            name_en=en,
            where=f"{key.spot.file}:{key.spot.line}",
        )
        own = {
            clinic.code: self._override(
                key.text, clinic.params[key.text], wanted=wanted, bounds=bounds
            )
            for clinic in clinics
            if key.text in clinic.params
        }
        if key.text in overrides:
            value = overrides[key.text]
            literal = self._override(key.text, value, wanted=wanted, bounds=bounds)
            param = replace(param, literal=literal or default)
        differing = {
            code: value for code, value in own.items() if value not in (None, param.literal)
        }
        return replace(param, by_clinic=MappingProxyType(differing)) if differing else param

    def _bounds(self, found: Mapping[str, Item], wanted: Wanted, what: str) -> _Bounds:
        ends: list[float | None] = []
        for key in ("min", "max"):
            literal = (
                read_literal(self.reader, found[key], wanted, what=f"{what}.{key}")
                if key in found
                else None
            )
            value = literal.value if literal else None
            ends.append(value if isinstance(value, int | float) else None)
        return _Bounds(*ends)

    def _override(
        self, code: str, value: object, *, wanted: Wanted, bounds: _Bounds
    ) -> Literal | None:
        quiet = Reader([])
        literal = read_literal(quiet, _as_item(value), wanted, what=f"parameter {code!r}")
        if literal is None or literal.value is None:
            self._setting(code, f"{value!r} is not a value of type {wanted.type.value}")
            return None
        if not bounds.holds(literal.value):
            self._setting(code, f"{value!r} is outside the range that the pack allows")
        return literal

    def _setting(self, code: str, message: str, *, hint: str = "") -> None:
        where = f"setting params.{code}"
        self.reader.problems.append(Problem(code="ZY240", message=message, where=where, hint=hint))

    def _twice(self, place: Item, what: str, first: str) -> None:
        message = f"{what} is defined twice"
        self.reader.report("ZY229", place, message, hint=f"first at {first}")

    def categories(self, members: Iterable[Member]) -> dict[str, Category]:
        """Read the two-level tree; keys are ``level1`` and ``level1/level2``."""
        found: dict[str, Category] = {}
        for member in members:
            key = member.key
            if key is None or self.reader.code(key, "category") is None:
                continue
            what = f"category {key.text!r}"
            fields = self.reader.fields(
                member.item, what, ("zh", "en", "children"), required=("zh", "en")
            )
            zh, en = self.reader.pair(fields, what)
            found.setdefault(key.text, Category(code=key.text, name_zh=zh, name_en=en))
            children = fields.get("children")
            entries = self.reader.entries(children, f"{what}.children") if children else []
            for child, item in entries:
                self._child(key.text, child, item, found=found)
        return found

    def _child(self, parent: str, key: Scalar, item: Item, *, found: dict[str, Category]) -> None:
        what = f"category '{parent}/{key.text}'"
        zh, en = self.reader.bilingual(item, what)
        if self.reader.code(key, what) is None:
            return
        path = f"{parent}/{key.text}"
        if path in found:
            self.reader.report("ZY229", key, f"{what} is defined twice")
        found[path] = Category(code=key.text, name_zh=zh, name_en=en, parent=parent)

    def forbidden(self, members: Iterable[Member]) -> tuple[Forbidden, ...]:
        """Read what nobody may define."""
        found = (self._forbidden(member.item) for member in members)
        return tuple(entry for entry in found if entry)

    def _forbidden(self, item: Item) -> Forbidden | None:
        read = self.reader
        found = read.fields(item, "forbidden tag", _FORBIDDEN_KEYS, required=("code", "rule"))
        code = read.code(found["code"], "forbidden tag") if "code" in found else None
        what = f"forbidden tag {code!r}"
        zh, en = "", ""
        if "name" in found:
            names = read.fields(found["name"], f"{what}.name", ("zh", "en"), required=("zh",))
            zh, en = read.pair(names, f"{what}.name")
        texts = {
            key: read.text(found[key], f"{what}.{key}") or ""
            for key in ("name_zh", "name_en", "covers", "rule")
            if key in found
        }
        zh, en = texts.get("name_zh", zh), texts.get("name_en", en)
        if not zh and "name" not in found and "name_zh" not in found:
            read.report("ZY223", item, f"{what}: 'name' is missing")
        if code is None:
            return None
        aliases = read.words(found["aliases"], f"{what}.aliases") if "aliases" in found else ()
        return Forbidden(
            code=code,
            name_zh=zh,
            name_en=en,
            covers=texts.get("covers", ""),
            rule=texts.get("rule", ""),
            aliases=aliases,
        )

    def segments(self, members: Iterable[Member], scope: Scope) -> dict[str, Segment]:
        """Read segments and check their conditions; keys are codes."""
        found: dict[str, Segment] = {}
        for member in members:
            segment = self._segment(member.item, scope)
            if segment is None:
                continue
            if segment.code in found:
                message = f"segment {segment.code!r} is defined twice"
                self.reader.report("ZY229", member.item, message)
            else:
                found[segment.code] = segment
        return found

    def _segment(self, item: Item, scope: Scope) -> Segment | None:
        read = self.reader
        found = read.fields(item, "segment", _SEGMENT_KEYS, required=_SEGMENT_KEYS)
        code = read.code(found["code"], "segment.code") if "code" in found else None
        what = f"segment {code!r}"
        zh, en = read.bilingual(found["name"], f"{what}.name") if "name" in found else ("", "")
        described = ""
        if "description" in found:
            keys = ("zh", "en")
            texts = read.fields(found["description"], what, keys, required=("zh",))
            described, _ = read.pair(texts, f"{what}.description")
        owner = read.text(found["owner"], f"{what}.owner") if "owner" in found else None
        where = Expressions(read).condition(found.get("where"), scope, f"{what}.where")
        if code is None or where is None:
            return None
        return Segment(
            code=code,
            name_zh=zh,
            name_en=en,
            description_zh=described,
            where=where,
            text=read.word(found["where"], what) or "",
            owner=owner or "",
        )

    def taxonomies(
        self,
        members: Iterable[Member],
        tags: Mapping[str, tuple[str, ...]],
        categories: Collection[str],
    ) -> dict[str, Taxonomy]:
        """Read further ways to group the tags (``ZY231`` for unknown tags and categories).

        ``tags`` maps the codes of all tags, in catalogue order, to their category paths.
        """
        found: dict[str, Taxonomy] = {}
        for member in members:
            key = member.key
            if key is None or self.reader.code(key, "taxonomy") is None:
                continue
            what = f"taxonomy {key.text!r}"
            needed = ("name", "groups")
            fields = self.reader.fields(member.item, what, needed, required=needed)
            zh, en = self.reader.bilingual(fields["name"], what) if "name" in fields else ("", "")
            items = self.reader.items(fields["groups"], what) if "groups" in fields else ()
            groups = [self._group(item, what, tags=tags, categories=categories) for item in items]
            found[key.text] = Taxonomy(
                code=key.text,
                name_zh=zh,
                name_en=en,
                groups=tuple(group for group in groups if group),
            )
        return found

    def _group(
        self,
        item: Item,
        what: str,
        *,
        tags: Mapping[str, tuple[str, ...]],
        categories: Collection[str],
    ) -> TaxonomyGroup | None:
        read = self.reader
        found = read.fields(item, what, _GROUP_KEYS, required=("code", "name"))
        code = read.code(found["code"], what) if "code" in found else None
        zh, en = read.bilingual(found["name"], what) if "name" in found else ("", "")
        if code is None:
            return None
        wanted = set(self._known(found.get("tags"), f"{what}: unknown tag", tags))
        paths = set(self._known(found.get("categories"), f"{what}: unknown category", categories))
        members = tuple(
            tag
            for tag, path in tags.items()
            if tag in wanted or paths & {path[0] if path else "", "/".join(path)}
        )
        return TaxonomyGroup(code=code, name_zh=zh, name_en=en, tags=members)

    def _known(self, item: Item | None, message: str, options: Collection[str]) -> list[str]:
        if item is None:
            return []
        known: list[str] = []
        for member in self.reader.items(item, message):
            word = self.reader.word(member, message)
            if word is None:
                continue
            if word in options:
                known.append(word)
            else:
                hint = nearest(word, options)
                self.reader.report("ZY231", member, f"{message} {word!r}", hint=hint)
        return known


def _broken(key: Scalar) -> Param:
    """Stand in for a parameter that cannot be read, so that its readers are not blamed."""
    return Param(
        code=key.text, type=ValueType.NULL, literal=NULL, default=NULL, name_zh="", name_en=""
    )


def _as_item(value: object) -> Item:
    """Turn a plain value out of the settings into what a file would have held."""
    spot = Spot("settings", 1, 1)
    if isinstance(value, list | tuple):
        members = cast("Iterable[object]", value)
        return Items(tuple(_as_item(member) for member in members), spot)
    if value is None or isinstance(value, bool | int | float | str):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return Scalar(value, text, spot)
    return Scalar(str(value), str(value), spot)
