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
#: Words that describe kinds of forbidden tags but also occur in honest names.
_TOO_GENERAL = frozenset(
    {"打分", "排名", "观点", "定位", "连续定位", "配偶", "伴侣", "诊断", "病理", "检验", "个人信息"}
)
_LEAST_LIKENESS = 0.84


@dataclass(frozen=True, slots=True)
class Match:
    """Why a name is refused: the forbidden entry and the word that gave it away."""

    entry: Forbidden
    word: str


class ForbiddenList:
    """The forbidden tags in a form that names can be held against."""

    def __init__(self, entries: Iterable[Forbidden]) -> None:
        self._entries = [(entry, _terms(entry), _covered(entry)) for entry in entries]

    def match(self, head: Head) -> Match | None:
        """Return the first entry that a tag falls under, None if it may be defined."""
        values = [text for value in head.values for text in (value.zh, value.en, value.value)]
        for entry, terms, covered in self._entries:
            for text in (head.code, *head.name):
                if text and any(_named(text, term) for term in terms):
                    return Match(entry, text)
                if text and any(word in text for word in covered if len(word) > 1):
                    return Match(entry, text)
            for text in values:
                if _plain(text) in {_plain(word) for word in (*terms, *covered)}:
                    return Match(entry, text)
            names = {_plain(text) for text in (head.code, *head.name)}
            if names & {_plain(word) for word in covered}:
                return Match(entry, head.name[0])
        return None


def _terms(entry: Forbidden) -> tuple[str, ...]:
    found = (entry.code, entry.name_zh, entry.name_en, *entry.aliases)
    return tuple(dict.fromkeys(text for text in found if text))


def _covered(entry: Forbidden) -> tuple[str, ...]:
    """Return the Chinese words that the description of an entry lists."""
    words = (re.sub(r"等.*$", "", word) for word in _SPLIT.split(entry.covers))
    return tuple(
        word
        for word in dict.fromkeys(words)
        if word and len(word) <= 6 and _CJK.search(word) and word not in _TOO_GENERAL
    )


def _named(text: str, term: str) -> bool:
    """Say whether a name holds a forbidden term, or is nearly the same."""
    if _CJK.search(term):
        if not _CJK.search(text):
            return False
        return (len(term) > 1 and term in text) or _alike(text, term) or text == term
    words, wanted = _WORDS.findall(text.lower()), _WORDS.findall(term.lower())
    size = len(wanted)
    windows = (words[start : start + size] for start in range(len(words) - size + 1))
    return bool(wanted) and any(window == wanted for window in windows)


def _alike(text: str, term: str) -> bool:
    if min(len(text), len(term)) < 3:
        return False
    return SequenceMatcher(None, text, term, autojunk=False).ratio() >= _LEAST_LIKENESS


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-]+", "", text.lower())
