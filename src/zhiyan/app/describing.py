"""The definitions in the form in which readers see them, with the names of everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from zhiyan.app.reads import Definitions, Group, Label, Taxonomy
from zhiyan.app.reference import read_yaml
from zhiyan.app.settings import Settings
from zhiyan.core.expression import ValueType
from zhiyan.core.tag import Tag
from zhiyan.lang.catalogue import Catalogue

#: Enum tags worth a chart on the first page, and tags worth a column in a list, where defined.
HIGHLIGHTS = (
    "customer_value_level", "lifecycle_stage", "rfm_segment", "due_status", "vip_tier",
    "churn_risk_level", "value_level",
)  # fmt: skip
HEADLINE = (
    "customer_value_level", "lifecycle_stage", "rfm_segment", "due_status", "net_spend_12m",
    "last_visit_date", "last_paid_date",
)  # fmt: skip


def definitions_of(catalogue: Catalogue) -> Definitions:
    """Return the live definitions with taxonomies and names."""
    return Definitions(
        name=catalogue.name_zh,
        tags=catalogue.tags,
        segments=catalogue.segments,
        taxonomies=(_industry(catalogue), *_others(catalogue)),
        names=_names(catalogue),
        params={code: param.literal.value for code, param in catalogue.params.items()},
        money_params=frozenset(
            code for code, param in catalogue.params.items() if param.type is ValueType.MONEY
        ),
        highlights=tuple(code for code in HIGHLIGHTS if code in catalogue.tags)[:4],
        headline=tuple(code for code in HEADLINE if code in catalogue.tags)[:5],
    )


def _industry(catalogue: Catalogue) -> Taxonomy:
    """Return the catalogue's own two levels of categories."""

    def tags(path: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(code for code, tag in catalogue.tags.items() if tag.category == path)

    tops = [category for category in catalogue.categories.values() if category.parent is None]
    groups = [
        Group(
            code=top.code,
            name=Label(top.name_zh, top.name_en),
            tags=tags((top.code,)),
            groups=tuple(
                Group(
                    code=sub.code,
                    name=Label(sub.name_zh, sub.name_en),
                    tags=tags((top.code, sub.code)),
                )
                for sub in catalogue.categories.values()
                if sub.parent == top.code
            ),
        )
        for top in tops
    ]
    return Taxonomy(code="industry", name=Label("行业库", "Industry"), groups=tuple(groups))


def _others(catalogue: Catalogue) -> list[Taxonomy]:
    return [
        Taxonomy(
            code=found.code,
            name=Label(found.name_zh, found.name_en),
            groups=tuple(
                Group(code=g.code, name=Label(g.name_zh, g.name_en), tags=g.tags)
                for g in found.groups
            ),
        )
        for found in catalogue.taxonomies.values()
    ]


def _names(catalogue: Catalogue) -> dict[str, Label]:
    views = {v.name: Label(v.name_zh, v.name_en) for v in catalogue.views.values()}
    columns = {
        f"{view.name}.{column.name}": Label(column.zh, column.name.replace("_", " "))
        for view in catalogue.views.values()
        for column in view.columns.values()
        if column.zh
    }
    params = {f"param.{p.code}": Label(p.name_zh, p.name_en) for p in catalogue.params.values()}
    return {**views, **columns, **params}


def value_labels(settings: Settings, pack: Any) -> dict[str, Label]:
    """Return the names of all codes that tag values may hold: items, categories, clinics."""
    labels: dict[str, Label] = {}
    path = pack / "items.yaml"
    if path.is_file():
        loaded = read_yaml(path)
        for section in ("categories", "subcategories"):
            names = cast("dict[str, dict[str, str]]", loaded.get(section) or {})
            labels |= {code: Label(name["zh"], name["en"]) for code, name in names.items()}
        for item in loaded["items"]:
            labels[item["code"]] = Label(item["name"]["zh"], item["name"]["en"])
    path = pack / "channels.yaml"
    if path.is_file():
        loaded = read_yaml(path)
        listed = loaded.get("channels") or []
        labels |= {c["code"]: Label(c["name"]["zh"], c["name"]["en"]) for c in listed}
    return labels | {c.code: Label(c.name, c.code) for c in settings.clinics}


def value_names(pack: Any) -> dict[str, dict[str, Label]]:
    """Return the names that ``names.yaml`` of a pack gives to values, by tag; none without it."""
    path = pack / "names.yaml"
    if not path.is_file():
        return {}
    listed = cast("dict[str, dict[str, dict[str, str]]]", read_yaml(path).get("values") or {})
    return {
        tag: {value: Label(name["zh"], name["en"]) for value, name in names.items()}
        for tag, names in listed.items()
    }


@dataclass(frozen=True, slots=True)
class ValueNames:
    """Names of values that no definition lists: by tag, else by code of item, clinic or tag."""

    by_tag: Mapping[str, Mapping[str, Label]]
    codes: Mapping[str, Label]

    def of(self, tag: Tag) -> Mapping[str, Label]:
        """Return the names of a tag's values, those that its definition lists first of all."""
        if tag.values:
            return {one.value: Label(one.zh, one.en or one.value) for one in tag.values}
        if tag.type in (ValueType.REF, ValueType.LIST, ValueType.TEXT):
            return {**self.codes, **self.by_tag.get(tag.code, {})}
        return {}


def names_of_values(settings: Settings, pack: Any, catalogue: Catalogue) -> ValueNames:
    """Return what names the values of all tags of a workspace."""
    tags = {tag.code: Label(tag.name_zh, tag.name_en) for tag in catalogue.tags.values()}
    return ValueNames(by_tag=value_names(pack), codes={**tags, **value_labels(settings, pack)})
