"""Parse province, city and district out of addresses; nothing finer ever leaves here."""

import re
from dataclasses import dataclass

from zhiyan.pipeline.ingest.clean.column import Column, Parsed, Parser, distinct
from zhiyan.pipeline.ingest.clean.options import ParseOptions
from zhiyan.pipeline.ingest.clean.reasons import Reason
from zhiyan.pipeline.ingest.read.arrow import pa

_MUNICIPALITIES = ("北京", "天津", "上海", "重庆")
_PROVINCES = (
    *(
        "河北",
        "山西",
        "辽宁",
        "吉林",
        "黑龙江",
        "江苏",
        "浙江",
        "安徽",
        "福建",
        "江西",
        "山东",
        "河南",
    ),
    *("湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾"),
    *("内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门"),
)
_PROVINCE = re.compile(
    rf"(?:中国|中华人民共和国)?({'|'.join((*_MUNICIPALITIES, *_PROVINCES))})"
    r"(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|省|市)?"
)
_CITY = re.compile(r"([一-鿿]{2,8}?)(?:市|自治州|地区|盟)")
_DISTRICT = re.compile(r"([一-鿿]{1,8}?(?:自治县|自治旗|新区|区|县|旗|市))")
_BARE = re.compile(r"[一-鿿]{2,6}")
_GAPS = re.compile(r"[\s\-/,，、·|>_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The parts of an address that were found, without 省 and 市, None where missing."""

    province: str | None = None
    city: str | None = None
    district: str | None = None


def split_place(text: str, options: ParseOptions) -> Place:
    """Split an address such as ``浙江省杭州市西湖区文三路1号``; ``cities`` helps with bare names."""
    parts = _GAPS.sub("", text)
    found = _PROVINCE.match(parts)
    province = found[1] if found else None
    rest = parts[found.end() :] if found else parts
    if province in {"香港", "澳门"} or province in _MUNICIPALITIES:
        city: str | None = province
        rest = rest.removeprefix(f"{province}市").removeprefix("市辖区")
    else:
        city, rest = _city(rest, options)
    if province is None and city:
        province = city if city in _MUNICIPALITIES else options.cities.get(city)
    district = _DISTRICT.match(rest)
    return Place(province=province, city=city, district=district[1] if district else None)


def _city(rest: str, options: ParseOptions) -> tuple[str | None, str]:
    known = max((c for c in options.cities if rest.startswith(c)), key=len, default=None)
    if known:
        return known, re.sub(r"^(?:市|自治州|地区|盟)", "", rest[len(known) :])
    named = _CITY.match(rest)
    if named:
        return named[1], rest[named.end() :]
    if _BARE.fullmatch(rest) and not _DISTRICT.fullmatch(rest):
        return rest, ""
    return None, rest


def _parser(part: str) -> Parser:
    def parse(column: Column, options: ParseOptions) -> Parsed:
        held = distinct(column, options)
        values: list[str | None] = []
        problems: list[str | None] = []
        for text in held.texts.to_pylist():
            place = Place() if text is None else split_place(text, options)
            values.append(getattr(place, part))
            lost = text is not None and place == Place()
            problems.append(Reason.BAD_PLACE if lost else None)
        return held.parsed(pa.array(values, pa.string()), pa.array(problems, pa.string()))

    parse.__doc__ = f"Find the {part} in addresses (string); the problem is ``bad_place``."
    return parse


parse_province = _parser("province")
parse_city = _parser("city")
parse_district = _parser("district")
