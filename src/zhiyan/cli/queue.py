"""The queue: what to do next for whom, why, and how much the weights matter."""

import csv
import io
from enum import StrEnum
from typing import Annotated, Any

import typer

from zhiyan.app.queueing import HEAD, PURPOSES, Words, points, ranked, weight_text, weights_tried
from zhiyan.app.reads import Label
from zhiyan.cli.options import JsonOption, SnapshotOption, WorkspaceOption, reading
from zhiyan.cli.output import console, plain, print_json, table
from zhiyan.core.identity import public_id
from zhiyan.pipeline.queue import Entry, Ranking, Request, Sensitivity, WeightEffect


class Form(StrEnum):
    """How the queue is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Language(StrEnum):
    """The language of names and reasons."""

    ZH = "zh"
    EN = "en"


LanguageOption = Annotated[Language, typer.Option("--lang", help="语言 / language: zh, en")]


def queue(  # noqa: PLR0913 - one option each
    workspace: WorkspaceOption = None,
    *,
    clinic: Annotated[str, typer.Option(help="只看这家门店 / one clinic")] = "",
    owner: Annotated[str, typer.Option(help="顾问或部门 / consultant or department")] = "",
    action: Annotated[str, typer.Option(help="只看这个行动 / one action")] = "",
    limit: Annotated[int, typer.Option(help="行数 / rows", min=1, max=100_000, metavar="N")] = 20,
    held: Annotated[bool, typer.Option("--held", help="改看被暂停的 / what is held back")] = False,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="权重敏感性 / which weights matter")
    ] = False,
    head: Annotated[
        int, typer.Option(help="敏感性看前几名 / length of head", min=2, metavar="N")
    ] = HEAD,
    snapshot: SnapshotOption = None,
    form: Annotated[
        Form, typer.Option("--format", help="输出形式 / table, json, csv")
    ] = Form.TABLE,
    lang: LanguageOption = Language.ZH,
    json: JsonOption = False,
) -> None:
    """服务与下一步行动队列 / What to do next for whom, ranked and explained.

    投诉最先，其次按优先级，再按权重得分 / Complaints first, then priority, then weighted score.
    """
    asked = Request(owner=owner, clinic=clinic, action=action, limit=limit, held=held)
    chosen = Form.JSON if json else form
    with reading(workspace) as ready:
        words = Words(ready.catalogue)
        if sensitivity:
            tried = weights_tried(ready, asked, size=head, snapshot=snapshot)
            _show_sensitivity(tried, words, lang, form=chosen)
            return
        found = ranked(ready, asked, snapshot=snapshot)
    if chosen is Form.JSON:
        print_json(_as_json(found, words))
    elif chosen is Form.CSV:
        console.out(_as_csv(found, words, lang), end="", highlight=False)
    else:
        _show(found, words, lang, held=held)


def _pick(label: Label, lang: Language) -> str:
    return label.zh if lang is Language.ZH else label.en


def _reasons(entry: Entry, words: Words, lang: Language) -> str:
    joint = "、" if lang is Language.ZH else ", "
    return joint.join(_pick(words.held(one), lang) for one in entry.held)


_COLUMNS = {
    Language.ZH: ("名次", "客户", "行动", "级别", "得分", "依据", "顾问", "门店", "暂停营销的原因"),
    Language.EN: ("place", "customer", "action", "level", "score", "because of", "consultant",
                  "clinic", "marketing held back by"),
}  # fmt: skip


def _row(entry: Entry, words: Words, lang: Language) -> tuple[Any, ...]:
    return (
        entry.place, public_id(entry.customer_id), _pick(words.name(entry.action), lang),
        _pick(words.level(entry.action), lang), points(entry.score),
        _pick(words.short(entry), lang), entry.owner, entry.clinic, _reasons(entry, words, lang),
    )  # fmt: skip


def _show(found: Ranking, words: Words, lang: Language, *, held: bool) -> None:
    totals, chinese = found.totals, lang is Language.ZH
    rows = [_row(entry, words, lang) for entry in found.entries]
    title = {
        (True, False): f"行动队列前 {len(rows)} 行", (True, True): f"被暂停的前 {len(rows)} 行",
        (False, False): f"Queue, first {len(rows)}", (False, True): f"Held back, first {len(rows)}",
    }[chinese, held]  # fmt: skip
    columns = _COLUMNS[lang]
    table(title, columns, rows, wide={columns[6], columns[7]})
    counted = [
        (code, _pick(words.name(code), lang), _pick(words.level(code), lang),
         _pick(PURPOSES[words.action(code).purpose], lang), *counts)
        for code, counts in totals.by_action.items()
    ]  # fmt: skip
    names = ("行动", "名称", "级别", "用途", "可做", "暂停") if chinese else (
        "action", "name", "level", "purpose", "open", "held back"
    )  # fmt: skip
    table("各行动" if chinese else "By action", names, counted)
    reasons = [
        (code, words.catalogue.playbook.suppressions[code], count)
        for code, count in totals.by_suppression.items()
        if count
    ]
    table(
        "暂停原因（有行动的客户数）" if chinese else "Held back by (customers with an action)",
        ("编码", "名称", "客户") if chinese else ("code", "name", "customers"),
        [(code, one.name_zh if chinese else one.name_en, count) for code, one, count in reasons],
    )
    console.print(
        f"共 {totals.entries:,} 行可做（{totals.customers:,} 位客户），{totals.blocked:,} 行被暂停；"
        f"快照 {found.snapshot.snapshot_id}"
        if chinese
        else f"{totals.entries:,} rows open ({totals.customers:,} customers),"
        f" {totals.blocked:,} held back; snapshot {found.snapshot.snapshot_id}"
    )
    if found.missing:
        said = "快照缺少标签，未排：" if chinese else "not ranked, the snapshot lacks tags: "
        console.print(f"! {said}{', '.join(found.missing)}", markup=False)


def _as_json(found: Ranking, words: Words) -> dict[str, Any]:
    """Return the whole answer, each row with its reasons in both languages."""
    entries = [
        {
            **plain(entry),
            "name": words.name(entry.action),
            "because": words.because(entry),
            "do": Label(words.action(entry.action).do_zh, words.action(entry.action).do_en),
            "dont": Label(words.action(entry.action).dont_zh, words.action(entry.action).dont_en),
        }
        for entry in found.entries
    ]
    return {
        "snapshot": found.snapshot.snapshot_id,
        "as_of": found.snapshot.as_of,
        "entries": entries,
        "totals": found.totals,
        "missing": found.missing,
    }


def _as_csv(found: Ranking, words: Words, lang: Language) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS[lang])
    writer.writerows(_row(entry, words, lang) for entry in found.entries)
    return text.getvalue()


def _show_sensitivity(found: Sensitivity, words: Words, lang: Language, *, form: Form) -> None:
    if form is Form.JSON:
        print_json(
            {
                "size": found.size,
                "weights": [
                    {
                        **plain(effect),
                        "reorders_percent": effect.percent(effect.least.reorders),
                        "replaces_percent": effect.percent(effect.least.replaces),
                    }
                    for effect in found.effects
                ],
            }
        )
        return
    chinese = lang is Language.ZH
    telling = [one for one in found.effects if one.matters]
    rows = [_effect(effect, words, chinese=chinese) for effect in telling]
    columns = ("标签", "权重", "-25%", "-10%", "+10%", "+25%", "最小换人", "最小换序") if chinese else (
        "tag", "weight", "-25%", "-10%", "+10%", "+25%", "least, members", "least, order"
    )  # fmt: skip
    title = f"权重敏感性：前 {found.size} 名" if chinese else f"Weights: head of {found.size}"
    table(title, columns, rows)
    console.print(
        "每格：Kendall tau，离开前列的行数。“同分”指最小改动就会打破同分。"
        if chinese
        else 'Cells: Kendall tau, rows that leave the head. "tie": the least change breaks a tie.'
    )
    quiet = [one.tag for one in found.effects if not one.matters]
    if quiet:
        said = "权重怎么改前列都不变：" if chinese else "No weight of these changes the head: "
        console.print(said + ", ".join(quiet), markup=False)
    console.print(_verdict(found, words, chinese=chinese), markup=False)


def _effect(effect: WeightEffect, words: Words, *, chinese: bool) -> tuple[str, ...]:
    tag = words.catalogue.tags[effect.tag]
    cells = [
        f"{'-' if step.tau is None else f'{step.tau:.2f}'}, {step.left}"
        for step in effect.steps.values()
    ]
    least = (effect.least.replaces, effect.least.reorders)
    return (
        tag.name_zh if chinese else tag.name_en,
        weight_text(effect.weight),
        *cells,
        *(_least(effect, change, chinese=chinese) for change in least),
    )


def _least(effect: WeightEffect, change: int | None, *, chinese: bool) -> str:
    share = effect.percent(change)
    if change is None or share is None:
        return "-"
    if abs(change) == 1:
        return "同分" if chinese else "tie"
    return f"{share:+.1f}%"


def _verdict(found: Sensitivity, words: Words, *, chinese: bool) -> str:
    """Return the report in one sentence: the weight whose change replaces a member soonest."""
    first = next((one for one in found.effects if one.least.replaces is not None), None)
    if first is None:
        said = f"任何一个权重单独怎么改，前 {found.size} 名的成员都不变。"
        return (
            said
            if chinese
            else f"No change of one weight replaces anyone in the first {found.size}."
        )
    tag, share = (
        words.catalogue.tags[first.tag],
        _least(first, first.least.replaces, chinese=chinese),
    )
    if chinese:
        return f"最敏感：{tag.name_zh}（{first.tag}）的权重改动 {share} 就会换掉前 {found.size} 名中的人。"
    return (
        f"Most sensitive: a change of {share} in the weight of {first.tag} replaces someone"
        f" in the first {found.size}."
    )
