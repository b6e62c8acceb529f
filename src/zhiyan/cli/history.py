"""Commands over time: history, as-of, movements, migration."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from zhiyan.app import history as app
from zhiyan.app.files import write_rows
from zhiyan.app.workspace import Workspace
from zhiyan.cli.options import JsonOption, WorkspaceOption, opened, reading
from zhiyan.cli.output import console, print_json, table
from zhiyan.cli.queue import Language, LanguageOption
from zhiyan.cli.telling import Texts
from zhiyan.core.identity import public_id
from zhiyan.core.time import aware, naive_utc
from zhiyan.pipeline.history import CUSTOMER, Migration, Sighting, Stretch, text_of

#: How many movements and members the terminal shows; files and ``--json`` hold all.
MOST = 60

KnownAtOption = Annotated[
    str | None,
    typer.Option("--known-at", help="当时所知 / as believed then", show_default=False),
]
FromOption = Annotated[str, typer.Option("--from", help="起始日 / first day", show_default=False)]
ToOption = Annotated[
    str | None,
    typer.Option(
        "--to", help="截止日，默认最新快照 / last day, default newest", show_default=False
    ),
]


class Period(StrEnum):
    """What movements are counted by."""

    SNAPSHOT = "snapshot"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def history(  # noqa: PLR0913 - one option each
    customer: Annotated[str, typer.Argument(help="客户编号 / customer id")],
    tag: Annotated[str | None, typer.Argument(help="标签编码 / tag code")] = None,
    *,
    workspace: WorkspaceOption = None,
    known_at: KnownAtOption = None,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """客户标签的历史：自何时起、此前是什么 / Since when, and what it was before.

    带标签编码时连同曾经的看法 / With a tag, also what was believed and is not any more.
    """
    with reading(workspace) as ready:
        found = app.customer_history(
            ready, customer, tag,
            known_at=_moment(ready, known_at), every_belief=tag is not None,
        )  # fmt: skip
        say = Texts(ready, lang)
    if json:
        print_json(found)
        return
    if found.merged_into is not None:
        into = public_id(found.merged_into)
        console.print(say(f"该客户已合并到 {into}", f"this customer is part of {into} now"))
    if tag is None:
        _show_now(found.stretches, say)
    else:
        _show_stretches(found.stretches, say, tag)
    note = say("时刻为快照的截至日；变化发生在前一次快照之后", "days are as-ofs of snapshots")
    console.print(note, style="dim")


def _moment(workspace: Workspace, text: str | None) -> datetime | None:
    return workspace.settings.zone.parse_moment(text) if text else None


def _show_now(stretches: Sequence[Stretch], say: Texts) -> None:
    """Print each tag with its value, since when, and the value before."""
    rows: list[tuple[Any, ...]] = []
    for code in sorted({one.tag for one in stretches} - {CUSTOMER}):
        own = [one for one in stretches if one.tag == code]
        last, earlier = own[-1], own[:-1]
        value = say.value(code, last.value if last.valid_to is None else None)
        since = last.valid_from if last.valid_to is None else last.valid_to
        before = last if last.valid_to else (earlier[-1] if earlier else None)
        was = say.value(code, before.value) if before else "-"
        rows.append((code, say.name(code), value, say.day(since), was, len(own)))
    columns = say("编码,名称,现值,自,此前,段数", "Code,Name,Value,Since,Before,Stretches").split(
        ","
    )
    table(say("标签现值与由来", "Tags now"), columns, rows, wide={columns[1]})


def _show_stretches(stretches: Sequence[Stretch], say: Texts, tag: str) -> None:
    own = [one for one in stretches if one.tag != CUSTOMER]
    columns = say("自,至,值,前一快照,版本", "From,To,Value,Snapshot before,Version").split(",")
    now = [
        (say.day(s.valid_from), say.day(s.valid_to), say.value(s.tag, s.value),
         say.day(s.unseen_at), s.version[:8])
        for s in own if s.known_to is None
    ]  # fmt: skip
    title = f"{say.name(tag)} {tag}"
    table(title, columns, now, wide={columns[3], columns[4]})
    past = [
        (say.day(s.valid_from), say.day(s.valid_to), say.value(s.tag, s.value),
         say.day(s.known_from), say.day(s.known_to))
        for s in own if s.known_to is not None
    ]  # fmt: skip
    if past:
        columns = say("自,至,值,认为自,改于", "From,To,Value,Believed from,until").split(",")
        table(say("曾经这样认为", "What was believed"), columns, past)


def as_of(  # noqa: PLR0913 - one option each
    day: Annotated[str, typer.Argument(help="哪一天 / which day")],
    customer: Annotated[str | None, typer.Argument(help="客户编号 / customer id")] = None,
    *,
    segment: Annotated[
        str | None, typer.Option("--segment", help="人群或表达式 / segment or expression")
    ] = None,
    known_at: KnownAtOption = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="现算并保留该日快照 / compute that very day")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="写入 / write .csv .parquet .jsonl")
    ] = None,
    workspace: WorkspaceOption = None,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """某日（零点）的标签或人群 / What it was at the start of a day.

    取自保留的快照；--exact 现算 / From kept snapshots; --exact computes the day itself.
    """
    if (customer is None) == (segment is None):
        raise typer.BadParameter("客户编号与 --segment 二选一 / a customer or --segment")
    with (opened if exact else reading)(workspace) as ready:
        moment, known = ready.settings.zone.parse_moment(day), _moment(ready, known_at)
        if exact:
            ready.compute(moment, known)
        sighting, say = app.sighting_at(ready, moment, known), Texts(ready, lang)
        if customer:
            row = app.customer_as_of(ready, sighting, customer)
            _show_customer(row, _resting(sighting, moment, known_at), say, json=json)
            return
        found = app.members(ready, sighting, segment or "")
        rested = _resting(sighting, moment, known_at)
    if output:
        write_rows(found, output)
    if json:
        ids = found.column(0).to_pylist()
        print_json({**rested, "count": found.num_rows, "customers": ids})
        return
    _show_resting(rested, say)
    _show_members(found, say, listed=output is None)


def _show_members(found: pa.Table, say: Texts, *, listed: bool) -> None:
    console.print(say(f"共 {found.num_rows:,} 人", f"{found.num_rows:,} customers"))
    ids = [public_id(one.as_py()) for one in found.column(0)[:MOST]]
    if listed:
        table(say("前若干位", "The first ones"), (say("客户", "Customer"),), [(i,) for i in ids])


def _resting(sighting: Sighting, moment: datetime, known_at: str | None) -> dict[str, Any]:
    """Return what an answer rests on, for programs."""
    asked = naive_utc(moment)
    return {
        "snapshot": sighting.snapshot_id,
        "as_of": sighting.as_of,
        "known_at": sighting.known_at,
        "exact": sighting.as_of == asked,
        "days_before": (asked - sighting.as_of).days,
        "as_believed_at": known_at,
    }


def _show_resting(rested: Mapping[str, Any], say: Texts) -> None:
    days = rested["days_before"]
    how = (
        say("正是该日", "of that very day")
        if rested["exact"]
        else say(f"早 {days} 天；--exact 可现算", f"{days} days before; --exact computes the day")
    )
    known = say.day(rested["known_at"])
    console.print(
        say(
            f"依据截至 {say.day(rested['as_of'])} 的快照（{how}），当时所知至 {known}",
            f"from the snapshot as of {say.day(rested['as_of'])} ({how}), known at {known}",
        ),
        style="dim",
    )


def _show_customer(
    row: Mapping[str, Any], rested: dict[str, Any], say: Texts, *, json: bool
) -> None:
    values = {code: value for code, value in row.items() if code != "customer_id"}
    if json:
        print_json({**rested, "customer_id": row["customer_id"], "tags": values})
        return
    _show_resting(rested, say)
    rows = [
        (code, say.name(code), say.value(code, text_of(value)))
        for code, value in values.items()
        if value is not None
    ]
    columns = say("编码,名称,值", "Code,Name,Value").split(",")
    table(public_id(row["customer_id"]), columns, rows)
    unknown = len(values) - len(rows)
    console.print(say(f"另有 {unknown} 个标签未知", f"{unknown} more tags are unknown"))


def movements(  # noqa: PLR0913 - one option each
    where: Annotated[str, typer.Argument(help="人群或表达式 / segment or expression")],
    *,
    first: FromOption,
    last: ToOption = None,
    by: Annotated[Period, typer.Option("--by", help="按何汇总 / counts by")] = Period.SNAPSHOT,
    known_at: KnownAtOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="写入 / write .csv .parquet .jsonl")
    ] = None,
    workspace: WorkspaceOption = None,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """人群进出台账：谁、何时、因何 / Who entered and left, when and why."""
    with reading(workspace) as ready:
        days = _days(ready, first, last)
        found = app.movements(ready, where, days=days, known_at=_moment(ready, known_at))
        say = Texts(ready, lang)
    if output:
        write_rows(found.moves, output)
    if json:
        print_json({"periods": found.periods, "moves": found.moves})
        return
    _show_periods(found.periods, say, by)
    if output:
        console.print(f"{output}: {found.moves.num_rows:,}", markup=False, soft_wrap=True)
    else:
        _show_moves(found.moves, say)


def _days(workspace: Workspace, first: str, last: str | None) -> tuple[datetime, datetime]:
    zone = workspace.settings.zone
    newest = aware(max(one.as_of for one in app.sightings(workspace)))
    return zone.parse_moment(first), zone.parse_moment(last) if last else newest


def _show_periods(periods: pa.Table, say: Texts, by: Period) -> None:
    rows = periods.to_pylist()
    if by is not Period.SNAPSHOT:
        rows = _grouped(rows, _PERIODS[by], say)
    columns = say("截至,人数,进入,离开", "As of,Size,Entered,Left").split(",")
    listed = [
        (r["as_of"] if isinstance(r["as_of"], str) else say.day(r["as_of"]), r["size"],
         r["entered"], r["left"])
        for r in rows
    ]  # fmt: skip
    total = (
        say("合计", "Total"),
        "",
        sum(r["entered"] for r in rows),
        sum(r["left"] for r in rows),
    )
    table(say("进出", "Movements"), columns, listed, total=total)


_PERIODS: Mapping[Period, Callable[[date], str]] = {
    Period.DAY: lambda day: f"{day:%Y-%m-%d}",
    Period.WEEK: lambda day: f"{day:%G-W%V}",
    Period.MONTH: lambda day: f"{day:%Y-%m}",
}


def _grouped(
    rows: Sequence[Mapping[str, Any]], name: Callable[[date], str], say: Texts
) -> list[dict[str, Any]]:
    """Return counts by period: sums of moves, size at the end."""
    entered: Counter[str] = Counter()
    left: Counter[str] = Counter()
    size: dict[str, int] = {}
    for row in rows:
        period = name(say.on(row["as_of"]))
        entered[period] += row["entered"]
        left[period] += row["left"]
        size[period] = row["size"]
    return [
        {"as_of": period, "size": n, "entered": entered[period], "left": left[period]}
        for period, n in size.items()
    ]


def _show_moves(moves: pa.Table, say: Texts) -> None:
    rows = moves.slice(0, MOST).to_pylist()
    changes = {"entered": say("进入", "entered"), "left": say("离开", "left")}
    listed = [
        (public_id(r["customer_id"]), changes[r["change"]], say.day(r["between"]),
         say.day(r["as_of"]), _reason(r, say))
        for r in rows
    ]  # fmt: skip
    columns = say("客户,变化,之后,不晚于,原因", "Customer,Change,After,By,Why").split(",")
    more = say(f"（前 {MOST} 行，共 {moves.num_rows:,} 行）", f" ({MOST} of {moves.num_rows:,})")
    title = say("谁与因何", "Who and why") + (more if moves.num_rows > MOST else "")
    table(title, columns, listed, wide={columns[2]})


def _reason(row: Mapping[str, Any], say: Texts) -> str:
    if row["tag"] is None:
        return say("随日期（标签未变）", "the clock (no tag changed)")
    if row["tag"] == CUSTOMER:
        return say("新客户", "a new customer") if row["after"] else say("客户已合并", "merged away")
    before, after = (say.value(row["tag"], row[side]) for side in ("before", "after"))
    return f"{say.name(row['tag'])}: {before} → {after}"


def migration(  # noqa: PLR0913 - one option each
    tag: Annotated[str, typer.Argument(help="标签编码 / tag code")],
    *,
    first: FromOption,
    last: ToOption = None,
    known_at: KnownAtOption = None,
    workspace: WorkspaceOption = None,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """两日之间标签值的迁移矩阵 / How people moved between values."""
    with reading(workspace) as ready:
        days = _days(ready, first, last)
        found = app.migration(ready, tag, days=days, known_at=_moment(ready, known_at))
        say = Texts(ready, lang)
    if json:
        print_json(found)
        return
    _show_matrix(found, say, tag)


def _show_matrix(found: Migration, say: Texts, tag: str) -> None:
    """Print a row per value before and a column per value after, in their declared order."""
    cells = {(row["before"], row["after"]): row["customers"] for row in found.cells.to_pylist()}
    old, new = (say.ordered(tag, {pair[n] for pair in cells}) for n in (0, 1))
    rows = [(say.short(tag, a), *(cells.get((a, b), 0) for b in new)) for a in old]
    title = f"{say.name(tag)}: {say.day(found.before)} → {say.day(found.after)}"
    columns = (say("之前＼之后", "before \\ after"), *(say.short(tag, b) for b in new))
    table(title, columns, rows)
