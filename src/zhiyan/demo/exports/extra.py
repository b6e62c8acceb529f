"""Reference lists, a later export that repeats and corrects, and files that are damaged."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Arrow
from zhiyan.demo.exports.desk import Desk
from zhiyan.demo.exports.draft import Draft, Mark
from zhiyan.demo.exports.forms import BOM, GBK, Delimited
from zhiyan.demo.exports.words import CHANNEL
from zhiyan.demo.group import CITIES, LEGAL_ENTITY

DAMAGED = "damaged"


def write_reference(desk: Desk) -> None:
    """Write the lists of clinics and staff."""
    group = desk.stage.setting.group
    clinics = {
        "门店编码": [clinic.code for clinic in group.clinics],
        "门店名称": [clinic.name for clinic in group.clinics],
        "城市": [CITIES[clinic.city] for clinic in group.clinics],
        "法人主体": [LEGAL_ENTITY for _ in group.clinics],
    }
    staff = {
        "工号": [person.code for person in group.staff],
        "姓名": [person.name for person in group.staff],
        "角色": [person.role for person in group.staff],
        "门店编码": [group.clinics[person.clinic].code for person in group.staff],
        "离职日期": ["" if np.isnat(p.left_on) else str(p.left_on) for p in group.staff],
    }
    for stem, columns in (("参考_门店", clinics), ("参考_员工", staff)):
        draft = Draft(
            file=desk.name(stem, "csv"),
            kinds=("ref",),
            columns={name: Arrow.array(cells, type=pa.string()) for name, cells in columns.items()},
        )
        desk.save(draft, BOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A second export: how many rows come again, and how every other one has changed."""

    stem: str
    form: Delimited
    column: str
    line: int
    problem: str
    change: Callable[[str], str]
    rows: int = 40


def _a_minute_later(moment: str) -> str:
    at = np.datetime64(moment.replace(" ", "T"), "s") + np.timedelta64(60, "s")
    return str(at).replace("T", " ")


def _other_channel(word: str) -> str:
    names = list(CHANNEL.values())
    return names[(names.index(word) + 1) % len(names)]


LATER_PAYMENTS = Later(
    stem="HIS收款流水_补充",
    form=GBK,
    column="收款时间",
    line=10,
    problem="edited_original",
    change=_a_minute_later,
)
LATER_LEADS = Later(
    stem="线索_补充",
    form=BOM,
    column="渠道",
    line=21,
    problem="channel_renamed",
    change=_other_channel,
)


def write_later(desk: Desk, first: Draft, later: Later) -> None:
    """Write some rows of an export again: every other one unchanged, the rest corrected."""
    keep = [i for i in range(first.count) if i not in first.outcome]
    chosen = np.sort(desk.rng.choice(keep, min(len(keep), later.rows), replace=False))
    take = Arrow.array(chosen)
    draft = Draft(
        file=desk.name(later.stem, "csv"),
        kinds=first.kinds,
        columns={name: column.take(take) for name, column in first.final().items()},
        money={name: fen[chosen].copy() for name, fen in first.money.items()},
    )
    cells = draft.cells(later.column)
    for index, before in enumerate(cells):
        corrected = index % 2 == 1
        cells[index] = later.change(before) if corrected else before
        draft.mark(
            Mark(
                index=index,
                column=later.column if corrected else "",
                line=later.line if corrected else 14,
                problem=later.problem if corrected else "row_twice",
                raw=cells[index],
                clean=before,
                expected="correction" if corrected else "duplicate",
            )
        )
    desk.save(draft, later.form)


def write_damaged(desk: Desk) -> None:
    """Write two files that must be refused as a whole."""
    folder = desk.folder / DAMAGED
    folder.mkdir(exist_ok=True)
    header = (
        "门店,预约单号,病历号,姓名,登记时间,预约时间,预约项目,医生工号,预约方式,状态,状态时间\r\n"
    )
    row = (
        "上海一院,YY1,00000001,王晓雨,2025-03-05 10:00:00,2025-03-06 10:00:00,光子,,线上,到店,\r\n"
    )
    cut = header.encode("gb18030") + row.encode("gb18030") * 3 + "上海".encode("gb18030")[:3]
    broken = "客户,手机号\n" + "鐜嬫檽闆�,13900000000\n" * 20
    for name, content, problem in (
        ("截断_预约.csv", cut, "cut_in_a_character"),
        ("乱码_客户.csv", broken.encode("utf-8"), "mojibake"),
    ):
        (folder / name).write_bytes(content)
        empty = {"": Arrow.array([], type=pa.string())}
        draft = Draft(file=f"{DAMAGED}/{name}", kinds=(), columns=empty)
        draft.marks.append(
            Mark(
                index=-1,
                column="",
                line=8,
                problem=problem,
                raw="",
                clean="",
                expected="reject_file",
            )
        )
        desk.drafts.append(draft)
