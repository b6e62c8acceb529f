"""Made-up names, telephone numbers and identity numbers: synthetic, repeatable, nobody's."""

from collections.abc import Iterable

import numpy as np

from zhiyan.demo.columns import Array

SURNAMES = np.array(
    list(
        "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    )
)
FIRST = np.array(list("晓雨欣思佳梦静雅诗子若嘉怡语可安文心慧紫婉宁芷书清云映兰初锦"))
SECOND = np.array([*"涵怡萱婷琪妍彤瑶琳洁颖雯悦然菲蕾岚薇凝舒瑾媛楠茜澜瑜", "", "", "", "", "", ""])
#: Second digits and third digits of ordinary mobile numbers; virtual ones are elsewhere.
PREFIXES = np.array(
    [131, 132, 135, 136, 137, 139, 150, 151, 152, 155, 158, 159, 177, 186, 187, 188]
)
VIRTUAL = np.array([170, 171, 167, 165, 162])
SEGMENT = 99_999_989  # below 10**8, prime: numbers are scattered one to one below it
NICKNAMES = ("小美", "VIP客户", "1", "🌸花开", "爱美丽", "Lily", "匿名用户", "某明星")
TEST_NAMES = ("测试", "张三", "培训", "demo", "测试账号2", "test01")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"


def full_names(draws: Array) -> Array:
    """Turn non-negative integers into Chinese full names of two or three characters."""
    rest, surname = np.divmod(draws.astype(np.int64), len(SURNAMES))
    rest, first = np.divmod(rest, len(FIRST))
    second = rest % len(SECOND)
    return np.char.add(np.char.add(SURNAMES[surname], FIRST[first]), SECOND[second])


def mobiles(serial: Array) -> Array:
    """Turn distinct serial numbers into distinct 11-digit mobile numbers (integers)."""
    block, rest = np.divmod(serial.astype(np.int64), SEGMENT)
    prefix = PREFIXES[(serial + block) % len(PREFIXES)]
    return prefix * 100_000_000 + (rest * 48_271 + 20_011) % SEGMENT


def virtual_numbers(serial: Array) -> Array:
    """Return privacy numbers of a platform, 11 digits, of the virtual segments."""
    return VIRTUAL[serial % len(VIRTUAL)] * 100_000_000 + (serial * 7919 + 17) % SEGMENT


def id_card(birth: str, serial: int) -> str:
    """Return an 18-digit number with a right check digit in a region that does not exist (990000)."""
    body = f"990000{birth}{serial % 1000:03d}"
    return body + CHECK[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def bank_card(serial: int) -> str:
    """Return a 16-digit number that passes the Luhn check, of an unused issuer range (99)."""
    body = f"9900{serial % 10**11:011d}"
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(body)]
    return body + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def id_cards(births: Iterable[str], serials: Iterable[int]) -> list[str]:
    """Return one identity number per birth day (``YYYYMMDD``, empty gives empty)."""
    return [id_card(b, s) if b else "" for b, s in zip(births, serials, strict=True)]
