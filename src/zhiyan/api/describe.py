"""Tags and segments as answers: the tree, one tag in full, its definition in words."""

from collections.abc import Mapping
from datetime import datetime

from zhiyan.api import models
from zhiyan.api.naming import Names, named, tag_name
from zhiyan.api.show import edge, show, text
from zhiyan.app.reads import Distribution, Group, Label, Taxonomy
from zhiyan.core.expression import Ref
from zhiyan.core.expression import names as names_of
from zhiyan.core.measure import NULL
from zhiyan.core.segment import Segment
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.core.time import aware


def spread(found: Distribution, tag: Tag, labels: Mapping[str, Label]) -> models.Spread:
    """Return a distribution; bars of a closed domain in the order of the domain, unknown apart."""
    order = {one.value: place for place, one in enumerate(tag.values)}
    bars = sorted(found.bars, key=lambda bar: order.get(str(bar.value), len(order)))
    return models.Spread(
        total=found.total,
        known=found.known,
        bars=[
            models.Bar(value=show(bar.value, tag.type, labels), customers=bar.customers)
            for bar in bars
            if bar.value is not None
        ],
        bins=[
            models.Bin(
                low=edge(one.low, tag.type), high=edge(one.high, tag.type), customers=one.customers
            )
            for one in found.bins
        ],
        other=found.other,
    )


class Shelf:
    """The live tags with their coverage, ready to be listed."""

    def __init__(
        self, names: Names, coverage: Mapping[str, int], snapshot: Manifest | None
    ) -> None:
        self._names = names
        self._coverage = coverage
        self._snapshot = snapshot

    def line(self, tag: Tag) -> models.TagLine:
        """Return one tag in short."""
        known = self._coverage.get(tag.code)
        total = self._snapshot.customers if self._snapshot else 0
        labels = {one.value: Label(one.zh, one.en) for one in tag.values}
        return models.TagLine(
            code=tag.code,
            name=text(tag_name(tag)),
            kind=tag.kind,
            type=tag.type,
            sensitivity=tag.sensitivity,
            marketing_use=tag.marketing_use,
            priority=tag.priority,
            known=known,
            coverage=known / total if known is not None and total else None,
            values=[show(one.value, tag.type, labels) for one in tag.values],
        )

    def tree(self, taxonomy: Taxonomy) -> models.TagTree:
        """Return the tags under one taxonomy; groups without any tag are left out."""
        groups = [self._group(group) for group in taxonomy.groups]
        return models.TagTree(
            taxonomy=named(taxonomy.code, taxonomy.name),
            customers=self._snapshot.customers if self._snapshot else None,
            groups=[group for group in groups if group.tags or group.groups],
        )

    def _group(self, group: Group) -> models.TagGroup:
        known = self._names.definitions.tags
        below = [self._group(one) for one in group.groups]
        return models.TagGroup(
            code=group.code,
            name=text(group.name),
            groups=[one for one in below if one.tags or one.groups],
            tags=[self.line(known[code]) for code in group.tags if code in known],
        )

    def detail(self, tag: Tag, found: Distribution | None, now: datetime) -> models.TagDetail:
        """Return everything about one tag."""
        names, known = self._names, self._names.definitions
        used_by = tuple(code for code, other in known.tags.items() if tag.code in other.depends_on)
        sources = dict.fromkeys(one.source for one in tag.measures)
        return models.TagDetail(
            **self.line(tag).model_dump(),
            description=models.Text(
                zh=tag.description_zh, en=tag.description_en or tag.description_zh
            ),
            meanings=[
                models.ValueMeaning(
                    value=one.value, zh=one.zh, en=one.en or one.value, meaning=one.meaning
                )
                for one in tag.values
            ],
            definition=definition(tag, names),
            spread=spread(found, tag, names.values(tag)) if found else None,
            freshness=freshness(tag, self._snapshot, now),
            sources=[named(code, names.source(code)) for code in sources],
            depends_on=names.tags(tag.depends_on),
            used_by=names.tags(used_by),
            segments=[
                named(one.code, Label(one.name_zh, one.name_en))
                for one in known.segments.values()
                if tag.code in names_of(one.where)
            ],
            category=list(tag.category),
            population=tag.population,
            refresh=tag.refresh,
            owner=tag.owner,
            weight=tag.weight,
            declassified=tag.declassified,
            consent=tag.consent,
            purposes=list(tag.purposes),
            example=tag.example,
            origin=list(tag.origin),
            status=tag.status,
            fingerprint=tag.fingerprint,
            defined_at=tag.where,
        )


def definition(tag: Tag, names: Names) -> models.Definition:
    """Return a tag's rule in words: its measures, then its cases or its formula."""
    measures = [
        models.MeasureWords(
            name=one.name,
            source=named(one.source, names.source(one.source)),
            words=names.measure(one),
        )
        for one in tag.measures
    ]
    cases = [
        models.CaseWords(when=names.expression(one.when, tag), then=names.result(one.then, tag))
        for one in tag.cases
    ]
    if cases:
        cases.append(models.CaseWords(when=None, then=names.result(tag.otherwise, tag)))
    bare = tag.otherwise in (NULL, Ref("value"))
    formula = None if cases or bare else names.result(tag.otherwise, tag)
    return models.Definition(measures=measures, cases=cases, formula=formula)


def freshness(tag: Tag, snapshot: Manifest | None, now: datetime) -> models.Freshness:
    """Return the age of a tag's values against its own limit."""
    if snapshot is None:
        return models.Freshness(
            as_of=None, age_days=None, limit_days=tag.stale_after_days, fresh=None
        )
    as_of = aware(snapshot.as_of)
    age = max(0, (now - as_of).days)
    limit = tag.stale_after_days
    return models.Freshness(
        as_of=as_of, age_days=age, limit_days=limit, fresh=None if limit is None else age <= limit
    )


def segment(one: Segment, names: Names) -> models.Segment:
    """Return a segment with its expression, as text and in words."""
    return models.Segment(
        code=one.code,
        name=models.Text(zh=one.name_zh, en=one.name_en),
        description=one.description_zh,
        expression=one.text,
        words=names.expression(one.where),
        owner=one.owner,
    )
