"""Problems of real exports, each with the line of the domain table that it stands for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from zhiyan.demo.exports.draft import Draft, Mark
from zhiyan.demo.names import bank_card, id_card

FULL_WIDTH = str.maketrans("0123456789.-+", "０１２３４５６７８９．－＋")
Change = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One problem: the line of the table, its name, what should follow, and how it is made.

    ``change`` turns a good cell into a bad one, or returns None where it does not fit.
    """

    line: int
    problem: str
    expected: str
    change: Change
    rate: float = 0.002
    floor: int = 1


def plant(
    rng: np.random.Generator, draft: Draft, column: str, *, recipes: Sequence[Recipe]
) -> None:
    """Plant every recipe into a column, at its rate and at least ``floor`` times where cells fit."""
    cells = draft.cells(column)
    n = len(cells)
    if n == 0:
        return
    for recipe in recipes:
        wanted = max(recipe.floor, round(n * recipe.rate))
        tries = rng.integers(0, n, 8 * wanted + 60).tolist()
        for index in tries:
            if wanted == 0:
                break
            wanted -= _put(draft, (column, index), recipe, cells=cells)


def _put(draft: Draft, place: tuple[str, int], recipe: Recipe, *, cells: list[str]) -> bool:
    column, index = place
    if index in draft.outcome or not cells[index]:
        return False
    raw = recipe.change(cells[index])
    if raw is None or raw == cells[index]:
        return False
    draft.mark(
        Mark(
            index=index,
            column=column,
            line=recipe.line,
            problem=recipe.problem,
            raw=raw,
            clean=cells[index],
            expected=recipe.expected,
        )
    )
    cells[index] = raw
    return True


def _mobile(change: Callable[[str], str]) -> Change:
    return lambda cell: change(cell) if len(cell) == 11 and cell.isdigit() else None


def _fixed(text: str) -> Change:
    return lambda _: text


PHONES = (
    Recipe(line=1, problem="country_code", expected="clean", change=_mobile(lambda p: f"+86{p}")),
    Recipe(line=1, problem="country_00", expected="clean", change=_mobile(lambda p: f"0086{p}")),
    Recipe(
        line=1,
        problem="spaces",
        expected="clean",
        change=_mobile(lambda p: f" {p[:3]} {p[3:7]} {p[7:]}"),
    ),
    Recipe(
        line=1,
        problem="dashes",
        expected="clean",
        change=_mobile(lambda p: f"{p[:3]}-{p[3:7]}-{p[7:]}"),
    ),
    Recipe(
        line=1,
        problem="full_width",
        expected="clean",
        change=_mobile(lambda p: p.translate(FULL_WIDTH)),
    ),
    Recipe(line=1, problem="trailing_zero", expected="clean", change=_mobile(lambda p: f"{p}.0")),
    Recipe(
        line=1,
        problem="two_phones_slash",
        expected="clean",
        change=_mobile(lambda p: f"{p}/1990{int(p[4:]) % 10**7:07d}"),
    ),
    Recipe(
        line=1,
        problem="two_phones_comma",
        expected="clean",
        change=_mobile(lambda p: f"{p}、1980{int(p[4:]) % 10**7:07d}"),
    ),
    Recipe(
        line=1,
        problem="lossy_scientific",
        expected="quarantine",
        change=_mobile(lambda p: f"{p[0]}.{p[1:3]}E+10"),
        rate=0.0008,
    ),
    Recipe(
        line=2,
        problem="landline",
        expected="flag",
        change=_mobile(lambda p: f"021-6{p[4:]}"),
    ),
    Recipe(
        line=2,
        problem="service_number",
        expected="flag",
        change=_mobile(lambda p: f"400-{p[4:7]}-{p[7:]}"),
        rate=0.0005,
    ),
    Recipe(line=2, problem="virtual", expected="flag", change=_mobile(lambda p: f"170{p[3:]}")),
    Recipe(line=3, problem="pattern", expected="flag", change=_fixed("13800138000")),
    Recipe(line=3, problem="pattern_ones", expected="flag", change=_fixed("11111111111")),
)


def _amount(change: Callable[[int], str | None]) -> Change:
    def fits(cell: str) -> str | None:
        return change(round(float(cell) * 100)) if cell.replace(".", "", 1).isdigit() else None

    return fits


def _thousands(fen: int) -> str | None:
    return f"{fen // 100:,}.{fen % 100:02d}" if fen >= 100_000 else None


def _wan(fen: int) -> str | None:
    if fen < 1_000_000 or fen % 10_000:
        return None
    return f"{fen // 1_000_000}.{fen % 1_000_000 // 10_000:02d}万"


MONEY = (
    Recipe(
        line=18,
        problem="currency_sign",
        expected="clean",
        change=_amount(lambda fen: f"¥{fen // 100}.{fen % 100:02d}"),
    ),
    Recipe(line=18, problem="thousands", expected="clean", change=_amount(_thousands)),
    Recipe(line=18, problem="ten_thousands", expected="clean", change=_amount(_wan)),
    Recipe(
        line=18,
        problem="full_width_money",
        expected="clean",
        change=_amount(lambda fen: f"{fen // 100}.{fen % 100:02d}".translate(FULL_WIDTH)),
    ),
    Recipe(
        line=18,
        problem="unreadable_money",
        expected="quarantine",
        change=_amount(lambda _: "待定"),
        rate=0.0003,
    ),
)


def _negative(change: Callable[[str], str]) -> Change:
    return lambda cell: change(cell[1:]) if cell.startswith("-") else None


