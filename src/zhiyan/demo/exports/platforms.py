"""What sales platforms, the mini-program and the payment provider export."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Array, Arrow, Chunked, Column, Compute, numbers, pick, times
from zhiyan.demo.exports.desk import Desk, fen_of, file_mark, told
from zhiyan.demo.exports.draft import Draft, plain, worded, yuan
from zhiyan.demo.exports.forms import BOM, GBK, Delimited
from zhiyan.demo.exports.recipes import ITEM_NAMES, MONEY, PHONES, plant
from zhiyan.demo.exports.simple import native, phone, shown, union
from zhiyan.demo.identify import platform_phones
from zhiyan.demo.people import NEVER
from zhiyan.demo.records import PLATFORMS, SOURCES
from zhiyan.demo.trade import MINI, VIA_PLATFORM

STEMS = {"soyoung": "新氧订单", "meituan": "美团订单", "douyin": "抖音来客订单"}
LAST_SECOND = np.timedelta64(86_399, "s")


def write_platforms(desk: Desk) -> None:
    """Write the orders of each platform and the public reviews."""
    rows = desk.rows("order_line")
    rows = rows.filter(Arrow.array(rows["x_channel"].to_numpy() == VIA_PLATFORM))
    source = desk.stage.records.source[rows["rec"].to_numpy()]
    for platform in PLATFORMS:
        part = rows.filter(Arrow.array(source == SOURCES.index(platform)))
        _write_platform(desk, platform, part)
    _write_reviews(desk)


def refunded_of(desk: Desk, rows: pa.Table) -> Array:
    """Return the fen paid back for each order line (0 if nothing)."""
    paid = desk.chunk.tables["payment"]
    line, amount = numbers(paid, "x_line"), numbers(paid, "amount_fen")
    back = np.zeros(int(desk.chunk.tables["order_line"].num_rows), dtype=np.int64)
    back[line[line >= 0]] = -amount[line >= 0]
    return back[rows["x_line"].to_numpy()]


def _write_platform(desk: Desk, platform: str, rows: pa.Table) -> None:
    at, back = times(rows, "at"), refunded_of(desk, rows)
    late = (desk.rng.random(len(at)) < 0.01) | (np.arange(len(at)) == 0)
    at = np.where(late, at.astype("datetime64[D]").astype("datetime64[s]") + LAST_SECOND, at)
    used = at + (desk.rng.integers(1, 20, len(at)) * 86_400).astype("timedelta64[s]")
    used = np.where(used < desk.stage.end, used, np.datetime64("NaT", "s"))
    columns = {
        "订单编号": plain(rows["order_no"]),
        "商品名称": desk.item_names(rows),
        "数量": plain(rows["qty"]),
        "原价": _price(platform, rows["list_fen"]),
        "实付金额": _price(platform, rows["net_fen"]),
        "支付时间": _moment(platform, at),
        "核销时间": _moment(platform, used),
        "核销门店": Compute.if_else(Arrow.array(~np.isnat(used)), desk.clinics(rows), ""),
        "买家ID": desk.native(rows),
        "买家昵称": _masked(desk, rows["rec"].to_numpy()),
        "买家手机号": plain(platform_phones(desk.stage.records, rows["rec"].to_numpy())),
        "订单状态": pick(("待核销", "已核销", "已退款"), np.where(back > 0, 2, ~np.isnat(used))),
        "退款时间": _moment(platform, np.where(back > 0, times(rows, "closed_at"), NEVER)),
        "退款金额": Compute.if_else(Arrow.array(back > 0), yuan(Arrow.array(back)), ""),
    }
    draft = Draft(
        file=desk.name(STEMS[platform], "csv"),
        kinds=("order_line", "payment"),
        columns=columns,
        money={
            "原价": fen_of(rows, "list_fen"),
            "实付金额": fen_of(rows, "net_fen"),
            "退款金额": back,
        },
    )
    if platform != "meituan":
        plant(desk.rng, draft, "实付金额", recipes=MONEY)
    plant(desk.rng, draft, "商品名称", recipes=ITEM_NAMES)
    desk.note(draft, np.arange(draft.count), told=told(2, "privacy_number", "买家手机号"))
    desk.note(
        draft, np.flatnonzero(late), told=told(19, "last_second", "支付时间", expected="clean")
    )
    desk.save(draft, GBK)


def _price(platform: str, column: Chunked) -> Column:
    """Write money as the platform does: one of them with sign and thousands commas."""
    if platform != "meituan":
        return yuan(column)
    fen = column.to_pylist()
    return Arrow.array([f"¥{value // 100:,}.{value % 100:02d}" for value in fen], type=pa.string())


def _moment(platform: str, at: Array) -> Column:
    """Write moments as the platform does: one of them with slashes and without seconds."""
    text = plain(Arrow.array(at.astype("datetime64[s]")))
    if platform != "douyin":
        return text
    slashed = Compute.replace_substring(text, "-", "/")
    return Compute.replace_substring_regex(slashed, r"/0?(\d+)/0?(\d+) (.*):00$", r"/\1/\2 \3")


def _masked(desk: Desk, rec: Array) -> Column:
    names = desk.people_names(rec)
    return Compute.binary_join_element_wise(Compute.utf8_slice_codeunits(names, 0, 1), "**", "")


def _write_reviews(desk: Desk) -> None:
    rows = desk.rows("review")
    titles = {"soyoung": "新氧", "meituan": "美团", "douyin": "抖音来客"}
    columns = {
        "平台": worded(rows["platform"], titles),
        "评价编号": plain(rows["review_no"]),
        "买家ID": desk.native(rows),
        "评价时间": plain(rows["at"]),
        "评分": plain(rows["score"]),
    }
    draft = Draft(file=desk.name("平台评价", "csv"), kinds=("review",), columns=columns)
    desk.save(draft, GBK)


def write_mini(desk: Desk) -> None:
    """Write users and orders of the mini-program and the bill of its payments."""
    users = desk.rows("profile.mini")
    columns = {
        "openid": native(desk, users),
        "unionid": union(desk, users),
        "手机号": phone(desk, users),
        "昵称": shown(desk, users),
        "性别": _sex_number(users),
        "城市": plain(users["city"]),
        "注册时间": plain(users["at"]),
    }
    draft = Draft(file=desk.name("小程序用户", "csv"), kinds=("profile",), columns=columns)
    plant(desk.rng, draft, "手机号", recipes=PHONES)
    zero = np.array(columns["性别"].to_pylist()) == "0"
    desk.note(draft, np.flatnonzero(~zero), told=told(6, "one_is_male", "性别", expected="clean"))
    desk.save(draft, BOM)
    orders = desk.rows("order_line")
    orders = orders.filter(Arrow.array(orders["x_channel"].to_numpy() == MINI))
    _write_mini_orders(desk, orders)
    _write_bill(desk)


def _sex_number(rows: pa.Table) -> Column:
    number = worded(rows["gender"], {"male": "1", "female": "2"})
    return Compute.if_else(Compute.equal(number, ""), "0", number)


def _write_mini_orders(desk: Desk, rows: pa.Table) -> None:
    back = refunded_of(desk, rows)
    whole = Arrow.array((back > 0) & (back >= fen_of(rows, "net_fen")))
    columns = {
        "订单号": plain(rows["order_no"]),
        "行号": plain(rows["line_no"]),
        "openid": native(desk, rows),
        "unionid": union(desk, rows),
        "手机号": phone(desk, rows),
        "商品名称": desk.item_names(rows),
        "数量": plain(rows["qty"]),
        "原价": yuan(rows["list_fen"]),
        "实付金额": yuan(rows["net_fen"]),
        "下单时间": plain(rows["at"]),
        "订单状态": plain(Compute.if_else(whole, "已退款", "已支付")),
        "状态时间": plain(Compute.if_else(whole, plain(rows["closed_at"]), "")),
    }
    draft = Draft(
        file=desk.name("小程序订单", "csv"),
        kinds=("order_line",),
        columns=columns,
        money={"原价": fen_of(rows, "list_fen"), "实付金额": fen_of(rows, "net_fen")},
    )
    desk.save(draft, BOM)


def _write_bill(desk: Desk) -> None:
    """Write the bill: comment lines, a back-tick before every value, a summary at the end."""
    rows = desk.rows("payment")
    rows = rows.filter(Arrow.array(rows["x_channel"].to_numpy() == MINI))
    fen = fen_of(rows, "amount_fen")
    money = {"订单金额": np.maximum(fen, 0), "退款金额": np.maximum(-fen, 0)}
    fee = np.rint(np.abs(fen) * 0.006).astype(np.int64)
    columns = {
        name: plain(Compute.binary_join_element_wise("`", column, ""))
        for name, column in _bill_columns(desk, rows, {**money, "手续费": fee}).items()
    }
    draft = Draft(
        file=desk.name("微信支付账单", "csv"),
        kinds=("payment",),
        columns=columns,
        top=5,
        money=money,
    )
    sums = ",".join(f"`{int(part.sum()) / 100:.2f}" for part in (*money.values(), fee))
    form = Delimited(
        before=("#微信支付账单明细列表", "#账户：[1900000000]", "#-----------------------------"),
        after=("", "总交易单数,订单总金额,退款总金额,手续费总金额", f"`{len(fen)},{sums}"),
    )
    draft.dropped += len(form.before)
    last = draft.row(draft.count)
    for row in (1, 2, 3, last + 1, last + 2):
        draft.marks.append(file_mark(9, "comment_or_summary_line", f"row {row}", expected="drop"))
    desk.save(draft, form)


def _bill_columns(desk: Desk, rows: pa.Table, money: dict[str, Array]) -> dict[str, Column]:
    number = plain(rows["payment_no"])
    back = Arrow.array(money["退款金额"] > 0)
    fixed = {
        name: Arrow.array([text] * rows.num_rows, type=pa.string())
        for name, text in (
            ("商户号", "1900000000"),
            ("零钱", "零钱"),
            ("CNY", "CNY"),
            ("", "院线护肤"),
        )
    }
    return {
        "交易时间": plain(rows["at"]),
        "商户号": fixed["商户号"],
        "微信订单号": number,
        "商户订单号": plain(rows["order_no"]),
        "用户标识": native(desk, rows),
        "交易状态": plain(Compute.if_else(back, "REFUND", "SUCCESS")),
        "付款方式": fixed["零钱"],
        "货币种类": fixed["CNY"],
        "订单金额": yuan(Arrow.array(money["订单金额"])),
        "微信退款单号": plain(Compute.if_else(back, number, "")),
        "退款金额": yuan(Arrow.array(money["退款金额"])),
        "手续费": yuan(Arrow.array(money["手续费"])),
        "商品名称": fixed[""],
    }
