"""From drafts to the commit: items checked, everything stored in one transaction, all added up."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from zhiyan.core.identity import IdType
from zhiyan.errors import DataError, InternalError, Problem
from zhiyan.pipeline.ingest.arrays import Mask, filled, flat, mask_array
from zhiyan.pipeline.ingest.clean import mask, scan_sensitive
from zhiyan.pipeline.ingest.commit import (
    Stored,
    drop_stage,
    store_batch,
    store_events,
    store_people,
    store_quarantine,
    store_unmapped,
)
from zhiyan.pipeline.ingest.context import Context
from zhiyan.pipeline.ingest.events import TableDraft, finish, money_in
from zhiyan.pipeline.ingest.faults import (
    QUARANTINE_SCHEMA,
    count_reasons,
    quarantine_rows,
    rejected_rows,
)
from zhiyan.pipeline.ingest.read import RawTable
from zhiyan.pipeline.ingest.read.arrow import Array, Table, pa, pc
from zhiyan.pipeline.ingest.report import FaultExample, ImportReport, MoneyLine, TableReport

#: Fewer rows than this never fail an import: a share of so few says nothing.
UNMAPPED_LEAST = 3
_ITEM_KINDS = {"order_line", "treatment"}
_EXAMPLES = 50


class _DryRun(Exception):  # noqa: N818 - a signal to roll back, not an error
    """Leaves the transaction of a dry run without a commit."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of one import: ``drafts`` of the tables recognised, ``left`` tables that were not."""

    context: Context
    drafts: Sequence[TableDraft]
    left: Sequence[RawTable]

    def run(self, report: ImportReport, setup: str) -> ImportReport:
        """Store everything and return the report; ``setup`` is the hash of mapping and reference.

        Raises:
            DataError: ``ZY337`` too many unknown item names.
            InternalError: ``ZY992`` rows or money do not add up; nothing is stored.
        """
        unmapped = self._unmapped()
        engine = self.context.engine
        finished = [finish(one, self.context) for one in self.drafts]
        events = _by_kind([tables for tables, _ in finished])
        people = pa.concat_tables([part for _, part in finished])
        done = report
        with suppress(_DryRun), engine.transaction():
            stored = store_events(events, self._hashed(), self.context)
            identifiers = store_people(people, self.context)
            rows = self._quarantine(stored)
            done = self._report(report, stored, rows)
            done = replace(
                done, identifiers=identifiers, unmapped=_sums(unmapped), **_times(events)
            )
            _check(done)
            store_batch(done, setup, engine)
            store_quarantine(rows, self.context.import_id, engine)
            store_unmapped(_unmapped_table(unmapped), self.context.import_id, engine)
            drop_stage(engine, tuple(events))
            if self.context.options.dry_run:
                raise _DryRun
        return done

    def _unmapped(self) -> dict[tuple[str, str], int]:
        """Return (name, source) -> rows of unknown item names; too many of them fail the import."""
        found: Counter[tuple[str, str]] = Counter()
        named = strange = 0
        for table in self.drafts:
            seen = np.zeros(table.cells.length, dtype=bool)
            for draft in table.drafts:
                for column, value in draft.columns.items():
                    if value.names is None or column != "item_code":
                        continue
                    rows = draft.active & table.cells.faults.live & filled(value.names)
                    unknown = rows & ~filled(value.values)
                    for name, count in _counts(value.names, unknown & ~seen).items():
                        found[(_shown(name), table.cells.source.system.name)] += count
                    seen |= unknown
                    if draft.kind.name in _ITEM_KINDS:
                        named += int(rows.sum())
                        strange += int(unknown.sum())
        options = self.context.options
        many = strange >= UNMAPPED_LEAST and strange >= options.max_unmapped_share * named
        if many and not options.allow_unmapped:
            raise _too_many_unmapped(found, strange, named)
        return dict(found)

    def _hashed(self) -> dict[str, str | None]:
        """Return, by kind, the key column that some source derives from the content of the row."""
        hashed: dict[str, str | None] = {}
        for table in self.drafts:
            for emission in table.cells.source.emit:
                for how in emission.columns:
                    if how.hash and table.cells.lacks(how):
                        hashed[emission.kind] = how.column
        return hashed

    def _quarantine(self, stored: Stored) -> Table:
        parts: list[Table] = []
        for table in self.drafts:
            raw, cells = table.cells.table, table.cells
            mine = [
                (row - table.first_id, kind)
                for row, kind in stored.conflicts
                if table.first_id <= row < table.first_id + cells.length
            ]
            _note_conflicts(table, mine)
            parts.append(quarantine_rows(cells.faults, raw, first_id=table.first_id))
            parts.append(rejected_rows(raw))
        return pa.concat_tables(parts) if parts else QUARANTINE_SCHEMA.empty_table()

    def _report(self, report: ImportReport, stored: Stored, rows: Table) -> ImportReport:
        drops: Counter[str] = Counter()
        unknown: Counter[str] = Counter()
        for table in self.drafts:
            drops.update(table.cells.faults.dropped)
            drops.update(str(one.reason) for one in table.cells.table.dropped)
            for (header, value), count in table.cells.unknown.items():
                unknown[f"{header}: {value}"] += count
        quarantine = count_reasons(rows)
        return replace(
            report,
            rows_read=sum(_rows_in(table.cells.table) for table in self.drafts),
            accepted=stored.verdicts.get(2, 0),
            duplicates=stored.verdicts.get(3, 0),
            corrections=stored.verdicts.get(1, 0),
            quarantined=sum(quarantine.values()),
            dropped=sum(drops.values()),
            tables=(*map(_table_report, self.drafts), *map(_left_report, self.left)),
            quarantine=quarantine,
            examples=_examples(rows),
            drops=dict(drops),
            money=self._money(stored),
            events={kind: count for kind, count in stored.events.items() if count},
            unknown={name: count for name, count in unknown.items() if count},
            warnings=self._warnings(stored),
        )

    def _money(self, stored: Stored) -> tuple[MoneyLine, ...]:
        read: dict[tuple[str, str], list[int]] = {}
        for table in self.drafts:
            for key, (total, bad) in money_in(table).items():
                sums = read.setdefault(key, [0, 0])
                sums[0] += total
                sums[1] += bad
        return tuple(
            MoneyLine(
                kind=kind,
                column=column,
                read=total,
                stored=stored.stored_money.get((kind, column), 0),
                duplicate=stored.duplicate_money.get((kind, column), 0),
                quarantined=bad,
            )
            for (kind, column), (total, bad) in read.items()
        )

    def _warnings(self, stored: Stored) -> tuple[str, ...]:
        found = [
            f"工作表 {raw.sheet or raw.file} 未识别,已略过({raw.rows.num_rows} 行)"
            for raw in self.left
        ]
        for table in self.drafts:
            found += [
                f"门店 {_shown(name)} 不在门店表中({count} 行),已按原名记录;"
                "可在 zhiyan.yaml 的 clinics 中写上它的代码、名称与城市"
                for name, count in table.unknown_clinics.items()
            ]
            nowhere = _nowhere(table)
            if nowhere:
                found.append(f"{nowhere} 行没有门店,其病历号无法归到门店,只能凭手机号等认人")
            if table.allocated:
                found.append(f"{table.allocated} 行套餐按原价比例分摊了价格")
        if stored.older:
            found.append(f"{stored.older} 行是已被更正的旧内容,保留较新的版本")
        if stored.rematched:
            found.append(f"{stored.rematched} 笔此前未匹配的退款找到了原单")
        return tuple(found)


