"""Short constructors for the declarations beside this file."""

from typing import Any

from zhiyan.core.event import Column, ColumnType, Sensitivity


def text(name: str, zh: str, **more: Any) -> Column:
    """Declare a free text column."""
    return Column(name=name, type=ColumnType.TEXT, zh=zh, **more)


def code(name: str, zh: str, *values: str, **more: Any) -> Column:
    """Declare a code column, closed if values are given."""
    return Column(name=name, type=ColumnType.CODE, zh=zh, values=values, **more)


def codes(name: str, zh: str, *values: str, **more: Any) -> Column:
    """Declare a column that holds a sorted list of distinct codes."""
    return Column(name=name, type=ColumnType.CODES, zh=zh, values=values, **more)


def integer(name: str, zh: str, **more: Any) -> Column:
    """Declare an integer column."""
    return Column(name=name, type=ColumnType.INT, zh=zh, **more)


def fen(name: str, zh: str, **more: Any) -> Column:
    """Declare a money column in integer fen."""
    more.setdefault("sensitivity", Sensitivity.P2)
    return Column(name=name, type=ColumnType.FEN, zh=zh, **more)


def flag(name: str, zh: str, **more: Any) -> Column:
    """Declare a yes-or-no column."""
    return Column(name=name, type=ColumnType.BOOL, zh=zh, **more)


def day(name: str, zh: str, **more: Any) -> Column:
    """Declare a date column."""
    return Column(name=name, type=ColumnType.DATE, zh=zh, **more)


def moment(name: str, zh: str, **more: Any) -> Column:
    """Declare a moment column: hidden until it has passed."""
    return Column(name=name, type=ColumnType.MOMENT, zh=zh, **more)


def plan(name: str, zh: str, **more: Any) -> Column:
    """Declare a planned moment: visible although it may lie ahead."""
    return Column(name=name, type=ColumnType.MOMENT, zh=zh, plan=True, **more)


def item(**more: Any) -> Column:
    """Declare the item code, sensitive because it tells of treatment."""
    more.setdefault("sensitivity", Sensitivity.S3)
    return Column(name="item_code", type=ColumnType.CODE, zh="项目编码", ref="item", **more)


def staff(name: str, zh: str, **more: Any) -> Column:
    """Declare a staff code."""
    return Column(name=name, type=ColumnType.CODE, zh=zh, ref="staff", **more)
