"""The hidden truth, kept apart: who is who, who has left, true cycles, true response to an offer."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from zhiyan.demo.columns import as_arrow, pick, table, write_parquet
from zhiyan.demo.contact import response_truth
from zhiyan.demo.identify import party_table
from zhiyan.demo.people import RESPONSES, moments_of
from zhiyan.demo.stage import Stage
from zhiyan.demo.world import Chunk

REACHES = ("lead", "visitor", "buyer")


def write_truth(chunk: Chunk, folder: Path) -> None:
    """Write ``persons``, ``records`` and ``cycles`` of one chunk as Parquet parts."""
    for name, rows in (
        ("persons", person_truth(chunk.stage)),
        ("records", party_table(chunk.stage)),
        ("cycles", cycle_truth(chunk.stage)),
    ):
        write_parquet(rows, folder / name / f"part-{chunk.index:05d}.parquet")


def person_truth(stage: Stage) -> pa.Table:
    """One row per person: her traits, when she left and came back (local, null: never)."""
    people, calendar = stage.people, stage.setting.calendar
    departed = moments_of(calendar, people.departed)
    returned = moments_of(calendar, people.returned)
    away = (people.departed < calendar.span) & (people.returned >= calendar.span)
    return table(
        {
            "person": people.number,
            "male": people.male,
            "birthdate": people.birth.astype("datetime64[D]"),
            "reach": pick(REACHES, people.reach),
            "clinic": pick(stage.setting.group.clinic_codes, people.clinic),
            "departed_at": departed,
            "returned_at": returned,
            "has_left": away,
            "response": pick(RESPONSES, people.response),
            **response_truth(stage),
            "price_sensitivity_ppm": np.rint(people.sensitivity * 1e6).astype(np.int64),
            "no_show_ppm": np.rint(people.no_show * 1e6).astype(np.int64),
            "is_test": people.test,
            "is_staff": people.employee,
            "desk_phone": people.desk_phone,
            "household": people.first + people.head,
            "relation": pick(
                ("none", "mother", "daughter", "assistant", "client"), people.relation
            ),
        }
    )


def cycle_truth(stage: Stage) -> pa.Table:
    """One row per person and item: the true gap in days (0: no cycle) and how it lengthens."""
    threads = stage.threads
    return table(
        {
            "person": stage.people.first + threads.person,
            "item_code": pick(stage.setting.items.codes, threads.item),
            "gap_days": as_arrow(np.rint(threads.gap).astype(np.int64)),
            "growth_ppm": np.rint(threads.growth * 1e6).astype(np.int64),
            "first_day": stage.setting.calendar.start + threads.start.astype("timedelta64[D]"),
            "planned_sessions": threads.planned,
        }
    )
