"""Exports that are one plain table each: declared, not programmed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import Arrow, Column, Compute, times
from zhiyan.demo.exports.desk import Desk, fen_of
from zhiyan.demo.exports.draft import Draft, listed, plain, worded, yes_no, yuan
from zhiyan.demo.exports.forms import GBK, Delimited
from zhiyan.demo.exports.recipes import Recipe, plant
from zhiyan.demo.identify import member_numbers, phone_text, unionids

Maker: TypeAlias = Callable[[Desk, pa.Table], Any]
#: A column is a field of the table, a field with its words, or made by a function.
Field: TypeAlias = str | tuple[str, dict[str, str]] | Maker


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """One export: file stem, table, form, columns in order, money columns, problems by column."""

    stem: str
    table: str
    kind: str
    columns: Mapping[str, Field]
    form: Delimited = GBK
    suffix: str = "csv"
    money: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: Mapping[str, tuple[Recipe, ...]] = field(
        default_factory=dict[str, tuple[Recipe, ...]]
    )


def clinic(desk: Desk, rows: pa.Table) -> Column:
    """Write the clinic."""
    return desk.clinics(rows)


def native(desk: Desk, rows: pa.Table) -> Column:
    """Write the identifier by which the source knows the person."""
    return desk.native(rows)


def shown(desk: Desk, rows: pa.Table) -> Column:
    """Write the name that the record shows."""
    return desk.people_names(rows["rec"].to_numpy())


def item(desk: Desk, rows: pa.Table) -> Column:
    """Write the item as typed."""
    return desk.item_names(rows)


def phone(desk: Desk, rows: pa.Table) -> Column:
    """Write the telephone of the record."""
    return plain(phone_text(desk.stage.records.phone[rows["rec"].to_numpy()]))


def union(desk: Desk, rows: pa.Table) -> Column:
    """Write the unionid where it is bound."""
    stage = desk.stage
    return plain(unionids(stage.records, stage.people, rows["rec"].to_numpy()))


def member(desk: Desk, rows: pa.Table) -> Column:
    """Write the member number."""
    return plain(member_numbers(desk.stage.records, rows["rec"].to_numpy()))


def friend(desk: Desk, rows: pa.Table) -> Column:
    """Write the WeCom identity of the person, empty where she is no friend."""
    rec = desk.stage.records.home["wecom"][rows["person"].to_numpy()]
    found = desk.natives(np.maximum(rec, 0))
    return Compute.if_else(Arrow.array(rec >= 0), found, "")


def lone_phone(desk: Desk, rows: pa.Table) -> Column:
    """Write the telephone only where there is no WeCom identity."""
    known = Compute.equal(friend(desk, rows), "")
    return Compute.if_else(known, phone(desk, rows), "")


def referee(desk: Desk, rows: pa.Table) -> Column:
    """Write the file number of the person referred."""
    rec = desk.stage.records.home["his"][rows["x_referee"].to_numpy()]
    return desk.natives(rec)


def price(column: str) -> Maker:
    """Write a money column in yuan."""
    return lambda _, rows: yuan(rows[column])


def flag(column: str) -> Maker:
    """Write a boolean as 是 or 否."""
    return lambda _, rows: yes_no(rows[column])


def millis(column: str) -> Maker:
    """Write a local moment as milliseconds since 1970 in UTC."""
    return lambda _, rows: epoch(rows, column, 1000)


def epoch(rows: pa.Table, column: str, unit: int) -> Column:
    """Return a local moment as seconds (unit 1) or milliseconds since 1970 in UTC, as text."""
    at = times(rows, column)
    seconds = (at.astype(np.int64) - 8 * 3600) * unit
    return plain(Arrow.array(seconds, mask=np.isnat(at)))


def iso(desk: Desk, rows: pa.Table) -> Column:
    """Write the moment in ISO form with its offset."""
    del desk
    text = Compute.replace_substring(plain(rows["at"]), " ", "T")
    return Compute.binary_join_element_wise(text, "+08:00", "")


def concerns(column: str, table: Mapping[str, str]) -> Maker:
    """Write a list of codes as words."""
    return lambda _, rows: listed(rows[column], table)


def write_simple(desk: Desk, simple: Simple, rows: pa.Table | None = None) -> None:
    """Write one declared export, with blank lines and the problems of its columns."""
    rows = desk.rows(simple.table) if rows is None else rows
    columns = {name: _made(desk, rows, how) for name, how in simple.columns.items()}
    money = {name: fen_of(rows, column) for name, column in simple.money.items()}
    draft = Draft(
        file=desk.name(simple.stem, simple.suffix),
        kinds=(simple.kind,),
        columns=columns,
        money=money,
    )
    for column, recipes in simple.problems.items():
        plant(desk.rng, draft, column, recipes=recipes)
    if simple.form is GBK:
        desk.blanks(draft)
    desk.save(draft, simple.form)


def _made(desk: Desk, rows: pa.Table, how: Any) -> Column:
    if isinstance(how, str):
        return plain(rows[how])
    if callable(how):
        made: Any = how(desk, rows)
        return plain(made)
    name, table = how
    return worded(rows[name], table)
