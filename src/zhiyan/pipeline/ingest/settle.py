"""From drafts to the commit: items checked, everything stored in one transaction, all added up."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from zhiyan.core.identity import IdType
from zhiyan.errors import DataError, InternalError, Problem
from zhiyan.pipeline.ingest.arrays import Mask, filled, flat, mask_array
from zhiyan.pipeline.ingest.cells import Cells
from zhiyan.pipeline.ingest.clean import mask, scan_sensitive
from zhiyan.pipeline.ingest.commit import (
    Staged,
    Stored,
    drop_stage,
    stage_events,
    store_batch,
    store_events,
    store_people,
    store_quarantine,
    store_unmapped,
)
from zhiyan.pipeline.ingest.context import Context
from zhiyan.pipeline.ingest.events import TableDraft, money_in
from zhiyan.pipeline.ingest.faults import (
    QUARANTINE_SCHEMA,
    count_reasons,
    quarantine_rows,
    rejected_rows,
)
from zhiyan.pipeline.ingest.finish import KEY_SCHEMA, Finished, finish, key_texts
from zhiyan.pipeline.ingest.lists import ListDraft, store_lists, with_lists, withdraw_renamed
from zhiyan.pipeline.ingest.read import RawTable
from zhiyan.pipeline.ingest.read.arrow import Array, Table, pa, pc
from zhiyan.pipeline.ingest.recognise import ties
from zhiyan.pipeline.ingest.report import FaultExample, ImportReport, MoneyLine, TableReport

#: Fewer rows than this never fail an import: a share of so few says nothing.
UNMAPPED_LEAST = 3
_ITEM_KINDS = {"order_line", "treatment"}
_EXAMPLES = 50
#: Rows of lists are numbered beyond those of events.
_LIST_IDS = 1 << 40


class _DryRun(Exception):  # noqa: N818 - a signal to roll back, not an error
    """Leaves a transaction of which nothing shall be kept."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of one import: ``drafts`` of the tables recognised, ``left`` tables that were not.

    ``lists`` are tables that fill reference lists instead of events, ``rows`` the rows at fault.
    """

    context: Context
    drafts: Sequence[TableDraft]
    left: Sequence[RawTable]
    lists: Sequence[ListDraft] = ()
    rows: list[Table] = field(default_factory=list[Table])

    def run(self, report: ImportReport, setup: str, *, again: bool = False) -> ImportReport:
        """Store everything and return the report; ``setup`` is the hash of mapping and reference.

        ``again`` says that these bytes were imported before: if they change nothing, nothing is
        kept of this import.

        Raises:
            DataError: ``ZY337`` too many unknown item names.
            InternalError: ``ZY992`` rows or money do not add up; nothing is stored.
        """
        unmapped, engine = self._unmapped(), self.context.engine
        finished = finish(self.drafts, self.context)
        try:
            staged = stage_events(finished, report.file_name, self.context)
            with suppress(_DryRun), engine.transaction():
                report = self._store(report, (finished, staged), unmapped)
                store_batch(report, setup, engine, known=self.context.known)
                self._store_review(report, unmapped)
                changed = report.accepted or report.corrections
                if self.context.options.dry_run or (again and not changed):
                    raise _DryRun
        finally:
            drop_stage(engine, finished.kinds)
        return report

    def _store(
        self,
        report: ImportReport,
        events: tuple[Finished, Staged],
        unmapped: dict[tuple[str, str], int],
    ) -> ImportReport:
        """Store facts, identifiers and lists; return the report of it, checked."""
        finished, staged = events
        moved = withdraw_renamed(report.sha256, self._without_clinic(), self.context)
        stored = store_events(staged, self.context)
        people = finished.people()
        identifiers = 0 if people is None else store_people(people, self.context)
        self.rows.append(self._quarantine(stored))
        done = self._report(report, stored, self.rows[-1])
        done = replace(done, identifiers=identifiers, unmapped=_sums(unmapped), **finished.span())
        done = with_lists(done, store_lists(self.lists, self.context))
        if moved:
            note = f"{moved} 条以门店名称记录的旧内容已换成门店编码"
            done = replace(done, warnings=(*done.warnings, note))
        _check(done)
        return done

    def _store_review(self, report: ImportReport, unmapped: dict[tuple[str, str], int]) -> None:
        """Store what a person has to look at: rows at fault and unknown item names."""
        engine, rows = self.context.engine, pa.concat_tables(self.rows)
        keys = [part for table in self.drafts for part in key_texts(table, self.context)]
        store_quarantine(rows, pa.concat_tables([KEY_SCHEMA.empty_table(), *keys]), self.context)
        store_unmapped(_unmapped_table(unmapped), report.import_id, engine)

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

    def _without_clinic(self) -> tuple[str, ...]:
        """Return the kinds whose facts keep their identity when their clinic gets a code."""
        return tuple(
            kind
            for table in self.drafts
            if not table.cells.source.clinic.in_key
            for kind in table.cells.source.kinds
        )

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
        for number, one in enumerate(self.lists, 1):
            raw = one.cells.table
            parts.append(quarantine_rows(one.cells.faults, raw, first_id=_LIST_IDS * number))
            parts.append(rejected_rows(raw))
        return pa.concat_tables(parts) if parts else QUARANTINE_SCHEMA.empty_table()

    def _report(self, report: ImportReport, stored: Stored, rows: Table) -> ImportReport:
        drops: Counter[str] = Counter()
        unknown: Counter[str] = Counter()
        every = [one.cells for one in (*self.drafts, *self.lists)]
        for cells in every:
            drops.update(cells.faults.dropped)
            drops.update(str(one.reason) for one in cells.table.dropped)
            for (header, value), count in cells.unknown.items():
                unknown[f"{header}: {value}"] += count
        quarantine = count_reasons(rows)
        return replace(
            report,
            rows_read=sum(_rows_in(cells.table) for cells in every),
            accepted=stored.verdicts.get(2, 0),
            duplicates=stored.verdicts.get(3, 0),
            corrections=stored.verdicts.get(1, 0),
            quarantined=sum(quarantine.values()),
            dropped=sum(drops.values()),
            tables=(*map(_table_report, every), *map(_left_report, self.left)),
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
                covered=stored.covered_money.get((kind, column), 0),
                quarantined=bad,
            )
            for (kind, column), (total, bad) in read.items()
        )

    def _warnings(self, stored: Stored) -> tuple[str, ...]:
        found = [
            f"工作表 {raw.sheet or raw.file} 未识别,已略过({raw.rows.num_rows} 行)"
            for raw in self.left
        ]
        for cells in (one.cells for one in (*self.drafts, *self.lists)):
            if cells.table.hidden:
                found.append(f"工作表 {cells.table.sheet} 在 Excel 中是隐藏的,也已导入,请核对")
            found += ties(cells.source, cells.columns, cells.table)
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
            borrowed = int(
                sum((one.borrowed & table.cells.faults.live).sum() for one in table.drafts)
            )
            if borrowed:
                found.append(f"{borrowed} 笔退款没有退款时间,文件也没有写明导出时间,按成交时间记录")
        return (*found, *_told(stored))


def _told(stored: Stored) -> list[str]:
    """Return what a person should know of how the rows met those of earlier files."""
    covering = stored.covering
    texts = (
        (stored.restored, "条恢复为更早版本的内容(以最后一次导入为准)"),
        (stored.overlap, "行与此前文件中同一单据的行完全相同,按重复导出只计一次"),
        (stored.other_ways, "笔收款与此前同号同额、支付方式不同的收款并存,按混合支付各计一笔"),
        (covering.outdone, "条此前由订单或验券推得的记录,已由收款流水或平台订单取代"),
        (covering.unlike, "个订单的收款流水合计与开单实收不一致,以收款流水为准"),
        (covering.vouchers_alone, "行验券在平台订单中找不到同号订单或券码,金额照计,可能与订单重复"),
        (
            covering.receipts_without_order,
            "笔由订单推得的收款无法与没有订单号的收款流水核对,可能重复",
        ),
        (stored.rematched, "笔此前未匹配的退款找到了原单"),
        (stored.mended, "行此前隔离的数据已由本次导入补上"),
    )
    return [f"{count} {text}" for count, text in texts if count]


def _nowhere(table: TableDraft) -> int:
    """Return how many rows carry a HIS number, unique only in its clinic, but name no clinic."""
    cells = table.cells
    numbers = [one.field for one in cells.source.identifiers if one.type == str(IdType.HIS_NO)]
    nowhere = cells.faults.live & ~filled(table.scope.clinic)
    if not nowhere.any() or not any(cells.has(name) for name in numbers):
        return 0
    numbered = [filled(flat(cells.parsed(name).values)) for name in numbers if cells.has(name)]
    return int((nowhere & np.logical_or.reduce(numbered)).sum())


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


def _table_report(cells: Cells) -> TableReport:
    raw, source = cells.table, cells.source
    used = {*cells.columns.values(), *cells.ticked}
    return TableReport(
        sheet=raw.sheet,
        source=source.name,
        title=source.title,
        kinds=source.kinds,
        rows=_rows_in(raw),
        fields=dict(cells.columns),
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
        if line.read != line.stored + line.duplicate + line.covered + line.quarantined
    ]
    if problems:
        raise InternalError(*problems)
