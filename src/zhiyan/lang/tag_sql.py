"""Tags as one layered query over the table of measures: a row per customer, a column per tag.

A layer computes every tag whose inputs the layers before it hold. The tag ``valid_customer``, where
a catalogue has one, decides who is a real customer: tags of the valid population are null for all
others.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlglot import exp

from zhiyan.core.expression import Node
from zhiyan.core.tag import Tag
from zhiyan.lang.bounds import named
from zhiyan.lang.catalogue import Catalogue, common_names, tag_name
from zhiyan.lang.check import Name, Scope, bind
from zhiyan.lang.rows import Frame, column
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.term import DATA_TYPES

VALID = "valid_customer"


def ancestors(catalogue: Catalogue, code: str) -> frozenset[str]:
    """Return all tags that a tag reads, directly or not."""
    direct = catalogue.tags[code].depends_on
    return frozenset({*direct, *(up for tag in direct for up in ancestors(catalogue, tag))})


def gated(catalogue: Catalogue) -> frozenset[str]:
    """Return the tags that only valid customers have."""
    if VALID not in catalogue.tags:
        return frozenset()
    free = {VALID, *ancestors(catalogue, VALID)}
    return frozenset(
        tag.code
        for tag in catalogue.tags.values()
        if tag.population == "valid" and tag.code not in free
    )


def layers(catalogue: Catalogue) -> list[list[Tag]]:
    """Return the tags in layers; each reads only layers before its own."""
    behind_gate = gated(catalogue)
    level: dict[str, int] = {}

    def place(code: str) -> int:
        if code not in level:
            tag = catalogue.tags[code]
            inputs = [*tag.depends_on, *([VALID] if code in behind_gate else [])]
            level[code] = max((place(name) + 1 for name in inputs), default=0)
        return level[code]

    found: list[list[Tag]] = []
    for code, tag in catalogue.tags.items():
        while len(found) <= place(code):
            found.append([])
        found[place(code)].append(tag)
    return found


def tag_scope(catalogue: Catalogue, tag: Tag) -> Scope:
    """Return the names that a tag's rule may read: its measures, tags, parameters."""
    known: dict[str, Name] = common_names(catalogue.params)
    known.update((code, tag_name(other)) for code, other in catalogue.tags.items())
    known.update((measure.name, Name(type=measure.type)) for measure in tag.measures)
    return Scope(names=known, population=True)


def rule_sql(frame: Frame, tag: Tag, columns: Mapping[tuple[str, str], str]) -> exp.Expr:
    """Return a tag's rule over a row that holds its measures and inputs."""
    catalogue = frame.catalogue
    scope = tag_scope(catalogue, tag)
    own = {measure.name for measure in tag.measures}

    def place(name: str) -> exp.Expr:
        return column(columns[tag.code, name] if name in own else name)

    def sql(node: Node) -> exp.Expr:
        return scalar_sql(bind(node, catalogue.literals), scope, place, frame.moment)

    rule = sql(tag.otherwise)
    if tag.cases:
        ifs = [exp.If(this=sql(case.when), true=sql(case.then)) for case in tag.cases]
        rule = exp.Case(ifs=ifs, default=rule)
    return exp.cast(rule, DATA_TYPES[tag.type], copy=False)


def with_tags(
    frame: Frame,
    columns: Mapping[tuple[str, str], str],
    *,
    rows: str | exp.Query,
    values: Sequence[exp.Expr],
    chosen: Collection[str] | None = None,
) -> exp.Select:
    """Return ``values`` over some rows to which tags (``chosen``: all) have been added.

    ``rows`` is a query, or names a table, with customer_id, the measures of the chosen tags under
    the names that ``columns`` gives them, and all tags that these read and that are not chosen.
    What compares customers sorts whole rows: choose it apart from the rest, over few columns.
    """
    behind_gate = gated(frame.catalogue)
    steps: dict[str, exp.Query] = {}
    before = rows if isinstance(rows, str) else "stored"
    if not isinstance(rows, str):
        steps[before] = rows
    for number, layer in enumerate(layers(frame.catalogue)):
        found: list[exp.Expr] = []
        for tag in layer:
            if chosen is not None and tag.code not in chosen:
                continue
            value = rule_sql(frame, tag, columns)
            if tag.code in behind_gate:
                value = exp.Case(ifs=[exp.If(this=exp.column(VALID, quoted=True), true=value)])
            found.append(named(value, tag.code))
        if found:
            step = exp.select("*", *found, copy=False).from_(before, copy=False)
            steps[f"layer_{number}"] = step
            before = f"layer_{number}"
    query = exp.select(*values, copy=False).from_(before, copy=False)
    for name, step in steps.items():
        query = query.with_(name, as_=step, copy=False)
    return query