def _nowhere(table: TableDraft) -> int:
    """Return how many rows carry a HIS number, unique only in its clinic, but name no clinic."""
    cells = table.cells
    numbers = [one.field for one in cells.source.identifiers if one.type == str(IdType.HIS_NO)]
    nowhere = cells.faults.live & ~filled(table.scope.clinic)
    if not nowhere.any() or not any(cells.has(name) for name in numbers):
        return 0
    numbered = [filled(flat(cells.parsed(name).values)) for name in numbers if cells.has(name)]
    return int((nowhere & np.logical_or.reduce(numbered)).sum())


def _by_kind(parts: Sequence[dict[str, Table]]) -> dict[str, Table]:
    found: dict[str, list[Table]] = {}
    for tables in parts:
        for kind, table in tables.items():
            found.setdefault(kind, []).append(table)
    return {kind: pa.concat_tables(tables) for kind, tables in found.items()}


def _counts(names: Array, rows: Mask) -> dict[str, int]:
    counted = pc.value_counts(names.filter(mask_array(rows))).to_pylist()
    return {str(one["values"]): int(one["counts"]) for one in counted}


def _shown(name: str) -> str:
    """Return an item name as it may be shown and kept: masked if it looks like personal data."""
    kind = scan_sensitive(pa.array([name]))[0].as_py()
    return name if kind is None else mask(name)


