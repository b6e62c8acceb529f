"""Find the header of a table: which row or two rows hold the column names.

The grid is the first rows of a sheet or file as text. The header is the earliest row that is
nearly the best by: known labels found, then distinct labels that are not numbers or dates. Two
rows belong together when the lower one names the columns under a group label of the upper one.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

Cells = Sequence[str | None]

#: How many rows from the top may hold the header.
SEARCH_ROWS = 60
_VALUE = re.compile(
    r"""[-+¥$(]*[\d,]+(\.\d+)?[)%万元]*(E\+?\d+)?   # number or money
    | \d{2,4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([T\s].*)?  # date
    | \d{1,2}:\d{2}(:\d{2})?
    | .*\*{2,}.* | `.*""",
    re.VERBOSE | re.IGNORECASE,
)
_UNIT = re.compile(r"[(\[（【].*?[)\]）】]|[\s*:_*:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """One merged block of a grid: zero-based rows and columns, inclusive."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where the header lies (``first`` zero-based, ``count`` rows) and the names it gives."""

    first: int
    count: int
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def label_key(label: str) -> str:
    """Return the form in which labels are compared: no case, width, blanks, units in brackets."""
    return _UNIT.sub("", unicodedata.normalize("NFKC", label).casefold())


def find_header(
    grid: Sequence[Cells],
    known: frozenset[str] = frozenset(),
    merges: Sequence[Merge] = (),
    *,
    count: int | None = None,
) -> Header:
    """Find the header in the first rows of a grid.

    ``known`` are labels already in ``label_key`` form; ``count`` fixes the number of header rows.
    A grid without any row of labels gives ``count`` 0 and names ``column_1`` and so on.
    """
    width = max((len(row) for row in grid), default=0)
    if count == 0:
        return unnamed(width)
    rows = [_padded(row, width) for row in grid[:SEARCH_ROWS]]
    scores = [_score(row, known) for row in rows]
    best = max(scores, default=(0, 0))
    if best[1] <= 0:
        return unnamed(width)
    first = next(i for i, score in enumerate(scores) if _near(score, best))
    return named(rows, first, merges, known=known, count=count)


def unnamed(width: int) -> Header:
    """Return the header of a table that has none."""
    names = tuple(f"column_{i + 1}" for i in range(width))
    return Header(first=0, count=0, names=names, notes=("no header row: columns are numbered",))


def named(
    grid: Sequence[Cells],
    first: int,
    merges: Sequence[Merge] = (),
    *,
    known: frozenset[str] = frozenset(),
    count: int | None = None,
) -> Header:
    """Return the header that starts at row ``first``, or one above it if that is a group row."""
    width = max((len(row) for row in grid), default=0)
    rows = [_padded(row, width) for row in grid]
    top = first
    two = count == 2
    if count is None:
        if first > 0 and _is_pair(rows, first - 1, merges, known=known):
            top, two = first - 1, True
        else:
            two = first + 1 < len(rows) and _is_pair(rows, first, merges, known=known)
    if not two or top + 1 >= len(rows):
        return _finish([label or "" for label in rows[first]], first, 1)
    return _finish(_joined(rows, top, merges), top, 2)


def _padded(row: Cells, width: int) -> list[str | None]:
    texts = [text.strip() if text else "" for text in row]
    return [text or None for text in texts] + [None] * (width - len(row))


def is_value(text: str) -> bool:
    """Tell whether a cell looks like a number, money, a date or a masked value."""
    return _VALUE.fullmatch(unicodedata.normalize("NFKC", text).strip()) is not None


def _score(row: Cells, known: frozenset[str]) -> tuple[int, int]:
    labels = {text for text in row if text}
    hits = sum(label_key(text) in known for text in labels)
    values = sum(is_value(text) for text in labels)
    return hits, len(labels) - 3 * values


def _near(score: tuple[int, int], best: tuple[int, int]) -> bool:
    if best[0] >= 2:
        return score[0] >= 0.7 * best[0] and score[1] > 0
    return score[1] >= max(1, 0.7 * best[1])


def _is_pair(
    rows: Sequence[Cells], top: int, merges: Sequence[Merge], *, known: frozenset[str]
) -> bool:
    """Tell whether rows ``top`` and ``top + 1`` are a group row and its column row."""
    upper, lower = rows[top], rows[top + 1]
    below = [text for text in lower if text]
    if not below or any(is_value(text) for text in below):
        return False
    spread = [m for m in merges if m.top == top == m.bottom and m.right > m.left]
    wide = [m for m in spread if m.right - m.left + 1 < _used(upper, lower)]
    if any(sum(bool(lower[c]) for c in range(m.left, m.right + 1)) >= 2 for m in wide):
        return True
    if merges:
        return False
    return _reads_as_pair(upper, lower, known)


def _used(upper: Cells, lower: Cells) -> int:
    return sum(bool(a or b) for a, b in zip(upper, lower, strict=True))


def _reads_as_pair(upper: Cells, lower: Cells, known: frozenset[str]) -> bool:
    """Judge a pair without merge marks: blanks of one row are filled by the other."""
    columns = list(zip(upper, lower, strict=True))
    if any(not a and not b for a, b in columns) or not upper[0]:
        return False
    if sum(bool(a) for a in upper) < 2:  # a lone text is the title of the sheet
        return False
    only_upper = sum(bool(a) and not b for a, b in columns)
    only_lower = sum(not a and bool(b) for a, b in columns)
    labels = [b for _, b in columns if b]
    if only_lower == 0 or len(set(labels)) < 2:
        return False
    repeated = len(set(labels)) < len(labels)
    return only_upper > 0 or repeated or any(label_key(b) in known for b in labels)


def _joined(rows: Sequence[Cells], top: int, merges: Sequence[Merge]) -> list[str]:
    upper, lower = list(rows[top]), rows[top + 1]
    for merge in merges:
        if merge.top == top == merge.bottom:
            upper[merge.left : merge.right + 1] = [rows[top][merge.left]] * (
                merge.right - merge.left + 1
            )
    if not merges:
        for column in range(1, len(upper)):
            if not upper[column] and lower[column]:
                upper[column] = upper[column - 1]
    return [_join(a, b) for a, b in zip(upper, lower, strict=True)]


def _join(group: str | None, label: str | None) -> str:
    if group and label and group != label:
        return f"{group}/{label}"
    return label or group or ""


def _finish(labels: Sequence[str], first: int, count: int) -> Header:
    """Make the names unique and never empty, noting what was changed."""
    names: dict[str, None] = {}
    notes: list[str] = []
    taken = {" ".join(label.split()) for label in labels}
    for position, label in enumerate(labels):
        base = " ".join(label.split()) or f"column_{position + 1}"
        name, copy = base, 1
        while name in names or (copy > 1 and name in taken):
            copy += 1
            name = f"{base}_{copy}"
        if name != label.strip():
            notes.append(f"column {position + 1} {label.strip()!r} is called {name!r}")
        names[name] = None
    return Header(first=first, count=count, names=tuple(names), notes=tuple(notes))
