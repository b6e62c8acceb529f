"""Writing all exports of a world, with the ledger of what was planted where."""

from pathlib import Path

import numpy as np

from zhiyan.demo.columns import write_parquet
from zhiyan.demo.exports.contact_files import (
    write_calls,
    write_leads,
    write_survey,
    write_touches,
    write_wecom,
)
from zhiyan.demo.exports.desk import Desk
from zhiyan.demo.exports.draft import Draft
from zhiyan.demo.exports.extra import (
    LATER_LEADS,
    LATER_PAYMENTS,
    write_damaged,
    write_later,
    write_reference,
)
from zhiyan.demo.exports.his_files import write_customer_files
from zhiyan.demo.exports.his_plain import HIS
from zhiyan.demo.exports.his_trade import (
    write_cards,
    write_complaints,
    write_orders,
    write_payments,
    write_treatments,
)
from zhiyan.demo.exports.own_plain import CRM, MINI, SCRM
from zhiyan.demo.exports.platforms import write_mini, write_platforms
from zhiyan.demo.exports.simple import write_simple
from zhiyan.demo.exports.totals import file_table, mark_table, money_table
from zhiyan.demo.truth import write_truth
from zhiyan.demo.world import World
from zhiyan.ports import Progress, Silent


def write_exports(world: World, folder: Path, progress: Progress | None = None) -> None:
    """Write ``folder/exports`` (messy files), ``folder/exports/damaged`` and ``folder/truth``.

    The truth holds, beside who is who, ``mess`` (what was planted, where, and what should follow),
    ``files`` (rows per file and outcome) and ``money`` (fen per file and money column).
    Same world, same bytes.
    """
    progress = progress or Silent()
    target = folder / "exports"
    target.mkdir(parents=True, exist_ok=True)
    progress.step("exports", 0, world.chunk_count)
    for chunk in world.chunks():
        seeds = np.random.SeedSequence([world.setting.seed, 2, chunk.index])
        desk = Desk(folder=target, chunk=chunk, rng=np.random.default_rng(seeds))
        _write_part(desk)
        write_truth(chunk, folder / "truth")
        _write_ledger(desk.drafts, folder / "truth", chunk.index)
        progress.step("exports", chunk.index + 1, world.chunk_count)


def _write_part(desk: Desk) -> None:
    write_customer_files(desk)
    write_orders(desk)
    payments = write_payments(desk)
    write_treatments(desk)
    write_cards(desk)
    write_complaints(desk)
    for simple in (*HIS, *SCRM, *MINI, *CRM):
        write_simple(desk, simple)
    write_platforms(desk)
    write_mini(desk)
    write_touches(desk)
    write_wecom(desk)
    write_calls(desk)
    write_survey(desk)
    leads = write_leads(desk)
    if desk.chunk.index == 0:
        write_reference(desk)
        write_later(desk, payments, LATER_PAYMENTS)
        write_later(desk, leads, LATER_LEADS)
        write_damaged(desk)


def _write_ledger(drafts: list[Draft], folder: Path, part: int) -> None:
    for name, rows in (
        ("mess", mark_table(drafts)),
        ("files", file_table(drafts)),
        ("money", money_table(drafts)),
    ):
        write_parquet(rows, folder / name / f"part-{part:05d}.parquet")
