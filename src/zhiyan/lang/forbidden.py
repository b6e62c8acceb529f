"""Tags that nobody may define: recognised by code, by name, by alias, and by what they cover."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from zhiyan.lang.catalogue import Forbidden
from zhiyan.lang.heads import Head

_SPLIT = re.compile(r"[/、,，;；|()（）\s]+")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_WORDS = re.compile(r"[a-z0-9]+")
_GAPS = re.compile(r"[\s_\-]+")
#: Endings that add nothing to what a name says.
_ENDINGS = re.compile(r"(标签|客户|用户|人群|程度|等级|指数|倾向|评分|得分|分)+$")
#: A word out of a description must be this long to count inside a longer name.
_TELLING = 3
_LONGEST_WORD = 6
_LEAST_LIKENESS = 0.84


@dataclass(frozen=True, slots=True)
class Match:
    """Why a name is refused: the forbidden entry and the word that gave it away."""

    entry: Forbidden
    word: str


@dataclass(frozen=True, slots=True)
class _Signs:
    """What gives a forbidden entry away.

    ``exact`` are whole names, ``inside`` Chinese words that count inside a name too, ``near`` those
    that count also where nearly the same, ``spaced`` Latin terms as words between blanks.
    """

    entry: Forbidden
    exact: frozenset[str]
    inside: tuple[str, ...]
    near: tuple[str, ...]
    spaced: tuple[str, ...]

    def show_in(self, name: "_Name") -> bool:
        """Say whether the code or name of a tag falls under the entry."""
        if name.bare in self.exact or any(term in name.spaced for term in self.spaced):
            return True
        if not name.chinese:
            return False
        found = any(word in name.text for word in self.inside)
        return found or any(_alike(name.text, word) for word in self.near)


@dataclass(frozen=True, slots=True)
class _Name:
    """A code or name of a tag in the forms that entries are held against."""

    text: str
    bare: str
    spaced: str
    chinese: bool

    @classmethod
    def of(cls, text: str) -> "_Name":
        """Prepare a text once for all entries."""
        return cls(text, _bare(text), _spaced(text), _CJK.search(text) is not None)


class ForbiddenList:
    """The forbidden tags in a form that names can be held against."""

    def __init__(self, entries: Iterable[Forbidden]) -> None:
        self._signs = [_signs(entry) for entry in entries]

    def match(self, head: Head) -> Match | None:
        """Return the first entry that a tag falls under, None if it may be defined.

        Its code and names are held against all signs, the values of its domain against whole names.
        """
        names = [_Name.of(text) for text in (head.code, *head.name) if text]
        values = [
            (text, _bare(text))
            for value in head.values
            for text in (value.zh, value.en, value.value)
        ]
        for signs in self._signs:
            for name in names:
                if signs.show_in(name):
                    return Match(signs.entry, name.text)
            for text, bare in values:
                if bare in signs.exact:
                    return Match(signs.entry, text)
        return None


def _signs(entry: Forbidden) -> _Signs:
    terms = [text for text in (entry.code, entry.name_zh, entry.name_en, *entry.aliases) if text]
    chinese = tuple(text for text in terms if _CJK.search(text))
    covered = _covered(entry)
    long = tuple(word for word in covered if len(word) >= _TELLING)
    return _Signs(
        entry=entry,
        exact=frozenset(_plain(word) for word in (*terms, *covered)),
        inside=(*(word for word in chinese if len(word) > 1), *long),
        near=tuple(word for word in chinese if len(word) >= _TELLING),
        spaced=tuple(_spaced(text) for text in terms if not _CJK.search(text)),
    )


def _covered(entry: Forbidden) -> tuple[str, ...]:
    """Return the Chinese words that the description of an entry lists."""
    words = (re.sub(r"等.*$", "", word) for word in _SPLIT.split(entry.covers))
    return tuple(
        word
        for word in dict.fromkeys(words)
        if word and len(word) <= _LONGEST_WORD and _CJK.search(word)
    )


def _alike(text: str, term: str) -> bool:
    """Say whether two Chinese names are nearly the same."""
    size = len(text) + len(term)
    shared = sum(min(text.count(sign), term.count(sign)) for sign in set(term))
    if len(text) < _TELLING or 2 * shared < _LEAST_LIKENESS * size:
        return False
    return SequenceMatcher(None, text, term, autojunk=False).ratio() >= _LEAST_LIKENESS


def _spaced(text: str) -> str:
    """Return the Latin words of a text between blanks, so that only whole words are found."""
    return f" {' '.join(_WORDS.findall(text.lower()))} "


def _bare(text: str) -> str:
    """Return a name without endings that add nothing: ``颜值等级`` says no more than ``颜值``."""
    plain = _plain(text)
    return _ENDINGS.sub("", plain) or plain


def _plain(text: str) -> str:
    return _GAPS.sub("", text.lower())
