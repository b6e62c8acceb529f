"""Headers: one written form per meaning, and which column carries which field."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from zhiyan.pipeline.ingest.mapping import Field

_NUMBERING = re.compile(r"^(?:q|第)?\d{1,3}(?:题)?[、.．:：)）]\s*")
_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_MARKS = re.compile(r"[\s*＊\"'“”`_\-:：?？,，;；。#|]+")
_TIME_WORD = re.compile("(?:日期|时间|时段|时刻|日)$")
_UNITS = {"万元": "wan", "万": "wan", "分": "fen", "元": "yuan"}
#: Units that stand behind a separator at the end: ``实收金额/元``.
_UNIT_END = re.compile(
    r"(?<=.)[\s/:_\-·|]+(?:万元|万|元|分|rmb|cny|¥|人民币|次|个|秒|分钟|岁|%)\s*$", re.IGNORECASE
)
#: Words that mean the same at the end of a header; each becomes the last of its line.
_ENDS = (
    (re.compile(r"(?:手机号码?|手机|移动电话|mobile|cellphone)$"), "手机号"),
    (re.compile(r"电话号码?$"), "电话"),
    (re.compile(r"(?:编号|号码|编码|代码|序列号|number|num|no\.?|id)$"), "号"),
    (re.compile(r"(?:日期时间|日期|时刻|date|time|(?<=[期易款单店院日户卡费])日)$"), "时间"),
    (re.compile(r"(?:总金额|金额|总额|价款)$"), "额"),
)
#: Whom a header speaks of; what is left must say enough by itself.
_ABOUT_HER = re.compile(
    r"^(?:请问|请填写|请输入)?(?:您的|您|客户|顾客|会员|患者|用户|买家|消费者|求美者|客人|就诊人)的?"
)
_TOO_LITTLE = re.compile(
    r"(?:编?号码?|编码|代码|id|no|类型|类别|分类|状态|名称|名|时间|日期|备注|来源|渠道|级别|等级|标签|分组|评价|电话|意向|.)"
)
#: Somebody else than the customer: her columns keep their full names.
_OTHERS = re.compile(
    "推荐人|介绍人|转介人|紧急联系|监护人|家属|陪同|陪诊|同行人|代付人|老客|配偶|父亲|母亲"
    "|follow|staff|employee|operator|cashier|sales|referrer|inviter|guide"
)
#: The last name of a JSON path.
_STEP = re.compile(r"[^\W\d][\w -]+")


@cache
def plain(text: str) -> str:
    """Return a header without width, case, blanks and marks."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


@cache
def forms(header: str) -> tuple[str, ...]:
    """Return the forms under which a header may be known, the most exact first.

    A group label before ``/``, the path before the last name of a JSON field, a number in front,
    brackets and units are left out step by step. A group that names somebody else than the customer (``推荐人/手机号``) stays.
    """
    full = unicodedata.normalize("NFKC", header).strip()
    bare = _UNIT_END.sub("", full)
    group, _, last = bare.rpartition("/")
    last = bare if _OTHERS.search(group) else last
    path, _, leaf = last.rpartition(".")
    if _STEP.fullmatch(leaf) and path and not _OTHERS.search(path):
        last = leaf
    shorter = (bare, bare.replace("/", ""), last, _NUMBERING.sub("", last.strip().casefold()))
    without = tuple(_UNIT_END.sub("", _BRACKETS.sub("", one)) for one in shorter[-2:])
    found = (full, full.replace("/", ""), *shorter, *without)
    return tuple(dict.fromkeys(plain(one) for one in found if plain(one)))


@cache
def loose_forms(header: str) -> tuple[str, ...]:
    """Return weaker forms: words of one meaning at the end made one, ``客户`` in front left out.

    ``会员卡编号`` and ``会员卡no.`` are ``会员卡号``; ``客户性别`` is ``性别``. Both sides of a
    comparison go through it.
    """
    found: list[str] = []
    for form in forms(header):
        found.append(_same_end(form))
        short = _ABOUT_HER.sub("", form)
        if short != form and not _TOO_LITTLE.fullmatch(short):
            found += [short, _same_end(short)]
    return tuple(dict.fromkeys(one for one in found if one))


def _same_end(text: str) -> str:
    for words, one in _ENDS:
        if words.search(text):
            changed = words.sub(one, text)
            return changed if len(changed) > len(one) else text
    return text


def header_unit(header: str) -> str | None:
    """Return the money unit that a header names in brackets or behind a slash, or None.

    Units are ``wan``, ``fen`` and ``yuan``.
    """
    full = unicodedata.normalize("NFKC", header)
    end = _UNIT_END.search(full)
    for part in (*_BRACKETS.findall(full), *([end.group(0)] if end else [])):
        words = re.split(r"[:,/|、 ]", part.strip("()[]【】 /:_-·|"))
        unit = next((_UNITS[word] for word in words if word in _UNITS), None)
        if unit:
            return unit
    return None


def are_twins(one: str, other: str) -> bool:
    """Tell whether two headers name the day and the time of day of the same thing."""
    stems = [_TIME_WORD.sub("", forms(header)[-1]) for header in (one, other)]
    timed = [_TIME_WORD.search(forms(header)[-1]) is not None for header in (one, other)]
    return all(timed) and stems[0] == stems[1]


