"""A draft of a mapping file for an export that nobody has described yet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, cast

import yaml

from zhiyan.core.kinds import KINDS
from zhiyan.errors import Problem, UsageError
from zhiyan.pipeline.ingest.arrays import flat
from zhiyan.pipeline.ingest.clean import mask
from zhiyan.pipeline.ingest.explode import explode
from zhiyan.pipeline.ingest.headers import bind
from zhiyan.pipeline.ingest.mapping import Check, ColumnMap, Condition, Emission, Field, Source
from zhiyan.pipeline.ingest.parsers import field_parser
from zhiyan.pipeline.ingest.read import RawTable, read_tables
from zhiyan.pipeline.ingest.recognise import title_of
from zhiyan.pipeline.ingest.sniff import Guess, sniff

_HEAD = """\
# 映射草稿: {file}
# 由 zhiyan mapping suggest 生成。请核对带 “?” 的行, 再用 zhiyan import --mapping 导入。
# from: 文件里的列名(可写多个同义词); parse: 读法; codes: 代码表。说明见 docs/reference/mapping.md
"""


#: Tests that hold where the table has no such field.
_ABSENT = {Check.BLANK, Check.NOT_IN, Check.NOT_NEGATIVE}


#: What tells rows apart without being a field.
_KNOWN = {"party", "occurred_at", "is_refund", "is_gift"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Which column a field was found in, and why."""

    header: str
    why: str


def suggest(path: Path, sources: Sequence[Source]) -> str:
    """Return the text of a mapping file for an export, with comments on how sure each line is.

    The nearest known source gives the kind; columns are taken by their headers, then by what their
    cells look like. The text loads as it stands; what is missing stands in comments.

    Raises:
        DataError: as ``read_tables``.
    """
    tables = [explode(table) for table in read_tables(path)]
    parts = [_source_text(table, sources) for table in tables]
    return _HEAD.format(file=path.name) + "\n" + "\n".join(["sources:", *parts]) + "\n"


def _source_text(table: RawTable, sources: Sequence[Source]) -> str:
    """Return the text of the source that a table may be read by."""
    sources = [source for source in sources if source.reference is None]
    guesses = {h: sniff(flat(table.rows.column(h)), h) for h in table.headers}
    source, found = _nearest(table, sources, guesses)
    found = found | _by_cells(source, found, guesses)
    emissions = [one for one in source.emit if one is source.emit[0] or _usable(one, found)]
    lines = [
        f"- name: {_slug(table)}",
        f"  title: {_scalar(PurePath(table.file).stem)}",
        f"  system: {_scalar(_system(source, table))}  # ? 来源系统的名字",
        "  recognise:",
        f"    need: {_flow([n for n in source.recognise.need if n in found])}",
        "  fields:",
        *_field_lines(source, found),
        *_missing_lines(source, found),
        *_clinic_lines(source, found),
        *_identifier_lines(source, found),
        "  emit:",
    ]
    for emission in emissions:
        lines += _emission_lines(emission, found)
    return "\n".join([*lines, *_left_lines(table, found, guesses)])


def _nearest(
    table: RawTable, sources: Sequence[Source], guesses: Mapping[str, Guess]
) -> tuple[Source, dict[str, _Found]]:
    best: tuple[float, Source, dict[str, str]] | None = None
    for source in sources:
        columns = bind(source.fields, table.headers)
        useful = _used_fields(source)
        words = any(word.casefold() in title_of(table) for word in source.recognise.words)
        lacking = sum(name not in columns for name in source.recognise.need)
        unfit = sum(name in columns for name in source.recognise.never)
        score = sum(name in useful for name in columns) + 3 * words - 2 * lacking - 2 * unfit
        if best is None or score > best[0]:
            best = (score, source, {n: h for n, h in columns.items() if n in useful})
    if best is None:
        raise UsageError(Problem(code="ZY340", message="there is no source to start a draft from"))
    if best[0] <= 1:
        best = (0, _by_looks(sources, guesses) or best[1], {})
    return best[1], {name: _Found(header=h, why="列名") for name, h in best[2].items()}


def _by_looks(sources: Sequence[Source], guesses: Mapping[str, Guess]) -> Source | None:
    """Return the kind of source for a table whose headers say nothing: money and time are orders."""
    parsers = {guess.parser for guess in guesses.values()}
    kind = "order_line" if "datetime" in parsers and parsers & {"money", "int"} else "profile"
    return next((source for source in sources if kind in source.kinds), None)


def _used_fields(source: Source) -> set[str]:
    used = {identifier.field for identifier in source.identifiers}
    if source.clinic.field:
        used.add(source.clinic.field)
    for emission in source.emit:
        used.update((*emission.occurred_at, *emission.else_at))
        used.update(name for test in emission.when for name in test.fields)
        for column in emission.columns:
            used.update(column.fields)
    beside = {other for f in source.fields if f.name in used for other in (f.times, f.beside)}
    return used | {name for name in beside if name}


