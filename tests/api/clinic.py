"""A small clinic group in memory, for the tests of the API and of the console.

Its customers are drawn with a fixed seed; expressions are counted by DuckDB, written apart from the
product's compiler.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError
from tests.api.clinic_tags import HEADLINE, HIGHLIGHTS, NAMES, PARAMS, SEGMENTS, TAGS, TAXONOMIES

from zhiyan.app import reads
from zhiyan.core import evidence as proof
from zhiyan.core.expression import ValueType
from zhiyan.core.identity import parse_public_id
from zhiyan.core.snapshot import Manifest
from zhiyan.errors import DefinitionError, Problem

AS_OF = datetime(2026, 11, 20, 16, 0)  # noqa: DTZ001 - stored moments are naive UTC
CUSTOMERS = 1200
PHONE = "13912345678"
ITEMS = {
    "hydro_needle": reads.Label("水光针", "Hydro needle"),
    "photo_facial": reads.Label("光子嫩肤", "Photo facial"),
    "botox_brow": reads.Label("除皱(眉间)", "Botulinum, brow"),
    "thermage": reads.Label("热玛吉", "Thermage"),
}
_NUMBERS = {ValueType.INT, ValueType.MONEY, ValueType.DECIMAL, ValueType.DATE}


def _values() -> dict[str, list]:
    """Draw one value per customer and tag; None is unknown."""
    draw = np.random.default_rng(7)
    days = draw.integers(1, 900, CUSTOMERS)
    orders = np.minimum(draw.poisson(2.1, CUSTOMERS), 14)
    spend = np.where(orders > 0, (draw.lognormal(8.6, 1.1, CUSTOMERS) * 100).astype(int), 0)
    level = np.select(
        [spend >= 3_000_000, spend >= 600_000, spend > 0], ["high", "mid", "low"], "none"
    )
    stage = np.select(
        [orders == 0, days <= 90, days <= 180, days <= 365, days <= 540],
        ["prospect", "new", "active", "silent", "dormant"],
        "lost",
    )
    rank = np.select(
        [orders == 0, (orders >= 5) & (days < 180), spend >= 3_000_000, days < 180, days < 365],
        ["na", "champion", "big_spender", "promising", "need_attention"],
        "hibernating",
    )
    due = np.select([orders == 0, days < 60, days < 150], ["na", "not_due", "due"], "overdue")
    known = draw.random(CUSTOMERS)
    items = list(ITEMS)
    today = (AS_OF + timedelta(hours=8)).date()
    return {
        "gender": [None if k < 0.05 else "f" if k < 0.9 else "m" for k in known],
        "age": [None if k < 0.22 else int(20 + 30 * k) for k in known],
        "first_source_channel": [
            ["dianping", "referral", "douyin", "walk_in"][int(k * 40) % 4] for k in known
        ],
        "paid_order_cnt_12m": orders.tolist(),
        "net_spend_12m": [int(x) for x in spend],
        "last_visit_date": [
            None if n == 0 else today - timedelta(days=int(d))
            for n, d in zip(orders, days, strict=True)
        ],
        "no_show_level": [["unknown", "rare", "often"][int(k * 30) % 3] for k in known],
        "wecom_friend": [None if k < 0.01 else bool(k > 0.4) for k in known],
        "item_pref": [
            None if n == 0 else tuple(sorted({items[int(k * 100) % 4], items[int(k * 10) % 4]}))
            for n, k in zip(orders, known, strict=True)
        ],
        "customer_value_level": level.tolist(),
        "rfm_segment": rank.tolist(),
        "lifecycle_stage": stage.tolist(),
        "due_status": due.tolist(),
        "cycle_overdue_ratio": [
            None if n == 0 else round(float(d) / 120, 4) for n, d in zip(orders, days, strict=True)
        ],
        "touch_cnt_30d": draw.integers(0, 7, CUSTOMERS).tolist(),
        "vip_tier": np.select(
            [spend > 5_000_000, spend > 1_000_000], ["gold", "silver"], "basic"
        ).tolist(),
        "pregnancy_lactation": [True if k < 0.01 else None for k in known],
        "consent_marketing": [None if k < 0.1 else bool(k < 0.8) for k in known],
    }


def _manifest(snapshot_id: str, as_of: datetime) -> Manifest:
    return Manifest(
        snapshot_id=snapshot_id,
        as_of=as_of,
        known_at=as_of + timedelta(hours=2),
        created_at=as_of + timedelta(hours=2),
        catalogue="c1",
        data="d1",
        customers=CUSTOMERS,
        events={"visit": 4210, "payment": 3988},
        tags=dict.fromkeys(TAGS, "f1"),
        timings={"measures": 1.25, "tags": 0.4},
    )


class Clinic:
    """Implements ``zhiyan.app.reads.Reads`` in memory."""

    def __init__(self, *, computed: bool = True) -> None:
        self._computed = computed
        values = _values()
        ids = np.sort(np.random.default_rng(3).integers(1, 2**62, CUSTOMERS))
        self.ids = [int(one) for one in ids]
        self._values = values
        self._db = duckdb.connect()
        table = pa.table(
            {"customer_id": self.ids} | {code: pa.array(column) for code, column in values.items()}
        )
        self._db.register("drawn", table)
        self._db.execute("create table t as select * from drawn")

    def now(self) -> datetime:
        return AS_OF.replace(tzinfo=UTC) + timedelta(days=2, hours=3)

    def offset_minutes(self) -> int:
        return 480

    def definitions(self) -> reads.Definitions:
        return reads.Definitions(
            name="medical_aesthetics",
            tags=TAGS,
            segments=SEGMENTS,
            taxonomies=TAXONOMIES,
            names=NAMES,
            params=PARAMS,
            money_params=frozenset({"value_high", "value_mid"}),
            highlights=HIGHLIGHTS,
            headline=HEADLINE,
        )

    def snapshots(self) -> tuple[Manifest, ...]:
        if not self._computed:
            return ()
        month_ago = _manifest("5d0f33a1c2b4e697", AS_OF - timedelta(days=30))
        return (_manifest("9b1c7e42a0f8d355", AS_OF), month_ago)

    def overview(self) -> reads.Overview:
        return reads.Overview(
            workspace="知颜示例医美集团",
            zone="Asia/Shanghai",
            offset_minutes=480,
            snapshot=next(iter(self.snapshots()), None),
            customers=CUSTOMERS,
            parties=1987,
            newest_fact_at=AS_OF - timedelta(hours=5),
            events={"visit": 4210, "payment": 3988, "appointment": 5120, "treatment": 3302},
            imports=(
                reads.ImportLine(
                    import_id=1, file_name="his_visits_2026.xlsx", source="his",
                    recorded_at=AS_OF + timedelta(hours=1), rows_read=4300, accepted=4210,
                    duplicates=61, corrections=12, quarantined=17, dropped=12,
                    money_in_fen=812_345_600, money_stored_fen=812_345_600,
                ),
                reads.ImportLine(
                    import_id=2, file_name="meituan_orders.csv", source="meituan",
                    recorded_at=AS_OF + timedelta(hours=1), rows_read=990, accepted=990,
                    duplicates=0, corrections=0, quarantined=0, dropped=0,
                    money_in_fen=45_600_00, money_stored_fen=45_600_00,
                ),
            ),
            quarantine={"bad_phone": 11, "bad_date": 6},
            conflicts=4,
            unmapped_items=3,
        )  # fmt: skip

    def coverage(self) -> Mapping[str, int]:
        if not self._computed:
            return {}
        return {code: sum(one is not None for one in col) for code, col in self._values.items()}

    def distribution(self, code: str) -> reads.Distribution:
        known = self.coverage()[code]
        if TAGS[code].type in _NUMBERS:
            return reads.Distribution(total=CUSTOMERS, known=known, bins=self._bins(code))
        each = "unnest(v)" if TAGS[code].type is ValueType.LIST else "v"
        rows = (
            self._db.cursor()
            .execute(
                f"select {each} as one, count(*) from (select {code} as v from t where {code} is not null)"
                " group by one order by 2 desc, 1"
            )
            .fetchall()
        )
        bars = tuple(reads.Bar(value=value, customers=count) for value, count in rows)
        return reads.Distribution(total=CUSTOMERS, known=known, bars=bars)

    def _bins(self, code: str) -> tuple[reads.Bin, ...]:
        column = [one for one in self._values[code] if one is not None]
        numbers = [
            (one - date(1970, 1, 1)).days if isinstance(one, date) else one for one in column
        ]
        counts, edges = np.histogram(numbers, bins=20)
        return tuple(
            reads.Bin(low=float(low), high=float(high), customers=int(count))
            for low, high, count in zip(edges, edges[1:], counts, strict=False)
        )

    def labels(self, code: str) -> Mapping[str, reads.Label]:
        return ITEMS if code == "item_pref" else {}

    def customers(
        self, query: str, *, where: str, after: int | None, limit: int
    ) -> reads.CustomerPage:
        if query == PHONE:
            wanted = {self.ids[5], self.ids[6]}
        elif query:
            wanted = {parse_public_id(query)}
        else:
            wanted = set(self.ids)
        if where:
            wanted &= {row[0] for row in self._rows(where)}
        found = [one for one in self.ids if one in wanted and one > (after or -1)]
        lines = tuple(self._line(one) for one in found[:limit])
        return reads.CustomerPage(lines=lines, more=len(found) > limit, total=len(wanted))

    def _line(self, customer_id: int) -> reads.CustomerLine:
        place = self.ids.index(customer_id)
        return reads.CustomerLine(
            customer_id=customer_id,
            first_seen=AS_OF - timedelta(days=900 - place % 800),
            tags={code: self._values[code][place] for code in HEADLINE},
        )

    def customer(self, customer_id: int) -> reads.Profile | None:
        if customer_id not in self.ids:
            return None
        place = self.ids.index(customer_id)
        since = AS_OF - timedelta(days=30)
        return reads.Profile(
            customer_id=customer_id,
            first_seen=AS_OF - timedelta(days=700),
            parties=2,
            cells={
                code: reads.Cell(value=column[place], since=since if place % 2 else None)
                for code, column in self._values.items()
            },
            identifiers=(
                reads.IdentifierLine(
                    id_type="phone", quality="ok", verified=True, persons=2,
                    first_seen=AS_OF - timedelta(days=700),
                ),
                reads.IdentifierLine(
                    id_type="unionid", quality="ok", verified=True, persons=1,
                    first_seen=AS_OF - timedelta(days=400),
                ),
            ),
            events={"visit": 4, "payment": 3},
        )  # fmt: skip

    def evidence(self, customer_id: int, code: str) -> proof.Evidence | None:
        if customer_id not in self.ids:
            return None
        tag, place = TAGS[code], self.ids.index(customer_id)
        value = self._values[code][place]
        clauses, done = [], False
        for case in tag.cases:
            holds = case.then.value == value
            clauses.append(
                proof.Clause(
                    when=case.when, then=case.then.value, holds=None if done else holds,
                    chosen=holds and not done, reached=not done, inputs=self._inputs(tag, place),
                )
            )  # fmt: skip
            done = done or holds
        if tag.cases:
            clauses.append(
                proof.Clause(
                    when=None, then=tag.otherwise.value, holds=None if done else True,
                    chosen=not done, reached=not done,
                )
            )  # fmt: skip
        return proof.Evidence(
            customer_id=customer_id,
            tag=code,
            value=value,
            snapshot_id=self.snapshots()[0].snapshot_id,
            as_of=AS_OF,
            fingerprint=tag.fingerprint,
            clauses=tuple(clauses),
            counted=tuple(self._counted(one, value) for one in tag.measures),
            flip=proof.Flip(at=AS_OF + timedelta(days=41), value="low" if tag.values else None)
            if code == "customer_value_level"
            else None,
            horizon_days=730,
        )

    def _inputs(self, tag, place: int) -> tuple[proof.Input, ...]:
        return tuple(
            proof.Input(name=one, value=self._values[one][place], type=TAGS[one].type)
            for one in tag.depends_on
        )

    def _counted(self, measure, value) -> proof.Counted:
        when = AS_OF - timedelta(days=12, hours=6)
        return proof.Counted(
            measure=measure.name,
            source=measure.source,
            value=value,
            type=measure.type,
            row_count=2,
            columns=("occurred_at", "clinic", "amount_fen"),
            rows=((when, "sh_xuhui", 128_000), (when - timedelta(days=30), "sh_jingan", 66_050)),
        )

    def audience(self, where: str) -> reads.AudienceCount:
        segment = SEGMENTS.get(where)
        where = segment.text if segment else where
        matched, missed = len(self._rows(where)), len(self._rows(f"not ({where})"))
        return reads.AudienceCount(
            snapshot_id=self.snapshots()[0].snapshot_id,
            as_of=AS_OF,
            matched=matched,
            not_matched=missed,
            unknown=CUSTOMERS - matched - missed,
            total=CUSTOMERS,
            clauses=tuple(self._clause(part) for part in self._parts(where)),
        )

    def _clause(self, text: str) -> reads.ClauseCount:
        matched, missed = len(self._rows(text)), len(self._rows(f"not ({text})"))
        return reads.ClauseCount(
            text=text, matched=matched, not_matched=missed, unknown=CUSTOMERS - matched - missed
        )

    def _parts(self, where: str) -> list[str]:
        tree = sqlglot.parse_one(where, dialect="duckdb")
        parts = list(tree.flatten()) if isinstance(tree, exp.Connector) else []
        return [one.unnest().sql(dialect="duckdb") for one in parts]

    def _rows(self, where: str) -> list[tuple[int]]:
        try:
            tree = sqlglot.parse_one(where, dialect="duckdb")
        except ParseError as error:
            column = error.errors[0]["col"]
            raise DefinitionError(
                Problem(code="ZY201", message="cannot be read", where=f"1:{column}")
            ) from error
        wrong = [one.name for one in tree.find_all(exp.Column) if one.name not in TAGS]
        if wrong:
            raise DefinitionError(
                *(
                    Problem(
                        code="ZY202", message=f"unknown name {name!r}",
                        where=f"1:{where.index(name) + 1}", hint="lifecycle_stage",
                    )
                    for name in wrong
                )
            )  # fmt: skip
        return (
            self._db.cursor()
            .execute(f"select customer_id from t where {tree.sql(dialect='duckdb')}")
            .fetchall()
        )