REFUND_MONEY = (
    Recipe(
        line=18,
        problem="brackets",
        expected="clean",
        change=_negative(lambda text: f"({text})"),
        rate=0.004,
    ),
    Recipe(
        line=18,
        problem="full_width_minus",
        expected="clean",
        change=_negative(lambda text: f"-{text}".translate(FULL_WIDTH)),
        rate=0.001,
    ),
)


def _iso(change: Callable[[str, str, str], str | None]) -> Change:
    return lambda cell: change(cell[:4], cell[5:7], cell[8:10]) if cell[4:5] == "-" else None


def _serial(year: str, month: str, day: str) -> str:
    first = np.datetime64("1899-12-30")
    return str(int((np.datetime64(f"{year}-{month}-{day}") - first).astype(np.int64)))


def _short(year: str, month: str, day: str) -> str | None:
    return f"{year[2:]}.{int(month)}.{int(day)}" if "1980" <= year < "2000" else None


BIRTHS = (
    Recipe(
        line=7,
        problem="slashes",
        expected="clean",
        change=_iso(lambda y, m, d: f"{y}/{int(m)}/{int(d)}"),
        rate=0.02,
    ),
    Recipe(
        line=7,
        problem="compact",
        expected="clean",
        change=_iso(lambda y, m, d: y + m + d),
        rate=0.01,
    ),
    Recipe(line=7, problem="excel_serial", expected="clean", change=_iso(_serial)),
    Recipe(line=7, problem="two_digit_year", expected="clean", change=_iso(_short)),
    Recipe(
        line=7,
        problem="lunar",
        expected="quarantine",
        change=_fixed("农历八月初五"),
        rate=0.0008,
    ),
    Recipe(line=7, problem="zero_date", expected="null", change=_fixed("0000-00-00")),
    Recipe(line=24, problem="placeholder_birth", expected="null", change=_fixed("1900-01-01")),
)


def _word(words: dict[str, str]) -> Change:
    return words.get


SEXES = (
    Recipe(
        line=6,
        problem="title",
        expected="clean",
        change=_word({"女": "女士", "男": "先生"}),
        rate=0.02,
    ),
    Recipe(
        line=6, problem="letter", expected="clean", change=_word({"女": "F", "男": "M"}), rate=0.01
    ),
    Recipe(
        line=6, problem="digit", expected="clean", change=_word({"女": "2", "男": "1"}), rate=0.01
    ),
    Recipe(line=6, problem="zero_sex", expected="null", change=_fixed("0")),
    Recipe(line=6, problem="unknown_sex", expected="null", change=_fixed("未知")),
)

FAKE_NAMES = (
    Recipe(line=5, problem="vip_name", expected="flag", change=_fixed("VIP客户")),
    Recipe(line=5, problem="nickname", expected="flag", change=_fixed("小美")),
    Recipe(line=5, problem="digit_name", expected="flag", change=_fixed("1")),
    Recipe(line=5, problem="emoji_name", expected="flag", change=_fixed("🌸花开🌸")),
    Recipe(
        line=5,
        problem="address_name",
        expected="flag",
        change=lambda cell: f"{cell[0]}女士",
    ),
)
REPLACED = (
    Recipe(
        line=8,
        problem="replacement_character",
        expected="quarantine",
        change=lambda cell: f"{cell[0]}\ufffd" if cell else None,
        rate=0.0004,
    ),
)
REMARKS = (
    Recipe(
        line=22,
        problem="id_card_in_remark",
        expected="clean",
        change=lambda cell: f"身份证{id_card('19900305', len(cell) * 37 % 999)}",
    ),
    Recipe(
        line=22,
        problem="bank_card_in_remark",
        expected="clean",
        change=lambda cell: f"卡号{bank_card(len(cell) * 7919)}",
        rate=0.001,
    ),
    Recipe(
        line=22,
        problem="chat_in_remark",
        expected="clean",
        change=_fixed("微信聊天:客户说下周再来,孩子放假,先不约"),
        rate=0.001,
    ),
    Recipe(
        line=23,
        problem="formula_hyperlink",
        expected="clean",
        change=_fixed('=HYPERLINK("http://example.invalid","客户")'),
        rate=0.001,
    ),
    Recipe(
        line=23, problem="formula_at", expected="clean", change=_fixed("@SUM(1,2)"), rate=0.0005
    ),
    Recipe(line=23, problem="formula_plus", expected="clean", change=_fixed("+1+2"), rate=0.0005),
    Recipe(line=23, problem="formula_minus", expected="clean", change=_fixed("-1+2"), rate=0.0005),
)
ITEM_NAMES = (
    Recipe(
        line=16,
        problem="decorated_item",
        expected="clean",
        change=lambda cell: f"{cell}(体验)",
        rate=0.006,
    ),
    Recipe(
        line=16,
        problem="spaced_item",
        expected="clean",
        change=lambda cell: f" {cell} ",
        rate=0.005,
    ),
    Recipe(
        line=16,
        problem="unmapped_item",
        expected="review",
        change=_fixed("王者之心PLUS"),
        rate=0.003,
        floor=0,
    ),
    Recipe(
        line=16,
        problem="unmapped_item_2",
        expected="review",
        change=_fixed("店庆秒杀项目A"),
        rate=0.002,
        floor=0,
    ),
)
STAFF_GONE = (
    Recipe(line=15, problem="owner_empty", expected="null", change=_fixed(""), rate=0.01),
)