def _by_cells(
    source: Source, found: Mapping[str, _Found], guesses: Mapping[str, Guess]
) -> dict[str, _Found]:
    """Give columns that no header told to the fields still missing, by what their cells hold."""
    taken = {one.header for one in found.values()}
    wanted = [*source.recognise.need, *(n for g in source.recognise.one_of for n in g)]
    wanted += [name for emission in source.emit for name in emission.occurred_at]
    wanted += [identifier.field for identifier in source.identifiers]
    used = _used_fields(source)
    more: dict[str, _Found] = {}
    for name in dict.fromkeys(wanted):
        field = source.find(name)
        if name in found or name not in used or field is None:
            continue
        parser = field_parser(source, field)
        for header, guess in guesses.items():
            if (
                _may_be(parser, guess)
                and header not in taken
                and parser not in {"text", "native_id", "code"}
            ):
                more[name] = _Found(
                    header=header, why=f"? 按内容猜测, {guess.share:.0%} 的单元格可读"
                )
                taken.add(header)
                break
    return more


def _may_be(parser: str, guess: Guess) -> bool:
    """Tell whether a column may be taken for a field by its cells: its name must not deny it."""
    if guess.said and guess.said != parser and (guess.said, parser) != ("datetime", "date"):
        return False
    same = {("int", "money"), ("datetime", "date")}
    return guess.parser == parser or (guess.parser, parser) in same


def _usable(emission: Emission, found: Mapping[str, _Found]) -> bool:
    if not any(name in found for name in emission.occurred_at) and not emission.default_time:
        return False
    needed = [c for c in emission.columns if c.column in KINDS[emission.kind].key]
    filled = all(c.hash or c.const or any(name in found for name in c.fields) for c in needed)
    return filled and all(
        any(name in found for name in test.fields) or test.check in _ABSENT
        for test in emission.when
    )


def _field_lines(source: Source, found: Mapping[str, _Found]) -> list[str]:
    lines: list[str] = []
    for name, one in found.items():
        field = source.find(name)
        if field is None:
            continue
        parts = [f"from: [{_scalar(one.header)}]", f"parse: {field_parser(source, field)}"]
        parts += _more(field, found)
        lines.append(f"    {name}: {{{', '.join(parts)}}}  # {one.why}")
    return lines


def _more(field: Field, found: Mapping[str, _Found]) -> list[str]:
    parts = [
        f"{name}: true" for name in ("required", "negate", "shared", "soft") if getattr(field, name)
    ]
    others = {"times": field.times, "beside": field.beside}
    parts += [f"{name}: {other}" for name, other in others.items() if other in found]
    if field.fill:
        parts.append(f"fill: {field.fill}")
    if field.strip:
        parts.append(f"strip: {_flow(field.strip)}")
    return [*parts, *(f"{name}: {_any(value)}" for name, value in field.options.items())]


def _missing_lines(source: Source, found: Mapping[str, _Found]) -> list[str]:
    missing = [name for name in source.recognise.need if name not in found]
    return [f"    # ? 没有找到 {name}: {{from: [列名]}}" for name in missing]


def _clinic_lines(source: Source, found: Mapping[str, _Found]) -> list[str]:
    if source.clinic.field in found:
        where = source.clinic
        if where.in_key:
            return [f"  clinic: {where.field}"]
        return [f"  clinic: {{field: {where.field}, in_key: false}}"]
    return ["  # clinic: {const: 门店编码}  # ? 文件里没有门店列"]


def _identifier_lines(source: Source, found: Mapping[str, _Found]) -> list[str]:
    lines = ["  identifiers:"]
    for one in source.identifiers:
        if one.field in found:
            more = ", verified: true" if one.verified else ""
            more += f", scope: {one.scope}" if one.scope else ""
            lines.append(f"  - {{type: {one.type}, field: {one.field}{more}}}")
    return lines if len(lines) > 1 else ["  # ? 没有找到能识别客户的列(手机号、病历号、会员号 ...)"]


def _emission_lines(emission: Emission, found: Mapping[str, _Found]) -> list[str]:
    times = [name for name in emission.occurred_at if name in found]
    lines = [f"  - kind: {emission.kind}"]
    tests = [t for test in emission.when if (t := _tested(test, found)) is not None]
    if tests:
        lines.append(f"    when: [{', '.join(map(_condition, tests))}]")
    lines.append(f"    occurred_at: {_flow(times)}")
    if emission.default_time or not times:
        lines.append(f'    default_time: "{emission.default_time or "2000-01-01"}"')
    later = [name for name in emission.else_at if name in found]
    if later:
        lines.append(f"    else_at: {_flow(later)}")
    lines.append("    columns:")
    texts = {column.column: _column(column, found) for column in emission.columns}
    lines += [f"      {name}: {text}" for name, text in texts.items() if text]
    return [*lines, *_key_lines(emission, found, texts)]


