"""Expressions in words: what a rule says, in Chinese and in English."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zhiyan.api.show import show
from zhiyan.app.reads import Label
from zhiyan.core.expression import Call, Case, Literal, Node, Ref, ValueType
from zhiyan.core.measure import Measure, Span, Unit, Window

_SIGNS = {"=": "=", "<>": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_SUMS = {"+": "+", "-": "−", "*": "×", "/": "÷"}
_JOINS: Mapping[str, tuple[str, str]] = {"and": ("且", "and"), "or": ("或", "or")}
_UNITS = {
    Unit.MINUTE: ("分钟", "minutes"),
    Unit.HOUR: ("小时", "hours"),
    Unit.DAY: ("天", "days"),
    Unit.MONTH: ("个月", "months"),
}
_TRUE, _FALSE = (Literal(value, ValueType.BOOL) for value in (True, False))
#: Aggregates that look at no column.
_WHOLE: Mapping[tuple[str, tuple[Node, ...]], tuple[str, str]] = {
    ("count", ()): ("行数", "number of rows"),
    ("any", (_TRUE,)): ("是否有记录", "whether there is any row"),
}
_NAMES: Mapping[str, Label] = {
    "as_of": Label("截止时刻", "the as-of moment"),
    "occurred_at": Label("发生时间", "time"),
    "previous_at": Label("上一次时间", "the time before"),
    "followed": Label("有后续", "followed"),
}
#: Chinese and English form of each function; ``{all}`` is every argument.
_FORMS: Mapping[str, tuple[str, str]] = {
    "not": ("非({0})", "not ({0})"),
    "is_null": ("{0} 未知", "{0} is unknown"),
    "known": ("{0} 已知", "{0} is known"),
    "negate": ("−{0}", "−{0}"),
    "yuan": ("{0} 元", "{0} yuan"),
    "fen": ("{0} 的分值", "{0} in fen"),
    "coalesce": ("首个已知值({all})", "first known of ({all})"),
    "nullif": ("{0}(为 {1} 时未知)", "{0} (unknown if {1})"),
    "abs": ("{0} 的绝对值", "absolute {0}"),
    "least": ("最小值({all})", "least of ({all})"),
    "greatest": ("最大值({all})", "greatest of ({all})"),
    "round_down": ("{0} 取整", "{0} rounded down"),
    "days_since": ("距 {0} 天数", "days since {0}"),
    "hours_since": ("距 {0} 小时数", "hours since {0}"),
    "days_between": ("{0} 到 {1} 的天数", "days from {0} to {1}"),
    "on_day": ("{0} 当日", "day of {0}"),
    "month_of": ("{0} 的月份", "month of {0}"),
    "hour_of": ("{0} 的小时", "hour of {0}"),
    "weekday_of": ("{0} 的星期", "weekday of {0}"),
    "years_since": ("自 {0} 起的整年数", "full years since {0}"),
    "days_until_anniversary": ("距下一个 {0} 周年的天数", "days to the anniversary of {0}"),
    "contains": ("{0} 含 {1}", "{0} contains {1}"),
    "overlaps": ("{0} 含 {1} 之一", "{0} has one of {1}"),
    "size": ("{0} 的个数", "number of {0}"),
    "list_of": ("[{all}]", "[{all}]"),
    "rank_share": ("{0} 的排名百分位", "percentile of {0}"),
    "decay": ("按 {1} 天半衰的权重 {2}(距今 {0})", "weight {2} halving every {1} days (age {0})"),
    "count": ("有 {0} 的行数", "rows with {0}"),
    "count_distinct": ("不同 {0} 的个数", "distinct {0}"),
    "sum": ("{0} 合计", "sum of {0}"),
    "min": ("最小(最早){0}", "least (earliest) {0}"),
    "max": ("最大(最近){0}", "greatest (latest) {0}"),
    "any": ("是否有 {0}", "whether any {0}"),
    "first": ("首次 {0}", "first {0}"),
    "last": ("末次 {0}", "last {0}"),
    "mode": ("最常见的 {0}", "most frequent {0}"),
    "top": ("最多的 {1} 个 {0}", "top {1} {0}"),
    "top1": ("得分最高的 {0}", "best scored {0}"),
    "set": ("全部 {0}", "all {0}"),
    "median_gap_days": ("{0} 间隔天数中位数", "median days between {0}"),
    "max_share": ("最常见 {0} 的占比", "share of the most frequent {0}"),
    "latest_by": ("每个 {0} 最近的 {1}", "latest {1} for each {0}"),
    "streak": ("距上次 {0} 的行数", "rows since {0}"),
    "add_days": ("{0} 加 {1} 天", "{0} plus {1} days"),
    "add_months": ("{0} 加 {1} 个月", "{0} plus {1} months"),
    "band": ("{0} 的分位档(共 {1} 档)", "band of {0} out of {1}"),
    "date_range": ("{0} 至 {1}", "{0} to {1}"),
    "day_number": ("{0} 的日序号", "number of the day of {0}"),
    "landmark": ("每 {0} 天一段的段末日序号", "number of the day that ends the {0} days"),
    "week_number": ("{0} 的周序号", "number of the week of {0}"),
    "month_number": ("{0} 的月序号", "number of the month of {0}"),
    "latest_run": ("{0} 最近一段连续的长度", "length of the latest run of {0}"),
    "longest_run": ("{0} 最长连续的长度", "length of the longest run of {0}"),
    "longest_streak": ("{0} 最长连续行数", "longest row of {0}"),
    "left": ("{0} 的前 {1} 个字符", "first {1} characters of {0}"),
    "without_end": ("{0} 去掉末尾 {1}", "{0} without the ending {1}"),
    "list_union": ("{0} 并 {1}", "{0} and {1} together"),
    "list_common": ("{0} 与 {1} 共有", "common to {0} and {1}"),
    "list_minus": ("{0} 除去 {1}", "{0} without {1}"),
    "peers": ("与她 {0} 相同的人数", "customers with the same {0}"),
    "value_of": ("{0} 中 {1} 的值", "value of {1} in {0}"),
}


def _flat(node: Call) -> list[Node]:
    """Return the members of a chain of one operator: ``(a and b) and c`` has three."""
    members: list[Node] = []
    for part in node.args:
        chained = isinstance(part, Call) and part.op == node.op
        members.extend(_flat(part) if isinstance(part, Call) and chained else [part])
    return members


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes expressions in one language.

    ``name`` gives the label of a reference, None if it has none; ``values`` the labels of a
    reference's values; ``chinese`` chooses the language.
    """

    chinese: bool
    name: Callable[[str], Label | None]
    values: Callable[[str], Mapping[str, Label]]

    def write(self, node: Node, labels: Mapping[str, Label] | None = None) -> str:
        """Return the words of an expression; ``labels`` name the text literals in it."""
        if isinstance(node, Literal):
            shown = show(node.value, node.type, labels or {})
            return self._pick((shown.zh, shown.en))
        if isinstance(node, Ref):
            return self._ref(node.name)
        if isinstance(node, Case):
            return self._case(node, labels)
        return self._call(node, labels)

    def _pick(self, pair: tuple[str, str]) -> str:
        return pair[0] if self.chinese else pair[1]

    def _ref(self, name: str) -> str:
        label = self.name(name) or _NAMES.get(name)
        if label is None:
            return name.replace("_", " ")
        return label.zh if self.chinese else label.en

    def _case(self, node: Case, labels: Mapping[str, Label] | None) -> str:
        words = self._pick(("{0} 时取 {1}", "{1} if {0}"))
        parts = [
            words.format(self.write(when), self.write(then, labels)) for when, then in node.branches
        ]
        rest = self._pick(("否则 {0}", "otherwise {0}"))
        return self._pick((";", "; ")).join(
            [*parts, rest.format(self.write(node.otherwise, labels))]
        )

    def _call(self, node: Call, labels: Mapping[str, Label] | None) -> str:
        args = node.args
        labels = labels or self._labels_within(node)
        if node.op in _JOINS:
            joint = f" {self._pick(_JOINS[node.op])} "
            return joint.join(self._wrapped(part, _JOINS) for part in _flat(node))
        if len(args) == 2 and node.op in _SIGNS:
            return (
                f"{self._wrapped(args[0], _JOINS)} {_SIGNS[node.op]} {self.write(args[1], labels)}"
            )
        if len(args) == 2 and node.op in _SUMS:
            return f" {_SUMS[node.op]} ".join(self._wrapped(part, _SUMS) for part in args)
        return self._function(node, labels)

    def _function(self, node: Call, labels: Mapping[str, Label]) -> str:
        inner = node.args[0] if node.op == "not" else None
        if isinstance(inner, Call) and inner.op == "in":
            return self._one_of(inner, labels, ("不属于", "is none of"))
        if isinstance(inner, Call) and inner.op == "is_null":
            node = Call("known", inner.args)
        if node.op == "in":
            return self._one_of(node, labels, ("属于", "is one of"))
        if (node.op, node.args) in _WHOLE:
            return self._pick(_WHOLE[node.op, node.args])
        if node.op == "coalesce" and len(node.args) == 2:
            return self._or_else(node, labels)
        return self._by_form(node, [self.write(part, labels) for part in node.args])

    def _or_else(self, node: Call, labels: Mapping[str, Label]) -> str:
        """Write ``coalesce(x, y)``; a condition that is unknown simply does not hold."""
        first = self._wrapped(node.args[0], {**_JOINS, **_SUMS})
        if node.args[1] == _FALSE:
            return first
        rest = self.write(node.args[1], labels)
        return self._pick((f"{first}(未知时 {rest})", f"{first} ({rest} if unknown)"))

    def _one_of(self, node: Call, labels: Mapping[str, Label], verb: tuple[str, str]) -> str:
        labels = labels or self._labels_within(node)
        first, *rest = [self.write(part, labels) for part in node.args]
        return f"{first} {self._pick(verb)} {self._pick(('、', ', ')).join(rest)}"

    def _by_form(self, node: Call, said: list[str]) -> str:
        every = self._pick(("、", ", ")).join(said)
        form = _FORMS.get(node.op)
        if form is None:
            return f"{node.op}({every})"
        try:
            return self._pick(form).format(*said, all=every)
        except IndexError:
            return f"{node.op}({every})"

    def _wrapped(self, node: Node, within: Mapping[str, object]) -> str:
        said = self.write(node)
        compound = isinstance(node, Case) or (
            isinstance(node, Call) and node.op in within and len(node.args) > 1
        )
        return f"({said})" if compound else said

    def _labels_within(self, node: Call) -> Mapping[str, Label]:
        refs = [part for part in node.args if isinstance(part, Ref)]
        return self.values(refs[0].name) if refs else {}

    def measure(self, measure: Measure, source: Label) -> str:
        """Return what a measure counts: window, source, filter, aggregate."""
        parts = [self.window(measure.window), source.zh if self.chinese else source.en]
        if measure.where is not None:
            parts.append(self.write(measure.where))
        if measure.per:
            groups = self._pick(("、", ", ")).join(self._ref(name) for name in measure.per)
            parts.append(self._pick((f"按 {groups} 归组", f"grouped by {groups}")))
        parts.extend(f"{self._ref(name)} = {self.write(node)}" for name, node in measure.inner)
        if measure.having is not None:
            kept = self.write(measure.having)
            parts.append(self._pick((f"保留 {kept}", f"keeping {kept}")))
        if measure.follow is not None:
            span = self.span(measure.follow.within)
            parts.append(self._pick((f"其后 {span}内", f"followed within {span}")))
        parts.extend(self._kept(measure))
        parts.append(self.write(measure.aggregate))
        return " · ".join(parts)

    def _kept(self, measure: Measure) -> list[str]:
        """Return what narrows a measure beyond its window: sessions, since when, how many."""
        parts: list[str] = []
        if measure.session is not None:
            span = self.span(measure.session)
            parts.append(self._pick((f"间隔超过 {span}算新会话", f"sessions parted by {span}")))
        if measure.since is not None:
            source = measure.since.rows.source
            parts.append(self._pick((f"自最近一次 {source} 之后", f"since the last {source}")))
        if measure.latest is not None:
            count = self.write(measure.latest)
            parts.append(self._pick((f"最近 {count} 条", f"the latest {count}")))
        return parts

    def span(self, span: Span) -> str:
        """Return a length of time: ``365 天``, ``12 months``."""
        return f"{span.count} {self._pick(_UNITS[span.unit])}"

    def window(self, window: Window) -> str:
        """Return a window: all history, the last n days, a stretch in the past, or ahead."""
        moment = self._pick((f"(按 {self._ref(window.on)})", f" (by {self._ref(window.on)})"))
        words = self._window(window)
        return words if window.on == "occurred_at" else words + moment

    def _window(self, window: Window) -> str:
        if window.ahead:
            if window.start is None:
                return self._pick(("今后", "from now on"))
            return self._pick(("未来 ", "next ")) + self.span(window.start)
        if window.start is None:
            return self._pick(("全部历史", "all history"))
        if window.end is None:
            return self._pick(("近 ", "last ")) + self.span(window.start)
        far, near = self.span(window.start), self.span(window.end)
        return self._pick((f"{far}前至 {near}前", f"{far} to {near} ago"))
