"""Parse personal names: cleaned, and told apart from nicknames, forms of address and tests."""

import re
from dataclasses import replace

from zhiyan.core.identity import Quality
from zhiyan.pipeline.ingest.clean.column import Column, Parsed, distinct, no_problems
from zhiyan.pipeline.ingest.clean.options import ParseOptions
from zhiyan.pipeline.ingest.clean.scan import scan_sensitive
from zhiyan.pipeline.ingest.read.arrow import pa, pc

_TEST = re.compile(
    r".*(?:测试|演示|试用|样例|彩排).*|.*培训.*|(?:张三|李四|王五|赵六|某某某?|张某某?)[0-9]*"
    r"|(?:test|demo|sample|training)[\s_\-]*[a-z]?[0-9]*|.*\b(?:test|demo)\b.*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r".{0,4}(?:女士|先生|小姐|太太|夫人|老师|美女|帅哥|老板|阿姨|叔叔|大姐|大哥|医生|护士|同学|宝妈|妈妈|爸爸)"
    r"|.[总姐哥妹弟叔嫂婶姨]|[小阿老大].|[A-Za-z]?[小阿][一-鿿]"
)
_WORDS = re.compile(
    r".*(?:客户|顾客|会员|用户|游客|散客|匿名|朋友|新客|老客|微信|美容|医美|旗舰|官方|客服|未知|无名|临时).*"
    r"|.*(?:vip|svip|user|guest).*",
    re.IGNORECASE,
)
#: Names of celebrities whom nobody else is likely to share.
_STARS = frozenset(
    [
        "迪丽热巴",
        "古力娜扎",
        "易烊千玺",
        "范冰冰",
        "刘亦菲",
        "周杰伦",
        "刘德华",
        "赵丽颖",
        "王一博",
        "蔡徐坤",
        "杨幂",
        "鹿晗",
        "肖战",
        "马化腾",
    ]
)
_MASKED = re.compile(r"[一-鿿A-Za-z]{0,3}[*●•xX某]{1,4}[一-鿿A-Za-z]{0,2}")
_CHINESE = re.compile(
    r"[一-鿿㐀-䶿\U00020000-\U0002ebef]{2,4}|[一-鿿]{1,10}(?:·[一-鿿]{1,10}){1,4}"
)
_LATIN = re.compile(r"[A-Za-zÀ-ɏ'’.-]{1,25}(?: [A-Za-zÀ-ɏ'’.-]{1,25}){1,4}")
_REMARK = re.compile(r"\s*[(\[【{<].*?[)\]】}>]\s*")
_DOTS = re.compile(r"(?<=[一-鿿])\s*[·•・.‧∙]\s*(?=[一-鿿])")
#: What lets a plain name pass without a closer look (RE2): two to four hanzi and no odd word.
_PLAIN = r"^[\p{Han}]{2,4}$"
_ODD = (
    r"女士|先生|小姐|太太|夫人|老师|美女|帅哥|老板|阿姨|叔叔|大姐|大哥|医生|护士|同学|宝妈|妈妈|爸爸"
    r"|测试|演示|试用|样例|彩排|培训|^张三|^李四|^王五|^赵六|某|客户|顾客|会员|用户|游客|散客|匿名|朋友"
    r"|新客|老客|微信|美容|医美|旗舰|官方|客服|未知|无名|临时|^.[总姐哥妹弟叔嫂婶姨]$|^[小阿老大].$"
)


def parse_name(column: Column, options: ParseOptions) -> Parsed:
    """Clean names (string); nicknames are kept but marked.

    ``quality`` is ``ok`` for a full name, ``placeholder`` for nicknames and forms of address,
    ``masked`` for ``王**``. ``extra`` holds ``is_test`` and ``pseudo_name`` (bool). A remark in
    brackets is taken off. Names are never a problem.
    """
    held = distinct(column, options)
    stars = pa.array(sorted(_STARS))
    plain = pc.and_(
        pc.match_substring_regex(held.texts, _PLAIN),
        pc.invert(pc.or_(pc.match_substring_regex(held.texts, _ODD), pc.is_in(held.texts, stars))),
    )
    names: list[str | None] = []
    quality: list[str | None] = []
    tests: list[bool | None] = []
    for text, good in zip(held.texts.to_pylist(), plain.to_pylist(), strict=True):
        name = text if good or text is None else _cleaned(text)
        names.append(name)
        quality.append(Quality.OK if good else None if name is None else _quality(name))
        tests.append(None if name is None else not good and _is_test(text or "", name))
    graded = pa.array(quality, pa.string())
    extra = {
        "is_test": pa.array(tests, pa.bool_()),
        "pseudo_name": pc.equal(graded, str(Quality.PLACEHOLDER)),
    }
    return held.parsed(
        pa.array(names, pa.string()), no_problems(len(names)), quality=graded, extra=extra
    )


def parse_nickname(column: Column, options: ParseOptions) -> Parsed:
    """Clean what somebody calls herself on a platform: kept, but never good as a name.

    As ``parse_name``, with ``placeholder`` in place of ``ok``.
    """
    return _never_good(parse_name(column, options))


def parse_remark_name(column: Column, options: ParseOptions) -> Parsed:
    """Clean the name that staff gave a contact; a remark with a number in it is dropped.

    Numbers are phones, identity cards and bank cards; ``extra["dropped"]`` names the kind. Anything
    but a bare full name is ``placeholder``.
    """
    column = column.cast(pa.string())
    kinds = scan_sensitive(column)
    column = pc.if_else(pc.is_valid(kinds), pa.scalar(None, pa.string()), column)
    parsed = parse_name(column, options)
    return replace(parsed, extra={**parsed.extra, "dropped": kinds})


def _never_good(parsed: Parsed) -> Parsed:
    quality = parsed.quality
    good = pc.equal(quality, str(Quality.OK))
    return replace(parsed, quality=pc.if_else(good, str(Quality.PLACEHOLDER), quality))


def _is_test(text: str, name: str) -> bool:
    return any(_TEST.fullmatch(form) is not None for form in (text, name))


def _cleaned(text: str) -> str | None:
    """Take off remarks in brackets and blanks between hanzi; None if nothing is left."""
    bare = _REMARK.sub(" ", text).strip()
    name = bare or text
    name = _DOTS.sub("·", name)
    name = re.sub(r"(?<=[一-鿿])\s+(?=[一-鿿])", "", name)
    return " ".join(name.split()) or None


def _quality(name: str) -> Quality:
    if _MASKED.fullmatch(name) and re.search(r"[*●•某]|[xX]{2}", name):
        return Quality.MASKED
    pseudo = (
        name in _STARS
        or _TEST.fullmatch(name)
        or _ADDRESS.fullmatch(name)
        or _WORDS.fullmatch(name)
        or not (_CHINESE.fullmatch(name) or _LATIN.fullmatch(name))
    )
    return Quality.PLACEHOLDER if pseudo else Quality.OK