def _key_lines(
    emission: Emission, found: Mapping[str, _Found], texts: Mapping[str, str]
) -> list[str]:
    """Return lines for key columns that nothing fills: rows are then told apart by content."""
    lacking = [name for name in KINDS[emission.kind].key if not texts.get(name)]
    if any("hash:" in text for text in texts.values()):
        return [f'      {name}: {{const: "1"}}  # ? 没有找到编号' for name in lacking]
    personal = {"phone", "name", "id_card", "birthdate"}
    parts = ["party", "occurred_at", *(name for name in found if name not in personal)]
    return [
        f"      {name}: {{hash: {_flow(parts)}}}  # ? 没有找到编号, 按内容识别同一行"
        if place == 0
        else f'      {name}: {{const: "1"}}  # ? 没有找到编号'
        for place, name in enumerate(lacking)
    ]


def _tested(test: Condition, found: Mapping[str, _Found]) -> Condition | None:
    """Return a condition with the fields that the table has, None if it has none of them."""
    names = [name for name in test.fields if name in found]
    return replace(test, field=names[0], also=tuple(names[1:])) if names else None


def _condition(test: Condition) -> str:
    how = f"{test.check}: {_flow(test.values)}" if test.values else f"is: {test.check}"
    return f"{{field: {_flow(test.fields) if test.also else test.field}, {how}}}"


def _column(column: ColumnMap, found: Mapping[str, _Found]) -> str:
    """Return how a canonical column is filled, as far as the table has what it takes."""
    fields = [name for name in column.fields if name in found]
    parts: list[str] = []
    if column.const is not None:
        parts.append(f"const: {_scalar(column.const, quoted=True)}")
    if column.join is not None and len(fields) == len(column.fields):
        parts.append(f"join: {_flow(fields)}")
    elif fields and column.join is None:
        parts.append(f"field: {_flow(fields)}")
    parts += _apart_parts(column, found)
    if not parts:
        return ""
    extras = {"parse": column.parse, "codes": column.codes, "suffix": column.suffix}
    parts += [f"{name}: {_scalar(value)}" for name, value in extras.items() if value]
    parts += [f"{name}: true" for name in ("token", "negate") if getattr(column, name)]
    if column.codes:
        parts.append(f"unmapped: {column.unmapped}")
    return f"{{{', '.join(parts)}}}"


def _apart_parts(column: ColumnMap, found: Mapping[str, _Found]) -> list[str]:
    """Return what tells rows apart and what is derived from other cells."""
    parts: list[str] = []
    for key, names in (("apart", column.apart), ("hash", column.hash)):
        there = [name for name in names if name in found or name in _KNOWN]
        if there:
            parts.append(f"{key}: {_flow(there)}")
    flags = [test for test in column.flag if test.field in found]
    if flags and len(flags) == len(column.flag):
        parts.append(f"flag: [{', '.join(map(_condition, flags))}]")
    if column.derive:
        parts.append(f"derive: {column.derive}")
    return parts


def _left_lines(
    table: RawTable, found: Mapping[str, _Found], guesses: Mapping[str, Guess]
) -> list[str]:
    taken = {one.header for one in found.values()}
    lines: list[str] = []
    for header in table.headers:
        if header in taken:
            continue
        guess = guesses[header]
        sample = next(iter(flat(table.rows.column(header)).drop_null().slice(0, 1).to_pylist()), "")
        shown = mask(str(sample), guess.parser if guess.parser in {"phone", "id_card"} else "text")
        lines.append(
            f"  # 未使用: {header} (像 {guess.parser}, {guess.distinct} 种值, 例 {shown})".replace(
                "\n", " "
            )
        )
    return lines


def _system(source: Source, table: RawTable) -> str:
    title = title_of(table)
    named = (name for name, words in source.system.words.items() if any(w in title for w in words))
    return next(named, source.system.name)


def _slug(table: RawTable) -> str:
    text = re.sub(r"[^0-9A-Za-z]+", "_", f"{PurePath(table.file).stem} {table.sheet or ''}").strip(
        "_"
    )
    return f"my_{text.lower() or 'source'}"


def _scalar(text: str, *, quoted: bool = False) -> str:
    style = '"' if quoted else None
    return (
        yaml.safe_dump(text, allow_unicode=True, default_style=style, width=10_000)
        .strip()
        .removesuffix("\n...")
        .strip()
    )


def _any(value: object) -> str:
    return (
        _flow([*map(str, cast("list[Any]", value))])
        if isinstance(value, list)
        else _scalar(str(value))
    )


def _flow(values: Sequence[str]) -> str:
    return f"[{', '.join(_scalar(value) for value in values)}]"