def _too_many_unmapped(found: Counter[tuple[str, str]], strange: int, named: int) -> DataError:
    names = ", ".join(name for (name, _), _ in found.most_common(5))
    return DataError(
        Problem(
            code="ZY337",
            message=f"{strange} of {named} rows have an item name that no alias knows: {names}",
            hint="add the names under item_aliases in zhiyan.yaml, or import with --allow-unmapped",
        )
    )


def _sums(unmapped: dict[tuple[str, str], int]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for (name, _), count in unmapped.items():
        sums[name] += count
    return dict(sums.most_common())


def _unmapped_table(unmapped: dict[tuple[str, str], int]) -> Table:
    keys = sorted(unmapped)
    return pa.table(
        {
            "name": pa.array([name for name, _ in keys], pa.string()),
            "source": pa.array([source for _, source in keys], pa.string()),
            "rows": pa.array([unmapped[key] for key in keys], pa.int64()),
        }
    )


def _note_conflicts(table: TableDraft, conflicts: Sequence[tuple[int, str]]) -> None:
    cells = table.cells
    for row, kind in conflicts:
        draft = next(one for one in table.drafts if one.kind.name == kind)
        how = draft.emission.column(draft.kind.key[0])
        fields = how.fields if how is not None else ()
        name = next((f for f in fields if cells.has(f)), None)
        value = cells.text(name)[row].as_py() if name else None
        cells.faults.add_cells(
            pa.array([row]).to_numpy(),
            cells.columns.get(str(name), draft.kind.key[0]),
            [None if value is None else mask(str(value), "native_id")],
            reasons=["key_conflict"],
        )


def _rows_in(raw: RawTable) -> int:
    return int(raw.rows.num_rows) + len(raw.dropped) + len(raw.rejected)


def _table_report(table: TableDraft) -> TableReport:
    raw, source = table.cells.table, table.cells.source
    used = {*table.cells.columns.values(), *table.cells.ticked}
    return TableReport(
        sheet=raw.sheet,
        source=source.name,
        title=source.title,
        kinds=source.kinds,
        rows=_rows_in(raw),
        fields=dict(table.cells.columns),
        unused=tuple(header for header in raw.headers if header not in used),
        encoding=raw.encoding,
        notes=raw.notes,
    )


def _left_report(raw: RawTable) -> TableReport:
    return TableReport(
        sheet=raw.sheet,
        source=None,
        title="",
        kinds=(),
        rows=_rows_in(raw),
        fields={},
        unused=raw.headers,
        encoding=raw.encoding,
        notes=raw.notes,
    )


def _examples(rows: Table) -> tuple[FaultExample, ...]:
    return tuple(
        FaultExample(
            sheet=row["sheet"],
            row_no=int(row["row_no"] or 0),
            column=row["column_name"] or "",
            value_masked=row["value_masked"],
            reason=row["reason"],
        )
        for row in rows.slice(0, _EXAMPLES).to_pylist()
    )


def _times(events: dict[str, Table]) -> dict[str, datetime | None]:
    columns = [flat(table.column("occurred_at")) for table in events.values()]
    if not columns:
        return {}
    bounds = pc.min_max(pa.chunked_array(columns)).as_py()
    return {"first_at": bounds["min"], "last_at": bounds["max"]}


def _check(report: ImportReport) -> None:
    parts = {
        "accepted": report.accepted,
        "duplicates": report.duplicates,
        "corrections": report.corrections,
        "quarantined": report.quarantined,
        "dropped": report.dropped,
    }
    problems: list[Problem] = []
    if report.rows_read != sum(parts.values()):
        problems.append(Problem(code="ZY992", message=f"{report.rows_read} rows read, but {parts}"))
    problems += [
        Problem(code="ZY992", message=f"money does not add up: {line}")
        for line in report.money
        if line.read != line.stored + line.duplicate + line.quarantined
    ]
    if problems:
        raise InternalError(*problems)
