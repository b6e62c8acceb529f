"""Messages about definitions, expressions and questions in Chinese, for readers who prefer it.

Errors are written in English where they arise. Here each wording has its Chinese counterpart; one
that has none is told as it is. Names, values and quoted expressions are kept.
"""

import re
from collections.abc import Callable, Mapping

from zhiyan.lang.chinese_definitions import DEFINITION_WORDINGS

_TYPES: Mapping[str, str] = {
    "int": "整数", "decimal": "小数", "money": "金额", "text": "文本", "enum": "枚举", "bool": "真假",
    "date": "日期", "moment": "时刻", "list": "列表", "null": "空",
}  # fmt: skip


def _types(words: str) -> str:
    """Write types that are joined by ``and``, ``or`` or commas."""
    parts = re.split(r" and | or |, ", words)
    return "、".join(_TYPES.get(part, part) for part in parts)


def _within(words: str) -> str:
    return chinese(words)


def _span(words: str) -> str:
    """Write a number of arguments: ``at least 2 arguments``, ``1 argument``, ``1 to 3 arguments``."""
    numbers = re.findall(r"\d+", words)
    return f"至少 {numbers[0]} 个" if words.startswith("at least") else f"{' 到 '.join(numbers)} 个"


def _choices(words: str) -> str:
    return words.replace(" or ", " 或 ")


