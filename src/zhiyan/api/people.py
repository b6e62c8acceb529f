"""Customers as answers: lists, one customer's tags, the evidence of one tag."""

from collections.abc import Mapping, Sequence

from zhiyan.api import models, people_models
from zhiyan.api.naming import Names, named, plain_name, tag_name
from zhiyan.api.show import NO_LABELS, show, text
from zhiyan.app import reads
from zhiyan.app.reads import Label
from zhiyan.core import evidence as proof
from zhiyan.core.expression import Value, ValueType
from zhiyan.core.identity import public_id
from zhiyan.core.kinds import KINDS
from zhiyan.core.snapshot import Manifest
from zhiyan.core.tag import Tag
from zhiyan.core.time import aware


def kind_counts(rows: dict[str, int]) -> list[models.KindCount]:
    """Return rows per event kind, those that have any, most first."""
    return [
        models.KindCount(
            kind=name,
            name=models.Text(zh=KINDS[name].zh if name in KINDS else name, en=plain_name(name)),
            rows=count,
        )
        for name, count in sorted(rows.items(), key=lambda pair: (-pair[1], pair[0]))
        if count
    ]


class Desk:
    """Turns what the workspace knows of customers into answers.

    ``offset`` is the business zone's lead over UTC in minutes.
    """

    def __init__(self, names: Names, offset: int) -> None:
        self._names = names
        self._offset = offset

    def shown(self, tag: Tag, value: Value) -> models.Shown:
        """Return a value of a tag with its text."""
        return show(value, tag.type, self._names.values(tag), offset=self._offset)

    def page(self, found: reads.CustomerPage) -> people_models.CustomerPage:
        """Return one page of customers."""
        tags = self._names.definitions.tags
        columns = self._names.tags(self._names.definitions.headline)
        lines = [
            people_models.CustomerLine(
                id=public_id(line.customer_id),
                first_seen=aware(line.first_seen),
                tags={
                    one.code: self.shown(tags[one.code], line.tags.get(one.code)) for one in columns
                },
            )
            for line in found.lines
        ]
        last = lines[-1].id if lines and found.more else None
        return people_models.CustomerPage(
            columns=columns, customers=lines, next=last, total=found.total
        )

    def profile(self, found: reads.Profile, snapshot: Manifest) -> people_models.Profile:
        """Return one customer with her tags by category."""
        return people_models.Profile(
            id=public_id(found.customer_id),
            first_seen=aware(found.first_seen),
            parties=found.parties,
            as_of=aware(snapshot.as_of),
            known=sum(cell.value is not None for cell in found.cells.values()),
            total=len(found.cells),
            groups=self._groups(found),
            identifiers=[
                people_models.Identifier(
                    id_type=one.id_type,
                    quality=one.quality,
                    verified=one.verified,
                    persons=one.persons,
                    first_seen=aware(one.first_seen),
                )
                for one in found.identifiers
            ],
            events=kind_counts(dict(found.events)),
        )

    def _groups(self, found: reads.Profile) -> list[people_models.CellGroup]:
        taxonomies = self._names.definitions.taxonomies
        groups = [
            people_models.CellGroup(
                code=group.code, name=text(group.name), tags=self._cells(found, codes_of(group))
            )
            for group in (taxonomies[0].groups if taxonomies else ())
        ]
        return [group for group in groups if group.tags]

    def _cells(self, found: reads.Profile, codes: list[str]) -> list[people_models.TagCell]:
        tags = self._names.definitions.tags
        return [
            self._cell(tags[code], found.cells[code])
            for code in codes
            if code in tags and code in found.cells
        ]

    def _cell(self, tag: Tag, cell: reads.Cell) -> people_models.TagCell:
        return people_models.TagCell(
            code=tag.code,
            name=text(tag_name(tag)),
            kind=tag.kind,
            type=tag.type,
            sensitivity=tag.sensitivity,
            marketing_use=tag.marketing_use,
            value=self.shown(tag, cell.value),
            since=aware(cell.since) if cell.since else None,
        )

    def evidence(self, found: proof.Evidence, tag: Tag) -> people_models.Evidence:
        """Return the evidence card of one tag."""
        flip = found.flip
        return people_models.Evidence(
            id=public_id(found.customer_id),
            tag=named(tag.code, tag_name(tag)),
            type=tag.type,
            sensitivity=tag.sensitivity,
            value=self.shown(tag, found.value),
            snapshot_id=found.snapshot_id,
            as_of=aware(found.as_of),
            fingerprint=found.fingerprint,
            defined_at=tag.where,
            owner=tag.owner,
            description=models.Text(
                zh=tag.description_zh, en=tag.description_en or tag.description_zh
            ),
            clauses=[self._clause(one, tag) for one in found.clauses],
            counted=[self._counted(one, tag) for one in found.counted],
            flip=people_models.Flip(at=aware(flip.at), value=self.shown(tag, flip.value))
            if flip
            else None,
            others_from=aware(found.others_from) if found.others_from else None,
            horizon_days=found.horizon_days,
        )

    def _clause(self, clause: proof.Clause, tag: Tag) -> people_models.ClauseLine:
        when = clause.when if tag.cases else tag.otherwise
        return people_models.ClauseLine(
            when=self._names.expression(when, tag) if when is not None else None,
            then=self.shown(tag, clause.then),
            holds=clause.holds,
            chosen=clause.chosen,
            reached=clause.reached,
            inputs=[self._input(one, tag) for one in clause.inputs if not _is_param(one)],
        )

    def _input(self, one: proof.Input, tag: Tag) -> people_models.InputLine:
        other = self._names.definitions.tags.get(one.name)
        labels = self._names.values(other) if other else self._codes(tag)
        return people_models.InputLine(
            name=one.name,
            is_tag=other is not None,
            label=self._names.reference(one.name, tag),
            value=show(one.value, one.type, labels, offset=self._offset),
        )

    def _codes(self, tag: Tag) -> Mapping[str, Label]:
        """Return the names of what a tag's measures give, where they give what the tag holds."""
        return NO_LABELS if tag.type is ValueType.ENUM else self._names.values(tag)

    def _counted(self, found: proof.Counted, tag: Tag) -> people_models.CountedRows:
        measures = {one.name: one for one in tag.measures}
        source = found.source
        kinds = [self._names.column_type(source, column) for column in found.columns]
        words = models.Text(zh=found.measure, en=found.measure)
        if found.measure in measures:
            words = self._names.measure(measures[found.measure])
        return people_models.CountedRows(
            measure=found.measure,
            words=words,
            source=named(source, self._names.source(source)),
            value=show(found.value, found.type, self._codes(tag), offset=self._offset),
            row_count=found.row_count,
            columns=[named(one, self._names.column(source, one)) for one in found.columns],
            rows=[self._row(row, kinds, found.columns) for row in found.rows],
        )

    def _row(
        self, row: tuple[Value, ...], kinds: list[ValueType], columns: Sequence[str]
    ) -> list[models.Shown]:
        return [
            show(value, kind, self._names.cells(column), offset=self._offset)
            for value, kind, column in zip(row, kinds, columns, strict=True)
        ]


def _is_param(one: proof.Input) -> bool:
    """Say whether an input is a parameter, whose value the words of the clause already tell."""
    return one.name.startswith("param.")


def codes_of(group: reads.Group) -> list[str]:
    """Return the tags of a group and of everything below it."""
    return [*group.tags, *(code for one in group.groups for code in codes_of(one))]
