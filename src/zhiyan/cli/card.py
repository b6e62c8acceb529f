"""The evidence card in the terminal: the rule, what was counted, and what is ahead."""

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from zhiyan.cli.output import Shown, console, table
from zhiyan.core.evidence import Counted, Evidence
from zhiyan.core.tag import Tag
from zhiyan.core.time import aware
from zhiyan.lang.render import render

#: How many counted rows of a measure the terminal shows, the newest first.
ROWS = 10
#: A text folds rather than take more than this of a line; columns stand so far apart.
FOLDED, BETWEEN = 24, 2


def show_card(card: Evidence, tag: Tag, shown: Shown) -> None:
    """Print a card; columns that do not fit in the terminal are named below their table."""
    value = shown.tag(card.value, tag)
    console.print(f"[bold]{tag.name_zh}[/]（{tag.code}，版本 {card.fingerprint[:8]}）= {value}")
    table("规则", ("", "条件", "取值", "成立", "结果"), _clauses(card, shown, tag))
    for counted in card.counted:
        _show_counted(counted, shown)
    console.print(_ahead(card, tag, shown))


def _ahead(card: Evidence, tag: Tag, shown: Shown) -> str:
    """Return what is ahead of the value; nothing is told from where other customers decide."""
    if card.flip:
        day = shown.zone.day(aware(card.flip.at))
        return f"若无新事件，{day} 起变为 [bold]{shown.tag(card.flip.value, tag)}[/]"
    if card.others_from is None:
        return f"若无新事件，{card.horizon_days} 天内不变"
    others = "取决于其他客户的变化，不作预告"
    if card.others_from == card.as_of:
        return f"即使没有新事件，该值也{others}"
    day = shown.zone.day(aware(card.others_from))
    return f"若无新事件，{day} 之前不变；此后也{others}"


def _show_counted(counted: Counted, shown: Shown) -> None:
    told = shown.value(counted.value, counted.type)
    rows = shown.rows(counted)[:ROWS]
    kept = fitting(counted.columns, rows, width=console.width)
    title = f"{counted.measure} = {told}：{counted.source} 计入 {counted.row_count} 行"
    table(title, counted.columns[:kept], [row[:kept] for row in rows])
    more: list[str] = []
    if counted.row_count > len(rows):
        more.append(f"还有 {counted.row_count - len(rows):,} 行")
    if kept < len(counted.columns):
        more.append(f"未列出 {'、'.join(counted.columns[kept:])}")
    if more and rows:
        text = f"… {'；'.join(more)}（见 --json）"
        console.print(text, style="dim", markup=False, soft_wrap=True)


def fitting(columns: Sequence[str], rows: Sequence[Sequence[str]], *, width: int) -> int:
    """Return how many columns, from the left, stand whole within ``width`` characters; at least 1."""
    taken = 0
    for number, name in enumerate(columns):
        widest = max((cell_len(row[number]) for row in rows), default=0)
        taken += max(cell_len(name), min(widest, FOLDED)) + (BETWEEN if number else 0)
        if taken > width:
            return max(number, 1)
    return len(columns)


def _clauses(card: Evidence, shown: Shown, tag: Tag) -> list[tuple[Any, ...]]:
    marks = {True: "是", False: "否", None: "未知"}
    rows: list[tuple[Any, ...]] = []
    for clause in card.clauses:
        values = "\n".join(f"{i.name} = {shown.value(i.value, i.type)}" for i in clause.inputs)
        text = render(clause.when) if clause.when else "其他 / otherwise"
        rows.append(
            (
                "→" if clause.chosen else "",
                text,
                values,
                marks[clause.holds] if clause.when else "",
                shown.tag(clause.then, tag),
            )
        )
    return rows
