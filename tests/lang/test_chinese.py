"""Messages in Chinese: of expressions, and of definitions in files."""

import re
from pathlib import Path

import pytest
from tests.lang.definitions import problems, tag

from zhiyan.app.settings import PACKS_FOLDER
from zhiyan.errors import DefinitionError
from zhiyan.lang.catalogue import Catalogue, check_expression
from zhiyan.lang.chinese import chinese
from zhiyan.lang.load import load_catalogue

CHINESE = re.compile("[\u4e00-\u9fff]")
#: Every way in which an expression over tags can be wrong, and what the reader must be told.
WRONG = {
    "": "表达式是空的",
    "age >": "读不懂",
    "age > 3 -- old": "不能写注释",
    "age > 3; drop table x": "不在表达式语言之内",
    "age > (select 1)": "不在表达式语言之内",
    "age like 3": "不在表达式语言之内",
    "age is true": "后面只能是 null",
    "age > 99999999999999999999": "超出了 64 位",
    "last_visit_date > date '2026-02-31'": "不是日期",
    "(" * 200 + "true" + ")" * 200: "嵌套",
    " and ".join(["age > 3"] * 3000): "表达式超过",
    "agee > 3": "没有名称 agee",
    "read_csv('x') > 3": "没有函数 read_csv",
    "rfm_segment = 'loyl'": "不在取值之内",
    "net_spend_12m > 100": "金额",
    "net_spend_12m * net_spend_12m > yuan(3)": "金额只能乘以整数",
    "net_spend_12m > yuan(1.234)": "最多两位小数",
    "age = null": "与 null 比较永远不成立",
    "age in (age, 3)": "后面只能是写明的值",
    "age and wecom_friend": "第 1 个参数是整数，要的是真假",
    "case when age then true else false end": "这里要的是条件",
    "case when wecom_friend then age else 'x' end = 3": "case 的各个分支",
    "abs(age, age) > 3": "写了 2 个",
    "coalesce() > 3": "参数",
    "sum(age) > 3": "聚合 sum(...) 不能写在这里",
    "age": "条件的结果只能是真或假，这里是整数",
    "days_since(age) > 3": "第 1 个参数是整数",
    "last_visit_date > 'x'": "日期与文本不能放在一起",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue([Path(PACKS_FOLDER) / "medical_aesthetics"])


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:30])
def test_every_refusal_of_an_expression_is_told_in_chinese(catalogue: Catalogue, text: str):
    with pytest.raises(DefinitionError) as refused:
        check_expression(catalogue, text)
    found = refused.value.problems
    told = [chinese(problem.message) for problem in found]
    assert any(WRONG[text] in one for one in told), (told, found)
    assert [one for one in told if not CHINESE.search(one)] == []
    hints = [problem.hint for problem in found if problem.hint]
    assert [hint for hint in hints if not CHINESE.search(chinese(hint)) and "->" not in hint] == []


def test_names_and_values_are_kept():
    assert chinese("there is no name rfm_segmnt") == "没有名称 rfm_segmnt"
    assert chinese("did you mean a or b?") == "是不是 a 或 b？"
    assert (
        chinese("`age + 1`: text and int do not go together") == "`age + 1`：文本与整数不能放在一起"
    )
    assert chinese("`{x}` is not part of the language") == "`{x}` 不在表达式语言之内"
    assert chinese("something new") == "something new"
    assert chinese("") == ""


BODY = "kind: fact\ntype: int\nsource: visit\naggregate: count(*)"
#: Definitions that are wrong in one way each, and a part of what the author must be told.
MISTAKES = {
    BODY + "\nwindw: 30d": "不认识的键 'windw'",
    BODY + "\nwindow: 30x": "不是时间长度",
    BODY + "\nkind: fact": "出现了两次",
    BODY + "\nmarketing_use: maybe": "'maybe' 不在可选的值之内",
    BODY + "\nstale_after_days: 0": "0 不在 1 到 3660 之间",
    BODY + "\nhalf_life_days: 30": "只有人工录入的值有半衰期",
    BODY + "\noverride: true": "却没有可覆盖的定义",
    "kind: fact\ntype: int\nsource: vist\naggregate: count(*)": "没有来源 'vist'",
    "kind: fact\ntype: int": "没有写怎样计算",
    "kind: fact\ntype: int\nvalue: agee + 1": "没有名称 agee",
    "kind: fact\ntype: int\nvalue: \"'x'\"": "标签 't' 的类型是整数，而它的值是文本",
    "kind: fact\ntype: int\nvalue: t + 1": "循环引用",
    "kind: rule\ntype: enum\nvalue: \"'x'\"": "枚举要写 'values'",
    "kind: rule\ntype: bool\ncases:\n- {when: param.few > 3, then: true}\n"
    "- {when: param.few > 4, then: false}\notherwise: false": "永远到不了",
}  # fmt: skip


@pytest.mark.parametrize("body", MISTAKES, ids=lambda body: body[-30:])
def test_every_mistake_of_a_definition_is_told_in_chinese(body: str, tmp_path: Path):
    found = problems(tmp_path, tag("t", body))
    told = [chinese(problem.message) for problem in found]
    assert any(MISTAKES[body] in one for one in told), (told, found)
    hints = [chinese(problem.hint) for problem in found if problem.hint]
    assert [one for one in (*told, *hints) if not CHINESE.search(one)] == []
