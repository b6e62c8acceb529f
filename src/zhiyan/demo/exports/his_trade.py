"""What the HIS exports of orders, payments, treatments, cards and complaints."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Array, Arrow, Column, Compute, pick, times
from zhiyan.demo.exports import words
from zhiyan.demo.exports.desk import Desk, blank, fen_of, file_mark, told
from zhiyan.demo.exports.draft import Draft, plain, worded, yes_no, yuan
from zhiyan.demo.exports.forms import Delimited, Grouped
from zhiyan.demo.exports.his_files import draft_lengths
from zhiyan.demo.exports.recipes import (
    ITEM_NAMES,
    MONEY,
    REFUND_MONEY,
    REMARKS,
    STAFF_GONE,
    plant,
)
from zhiyan.demo.exports.reports import by_clinic, write_report
from zhiyan.demo.payments import REFUND, TOP_UP
from zhiyan.demo.trade import STORE

LINE_GROUPS = (("门店", 1), ("订单", 5), ("项目", 4), ("金额", 3), ("状态", 4))
TREATMENT_GROUPS = (("门店", 1), ("执行", 5), ("项目", 4), ("人员", 2), ("耗材", 2))
CARD_GROUPS = (("门店", 1), ("卡", 5), ("金额", 2), ("时间", 2), ("余额快照", 2))
COMPLAINT_GROUPS = (("门店", 1), ("投诉", 3), ("分类", 3), ("处理", 2))


def as_negative_line(line: Array) -> Array:
    """Return which refunded lines the HIS shows as a negative line instead of a payment."""
    return (line >= 0) & (line % 17 == 3)


def write_orders(desk: Desk) -> None:
    """Write HIS开单明细: CSV of the first release, .xlsx of the second."""
    rows = desk.rows("order_line")
    rows = rows.filter(Arrow.array(rows["x_channel"].to_numpy() == STORE))
    modern = desk.modern(rows)
    for keep, stem, suffix in (
        (~modern, "HIS开单明细", "csv"),
        (modern, "HIS开单明细_新院", "xlsx"),
    ):
        part = rows.filter(Arrow.array(keep))
        if suffix == "xlsx":
            part = by_clinic(part)
        draft = _line_draft(desk, part, desk.name(stem, suffix))
        _refund_lines(desk, draft, part)
        draft.repeat(_sample(desk, draft, 0.001))
        for column, recipes in (
            ("成交金额", MONEY),
            ("项目名称", ITEM_NAMES),
            ("备注", REMARKS),
            ("开单人工号", STAFF_GONE),
        ):
            plant(desk.rng, draft, column, recipes=recipes)
        _note_lines(desk, draft)
        if suffix == "csv":
            _save_with_total(desk, draft, "成交金额")
        else:
            form = Grouped(
                title="开单明细报表",
                groups=LINE_GROUPS,
                merge_first=True,
                numbers=("数量", "原价", "成交金额"),
            )
            write_report(desk, draft, form, total=("成交金额",))


def _line_draft(desk: Desk, rows: pa.Table, file: str) -> Draft:
    packed = Compute.is_valid(rows["package"])
    remark = np.where(desk.rng.random(rows.num_rows) < 0.1, "已告知", "")
    columns = {
        "门店": desk.clinics(rows),
        "订单号": plain(rows["order_no"]),
        "行号": plain(rows["line_no"]),
        "病历号": desk.native(rows),
        "姓名": desk.people_names(rows["rec"].to_numpy()),
        "开单时间": plain(rows["at"]),
        "项目名称": desk.item_names(rows),
        "套餐名称": worded(rows["package"], words.PACKAGE),
        "套餐总价": yuan(rows["x_bundle"]),
        "数量": plain(rows["qty"]),
        "原价": yuan(rows["list_fen"]),
        "成交金额": plain(Compute.if_else(packed, "", yuan(rows["net_fen"]))),
        "是否赠送": yes_no(rows["is_gift"]),
        "开单人工号": plain(rows["sales_staff"]),
        "状态": worded(rows["status"], words.LINE_STATUS),
        "状态时间": plain(rows["closed_at"]),
        "备注": Arrow.array(remark.tolist(), type=pa.string()),
    }
    money = {"成交金额": fen_of(rows, "net_fen"), "原价": fen_of(rows, "list_fen")}
    return Draft(file=file, kinds=("order_line", "payment"), columns=columns, money=money)


def _refund_lines(desk: Desk, draft: Draft, rows: pa.Table) -> None:
    """Append the negative lines by which some refunds show; they are no order lines."""
    places, amounts, moments = _negative_lines(desk, rows)
    if len(places) == 0:
        return
    before, take = draft.count, Arrow.array(np.r_[np.arange(draft.count), places])
    draft.columns = {name: column.take(take) for name, column in draft.columns.items()}
    draft.money["成交金额"] = np.r_[draft.money["成交金额"], amounts]
    draft.money["原价"] = np.r_[draft.money["原价"], np.zeros_like(amounts)]
    changed: dict[str, list[str]] = {
        "行号": [str(100 + int(number)) for number in draft.cells("行号")[before:]],
        "成交金额": yuan(Arrow.array(amounts)).to_pylist(),
        "开单时间": moments,
        "状态时间": moments,
        **{
            column: [value] * len(places)
            for column, value in (("数量", "-1"), ("状态", "已退款"), ("备注", "退"))
        },
        **{column: [""] * len(places) for column in ("原价", "套餐名称", "套餐总价")},
    }
    for column, values in changed.items():
        draft.cells(column)[before:] = values
    draft.outcome |= dict.fromkeys(range(before, draft.count), "refund")
    mark = told(10, "negative_line", "成交金额", expected="refund")
    desk.note(draft, np.arange(before, draft.count), told=mark)


def _negative_lines(desk: Desk, rows: pa.Table) -> tuple[Array, Array, list[str]]:
    """Return which rows get a negative line, with its amount in fen and its moment."""
    paid = desk.chunk.tables["payment"]
    refund = np.flatnonzero(as_negative_line(paid["x_line"].to_numpy()))
    line = paid["x_line"].to_numpy()[refund]
    order = np.argsort(line)
    refund, line = refund[order], line[order]
    places = np.flatnonzero(np.isin(rows["x_line"].to_numpy(), line))
    source = refund[np.searchsorted(line, rows["x_line"].to_numpy()[places])]
    moments = plain(Arrow.array(times(paid, "at")[source])).to_pylist()
    return places, paid["amount_fen"].to_numpy()[source], moments


def _note_lines(desk: Desk, draft: Draft) -> None:
    columns = draft.final()
    gift = Compute.equal(columns["是否赠送"], "是").to_numpy(zero_copy_only=False)
    tiny = Compute.is_in(columns["成交金额"], value_set=Arrow.array(["0.01", "1.00"]))
    packed = draft_lengths(draft, "套餐名称") > 0
    desk.note(draft, np.flatnonzero(gift), told=told(11, "gift_line", "是否赠送"))
    trial = np.flatnonzero(tiny.to_numpy(zero_copy_only=False) & ~gift)
    desk.note(draft, trial, told=told(11, "trial_order", "成交金额"))
    mark = told(17, "package_without_price", "成交金额", expected="clean")
    desk.note(draft, np.flatnonzero(packed), told=mark)


def _sample(desk: Desk, draft: Draft, rate: float) -> Array:
    """Draw rows without a problem for an exact copy, at least one."""
    if draft.count == 0:
        return np.zeros(0, dtype=np.int64)
    packed = "套餐名称" in draft.columns
    lengths = draft_lengths(draft, "套餐名称") if packed else np.zeros(draft.count)
    free = np.array([i for i in np.flatnonzero(lengths == 0).tolist() if i not in draft.outcome])
    return np.sort(desk.rng.choice(free, max(1, round(rate * len(free))), replace=False))


def _save_with_total(desk: Desk, draft: Draft, column: str) -> None:
    """Write GBK CSV with blank lines and a last line that sums the column up."""
    desk.blanks(draft)
    total = f"{int(draft.money[column].sum()) / 100:.2f}"
    cells = ["合计" if n == 0 else "" for n in range(len(draft.columns))]
    cells[list(draft.columns).index(column)] = total
    draft.marks.append(file_mark(9, "total_row", f"row {draft.row(draft.count)}", expected="drop"))
    desk.save(draft, Delimited(after=(",".join(cells),)))


def write_payments(desk: Desk) -> Draft:
    """Write HIS收款流水 and return its draft (a later export repeats some of it)."""
    rows = desk.rows("payment")
    store = rows["x_channel"].to_numpy() == STORE
    rows = rows.filter(Arrow.array(store & ~as_negative_line(rows["x_line"].to_numpy())))
    n, kind = rows.num_rows, rows["x_kind"].to_numpy()
    late = np.where(desk.rng.random(n) < 0.02, desk.rng.integers(1, 15, n), 0)
    entered = times(rows, "at") + late.astype("timedelta64[D]")
    odd = np.where(kind == REFUND, desk.rng.random(n), 0.5)
    titles = ("收款", "收款", "退款", "充值", "退款")
    columns = {
        "门店": desk.clinics(rows),
        "流水号": plain(rows["payment_no"]),
        "订单号": _refund_orders(rows, odd),
        "病历号": desk.native(rows),
        "收款时间": plain(rows["at"]),
        "录入时间": plain(Arrow.array(entered)),
        "收款类型": pick(titles, kind),
        "支付方式": worded(rows["tender"], words.TENDER),
        "金额": yuan(rows["amount_fen"]),
        "备注": blank(n),
    }
    draft = Draft(
        file=desk.name("HIS收款流水", "csv"),
        kinds=("payment",),
        columns=columns,
        money={"金额": fen_of(rows, "amount_fen")},
    )
    draft.repeat(_sample(desk, draft, 0.001))
    plant(desk.rng, draft, "金额", recipes=(*MONEY, *REFUND_MONEY))
    nature = (
        (odd < 0.15, told(10, "refund_order_number", "订单号", expected="clean")),
        (odd > 0.96, told(10, "refund_unmatched", "订单号", expected="review")),
        (kind == TOP_UP, told(12, "top_up", "收款类型", expected="clean")),
        (late > 0, told(20, "backdated", "录入时间", expected="clean")),
    )
    for where, mark in nature:
        desk.note(draft, np.flatnonzero(where), told=mark)
    _save_with_total(desk, draft, "金额")
    return draft


def _refund_orders(rows: pa.Table, odd: Array) -> Column:
    """Write order numbers; some refunds put 退 before it (odd < 0.15) or leave it out (> 0.96)."""
    marked = Compute.binary_join_element_wise("退", rows["order_no"], "")
    order = Compute.if_else(Arrow.array(odd < 0.15), marked, rows["order_no"])
    return plain(Compute.if_else(Arrow.array(odd > 0.96), "", order))


def write_treatments(desk: Desk) -> None:
    """Write HIS执行划扣 in both forms."""
    rows = desk.rows("treatment")
    modern = desk.modern(rows)
    for keep, stem, suffix in (
        (~modern, "HIS执行划扣", "csv"),
        (modern, "HIS执行划扣_新院", "xlsx"),
    ):
        part = rows.filter(Arrow.array(keep))
        part = by_clinic(part) if suffix == "xlsx" else part
        columns = {
            "门店": desk.clinics(part),
            "执行单号": plain(part["treatment_no"]),
            "病历号": desk.native(part),
            "姓名": desk.people_names(part["rec"].to_numpy()),
            "执行时间": plain(part["at"]),
            "录入时间": plain(part["x_recorded"]),
            "项目名称": desk.item_names(part),
            "划扣次数": plain(part["sessions"]),
            "消耗金额": yuan(part["earned_fen"]),
            "卡号": plain(part["card_no"]),
            "医生工号": plain(part["doctor"]),
            "护士工号": plain(part["nurse"]),
            "品牌": plain(part["brand"]),
            "批号": plain(part["batch_no"]),
        }
        money = {"消耗金额": fen_of(part, "earned_fen")}
        name = desk.name(stem, suffix)
        draft = Draft(file=name, kinds=("treatment",), columns=columns, money=money)
        plant(desk.rng, draft, "项目名称", recipes=ITEM_NAMES)
        plant(desk.rng, draft, "医生工号", recipes=STAFF_GONE)
        late = np.flatnonzero(times(part, "x_recorded") > times(part, "at"))
        desk.note(draft, late, told=told(20, "late_execution", "录入时间", expected="clean"))
        if suffix == "csv":
            _save_with_total(desk, draft, "消耗金额")
        else:
            form = Grouped(title="执行划扣报表", groups=TREATMENT_GROUPS, merge_first=True)
            write_report(desk, draft, form, total=("消耗金额",))


def write_cards(desk: Desk) -> None:
    """Write HIS疗程卡储值卡, an HTML report."""
    rows = by_clinic(desk.rows("card"))
    columns = {
        "门店": desk.clinics(rows),
        "卡号": plain(rows["card_no"]),
        "病历号": desk.native(rows),
        "卡类型": worded(rows["type"], words.CARD),
        "项目名称": desk.item_names(rows),
        "总次数": plain(rows["total_sessions"]),
        "本金": yuan(rows["principal_fen"]),
        "赠送金额": yuan(rows["gift_fen"]),
        "办卡时间": plain(rows["at"]),
        "到期时间": plain(rows["expire_at"]),
        "已用次数": plain(rows["x_used"]),
        "余额": blank(rows.num_rows),
    }
    draft = Draft(
        file=desk.name("HIS疗程卡储值卡", "xls"),
        kinds=("card",),
        columns=columns,
        money={"本金": fen_of(rows, "principal_fen"), "赠送金额": fen_of(rows, "gift_fen")},
    )
    plant(desk.rng, draft, "本金", recipes=MONEY[:4])
    write_report(desk, draft, Grouped(title="卡项报表", groups=CARD_GROUPS), total=("本金",))


def write_complaints(desk: Desk) -> None:
    """Write HIS投诉, a small .xlsx report."""
    rows = by_clinic(desk.rows("complaint"))
    columns = {
        "门店": desk.clinics(rows),
        "投诉编号": plain(rows["complaint_no"]),
        "病历号": desk.native(rows),
        "投诉时间": plain(rows["at"]),
        "类型": worded(rows["type"], words.COMPLAINT),
        "级别": worded(rows["severity"], words.LEVEL),
        "要求不再联系": yes_no(rows["no_contact"]),
        "结案时间": plain(rows["closed_at"]),
        "状态": worded(rows["status"], words.OPEN),
    }
    draft = Draft(file=desk.name("HIS投诉", "xlsx"), kinds=("complaint",), columns=columns)
    write_report(
        desk, draft, Grouped(title="投诉登记表", groups=COMPLAINT_GROUPS, merge_first=True)
    )
