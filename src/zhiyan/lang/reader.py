"""Typed fields out of YAML nodes; mistakes are collected, never thrown."""

import re
from collections.abc import Collection, Mapping

from zhiyan.errors import Problem
from zhiyan.lang.nearest import nearest
from zhiyan.lang.yaml_nodes import Fields, Item, Items, Scalar, Spot

CODE = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_MAX_TEXT = 4000


def kind_of(item: Item) -> str:
    """Say in a word what an item is."""
    if isinstance(item, Fields):
        return "a mapping"
    if isinstance(item, Items):
        return "a list"
    if item.value is None:
        return "nothing"
    if isinstance(item.value, bool):
        return "true or false"
    return "a number" if isinstance(item.value, int | float) else "a text"


class Reader:
    """Reads fields of definitions; whatever is wrong becomes a problem with its place.

    Methods return None (or an empty collection) where the value could not be read, after having
    reported why. ``aliases`` maps old codes of tags to those of today; what uses one is noted in
    ``notes``, which stops nothing.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.notes: list[Problem] = []
        self.aliases: dict[str, str] = {}

    def report(self, code: str, place: Item | Spot, message: str, *, hint: str = "") -> None:
        """Add one problem at a place."""
        spot = place if isinstance(place, Spot) else place.spot
        self.problems.append(Problem(code=code, message=message, where=str(spot), hint=hint))

    def wrong_kind(self, item: Item, what: str, expected: str) -> None:
        """Report ``ZY224``: another kind of value was expected."""
        self.report("ZY224", item, f"{what}: expected {expected}, found {kind_of(item)}")

    def fields(
        self,
        item: Item,
        what: str,
        keys: Collection[str],
        *,
        required: Collection[str] = (),
    ) -> dict[str, Item]:
        """Return the entries of a mapping whose keys are known (``ZY222``, missing ``ZY223``)."""
        if not isinstance(item, Fields):
            self.wrong_kind(item, what, "a mapping")
            return {}
        found: dict[str, Item] = {}
        for key, value in item.entries:
            if key.text in keys:
                found[key.text] = value
            else:
                message = f"{what}: unknown key {key.text!r}"
                comma = "inside {...} put a text with a comma into quotes"
                hint = nearest(key.text, keys) or (comma if " " in key.text else "")
                self.report("ZY222", key, message, hint=hint)
        for key in required:
            if key not in found:
                self.report("ZY223", item, f"{what}: {key!r} is missing")
        return found

    def entries(self, item: Item, what: str) -> list[tuple[Scalar, Item]]:
        """Return the entries of a mapping with free keys."""
        if isinstance(item, Fields):
            return list(item.entries)
        self.wrong_kind(item, what, "a mapping")
        return []

    def items(self, item: Item, what: str) -> tuple[Item, ...]:
        """Return the members of a list."""
        if isinstance(item, Items):
            return item.items
        self.wrong_kind(item, what, "a list")
        return ()

    def text(self, item: Item, what: str) -> str | None:
        """Return a text that is not empty."""
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            self.wrong_kind(item, what, "a text")
            return None
        if not item.value.strip() or len(item.value) > _MAX_TEXT:
            self.report("ZY224", item, f"{what}: a text of 1 to {_MAX_TEXT} characters is needed")
            return None
        return item.value.strip()

    def word(self, item: Item, what: str) -> str | None:
        """Return a scalar as written: ``55p``, ``1``, ``true``, an expression."""
        text = item.text.strip() if isinstance(item, Scalar) else ""
        if text:
            return text
        self.wrong_kind(item, what, "a value")
        return None

    def code(self, item: Item, what: str) -> str | None:
        """Return a code: lower-case letters, digits and underscores (``ZY230``)."""
        text = self.word(item, what)
        if text is not None and not CODE.match(text):
            hint = "lower-case letters, digits and _, a letter first, 64 at most"
            self.report("ZY230", item, f"{what}: {text!r} is not a code", hint=hint)
            return None
        return text

    def flag(self, item: Item, what: str) -> bool | None:
        """Return true or false."""
        if isinstance(item, Scalar) and isinstance(item.value, bool):
            return item.value
        self.wrong_kind(item, what, "true or false")
        return None

    def number(self, item: Item, what: str, *, low: float, high: float) -> float | None:
        """Return a number within ``low..high`` (``ZY226``)."""
        value = item.value if isinstance(item, Scalar) else None
        if value is None or isinstance(value, bool | str):
            self.wrong_kind(item, what, "a number")
            return None
        if not low <= value <= high:
            self.report("ZY226", item, f"{what}: {value:g} is outside {low:g} to {high:g}")
            return None
        return value

    def integer(self, item: Item, what: str, *, low: int, high: int) -> int | None:
        """Return a whole number within ``low..high``."""
        value = self.number(item, what, low=low, high=high)
        if value is not None and value != int(value):
            self.wrong_kind(item, what, "a whole number")
            return None
        return None if value is None else int(value)

    def choice(self, item: Item, what: str, options: Collection[str]) -> str | None:
        """Return one of a closed list (``ZY225``)."""
        text = self.word(item, what)
        if text is None or text in options:
            return text
        message = f"{what}: {text!r} is not in the closed list"
        listed = "one of: " + ", ".join(options)
        self.report("ZY225", item, message, hint=nearest(text, options) or listed)
        return None

    def words(self, item: Item, what: str) -> tuple[str, ...]:
        """Return a list of scalars as written."""
        found = (self.word(member, what) for member in self.items(item, what))
        return tuple(text for text in found if text is not None)

    def bilingual(self, item: Item, what: str) -> tuple[str, str]:
        """Return Chinese and English out of ``{zh: ..., en: ...}``; both must be there."""
        found = self.fields(item, what, ("zh", "en"), required=("zh", "en"))
        return self.pair(found, what)

    def pair(self, found: Mapping[str, Item], what: str) -> tuple[str, str]:
        """Return the texts of the keys ``zh`` and ``en``, empty where absent or wrong."""
        texts = [self.text(found[key], f"{what}.{key}") if key in found else "" for key in _TONGUES]
        return texts[0] or "", texts[1] or ""


_TONGUES = ("zh", "en")
