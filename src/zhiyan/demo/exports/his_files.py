"""The customer files of the HIS: an HTML report, an .xlsx of the newest clinic, the old system."""

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Array, Arrow, Compute
from zhiyan.demo.exports import words
from zhiyan.demo.exports.desk import Desk, told
from zhiyan.demo.exports.draft import Draft, plain, worded
from zhiyan.demo.exports.forms import Grouped, write_plain_book
from zhiyan.demo.exports.recipes import (
    BIRTHS,
    FAKE_NAMES,
    PHONES,
    REMARKS,
    REPLACED,
    SEXES,
    STAFF_GONE,
    plant,
)
from zhiyan.demo.exports.reports import by_clinic, write_report
from zhiyan.demo.identify import phone_text
from zhiyan.demo.names import id_cards
from zhiyan.demo.records import NICK, personal_phones

GROUPS = (
    ("门店", 1),
    ("基本信息", 5),
    ("联系方式", 2),
    ("居住", 3),
    ("背景", 3),
    ("建档", 3),
    ("备注", 1),
)


def write_customer_files(desk: Desk) -> None:
    """Write HIS客户档案 in both forms and the customers of the old system."""
    rows = by_clinic(desk.rows("profile.his"))
    modern = desk.modern(rows)
    for stem, suffix, keep in (
        ("HIS客户档案", "xls", ~modern),
        ("HIS客户档案_新院", "xlsx", modern),
    ):
        part = rows.filter(Arrow.array(keep))
        draft = _file_draft(desk, part, desk.name(stem, suffix))
        _plant_files(desk, draft)
        _note_files(desk, draft, part)
        form = Grouped(
            title="客户档案报表",
            groups=GROUPS,
            merge_first=suffix == "xlsx",
            numbers=("手机号",) if suffix == "xlsx" else (),
        )
        write_report(desk, draft, form)
    _write_old_system(desk)


def _file_draft(desk: Desk, rows: pa.Table, file: str) -> Draft:
    rec = rows["rec"].to_numpy()
    stage = desk.stage
    birth = plain(rows["birthdate"])
    show = desk.rng.random(len(rec)) < 0.15
    born = [
        text.replace("-", "") if yes else ""
        for text, yes in zip(birth.to_pylist(), show, strict=True)
    ]
    remark = np.where(desk.rng.random(len(rec)) < 0.25, "老客户", "")
    columns = {
        "门店": desk.clinics(rows),
        "病历号": desk.native(rows),
        "姓名": desk.people_names(rec),
        "性别": worded(rows["gender"], words.SEX),
        "出生日期": birth,
        "年龄": plain(rows["age_stated"]),
        "手机号": plain(phone_text(stage.records.phone[rec])),
        "证件号": Arrow.array(
            id_cards(born, (stage.people.first + stage.records.person[rec]).tolist())
        ),
        "省份": plain(rows["province"]),
        "城市": plain(rows["city"]),
        "区域": plain(rows["district"]),
        "职业": worded(rows["occupation"], words.OCCUPATION),
        "婚姻": worded(rows["marital"], words.MARITAL),
        "客户类型": worded(rows["customer_type"], words.CUSTOMER),
        "来源渠道": worded(rows["origin"], words.CHANNEL),
        "建档时间": plain(rows["at"]),
        "归属顾问": plain(stage.staff("consultant", rows["clinic"].to_numpy())),
        "备注": Arrow.array(remark.tolist(), type=pa.string()),
    }
    return Draft(file=file, kinds=("profile",), columns=columns)


def _plant_files(desk: Desk, draft: Draft) -> None:
    for column, recipes in (
        ("手机号", PHONES),
        ("姓名", (*FAKE_NAMES, *REPLACED)),
        ("出生日期", BIRTHS),
        ("性别", SEXES),
        ("备注", REMARKS),
        ("归属顾问", STAFF_GONE),
    ):
        plant(desk.rng, draft, column, recipes=recipes)


def _note_files(desk: Desk, draft: Draft, rows: pa.Table) -> None:
    """Note what the files carry by nature: shared phones, tests, second files, ages."""
    rec = rows["rec"].to_numpy()
    records, people = desk.stage.records, desk.stage.people
    person = records.person[rec]
    phone = records.phone[rec]
    shared = (people.relation[person] > 0) & (phone == personal_phones(people)[person])
    desk_phone = people.desk_phone[person] & (phone > 0)
    second = records.home["his2"][person] == rec
    aged = (draft_lengths(draft, "年龄") > 0) & (draft_lengths(draft, "出生日期") == 0)
    nature = (
        (shared, told(4, "family_phone", "手机号")),
        (desk_phone, told(3, "staff_phone", "手机号")),
        (second, told(14, "second_clinic_file", "病历号", expected="clean")),
        (aged, told(24, "age_without_birthdate", "年龄", expected="clean")),
        (people.test[person], told(13, "test_account", "姓名")),
        (records.name_kind[rec] == NICK, told(5, "nickname_natural", "姓名")),
    )
    for where, mark in nature:
        desk.note(draft, np.flatnonzero(where), told=mark)


def draft_lengths(draft: Draft, column: str) -> Array:
    """Return how long the text of each cell of a column is."""
    return Compute.utf8_length(draft.final()[column]).to_numpy()


def _write_old_system(desk: Desk) -> None:
    rows = desk.rows("profile.his_old")
    if rows.num_rows == 0:
        return
    rec = rows["rec"].to_numpy()
    stage = desk.stage
    columns = {
        "门店": desk.clinics(rows),
        "病历号": desk.native(rows),
        "客户姓名": desk.people_names(rec),
        "性别": worded(rows["gender"], {"female": "0", "male": "1"}),
        "生日": plain(rows["birthdate"]),
        "电话": plain(phone_text(stage.records.phone[rec])),
        "登记日期": Compute.utf8_slice_codeunits(plain(rows["at"]), 0, 10),
    }
    draft = Draft(file=desk.name("老系统客户_1904", "xlsx"), kinds=("profile",), columns=columns)
    draft.encoding, draft.sheet = "xlsx", "Sheet1"
    plant(desk.rng, draft, "电话", recipes=PHONES[:4])
    born = np.flatnonzero(draft_lengths(draft, "生日") > 0)
    desk.note(draft, born, told=told(7, "serial_1904", "生日", expected="clean"))
    desk.note(
        draft, np.arange(draft.count), told=told(14, "number_reused", "病历号", expected="clean")
    )
    known = np.flatnonzero(draft_lengths(draft, "性别") > 0)
    desk.note(draft, known, told=told(6, "zero_is_female", "性别", expected="clean"))
    write_plain_book(draft, desk.folder / draft.file, ("生日", "登记日期"), since_1904=True)
    desk.drafts.append(draft)
