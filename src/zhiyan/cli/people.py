"""Commands about who is who: resolve and review."""

from typing import Annotated

import typer

from zhiyan.app.lookup import customer_named, no_customer
from zhiyan.cli.options import AsOfOption, JsonOption, WorkspaceOption, moment_of, opened, reading
from zhiyan.cli.output import console, print_json, table
from zhiyan.core.identity import public_id
from zhiyan.pipeline.resolve import Action, Decision
from zhiyan.pipeline.resolve import conflicts as found_conflicts
from zhiyan.pipeline.resolve import evidence as found_evidence

review = typer.Typer(help="身份复核：合并与拆分 / identity review", no_args_is_help=True)

AuthorOption = Annotated[str, typer.Option(help="决定人 / who decides")]
PartyA = Annotated[int, typer.Argument(help="记录 A 的编号 / party id of record A")]
PartyB = Annotated[int, typer.Argument(help="记录 B 的编号 / party id of record B")]
ReasonOption = Annotated[str, typer.Option(help="理由 / why")]


def resolve(
    workspace: WorkspaceOption = None, as_of: AsOfOption = None, *, json: JsonOption = False
) -> None:
    """识别同一客户的记录 / Find which records are one person."""
    with opened(workspace) as ready:
        report = ready.resolve(moment_of(ready, as_of))
    if json:
        print_json(report)
        return
    table(
        "身份识别",
        ("记录", "客户", "合并", "拆分", "待复核"),
        [
            (
                report.parties,
                report.customers,
                report.merges,
                report.splits,
                sum(report.conflicts.values()),
            )
        ],
    )
    table("依据", ("标识", "条数"), sorted(report.links.items()))
    table("待复核", ("原因", "条数"), sorted(report.conflicts.items()))


@review.command("list")
def conflicts(
    workspace: WorkspaceOption = None,
    limit: Annotated[int, typer.Option(help="最多行数 / at most")] = 50,
    *,
    json: JsonOption = False,
) -> None:
    """列出待复核的身份冲突 / List identity conflicts."""
    with reading(workspace) as ready:
        rows = found_conflicts(ready.engine, limit=limit)
    if json:
        print_json(rows)
        return
    shown = [
        (
            row["conflict_id"][:12],
            row["id_type"],
            row["reason"],
            "\n".join(public_id(c) for c in row["customers"]),
            "\n".join(str(p) for p in row["parties"]),
        )
        for row in rows.to_pylist()
    ]
    columns = ("编号", "标识", "原因", "客户", "记录")
    table("身份冲突", columns, shown, wide={"编号"})


@review.command("evidence")
def evidence(
    customer: Annotated[str, typer.Argument(help="客户编号 / customer id")],
    workspace: WorkspaceOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """说明记录为何属于该客户 / Show why records belong together."""
    with reading(workspace) as ready:
        rows = found_evidence(ready.engine, customer_named(customer))
    if json:
        print_json(rows)
        return
    if not rows.num_rows:
        raise no_customer(customer)
    shown = [
        (
            str(row["party_id"]), row["source"], row["clinic"], f"{row['first_seen']:%Y-%m-%d}",
            row["id_type"], (row["token"] or "")[:8], row["shared_with"],
        )
        for row in rows.to_pylist()
    ]  # fmt: skip
    columns = ("记录", "来源", "门店", "首次出现", "共有标识", "令牌", "持有记录数")
    table("身份依据：每条记录与本客户其他记录共有的标识", columns, shown, wide={"令牌"})


@review.command("merge")
def merge(
    party_a: PartyA,
    party_b: PartyB,
    *,
    author: AuthorOption,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
) -> None:
    """把两条记录认作同一人 / Decide that two records are one person."""
    _decide(workspace, Decision(action=Action.MERGE, party_a=party_a, party_b=party_b, author=author, reason=reason))  # fmt: skip


@review.command("split")
def split(
    party_a: PartyA,
    party_b: PartyB,
    *,
    author: AuthorOption,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
) -> None:
    """把记录 B 从记录 A 的客户中拆出 / Decide that two records are two people."""
    _decide(workspace, Decision(action=Action.SPLIT, party_a=party_a, party_b=party_b, author=author, reason=reason))  # fmt: skip


@review.command("undo")
def undo(
    decision: Annotated[str, typer.Argument(help="判定编号 / id of the decision")],
    *,
    author: AuthorOption,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
) -> None:
    """撤销一次合并或拆分 / Undo a decision."""
    _decide(workspace, Decision(action=Action.UNDO, undoes=decision, author=author, reason=reason))


def _decide(workspace: WorkspaceOption, decision: Decision) -> None:
    with opened(workspace) as ready:
        identity = ready.decide(decision)
    console.print(f"已记录决定 {identity}，下次 resolve / compute 生效")
