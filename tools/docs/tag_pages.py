"""One page per pack: every tag with its rule in words and everything that its user must know."""

from tools.docs.markdown import code, codes, table
from zhiyan.app.settings import PACKS_FOLDER, available_packs
from zhiyan.core.expression import Literal, ValueType
from zhiyan.core.measure import Measure, Span, Window
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue, ViewPart
from zhiyan.lang.load import load_catalogue
from zhiyan.lang.narrowed import narrowing
from zhiyan.lang.render import render


def by_pack() -> dict[str, str]:
    """Return the page of each pack: ``tags-PACK`` -> text."""
    return {
        f"tags-{name}": page(load_catalogue([PACKS_FOLDER / name])) for name in available_packs()
    }


def page(catalogue: Catalogue) -> str:
    """Return the page of a catalogue: parameters, codes of items, views, then tags by category."""
    head = (
        f"# {catalogue.name_zh} / {catalogue.name_en}\n\nPack `{catalogue.name}`, version "
        f"{catalogue.version}: {len(catalogue.tags)} tags, {len(catalogue.segments)} segments. How to "
        "read a rule: [tag language](tag-language.md).\n"
    )
    around = _params(catalogue) + _items(catalogue) + _views(catalogue)
    return head + around + _segments(catalogue) + _tags(catalogue)


def _params(catalogue: Catalogue) -> str:
    rows = [
        (code(p.code), p.name_zh, p.name_en, code(render(p.literal)))
        for p in catalogue.params.values()
    ]
    title = "\n## Parameters\n\nA workspace may set its own under `params` in `zhiyan.yaml`.\n\n"
    return title + table(("Code", "中文", "English", "Default"), rows) if rows else ""


def _items(catalogue: Catalogue) -> str:
    """Return the codes by which rules tell items apart."""
    known = next((v.columns for v in catalogue.views.values() if "item.category" in v.columns), {})
    rows = [(code(name), codes(column.values)) for name, column in known.items()
            if name.startswith("item.") and column.values]  # fmt: skip
    title = "\n## Codes of items\n\nWhat the columns of an item may hold; read where a source has `item_code`.\n\n"
    return title + table(("Column", "Codes"), rows) if rows else ""


def _views(catalogue: Catalogue) -> str:
    rows = [
        (code(view.name), view.name_zh, view.name_en, "; ".join(_part(part) for part in view.parts))
        for view in catalogue.views.values()
        if view.is_union
    ]
    title = "\n## Views\n\nSources that measures may read beside the kinds of events, and their columns.\n\n"
    return title + table(("Code", "中文", "English", "Rows and columns"), rows) if rows else ""


def _part(part: ViewPart) -> str:
    """Return one member of a view: its kind, its filter, its columns."""
    where = f" where `{render(part.where)}`" if part.where is not None else ""
    columns = ", ".join(f"{name} = {render(node)}" for name, node in part.columns.items())
    return f"`{part.kind}`{where}: `{columns}`" if columns else f"`{part.kind}`{where}"


def _segments(catalogue: Catalogue) -> str:
    rows = [(code(s.code), s.name_zh, s.name_en, code(s.text)) for s in catalogue.segments.values()]
    return "\n## Segments\n\n" + table(("Code", "中文", "English", "Who"), rows) if rows else ""


def _tags(catalogue: Catalogue) -> str:
    made: list[str] = []
    for key, category in catalogue.categories.items():
        found = [tag for tag in catalogue.tags.values() if "/".join(tag.category) == key]
        level = "##" if category.parent is None else "###"
        made.append(f"\n{level} {category.name_zh} / {category.name_en}\n")
        made += [_tag(tag) for tag in found]
    return "".join(made)


def _tag(tag: Tag) -> str:
    facts = [
        ("类型 / type", f"{tag.kind.value}, {tag.type.value}"),
        *(("取值 / value", f"`{v.value}` {v.zh} / {v.en} {v.meaning}") for v in tag.values),
        *((f"度量 / measure `{m.name}`", measure_text(m)) for m in tag.measures),
        *(("条件 / case", f"`{render(c.when)}` → `{render(c.then)}`") for c in tag.cases),
        ("否则 / otherwise" if tag.cases else "公式 / formula", code(render(tag.otherwise))),
        ("人群 / population", tag.population),
        ("更新 / refresh", f"{tag.refresh}{_stale(tag)}"),
        ("负责 / owner", f"{tag.owner}; {tag.priority}, weight {tag.weight:g}"),
        ("敏感级 / class", f"{tag.sensitivity.value}; consent {tag.consent}; {_use(tag)}"),
        *([("降级理由 / declassified", tag.declassified)] if tag.declassified else []),
        *([("示例 / example", tag.example)] if tag.example else []),
    ]
    described = " ".join(part for part in (tag.description_zh, tag.description_en) if part)
    return (
        f"\n#### {tag.code}: {tag.name_zh} / {tag.name_en}\n\n{' '.join(described.split())}\n\n"
        f"{table(('', ''), facts)}"
    )


def _stale(tag: Tag) -> str:
    return f", stale after {tag.stale_after_days} days" if tag.stale_after_days else ""


def _use(tag: Tag) -> str:
    return f"marketing {tag.marketing_use.value}; for {', '.join(tag.purposes)}"


def measure_text(measure: Measure) -> str:
    """Return a measure in one line: aggregate, source, filter, window, narrowing, empty value."""
    parts = [f"`{render(measure.aggregate)}` of `{measure.source}`"]
    if measure.where is not None:
        parts.append(f"where `{render(measure.where)}`")
    parts.append(window_text(measure.window))
    parts += [f"{field} `{text}`" for field, text in narrowing(measure)]
    return ", ".join(parts) + _empty(measure.empty)


def _empty(literal: Literal) -> str:
    return "" if literal.type is ValueType.NULL else f"; {render(literal)} if there are none"


def window_text(window: Window) -> str:
    """Return a window in words."""
    on = "" if window.on == "occurred_at" else f" on `{window.on}`"
    if window.ahead:
        return f"in the next {_span(window.start)}{on}" if window.start else f"in the future{on}"
    if window.start is None:
        return f"ever{on}" if window.end is None else f"until {_span(window.end)} ago{on}"
    if window.end is None:
        return f"in the last {_span(window.start)}{on}"
    return f"from {_span(window.start)} to {_span(window.end)} ago{on}"


def _span(span: Span) -> str:
    return f"{span.count}{span.unit.value}"