@cache
def pattern(text: str) -> re.Pattern[str]:
    """Return the pattern of a synonym in which ``*`` stands for any text, as one group each."""
    parts = [re.escape(plain(part)) for part in unicodedata.normalize("NFKC", text).split("*")]
    return re.compile("(.*)".join(parts))


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well a column fits a field; the smaller the better."""

    how: int
    form: int
    synonym: int
    field: int
    column: int

    @property
    def grade(self) -> tuple[int, int, int]:
        """How good it is, whichever the field and the column."""
        return self.how, self.form, self.synonym


_EXACT, _LOOSE, _WILD = 0, 1, 2
Known = Mapping[str, Sequence[tuple[int, int]]]


def bind(fields: Sequence[Field], headers: Sequence[str]) -> dict[str, str]:
    """Return field name -> header: each column serves one field (unless the field is shared).

    Exact synonyms go before loose ones and these before patterns, fuller forms of a header before
    shorter ones, earlier synonyms before later ones, columns on the left before others.
    """
    bound: dict[str, str] = {}
    taken: set[int] = set()
    for fit in _sorted_fits(fields, headers):
        field = fields[fit.field]
        if field.name in bound or (fit.column in taken and not field.shared):
            continue
        bound[field.name] = headers[fit.column]
        if not field.shared:
            taken.add(fit.column)
    return bound


def rivals(
    fields: Sequence[Field], headers: Sequence[str], bound: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return field name -> columns that fit it as well as the one it got and serve no other."""
    used = set(bound.values())
    grades: dict[str, tuple[int, int, int]] = {}
    found: dict[str, list[str]] = {}
    for fit in _sorted_fits(fields, headers):
        name, header = fields[fit.field].name, headers[fit.column]
        if bound.get(name) == header:
            grades.setdefault(name, fit.grade)
        elif header not in used and grades.get(name) == fit.grade:
            found.setdefault(name, []).append(header)
    return {name: tuple(dict.fromkeys(others)) for name, others in found.items()}


def _sorted_fits(fields: Sequence[Field], headers: Sequence[str]) -> list[_Fit]:
    exact = _places(headers, forms)
    loose = _places(headers, loose_forms)
    fits = [
        fit for at, field in enumerate(fields) for fit in _fits(field, at, exact=exact, loose=loose)
    ]
    return sorted(fits, key=lambda f: (f.how, f.form, f.synonym, f.field, f.column))


def _places(headers: Sequence[str], make: Callable[[str], Sequence[str]]) -> Known:
    known: dict[str, list[tuple[int, int]]] = {}
    for column, header in enumerate(headers):
        for form, name in enumerate(make(header)):
            known.setdefault(name, []).append((form, column))
    return known


def _fits(field: Field, number: int, *, exact: Known, loose: Known) -> list[_Fit]:
    fits: list[_Fit] = []
    for position, (wanted, text, loosely) in enumerate(_synonyms(tuple(field.headers))):
        if wanted is not None:
            places = [p for name in exact if wanted.fullmatch(name) for p in exact[name]]
            fits += [_Fit(_WILD, form, position, number, column) for form, column in places]
            continue
        for form, column in exact.get(text, ()):
            fits.append(_Fit(_EXACT, form, position, number, column))
        for form, column in loose.get(loosely, ()):
            fits.append(_Fit(_LOOSE, form, position, number, column))
    return fits


@cache
def _synonyms(headers: tuple[str, ...]) -> tuple[tuple[re.Pattern[str] | None, str, str], ...]:
    """Return what to look for: of each synonym its pattern if it is one, its plain and loose form."""
    return tuple(
        (pattern(one) if "*" in one else None, plain(one), _same_end(plain(one))) for one in headers
    )


_QUESTION = re.compile(r"^(?:q|第)?(\d{1,3})(?:题)?(?=[^\d.])", re.IGNORECASE)
_OPTION = re.compile(
    r"^(?:q|第)?\d{1,3}(?:题)?[、.．:：)）_\-]*[(（:：_\-—|\[【](.+?)[)）\]】]?$", re.IGNORECASE
)


def options(patterns: Sequence[str], headers: Sequence[str]) -> Mapping[str, str]:
    """Return header -> option for the columns of a question with one column per option.

    Where the first column of a question writes it out (``5、您的兴趣(运动)``), further ones may hold
    its number alone (``5、(美食)``).
    """
    found: dict[str, str] = {}
    for synonym in patterns:
        text = unicodedata.normalize("NFKC", synonym)
        wanted = re.compile(
            "(.*)".join(re.escape(part.replace(" ", "")) for part in text.split("*"))
        )
        for header in headers:
            name = _joined(header)
            match = wanted.search(name)
            option = match.group(match.lastindex or 0).strip("()[]:：_-. ") if match else ""
            if option and header not in found:
                found[header] = option
    numbers = {match[1] for header in found if (match := _QUESTION.match(_joined(header)))}
    for header in headers:
        bare, number = _OPTION.match(_joined(header)), _QUESTION.match(_joined(header))
        if header not in found and bare and number and number[1] in numbers:
            found[header] = bare[1]
    return {header: found[header] for header in headers if header in found}


def _joined(header: str) -> str:
    return unicodedata.normalize("NFKC", header).replace(" ", "")
