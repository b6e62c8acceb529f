"""Parse codes, lists of codes, staff and clinics, and yes-or-no words."""

import re
from collections.abc import Mapping

from zhiyan.errors import DefinitionError, Problem
from zhiyan.pipeline.ingest.clean.column import Column, Parsed, distinct, fold, no_problems
from zhiyan.pipeline.ingest.clean.options import ParseOptions
from zhiyan.pipeline.ingest.clean.reasons import Reason
from zhiyan.pipeline.ingest.read.arrow import Array, pa, pc

_GENDER_WORDS = {
    **dict.fromkeys(("男", "男性", "男士", "先生", "m", "male", "man", "boy"), "male"),
    **dict.fromkeys(
        ("女", "女性", "女士", "小姐", "太太", "f", "female", "woman", "girl"), "female"
    ),
}

#: Ready code tables. Numbers mean different things per source, so each numbering has its own.
CODE_TABLES: dict[str, dict[str, str]] = {
    "gender": _GENDER_WORDS,
    "gender_1_2": {**_GENDER_WORDS, "1": "male", "2": "female"},
    "gender_1_0": {**_GENDER_WORDS, "1": "male", "0": "female"},
    "gender_0_1": {**_GENDER_WORDS, "0": "male", "1": "female"},
}

TRUE_WORDS = ("是", "有", "对", "真", "已", "y", "yes", "true", "t", "1", "√", "✓", "✔", "☑", "on")
FALSE_WORDS = (
    "否",
    "无",
    "没有",
    "错",
    "假",
    "未",
    "n",
    "no",
    "false",
    "f",
    "0",
    "×",
    "✗",
    "✘",
    "x",
    "off",
)

_TRAILING_ZERO = re.compile(r"(\d+)\.0+")
#: A staff or clinic code beside a name: ``S012 王芳``, ``王芳(S012)``.
_CODE_IN_TEXT = re.compile(r"(?:^|[(\[（])([A-Za-z]{0,4}\d{2,10})(?:$|[)\]）\s_-])")


def code_table(options: ParseOptions) -> Mapping[str, str] | None:
    """Return the code table that options ask for; own codes go before the named table.

    Raises DefinitionError ``ZY323`` if no table has that name.
    """
    if options.table is None:
        return options.codes
    if options.table not in CODE_TABLES:
        names = ", ".join(sorted(CODE_TABLES))
        raise DefinitionError(
            Problem(code="ZY323", message=f"no code table is called {options.table!r}", hint=names)
        )
    return {**CODE_TABLES[options.table], **(options.codes or {})}


def parse_code(column: Column, options: ParseOptions) -> Parsed:
    """Map texts to codes. ``extra["unmapped"]`` is true where the table has no such text.

    Without a table texts stay as they are. An unmapped text is the problem ``unmapped_code``, or
    null without problem (``unmapped="unknown"``), or itself (``"keep"``); never a default.
    """
    table = _folded(code_table(options))
    held = distinct(column, options, keep=frozenset(table or ()))
    codes: list[str | None] = []
    missing: list[bool] = []
    for text in held.texts.to_pylist():
        code = _look_up(text, table)
        missing.append(text is not None and table is not None and code is None)
        codes.append(text if text is not None and _keeps(options, table) and code is None else code)
    values, unmapped = pa.array(codes, pa.string()), pa.array(missing, pa.bool_())
    problems = _unmapped_problems(unmapped, options)
    return held.parsed(values, problems, extra={"unmapped": unmapped})


def parse_staff(column: Column, options: ParseOptions) -> Parsed:
    """Map staff or clinic texts to codes; without a table, a code written beside a name wins."""
    if code_table(options) is not None:
        return parse_code(column, options)
    held = distinct(column, options)
    texts = held.texts.to_pylist()
    found = [_CODE_IN_TEXT.search(text) if text else None for text in texts]
    codes = [match[1] if match else text for match, text in zip(found, texts, strict=True)]
    unmapped = [text is not None and not match for match, text in zip(found, texts, strict=True)]
    extra = {"unmapped": pa.array(unmapped, pa.bool_())}
    return held.parsed(pa.array(codes, pa.string()), no_problems(len(texts)), extra=extra)


def parse_codes(column: Column, options: ParseOptions) -> Parsed:
    """Split lists and map each member; values are sorted lists of distinct codes.

    A list with an unmapped member is the problem ``unmapped_code`` as a whole; with ``unmapped``
    "unknown" the member is left out, with "keep" it stays as it is.
    """
    table = _folded(code_table(options))
    held = distinct(column, options, keep=frozenset(table or ()))
    splitter = re.compile("[" + re.escape(options.separators) + "]")
    lists: list[list[str] | None] = []
    missing: list[bool] = []
    for text in held.texts.to_pylist():
        members = [m.strip() for m in splitter.split(text) if m.strip()] if text else []
        codes = {m: m if table is None else _look_up(m, table) for m in members}
        lost = [m for m, code in codes.items() if code is None]
        kept = {code for code in codes.values() if code is not None}
        if _keeps(options, table):
            kept |= set(lost)
        missing.append(bool(lost))
        lists.append(sorted(kept) or None)
    unmapped = pa.array(missing, pa.bool_())
    problems = _unmapped_problems(unmapped, options)
    values = pa.array(lists, pa.list_(pa.string()))
    values = pc.if_else(pc.is_valid(problems), pa.scalar(None, pa.list_(pa.string())), values)
    return held.parsed(values, problems, extra={"unmapped": unmapped})


def parse_bool(column: Column, options: ParseOptions) -> Parsed:
    """Read yes-or-no words (bool); the problem is ``bad_bool``."""
    words = {fold(word): True for word in (*TRUE_WORDS, *options.true_words)}
    words |= {fold(word): False for word in (*FALSE_WORDS, *options.false_words)}
    words |= {fold(word): True for word in options.true_words}
    held = distinct(column, options, keep=frozenset(words))
    values: list[bool | None] = []
    problems: list[str | None] = []
    for text in held.texts.to_pylist():
        word = None if text is None else words.get(_bare(text))
        values.append(word)
        problems.append(Reason.BAD_BOOL if text is not None and word is None else None)
    return held.parsed(pa.array(values, pa.bool_()), pa.array(problems, pa.string()))


def _folded(table: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if table is None else {fold(text): code for text, code in table.items()}


def _bare(text: str) -> str:
    """Return a word in the form of table keys; Excel's ``1.0`` is ``1``."""
    folded = fold(text)
    match = _TRAILING_ZERO.fullmatch(folded)
    return match[1] if match else folded


def _look_up(text: str | None, table: Mapping[str, str] | None) -> str | None:
    if text is None or table is None:
        return text
    return table.get(fold(text), table.get(_bare(text)))


def _keeps(options: ParseOptions, table: Mapping[str, str] | None) -> bool:
    return options.unmapped == "keep" or table is None


def _unmapped_problems(unmapped: Array, options: ParseOptions) -> Array:
    if options.unmapped in {"keep", "unknown"}:
        return no_problems(len(unmapped))
    reason = pa.scalar(str(Reason.UNMAPPED_CODE), pa.string())
    return pc.if_else(unmapped, reason, pa.scalar(None, pa.string()))
