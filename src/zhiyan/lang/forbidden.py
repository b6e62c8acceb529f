"""Tags that nobody may define: recognised by code, by name, by alias, and by what they cover."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from zhiyan.lang.catalogue import Forbidden
from zhiyan.lang.heads import Head

_SPLIT = re.compile(r"[/、,，;；|()（）\s]+")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_WORDS = re.compile(r"[a-z0-9]+")
#: Whatever is no letter, digit or sign of a script: it can only hide a word.
_GAPS = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBERED = re.compile(r"[0-9]+$")
#: Latin words run together count from this many letters.
_LEAST_JOINED = 5
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
    joined: frozenset[str]

    def show_in(self, name: "_Name") -> bool:
        """Say whether the code or name of a tag falls under the entry."""
        if name.bare in self.exact or any(term in name.spaced for term in self.spaced):
            return True
        if not self.joined.isdisjoint(name.joined):
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
    joined: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "_Name":
        """Prepare a text once for all entries."""
        chinese = _CJK.search(text) is not None
        return cls(_plain(text), _bare(text), _spaced(text), chinese, _joined(text))


class ForbiddenList:
    """The forbidden tags in a form that names can be held against."""

    def __init__(self, entries: Iterable[Forbidden]) -> None:
        self._signs = [_signs(entry) for entry in entries]

    def match(self, head: Head, within: Iterable[str] = ()) -> Match | None:
        """Return the first entry that a tag falls under, None if it may be defined.

        Its code and names are held against all signs; the values of its domain, and the texts
        ``within`` its rule, against whole names.
        """
        shown = [text for text in (head.code, *head.name) if text]
        names = [_Name.of(text) for text in shown]
        texts = [
            *within,
            *(text for v in head.values for text in (v.zh, v.en, v.value, v.meaning)),
        ]
        values = [(text, _bare(text)) for text in texts if text]
        for signs in self._signs:
            for text, name in zip(shown, names, strict=True):
                if signs.show_in(name):
                    return Match(signs.entry, text)
            for text, bare in values:
                if bare in signs.exact:
                    return Match(signs.entry, text)
        return None

    def match_text(self, text: str) -> Match | None:
        """Return the first entry that a name or short text falls under, None if none."""
        name = _Name.of(text)
        for signs in self._signs:
            if signs.show_in(name):
                return Match(signs.entry, name.text)
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
        joined=frozenset(
            word
            for text in terms
            if not _CJK.search(text) and len(word := _plain(text)) >= _LEAST_JOINED
        ),
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
    least = _LEAST_LIKENESS * (len(text) + len(term)) / 2
    if len(text) < _TELLING or min(len(text), len(term)) < least:
        return False
    shared = sum(min(text.count(sign), term.count(sign)) for sign in set(term).intersection(text))
    if shared < least:
        return False
    return SequenceMatcher(None, text, term, autojunk=False).ratio() >= _LEAST_LIKENESS


def _spaced(text: str) -> str:
    """Return the Latin words of a text between blanks, so that only whole words are found."""
    return f" {' '.join(_latin(text))} "


def _latin(text: str) -> list[str]:
    """Return the Latin words of a text; a change from small to large letters parts words."""
    parted = _CAMEL.sub(" ", unicodedata.normalize("NFKC", text))
    return _WORDS.findall(parted.lower())


def _joined(text: str) -> frozenset[str]:
    """Return every run of neighbouring Latin words written together, without plural and number."""
    words = _latin(text)
    runs = {
        "".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    }
    bare = {_NUMBERED.sub("", run) for run in runs}
    return frozenset(runs | bare | {run.removesuffix("s") for run in bare})


def _bare(text: str) -> str:
    """Return a name without endings that add nothing: ``颜值等级`` says no more than ``颜值``."""
    plain = _plain(text)
    return _ENDINGS.sub("", plain) or plain


def _plain(text: str) -> str:
    return _GAPS.sub("", unicodedata.normalize("NFKC", text).lower())
