"""What a column looks like by its cells alone: the guess behind a suggested mapping."""

from dataclasses import dataclass

from zhiyan.pipeline.ingest.arrays import filled, flat, true
from zhiyan.pipeline.ingest.clean import PARSERS, Parsed, parse_options
from zhiyan.pipeline.ingest.read.arrow import Array, pc

_SAMPLE = 2_000
#: Parsers tried in order: the first that reads nearly all cells wins.
_TRIED = ("id_card", "phone", "email", "datetime", "bool", "int", "money")
_ENOUGH = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a column seems to hold: a parser, the share of cells it reads, distinct values."""

    parser: str
    share: float
    distinct: int
    cells: int


def sniff(column: Array) -> Guess:
    """Guess the parser of a column from up to 2,000 of its filled cells."""
    cells = flat(column).drop_null().slice(0, _SAMPLE)
    distinct = len(pc.unique(cells))
    if len(cells) == 0:
        return Guess(parser="text", share=0.0, distinct=0, cells=0)
    for parser in _TRIED:
        share = _share(cells, parser)
        if share >= _ENOUGH:
            return Guess(parser=parser, share=share, distinct=distinct, cells=len(cells))
    parser = "code" if distinct <= 20 and distinct * 5 <= len(cells) else "text"
    return Guess(parser=parser, share=1.0, distinct=distinct, cells=len(cells))


def _share(cells: Array, parser: str) -> float:
    parsed = PARSERS[parser](cells, parse_options({}))
    values = flat(parsed.values)
    if parser in {"phone", "id_card", "email"}:
        good = pc.equal(parsed.quality, "ok") if parser != "phone" else _good_phones(parsed)
        return float(true(good).sum()) / len(cells)
    return float(filled(values).sum()) / len(cells)


def _good_phones(parsed: Parsed) -> Array:
    lists = parsed.quality
    first = pc.list_element(pc.if_else(pc.greater(pc.list_value_length(lists), 0), lists, None), 0)
    return pc.equal(first, "ok")
