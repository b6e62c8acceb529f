"""Which source a table is of: by the fields found in its headers and the words in its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from zhiyan.core.kinds import KINDS
from zhiyan.errors import DataError, Problem
from zhiyan.pipeline.ingest.headers import bind, options, rivals
from zhiyan.pipeline.ingest.mapping import Emission, Source
from zhiyan.pipeline.ingest.read import RawTable

#: A word in the file's or sheet's name weighs as much as this many recognised columns; one that
#: names the very system (a platform) as one more.
_WORD_WEIGHT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A source that fits a table: the columns of its fields and how well it fits."""

    source: Source
    columns: dict[str, str]
    score: float


def title_of(table: RawTable) -> str:
    """Return the texts in which the words of a source are looked for."""
    return f"{PurePath(table.file).stem} {table.sheet or ''}".casefold()


def match(source: Source, table: RawTable) -> Match | None:
    """Return how a source fits a table, None if something it needs is not there."""
    columns = bind(source.fields, table.headers)
    wanted = source.recognise
    words = any(word.casefold() in title_of(table) for word in wanted.words)
    if (
        not all(name in columns for name in wanted.need)
        or not all(_one_of(group, columns, words) for group in wanted.one_of)
        or any(name in columns for name in wanted.never)
        or (wanted.words_needed and not words)
        or not can_fill(source, columns, table.headers)
    ):
        return None
    wide = {
        header
        for emission in source.emit
        for column in emission.columns
        for header in options(column.wide, table.headers)
    }
    explained = len({*columns.values(), *wide})
    share = len(columns) / max(len(source.fields), 1)
    named = any(w.casefold() in title_of(table) for ws in source.system.words.values() for w in ws)
    score = explained + _WORD_WEIGHT * words + named + share
    return Match(source=source, columns=columns, score=score)


def can_fill(source: Source, columns: Mapping[str, str], headers: Sequence[str]) -> bool:
    """Tell whether rows with these columns may become anything that the source emits.

    A list needs its first column; of the emissions at least one needs a time and its key.
    """
    if source.reference is not None:
        return next(iter(source.reference.columns.values())) in columns
    return any(_can_emit(one, columns, headers) for one in source.emit)


def _can_emit(emission: Emission, columns: Mapping[str, str], headers: Sequence[str]) -> bool:
    timed = emission.default_time is not None or any(f in columns for f in emission.occurred_at)
    keys = [one for name in KINDS[emission.kind].key if (one := emission.column(name))]
    return timed and all(
        how.const is not None
        or how.hash
        or how.flag
        or (all if how.join else any)(name in columns for name in how.fields)
        or options(how.wide, headers)
        for how in keys
    )


def _one_of(group: Sequence[str], columns: Mapping[str, str], words: bool) -> bool:  # noqa: FBT001
    return any(name in columns or (name == "words" and words) for name in group)


def recognise(table: RawTable, sources: Sequence[Source], kind: str | None = None) -> Match | None:
    """Return the source that fits a table best, None if none does.

    A source of higher rank (the workspace's own) goes before one of lower rank that fits better.
    ``kind`` limits the choice to sources of that name or that emit events of that kind.

    Raises:
        DataError: ``ZY335`` if two sources fit equally well.
    """
    matches = [
        found
        for source in sources
        if kind is None or kind == source.name or kind in source.kinds
        if (found := match(source, table)) is not None
    ]
    matches.sort(key=lambda found: (-found.source.rank, -found.score, found.source.name))
    if len(matches) > 1 and _weight(matches[0]) == _weight(matches[1]):
        names = " or ".join(found.source.name for found in matches[:2])
        raise DataError(
            Problem(
                code="ZY335",
                message=f"the table may be {names}",
                where=place_of(table),
                hint="say which with --as",
            )
        )
    return matches[0] if matches else None


def _weight(found: Match) -> tuple[int, float]:
    return found.source.rank, found.score


def ties(source: Source, columns: Mapping[str, str], table: RawTable) -> list[str]:
    """Say which columns would have served a field as well as the one that was taken.

    Columns that hold the same cells are no question.
    """
    told: list[str] = []
    never = set(source.recognise.never)
    for name, others in rivals(source.fields, table.headers, columns).items():
        own = table.rows.column(columns[name])
        unlike = [header for header in others if not table.rows.column(header).equals(own)]
        if unlike and name not in never:
            told.append(
                f"列“{columns[name]}”与“{'”、“'.join(unlike)}”都可作 {name},取了前者;"
                "如应取另一列,请用 --mapping 指定"
            )
    return told


def place_of(table: RawTable) -> str:
    """Return ``file`` or ``file, sheet`` of a table."""
    return f"{table.file}, {table.sheet}" if table.sheet else table.file


def unknown_table(table: RawTable, sources: Sequence[Source], kind: str | None) -> Problem:
    """Return the problem of a table that no source fits, with what the nearest one misses."""
    hint = "write a mapping (`zhiyan mapping suggest FILE` drafts one) or name the kind with --as"
    near = _nearest(table, sources, kind)
    return Problem(
        code="ZY336",
        message=f"no known kind of export has these columns: {', '.join(table.headers[:12])}",
        where=place_of(table),
        hint=f"{near}; {hint}" if near else hint,
    )


def _nearest(table: RawTable, sources: Sequence[Source], kind: str | None) -> str:
    best, text = 2, ""
    for source in sources:
        if kind is not None and kind != source.name and kind not in source.kinds:
            continue
        columns = bind(source.fields, table.headers)
        missing = [name for name in source.recognise.need if name not in columns]
        if len(columns) > best and missing:
            best, text = len(columns), f"nearest: {source.name}, which also needs {missing}"
    return text
