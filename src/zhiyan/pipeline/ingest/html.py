"""The data-quality report of imports as one self-contained HTML page, in Chinese.

No script, no outside asset; every value is escaped. Values of cells come masked already.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from zhiyan.core.kinds import KINDS
from zhiyan.pipeline.ingest.clean import REASON_ZH
from zhiyan.pipeline.ingest.faults import DROPS, REASONS
from zhiyan.pipeline.ingest.report import ImportReport, MoneyLine, TableReport

_STYLE = """
:root{--ink:#1f2430;--soft:#6b7280;--line:#e7e5e4;--bg:#faf8f6;--card:#fff;--rose:#b4536b;
--ok:#4f8a6d;--dup:#9aa5b1;--cor:#c9913d;--bad:#c2504a;--drop:#d6d3d1}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);line-height:1.6;
font:15px/1.6 -apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 24px 80px}
h1{font-size:26px;margin:0 0 4px;letter-spacing:.02em}h2{font-size:18px;margin:0}
h3{font-size:14px;margin:22px 0 8px;color:var(--rose)}
.soft{color:var(--soft)}.small{font-size:13px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:12px;margin:24px 0}
.cards div,section{background:var(--card);border:1px solid var(--line);border-radius:14px}
.cards div{padding:14px 16px}.cards b{display:block;font-size:24px;font-variant-numeric:tabular-nums}
section{padding:22px 24px;margin:18px 0}
.head{display:flex;justify-content:space-between;gap:16px;align-items:baseline;flex-wrap:wrap}
.tag{display:inline-block;padding:1px 10px;border-radius:99px;background:#f6e9ec;color:var(--rose);
font-size:13px;margin-right:6px}
.bar{display:flex;height:10px;border-radius:99px;overflow:hidden;background:var(--drop);margin:14px 0 8px}
.bar i{display:block;height:100%}
.key span{margin-right:16px;white-space:nowrap}.key i{display:inline-block;width:9px;height:9px;
border-radius:3px;margin-right:5px}
.accepted{background:var(--ok)}.duplicates{background:var(--dup)}.corrections{background:var(--cor)}
.quarantined{background:var(--bad)}.dropped{background:var(--drop)}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:500;color:var(--soft)}th,td{padding:6px 10px;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right}code{background:#f3f1ef;border-radius:5px;padding:1px 6px;font-size:12.5px}
.warn{background:#fdf6e8;border-radius:10px;padding:8px 14px;margin:6px 0;font-size:13.5px}
.scroll{overflow-x:auto}
"""
_REASONS = {**{str(reason): text for reason, text in REASON_ZH.items()}, **REASONS}
_PARTS = (
    ("accepted", "新增"),
    ("corrections", "更正"),
    ("duplicates", "重复"),
    ("quarantined", "隔离"),
    ("dropped", "略过"),
)


def render_html(reports: Sequence[ImportReport]) -> str:
    """Return the page for some imports; ``reports`` may be empty."""
    total = {name: sum(getattr(one, name) for one in reports) for name, _ in _PARTS}
    read = sum(one.rows_read for one in reports)
    cards = [_card("文件", len(reports)), _card("读入行", read)]
    cards += [_card(zh, total[name]) for name, zh in _PARTS]
    body = "".join(_file(one) for one in reports)
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>数据质量报告</title><style>{_STYLE}</style></head><body><main>"
        "<h1>数据质量报告</h1>"
        '<p class="soft">读入 = 新增 + 更正 + 重复 + 隔离 + 略过。没有一行被悄悄丢掉。</p>'
        f'<div class="cards">{"".join(cards)}</div>{body}</main></body></html>'
    )


def _card(name: str, value: int) -> str:
    return f'<div><span class="soft small">{escape(name)}</span><b>{value:,}</b></div>'


def _file(report: ImportReport) -> str:
    state = "已入库" if report.committed else ("此前已导入" if report.known_as else "演练,未入库")
    titles = dict.fromkeys(one.title for one in report.tables if one.source)
    tags = "".join(f'<span class="tag">{escape(title)}</span>' for title in titles)
    span = ""
    if report.first_at and report.last_at:
        span = f" · 发生时间 {report.first_at:%Y-%m-%d} 至 {report.last_at:%Y-%m-%d}(UTC)"
    return (
        f'<section><div class="head"><h2>{escape(report.file_name)}</h2><div>{tags}'
        f'<span class="soft small">第 {report.import_id} 次导入 · {state}{span}</span></div></div>'
        f"{_bar(report)}{_warnings(report)}{_events(report)}{_money(report.money)}"
        f"{_reasons('隔离原因', report.quarantine, _REASONS)}"
        f"{_examples(report)}{_reasons('略过原因', report.drops, DROPS)}"
        f"{_counts('未识别的项目名(待审核)', '项目名', report.unmapped)}"
        f"{_counts('代码表中没有的值(按未知处理)', '列: 值', report.unknown)}"
        f"{_tables(report.tables)}</section>"
    )


def _bar(report: ImportReport) -> str:
    read = max(report.rows_read, 1)
    parts = [(name, zh, getattr(report, name)) for name, zh in _PARTS]
    bars = "".join(
        f'<i class="{name}" style="width:{count * 100 / read:.3f}%"></i>'
        for name, _, count in parts
    )
    keys = "".join(
        f'<span><i class="{name}"></i>{zh} {count:,}</span>' for name, zh, count in parts
    )
    return f'<div class="bar">{bars}</div><div class="key small">读入 {report.rows_read:,} 行 = {keys}</div>'


def _warnings(report: ImportReport) -> str:
    return "".join(f'<div class="warn">{escape(text)}</div>' for text in report.warnings)


def _events(report: ImportReport) -> str:
    rows = [(KINDS[kind].zh, f"{count:,}") for kind, count in report.events.items()]
    if report.identifiers:
        rows.append(("新的身份标识(加密存入保险库)", f"{report.identifiers:,}"))
    return _table("写入", ("事件", "条数"), rows)


def _money(lines: Sequence[MoneyLine]) -> str:
    rows = [
        (
            _column_name(one),
            *map(_yuan, (one.read, one.stored, one.duplicate, one.covered, one.quarantined)),
        )
        for one in lines
    ]
    return _table("金额核对(元)", ("列", "读入", "= 入库", "+ 重复", "+ 他表已计", "+ 隔离"), rows)


def _column_name(line: MoneyLine) -> str:
    kind = KINDS[line.kind]
    column = kind.column(line.column)
    return f"{kind.zh} · {column.zh if column else line.column}"


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def _reasons(title: str, counts: Mapping[str, int], names: Mapping[str, str]) -> str:
    rows = [(names.get(code, code), f"{count:,}") for code, count in counts.items()]
    return _table(title, ("原因", "行"), rows)


def _examples(report: ImportReport) -> str:
    rows = [
        (
            one.sheet or "",
            str(one.row_no),
            one.column.rsplit("/", 1)[-1],
            one.value_masked or "",
            _REASONS.get(one.reason, one.reason),
        )
        for one in report.examples[:20]
    ]
    return _table("隔离示例(值已打码)", ("表", "行号", "列", "值", "原因"), rows)


def _counts(title: str, name: str, counts: Mapping[str, int]) -> str:
    rows = [(text, f"{count:,}") for text, count in list(counts.items())[:50]]
    return _table(title, (name, "行"), rows)


def _tables(tables: Sequence[TableReport]) -> str:
    rows = [
        (
            one.sheet or "—",
            one.title or "未识别",
            f"{one.rows:,}",
            "、".join(header.rsplit("/", 1)[-1] for header in one.unused) or "—",
            " ".join([one.encoding or "", *one.notes]).strip() or "—",
        )
        for one in tables
    ]
    return _table("文件里的表", ("表", "识别为", "行", "未使用的列", "说明"), rows)


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = ["".join(_cell(text, heads[i]) for i, text in enumerate(row)) for row in rows]
    if not cells:
        return ""
    head = "".join(f"<th{_side(name)}>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{one}</tr>" for one in cells)
    return f'<h3>{escape(title)}</h3><div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


_NUMBERS = {"条数", "行", "行号", "读入", "= 入库", "+ 重复", "+ 他表已计", "+ 隔离"}


def _side(head: str) -> str:
    return ' class="n"' if head in _NUMBERS else ""


def _cell(text: str, head: str) -> str:
    return f"<td{_side(head)}>{escape(text)}</td>"
