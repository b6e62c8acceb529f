"""What WeCom, SCRM, call centre, survey tool and CRM export."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Arrow, Chunked, Column, Compute
from zhiyan.demo.contact import ADD_WAYS
from zhiyan.demo.exports import words
from zhiyan.demo.exports.desk import Desk, told
from zhiyan.demo.exports.draft import Draft, plain, worded
from zhiyan.demo.exports.forms import BOM, UTF8, write_lines, write_plain_book
from zhiyan.demo.exports.own_plain import SMS, TOUCH
from zhiyan.demo.exports.recipes import PHONES, STAFF_GONE, plant
from zhiyan.demo.exports.simple import epoch, native, phone, shown, union, write_simple

#: Codes of the add way in the API of WeCom.
WAY_NUMBERS: dict[str, str] = dict(zip(ADD_WAYS, ("1", "2", "3", "4", "16", "24"), strict=True))
SURVEY_CONCERNS = ("anti_age", "pigment", "acne", "hydration", "pores", "contour")


def write_touches(desk: Desk) -> None:
    """Write the messages sent: SMS as UTF-16 text, the rest as CSV."""
    rows = desk.rows("touch")
    sms = rows["x_sms"].combine_chunks()
    write_simple(desk, TOUCH, rows.filter(Compute.invert(sms)))
    write_simple(desk, SMS, rows.filter(sms))


def write_wecom(desk: Desk) -> None:
    """Write friends and messages of WeCom as JSON lines."""
    rows = desk.rows("wecom_contact")
    _save_lines(desk, "企微客户", rows, pieces=_friend_pieces(desk, rows))
    rows = desk.rows("wecom_event")
    pieces = [
        '{"msgid":"',
        plain(rows["message_no"]),
        '","external_userid":"',
        native(desk, rows),
        '","userid":"',
        plain(rows["staff"]),
        '","direction":"',
        plain(rows["direction"]),
        '","type":"',
        plain(rows["type"]),
        '","msgtime":',
        epoch(rows, "at", 1000),
        "}",
    ]
    _save_lines(desk, "企微互动", rows, pieces=pieces)


def _friend_pieces(desk: Desk, rows: pa.Table) -> list[Column | str]:
    """Return the pieces of a friend in the form of the API."""
    sex = np.where(desk.stage.people.male[rows["person"].to_numpy()], 1, 2)
    sex = np.where(desk.rng.random(len(sex)) < 0.3, 0, sex)
    return [
        '{"external_contact":{"external_userid":"',
        native(desk, rows),
        '","name":"',
        shown(desk, rows),
        '","type":1,"gender":',
        plain(Arrow.array(sex)),
        _optional(',"unionid":"', union(desk, rows), '"'),
        '},"follow_info":{"userid":"',
        plain(rows["staff"]),
        '","remark":"","remark_mobiles":[',
        _optional('"', phone(desk, rows), '"'),
        '],"createtime":',
        epoch(rows, "at", 1),
        ',"add_way":',
        worded(rows["add_way"], WAY_NUMBERS),
        ',"state":""',
        _optional(',"del_time":', epoch(rows, "deleted_at", 1), ""),
        ',"relation":"',
        plain(rows["relation"]),
        '"}}',
    ]


def _optional(before: str, column: Column, after: str) -> Column:
    """Return the column wrapped where it has text, else empty text."""
    wrapped = Compute.binary_join_element_wise(before, column, after, "")
    return Compute.if_else(Compute.equal(column, ""), "", wrapped)


def _save_lines(desk: Desk, stem: str, rows: pa.Table, *, pieces: list[Column | str]) -> None:
    """Write JSON lines; the draft has one nameless column, for the ledger only."""
    empty = Arrow.array([""] * rows.num_rows, type=pa.string())
    kind = "wecom_contact" if stem == "企微客户" else "wecom_event"
    draft = Draft(file=desk.name(stem, "json"), kinds=(kind,), columns={"": empty}, top=1)
    draft.header_rows = 0
    write_lines(desk.folder / draft.file, pieces)
    desk.drafts.append(draft)


def write_calls(desk: Desk) -> None:
    """Write the calls, numbers with the trunk prefix 0 or 9, a few landlines."""
    rows = desk.rows("followup.call")
    n = rows.num_rows
    prefix = np.array(["", "0", "9"])[desk.rng.choice(3, n, p=[0.5, 0.3, 0.2])]
    number = phone(desk, rows)
    columns = {
        "通话编号": plain(rows["followup_no"]),
        "客户号码": Compute.binary_join_element_wise(
            Arrow.array(prefix.tolist(), pa.string()), number, ""
        ),
        "通话类型": worded(rows["type"], words.CALL),
        "呼叫时间": plain(rows["at"]),
        "通话秒数": plain(rows["x_seconds"]),
        "结果": worded(rows["result"], words.FOLLOW_RESULT),
        "坐席工号": plain(rows["staff"]),
    }
    draft = Draft(file=desk.name("呼叫中心通话", "csv"), kinds=("followup",), columns=columns)
    plant(desk.rng, draft, "客户号码", recipes=[r for r in PHONES if r.line == 2])
    mark = told(1, "trunk_prefix", "客户号码", expected="clean")
    desk.note(draft, np.flatnonzero(prefix != ""), told=mark)
    desk.save(draft, UTF8)


def write_survey(desk: Desk) -> None:
    """Write the questionnaire as the survey tool does: one column per option."""
    rows = desk.rows("survey")
    ways = {code: words.WAY[code] for code in ("wecom", "sms", "call", "email", "mp_msg")}
    columns = {
        "序号": plain(Arrow.array(desk.stage.people.first * 20 + np.arange(1, rows.num_rows + 1))),
        "发送时间": plain(rows["at"]),
        "提交答卷时间": plain(rows["answered_at"]),
        "来源": Arrow.array(["短信链接"] * rows.num_rows, type=pa.string()),
        "1、您的手机号": phone(desk, rows),
        "2、本次服务满意度（1-5分）": plain(rows["score"]),
        "3、推荐意愿（0-10分）": plain(rows["nps"]),
        "4、首选沟通渠道": worded(rows["preferred_channel"], ways),
    }
    for code, word in words.INTEREST.items():
        columns[f"5({word})"] = _option(rows["interests"], code)
    for code in SURVEY_CONCERNS:
        columns[f"6({words.CONCERN[code]})"] = _option(rows["concerns"], code)
    draft = Draft(file=desk.name("满意度问卷", "xlsx"), kinds=("survey",), columns=columns)
    draft.encoding, draft.sheet = "xlsx", "Sheet1"
    plant(desk.rng, draft, "1、您的手机号", recipes=PHONES[:6])
    write_plain_book(draft, desk.folder / draft.file, (), since_1904=False)
    desk.drafts.append(draft)


def _option(column: Chunked, code: str) -> Column:
    """Return 1 where the list holds the code, 0 where it does not, empty where unanswered."""
    rows: list[list[str] | None] = column.to_pylist()
    cells = ["" if row is None else ("1" if code in row else "0") for row in rows]
    return Arrow.array(cells, type=pa.string())


def write_leads(desk: Desk) -> Draft:
    """Write the leads and return their draft (a later export repeats some of them)."""
    rows = desk.rows("lead")
    columns = {
        "线索编号": plain(rows["lead_no"]),
        "手机号": phone(desk, rows),
        "姓名": shown(desk, rows),
        "渠道": worded(rows["channel"], words.CHANNEL),
        "活动": plain(rows["campaign"]),
        "进线时间": plain(rows["at"]),
        "首问项目": desk.item_names(rows),
        "电网客服工号": plain(rows["staff"]),
        "阶段": worded(rows["stage"], words.LEAD),
        "阶段时间": plain(rows["stage_at"]),
        "无效原因": worded(rows["invalid_reason"], words.INVALID),
        "来源依据": worded(rows["lawful_source"], words.LAWFUL),
    }
    draft = Draft(file=desk.name("线索", "csv"), kinds=("lead",), columns=columns)
    plant(desk.rng, draft, "手机号", recipes=PHONES)
    plant(desk.rng, draft, "电网客服工号", recipes=STAFF_GONE)
    desk.save(draft, BOM)
    return draft
