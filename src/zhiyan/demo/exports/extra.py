"""Reference lists, a later export that repeats and corrects, and files that are damaged."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Arrow
from zhiyan.demo.exports.desk import Desk
from zhiyan.demo.exports.draft import Draft, Mark
from zhiyan.demo.exports.forms import BOM, GBK
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


def write_later_payments(desk: Desk, payments: Draft) -> None:
    """Write a second export of payments: some rows again, some corrected."""
    keep = [i for i in range(payments.count) if i not in payments.outcome]
    chosen = np.sort(desk.rng.choice(keep, min(len(keep), 40), replace=False))
    take = Arrow.array(chosen)
    columns = {name: column.take(take) for name, column in payments.final().items()}
    money = {name: fen[chosen].copy() for name, fen in payments.money.items()}
    draft = Draft(
        file=desk.name("HIS收款流水_补充", "csv"), kinds=("payment",), columns=columns, money=money
    )
    ways = draft.cells("支付方式")
    for index in range(draft.count):
        corrected = index % 2 == 1
        before = ways[index]
        if corrected:
            ways[index] = "现金" if before != "现金" else "微信"
        draft.mark(
            Mark(
                index=index,
                column="支付方式" if corrected else "",
                line=10 if corrected else 14,
                problem="edited_original" if corrected else "row_twice",
                raw=ways[index],
                clean=before,
                expected="correction" if corrected else "duplicate",
            )
        )
    desk.save(draft, GBK)


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
