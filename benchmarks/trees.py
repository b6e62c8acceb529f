"""Random nested conditions over a snapshot, as people write them."""

from random import Random
from typing import Any

from zhiyan.app.workspace import Workspace
from zhiyan.core.expression import ValueType
from zhiyan.core.snapshot import Manifest
from zhiyan.ports import Statement

LEAST, MOST = 3, 8
_NUMBERS = {ValueType.INT, ValueType.DECIMAL, ValueType.MONEY}
_TEXTS = {ValueType.ENUM, ValueType.TEXT, ValueType.REF}


def trees(workspace: Workspace, manifest: Manifest, many: int) -> list[str]:
    """Return so many conditions of 3 to 8 clauses over tags; the same for the same snapshot."""
    draw = Random(11)
    clauses = _clauses(workspace, manifest)
    return [_tree(draw, clauses, draw.randint(LEAST, MOST)) for _ in range(many)]


#: What is asked of facts that no tag tells, beside tags.
_BEHAVIOURS = [
    "[count(*) of web_event where type = 'view' window 30d] >= 3",
    "[count(*) of web_event window 7d] = 0",
    "[count(distinct item_code) of web_event where type = 'view' window 90d] >= 2",
    "[sum(net_fen) of order_line window 90d] > yuan(1000)",
    "[count(*) of visit where effective window 365d] >= 2",
    "[last(status) of appointment window 180d on appt_at] = 'no_show'",
    "[count(*) of touch where channel = 'sms' window 30d] <= 2",
    "[any(type = 'cart') of web_event window 14d]",
]


def behaving(workspace: Workspace, manifest: Manifest, many: int) -> list[str]:
    """Return so many conditions of one or two behaviours and 1 to 7 clauses over tags."""
    draw = Random(12)
    clauses = _clauses(workspace, manifest)
    found: list[str] = []
    for _ in range(many):
        behaviours = draw.sample(_BEHAVIOURS, draw.randint(1, 2))
        tree = _tree(draw, clauses, draw.randint(1, MOST - len(behaviours)))
        found.append(" and ".join([*behaviours, tree]))
    return found


def _tree(draw: Random, clauses: list[list[str]], size: int) -> str:
    if size == 1:
        return draw.choice(draw.choice(clauses))
    left = draw.randint(1, size - 1)
    parts = [_tree(draw, clauses, part) for part in (left, size - left)]
    return f"({parts[0]} {draw.choice(['and', 'and', 'or'])} {parts[1]})"


def _clauses(workspace: Workspace, manifest: Manifest) -> list[list[str]]:
    """Return for each tag the conditions that may be asked of it, about values that occur."""
    found: list[list[str]] = []
    for code in manifest.tags:
        values = _some_values(workspace, manifest, code)
        made = _of_tag(code, workspace.catalogue.tags[code].type, values)
        if made:
            found.append(made)
    return found


def _of_tag(code: str, kind: ValueType, values: list[Any]) -> list[str]:
    if kind is ValueType.BOOL:
        return [code, f"not {code}"]
    if kind in _NUMBERS:
        numbers = [_number(kind, value) for value in values]
        return [f"{code} {sign} {number}" for number in numbers for sign in (">=", "<")]
    if kind in _TEXTS:
        quoted = ["'{}'".format(str(value).replace("'", "''")) for value in values]
        return (
            [*(f"{code} = {one}" for one in quoted), f"{code} in ({', '.join(quoted)})"]
            if quoted
            else []
        )
    if kind is ValueType.DATE:
        return [f"{code} >= date '{value}'" for value in values] + [f"{code} is null"]
    if kind is ValueType.LIST:
        return [f"size({code}) > 0"]
    return [f"{code} is not null"]


def _number(kind: ValueType, value: Any) -> str:
    if kind is ValueType.MONEY:
        return f"yuan({value / 100:.2f})"
    return str(value) if kind is ValueType.INT else f"{float(value):.4f}"


def _some_values(workspace: Workspace, manifest: Manifest, code: str) -> list[Any]:
    """Return up to five values of a tag that customers have."""
    rows = workspace.engine.query(
        Statement(
            f'SELECT DISTINCT "{code}" AS value FROM (SELECT "{code}" FROM'
            f" snapshot.t_{manifest.snapshot_id} ORDER BY customer_id LIMIT 2000) WHERE value IS NOT NULL"
            " ORDER BY hash(value) LIMIT 5"
        )
    ).to_pylist()
    return [row["value"] for row in rows]
