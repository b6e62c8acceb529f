import pytest
from tests.lang.definitions import line_of, load, problems, tag

FORBIDDEN = {
    "forbidden.yaml": """\
forbidden:
- code: beauty_score
  name: {zh: 颜值评分, en: Score of beauty}
  covers: 打分/排名
  rule: 人格尊严
  aliases: [face_score, 颜值]
- {code: negative_appearance, name_zh: 容貌贬损, covers: 丑/胖/显老/缺陷等对外貌的贬损标签, rule: 广告法}
- {code: loan_capacity, name_zh: 借贷能力, covers: 征信/负债/可贷额度/网贷意愿, rule: PIPL 28}
"""
}
BODY = "kind: manual\ntype: enum\nvalues: {a: {zh: 甲, en: A}}\n"


def named(code="t", zh="普通", en="Plain", value="甲"):
    text = tag(code, BODY.replace("甲", value))
    return text.replace(f"{code}名", zh).replace(f'"{code} name"', f'"{en}"')


@pytest.mark.parametrize(
    "names",
    [
        {"code": "face_score"},
        {"code": "customer_face_score_v2"},
        {"code": "beauty_score"},
        {"zh": "颜值评分"},
        {"zh": "颜值分"},
        {"zh": "客户颜值等级"},
        {"en": "Beauty score"},
        {"en": "Face-Score of the customer"},
        {"zh": "丑"},
        {"zh": "丑客户"},
        {"zh": "显老程度"},
        {"value": "胖"},
        {"zh": "征信等级"},
        {"zh": "可贷额度分档"},
        {"zh": "网贷意愿"},
        {"code": "loan_capacity_level"},
        {"zh": "客户 face score 档"},
    ],
)
def test_forbidden_tags_are_refused_by_whatever_gives_them_away(tmp_path, names):
    found = problems(tmp_path, named(**names), files=FORBIDDEN)
    assert [(p.code, line_of(p)) for p in found] == [("ZY235", 2)]
    assert found[0].hint


@pytest.mark.parametrize(
    "names",
    [
        {"zh": "消费排名"},
        {"zh": "面部项目偏好"},
        {"code": "score"},
        {"code": "surface_score"},
        {"en": "Credit card share"},
        {"zh": "能力"},
        {"value": "减脂"},
    ],
)
def test_honest_names_pass(tmp_path, names):
    load(tmp_path, named(**names), files=FORBIDDEN)


def test_the_list_itself_is_checked(tmp_path):
    files = {"forbidden.yaml": "forbidden:\n- {code: x, name_zh: 甲}\n- {name_zh: 甲, rule: r}\n"}
    found = problems(tmp_path, files=files)
    assert [(p.code, line_of(p)) for p in found] == [("ZY223", 2), ("ZY223", 3)]