_SAME: Callable[[str], str] = str
#: What a message about definitions is about, in front of it.
_SUBJECT = (
    r"((?:tag|segment|action|suppression|view|window|expectation|parameter|category|clinic)"
    r" (?:'[^']*'|\w+)[^:`]*|behaviour[.\w]*|pack|lifecycle|queue): (.+)"
)
#: English wording -> Chinese wording, how each group is written; the first that fits counts.
_WORDINGS: tuple[tuple[str, str, tuple[Callable[[str], str], ...]], ...] = (
    (r"(`.+?`): (.+)", "{}：{}", (_SAME, _within)),
    (r"the expression is empty", "表达式是空的", ()),
    (r"the expression has more than (\d+) parts", "表达式超过 {} 个部分", (_SAME,)),
    (r"the expression is longer than (\d+) characters", "表达式超过 {} 个字符", (_SAME,)),
    (r"the expression is nested deeper than (\d+)", "表达式嵌套超过 {} 层", (_SAME,)),
    (r"the expression is nested too deep", "表达式嵌套太深", ()),
    (
        r"the expression cannot be read near (.+) \(line (\d+), column (\d+) of the expression\)",
        "读不懂这个表达式：第 {1} 行第 {2} 列，{0} 附近", (_SAME, _SAME, _SAME),
    ),
    (
        r"the expression cannot be read \(line (\d+), column (\d+) of the expression\)",
        "读不懂这个表达式：第 {} 行第 {} 列", (_SAME, _SAME),
    ),
    (r"the expression cannot be read near (.+)", "读不懂这个表达式：{} 附近", (_SAME,)),
    (r"the expression cannot be read", "读不懂这个表达式", ()),
    (r"comments are not part of the language", "表达式里不能写注释", ()),
    (r"control characters are not part of the language", "表达式里不能有控制字符", ()),
    (r"(.+) is not part of the language", "{} 不在表达式语言之内", (_SAME,)),
    (r"`is` only goes with null", "`is` 后面只能是 null", ()),
    (r"(`.+`) is not a plain number", "{} 不是普通的数", (_SAME,)),
    (r"(`.+`) does not fit into 64 bits", "{} 超出了 64 位整数", (_SAME,)),
    (r"('.+') is not a day", "{} 不是日期", (_SAME,)),
    (r"(.+) is not a name", "{} 不是名称", (_SAME,)),
    (r"there is no function (.+)", "没有函数 {}", (_SAME,)),
    (r"there is no name (.+)", "没有名称 {}", (_SAME,)),
    (r"there is no tag (.+)", "没有标签 {}", (_SAME,)),
    (r"there is no customer (.+)", "没有客户 {}", (_SAME,)),
    (r"no snapshot yet", "还没有快照", ()),
    (r"count\(\) counts nothing", "count() 没有可数的", ()),
    (r"yuan\(...\) takes one number with at most two decimals", "yuan(...) 只收一个数，最多两位小数", ()),
    (r"(`.+`) is not one aggregate", "{} 不是一个聚合", (_SAME,)),
    (r"(`.+`) is (\w+), a condition is needed", "{} 是{}，这里要的是条件", (_SAME, _types)),
    (r"a condition must be true or false, this is (\w+)", "条件的结果只能是真或假，这里是{}", (_types,)),
    (r"the branches of case: (.+)", "case 的各个分支：{}", (_within,)),
    (r"(.+) and (\w+) do not go together", "{}与{}不能放在一起", (_types, _types)),
    (r"argument (\d+) is (\w+), needs (.+)", "第 {} 个参数是{}，要的是{}", (_SAME, _types, _types)),
    (r"(.+) must be a positive whole number, written out", "{} 必须直接写成正整数", (_SAME,)),
    (r"money can only be multiplied by a whole number", "金额只能乘以整数", ()),
    (r"a comparison with null is never true", "与 null 比较永远不成立", ()),
    (r"`in` takes a list of literals", "`in` 后面只能是写明的值", ()),
    (r"null is nothing to aggregate", "null 没有可聚合的", ()),
    (r"the aggregate (\w+)\(...\) cannot stand here", "聚合 {}(...) 不能写在这里", (_SAME,)),
    (r"(\w+)\(...\) cannot stand here", "{}(...) 不能写在这里", (_SAME,)),
    (r"(\w+) takes (.+ arguments?), not (\d+)", "{} 要 {}参数，写了 {} 个", (_SAME, _span, _SAME)),
    (r"('.+') is not one of the values", "{} 不在取值之内", (_SAME,)),
    (r"the service met an error that it did not foresee", "服务遇到了没有预料到的错误", ()),
    (r"this service answers only to names of this machine", "本服务只应答本机的名称", ()),
    # hints
    (r"the log of the service has the details", "详情见服务的日志", ()),
    (r"open it as (.+)", "请用 {} 打开", (_SAME,)),
    (r"did you mean (.+)\?", "是不是 {}？", (_choices,)),
    (r"values: (.+)", "取值：{}", (_SAME,)),
    (r"compare it with something", "请把它与某个值比较", ()),
    (r"compare with = or in \(...\)", "请用 = 或 in (...) 比较", ()),
    (r"compare moments through (.+)", "时刻请用 {} 比较", (_choices,)),
    (r"use the condition itself", "直接写条件本身", ()),
    (r"use `=` and `or` to compare with names", "与名称比较请用 `=` 和 `or`", ()),
    (r"texts cannot be joined", "文本不能拼接", ()),
    (r"values have their types already; a day is written (.+)", "值已经有类型；日期写成 {}", (_SAME,)),
    (r"rank_share\(x\) is the only look at other customers", "与其他客户相比只能用 rank_share(x)", ()),
    (r"put the condition into `where` of the measure", "请把条件写进度量的 `where`", ()),
    (r"read another source through a measure of its own", "读取其他来源请另写一个度量", ()),
    (r"only count\(\*\) takes a star", "只有 count(*) 能用星号", ()),
    (r"names are lower-case words; only param.x and item.x have a dot",
     "名称是小写单词；只有 param.x 和 item.x 带点", ()),
    (r"a text is written (.+) with single quotes", "文本要用单引号，写成 {}", (_SAME,)),
    (r"divide amounts instead", "金额之间请用除法", ()),
    (r"turn the moment into a business day with (.+)", "请用 {} 把时刻变成营业日", (_SAME,)),
    (r"write an amount as yuan\(100\), or divide two amounts", "金额写成 yuan(100)，或用两个金额相除", ()),
    (r"write a day as (.+)", "日期写成 {}", (_SAME,)),
    (r"an aggregate is the whole of a measure's `aggregate`", "聚合只能是度量的 `aggregate` 的全部", ()),
    (r"write it out", "请直接写出来", ()),
    (r"write days_since\(x\) or days_between\(a, b\) for a number of days",
     "要天数请写 days_since(x) 或 days_between(a, b)", ()),
    (r"write round_down\(x / yuan\(1\)\) for whole yuan", "要整元数请写 round_down(x / yuan(1))", ()),
    (r"write plain signs such as (.+) instead of (.+)", "请用半角符号 {}，不要用 {}", (_SAME, _SAME)),
    (r"write two measures, (.+) and (.+), and divide one by the other in `value`",
     "请写两个度量 {} 和 {}，在 `value` 里相除", (_SAME, _SAME)),
    (r"write (.+) for the nearest whole number", "四舍五入请写 {}", (_choices,)),
    (r"write as_of, the moment that the tags are told for", "请写 as_of，即标签的截至时刻", ()),
    (r"write previous_at for the row before, or `follow` for what comes after",
     "前一行请写 previous_at，后一行请用 `follow`", ()),
    (r"run `zhiyan compute` first", "请先运行 `zhiyan compute`", ()),
)  # fmt: skip
_LETTERS: Mapping[str, Callable[[str], str]] = {"s": _SAME, "t": _types, "w": _within}
_COMPILED = tuple(
    (re.compile(english, re.DOTALL), wording, tuple(writers))
    for english, wording, writers in (
        (_SUBJECT, "{}：{}", (_within, _within)),
        *_WORDINGS,
        *((e, c, tuple(_LETTERS[one] for one in by)) for e, c, by in DEFINITION_WORDINGS),
        (r"write (.+)", "请写 {}", (_choices,)),
    )
)


def chinese(text: str) -> str:
    """Return a message or a hint in Chinese; a wording that is not known stays as it is."""
    for pattern, wording, writers in _COMPILED:
        match = pattern.fullmatch(text)
        if match:
            pairs = zip(writers, match.groups(), strict=True)
            return wording.format(*(write(part) for write, part in pairs))
    return text
