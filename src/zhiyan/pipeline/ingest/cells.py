"""The cells of one recognised table: found by field, cleaned once, every unreadable one noted."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from zhiyan.pipeline.ingest.arrays import (
    Mask,
    filled,
    flat,
    joined,
    look_up_or_keep,
    mask_array,
    nulls,
    true,
)
from zhiyan.pipeline.ingest.clean import PARSERS, Parsed, ParseOptions, Reason, mask, parse_options
from zhiyan.pipeline.ingest.faults import Faults
from zhiyan.pipeline.ingest.headers import are_twins, header_unit
from zhiyan.pipeline.ingest.mapping import Check, ColumnMap, Condition, Field
from zhiyan.pipeline.ingest.parsers import field_parser
from zhiyan.pipeline.ingest.read import RawTable, fill_down
from zhiyan.pipeline.ingest.read.arrow import Array, pa, pc
from zhiyan.pipeline.ingest.recognise import Match

#: A time of day, perhaps the first of two (``14:00-14:30``).
_CLOCK = r"^\s*(\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)\s*(?:[-~—–至到]\s*\d{1,2}[:：]\d{2}(?:[:：]\d{2})?\s*)?$"
_DAY = r"^\s*(?:\d{2,4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})\s*$"
_MIDNIGHT = r"[ T]0{1,2}:00(?::00)?$"
#: Places below a fen that a unit price may have before it is multiplied.
_FINER = 4
_EXACT = pa.decimal256(19, 0)


class Cells:
    """The cells of a table under one source.

    A field that the table lacks reads as null. Parsing notes each unreadable cell in ``faults`` and
    counts values that a code table does not hold in ``unknown`` (by column and masked value).
    """

    def __init__(self, match: Match, table: RawTable, offset_minutes: int) -> None:
        self.source = match.source
        self.columns = match.columns
        merged = {span.header for span in table.spans}
        bound = [f for f in self.source.fields if f.fill and self.has(f.name)]
        fills = [
            self.columns[f.name]
            for f in bound
            if f.fill == "always" or self.columns[f.name] in merged
        ]
        self.table = fill_down(table, fills) if fills else table
        self.length = self.table.rows.num_rows
        self.faults = Faults(self.length)
        self.unknown: Counter[tuple[str, str]] = Counter()
        self.offset_minutes = offset_minutes
        self.ticked: set[str] = set()
        self._texts: dict[str, Array] = {}
        self._parsed: dict[tuple[str, str, str | None, str], Parsed] = {}
        self._held: dict[Condition, Mask] = {}

    def has(self, name: str) -> bool:
        """Return whether the table has a column for the field."""
        return name in self.columns

    def lacks(self, how: ColumnMap) -> bool:
        """Return whether the table lacks the fields that would fill a column (of a join: any)."""
        there = [self.has(name) for name in how.fields]
        return not (all(there) if how.join is not None else any(there))

    def text(self, name: str) -> Array:
        """Return the text of a field as it stands in the file, declared words cut off."""
        if name not in self._texts:
            self._texts[name] = self._read_text(name)
        return self._texts[name]

    def _read_text(self, name: str) -> Array:
        if not self.has(name):
            return nulls(self.length, pa.string())
        column = flat(self.table.rows.column(self.columns[name]))
        ruined = true(pc.match_substring_regex(column, pattern="\ufffd|锟斤拷|ï¿½"))
        if ruined.any():
            self.faults.add(ruined, self.columns[name], "ruined_text")
        field = self._field(name)
        if field.beside is not None and self.has(field.beside):
            column = _with_clock(column, flat(self.table.rows.column(self.columns[field.beside])))
        if self.parser(name) == "datetime":
            column = self._with_twin(name, column)
        if field.words:
            column = look_up_or_keep(column, field.words)
        strip = field.strip
        if not strip:
            return column
        words = "|".join(re.escape(word) for word in strip)
        cut = pc.replace_substring_regex(
            column, pattern=rf"^(?:{words})|(?:{words})$", replacement=""
        )
        return pc.replace_substring_regex(cut, pattern=r"^[\s\-_]+|[\s\-_]+$", replacement="")

    def _with_twin(self, name: str, column: Array) -> Array:
        """Add the day or the time of day from the column that is named alike but for that."""
        own = self.columns[name]
        for header in self.table.headers:
            if header != own and are_twins(own, header):
                both = _with_clock(column, flat(self.table.rows.column(header)))
                if not both.equals(column):
                    self.ticked.add(header)
                    return both
        return column

    def _field(self, name: str) -> Field:
        field = self.source.find(name)
        assert field is not None  # noqa: S101 - the loader has resolved every name
        return field

    def parser(self, name: str) -> str:
        """Return the parser of a field: declared, or by the first column that uses it."""
        return field_parser(self.source, self._field(name))

    def parsed(
        self,
        name: str,
        parser: str | None = None,
        codes: Mapping[str, str] | None = None,
        *,
        table: str | None = None,
        unmapped: str = "unknown",
    ) -> Parsed:
        """Return the cleaned cells of a field; faults are noted the first time.

        ``table`` names the code table ``codes`` (for the cache and the report).
        """
        used = parser or self.parser(name)
        key = (name, used, table, unmapped)
        if key not in self._parsed:
            options = self._options(name, used)
            if codes is not None:
                options = replace(options, codes=codes, unmapped=unmapped)
            self._parsed[key] = self._parse(name, used, options)
        return self._parsed[key]

    def _options(self, name: str, parser: str) -> ParseOptions:
        field = self._field(name)
        raw = dict(field.options)
        unit = header_unit(self.columns.get(name, ""))
        if parser == "money" and unit and "unit" not in raw:
            raw["unit"] = unit
        if parser == "datetime" and "epoch" not in raw and self.has(name):
            raw |= _epoch(self.text(name))
        options = parse_options(raw)
        return replace(options, date_1904=self.table.date_1904, offset_minutes=self.offset_minutes)

    def _parse(self, name: str, parser: str, options: ParseOptions) -> Parsed:
        text = self.text(name)
        field = self._field(name)
        if field.times is None:
            parsed = PARSERS[parser](text, options)
        else:
            price = PARSERS[parser](text, replace(options, finer=_FINER))
            parsed = _times(price, flat(self.parsed(field.times, "int").values), options)
        if field.negate:
            parsed = replace(parsed, values=pc.negate(parsed.values))
        if self.has(name):
            self._note(name, parser, text=text, parsed=parsed)
        return parsed

    def _note(self, name: str, parser: str, *, text: Array, parsed: Parsed) -> None:
        problems = flat(parsed.problems)
        rows = np.flatnonzero(filled(problems))
        header = self.columns[name]
        if len(rows):
            index = pa.array(rows)
            values = text.take(index).to_pylist()
            masked = [None if v is None else mask(v, parser) for v in values]
            if self._field(name).soft:
                self.unknown.update((header, value or "") for value in masked)
                return
            self.faults.add_cells(
                rows, header, masked, reasons=[str(p) for p in problems.take(index).to_pylist()]
            )
        strange = parsed.extra.get("unmapped")
        if strange is not None and true(flat(strange)).any():
            for value in text.filter(flat(strange)).to_pylist():
                self.unknown[(header, mask(str(value), "text"))] += 1

    def finding(self, name: str, parser: str, what: str) -> Array | None:
        """Return something else that a parser found out (``pseudo_name`` ...), or None."""
        found = self.parsed(name, parser).extra.get(what)
        return None if found is None else flat(found)

    def ticks(self, header: str) -> tuple[Mask, Mask]:
        """Return where the column of an option is ticked, and where it is filled at all."""
        self.ticked.add(header)
        text = flat(self.table.rows.column(header))
        parsed = PARSERS["bool"](text, parse_options({}))
        problems = flat(parsed.problems)
        # An option's cell may hold the option itself: any other text counts as a tick.
        return true(flat(parsed.values)) | filled(problems), filled(text)

    def holds(self, conditions: tuple[Condition, ...]) -> Mask:
        """Return the rows for which every condition holds."""
        result = np.ones(self.length, dtype=bool)
        for condition in conditions:
            if condition not in self._held:
                self._held[condition] = self._holds(condition)
            result &= self._held[condition]
        return result

    def _holds(self, condition: Condition) -> Mask:
        if condition.check in {Check.BLANK, Check.FILLED}:
            there = filled(self._typed(condition.field))
            for name in condition.also:
                there |= filled(self._typed(name))
            return there if condition.check is Check.FILLED else ~there
        if condition.check in {Check.IN, Check.NOT_IN}:
            inside = self._inside(condition)
            return inside if condition.check is Check.IN else ~inside
        numbers = flat(self.parsed(condition.field, self._number_parser(condition.field)).values)
        compare = {
            Check.POSITIVE: pc.greater,
            Check.NEGATIVE: pc.less,
            Check.NOT_NEGATIVE: pc.greater_equal,
            Check.ZERO: pc.equal,
            Check.NOT_ZERO: pc.not_equal,
        }[condition.check]
        known = true(compare(numbers, 0))
        return known | ~filled(numbers) if condition.check is Check.NOT_NEGATIVE else known

    def _typed(self, name: str) -> Array:
        parser = self.parser(name)
        if parser in {"money", "int", "datetime", "date"}:
            return flat(self.parsed(name, parser).values)
        return flat(self.parsed(name, "native_id").values)

    def _number_parser(self, name: str) -> str:
        parser = self.parser(name)
        return parser if parser in {"money", "int"} else "money"

    def _inside(self, condition: Condition) -> Mask:
        parser = self.parser(condition.field)
        wanted = pa.array(list(condition.values), pa.string())
        if parser in {"money", "int"}:
            numbers = flat(self.parsed(condition.field, parser).values)
            chosen = flat(PARSERS[parser](wanted, parse_options({})).values)
            return true(pc.is_in(numbers, value_set=chosen))
        text = _comparable(self.text(condition.field))
        return true(pc.is_in(text, value_set=_comparable(wanted)))

    def amount(self, name: str) -> Array:
        """Return the money of a field in fen, null where there is none to read."""
        return flat(self.parsed(name, "money").values)

    def replace_amount(self, name: str, values: Array) -> None:
        """Set the money of a field (packages): later reads see these values."""
        self._held.clear()
        for key in [key for key in self._parsed if key[0] == name and key[1] == "money"]:
            self._parsed[key] = replace(self._parsed[key], values=values)

    def rows(self, mask: Mask) -> Array:
        """Return the row numbers in the file of the rows in a mask."""
        return self.table.row_no.filter(mask_array(mask))


def _times(price: Parsed, counts: Array, options: ParseOptions) -> Parsed:
    """Multiply unit prices by counts in exact decimals and round once, to the fen."""
    product = pc.multiply(flat(price.values).cast(_EXACT), counts.cast(_EXACT))
    whole = pc.round(product, ndigits=-_FINER, round_mode="half_towards_infinity")
    # Made here, not as the module loads: with it pyarrow loads pandas, where that is installed.
    most = pa.scalar(10 ** (17 + _FINER), pa.decimal256(39, 0))
    reason = pc.if_else(_sure(pc.greater(pc.abs(whole), most)), str(Reason.OUT_OF_RANGE), None)
    if options.rounding == "exact":
        broken = _sure(pc.not_equal(whole, product))
        reason = pc.coalesce(reason, pc.if_else(broken, str(Reason.TOO_MANY_DECIMALS), None))
    problems = pc.coalesce(flat(price.problems), reason)
    fitting = pc.if_else(pc.is_null(reason), whole, pa.scalar(None, whole.type))
    values = pc.divide(fitting, pa.scalar(10**_FINER, pa.decimal256(5, 0))).cast(pa.int64())
    return replace(price, values=values, problems=problems)


def _with_clock(own: Array, other: Array) -> Array:
    """Put a day and a time of day that stand in two columns together."""
    bare = pc.replace_substring_regex(own, pattern=_MIDNIGHT, replacement="")
    far = pc.replace_substring_regex(other, pattern=_MIDNIGHT, replacement="")
    clock, far_clock = (pc.match_substring_regex(text, pattern=_CLOCK) for text in (own, other))
    day, far_day = (pc.match_substring_regex(text, pattern=_DAY) for text in (bare, far))
    mine, theirs = _start(own), _start(other)
    own = pc.if_else(_both(clock, far_day), joined([far, mine], " "), own)
    return pc.if_else(_both(day, far_clock), joined([bare, theirs], " "), own)


def _start(clocks: Array) -> Array:
    """Return the first of two times of day, with two digits for the hour."""
    first = pc.replace_substring_regex(clocks, pattern=_CLOCK, replacement=r"\1")
    return pc.replace_substring_regex(first, pattern=r"^\s*(\d)([:：])", replacement=r"0\1\2")


def _sure(column: Array) -> Array:
    return mask_array(true(column))


def _both(left: Array, right: Array) -> Array:
    return mask_array(true(left) & true(right))


def _epoch(text: Array) -> dict[str, object]:
    """Return the option for moments that are all seconds or all milliseconds since 1970."""
    digits = pc.utf8_trim_whitespace(text.drop_null())
    if len(digits) == 0:
        return {}
    for unit, shape in (("s", r"^1\d{9}(?:\.0)?$"), ("ms", r"^1\d{12}(?:\.0)?$")):
        if pc.all(pc.match_substring_regex(digits, pattern=shape)).as_py():
            return {"epoch": unit}
    return {}


def _comparable(column: Array) -> Array:
    text = pc.utf8_trim_whitespace(pc.utf8_normalize(column, form="NFKC"))
    return pc.utf8_lower(text)
