"""Conditions over tags and behaviours: what is asked once, of a snapshot.

A behaviour stands in brackets, the short form of a measure on one line:
``[count(*) of web_event where type = 'view' window 30d] >= 3 and customer_value_level = 'high'``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import Node, Ref, replaced
from zhiyan.errors import DefinitionError, Problem
from zhiyan.lang.catalogue import Catalogue, checked_condition
from zhiyan.lang.check import Scope
from zhiyan.lang.measure_sql import other_rows
from zhiyan.lang.measures import MeasureReader, ReadMeasure
from zhiyan.lang.parse import parse
from zhiyan.lang.reader import Reader
from zhiyan.lang.rows import IDENTIFIER
from zhiyan.lang.yaml_nodes import Item, Scalar, Spot

#: The words that begin the fields of a behaviour after its aggregate, and the fields.
_FIELDS = {"of": "source", "where": "where", "window": "window", "latest": "latest"}
_TEXT_OR_BRACKET = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[\[\]]")
_TEXT_OR_WORD = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[()]|\b[a-z_][\w.]*\b", re.IGNORECASE)
_HINT = "write [count(*) of SOURCE where CONDITION window 30d]"
#: How many mistakes are told at once: rubbish has one in every character.
_MOST_TOLD = 20
_OUTSIDE = "write it outside of the brackets: it is a tag, and behaviours read rows only"
#: What messages call the text that was asked.
_FILE = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A checked condition, its parameters unbound.

    ``behaviours`` are the measures that it reads, by the names that it has for them: the texts in
    brackets.
    """

    node: Node
    behaviours: Mapping[str, ReadMeasure] = field(default_factory=dict[str, ReadMeasure])

    def scope(self, catalogue: Catalogue) -> Scope:
        """Return all names that the condition may read."""
        known = {text: found.name for text, found in self.behaviours.items()}
        return replace(catalogue.scope, names={**catalogue.scope.names, **known})


@dataclass(frozen=True, slots=True)
class _Clause:
    """A behaviour as it was written, with its brackets, and where it begins."""

    text: str
    begin: int


def check_question(catalogue: Catalogue, text: str) -> Question:
    """Parse and check a condition over tags and behaviours.

    Raises DefinitionError with all mistakes, of those inside brackets the first 20: those of
    ``check_expression``, those of measures, and ``ZY201`` for a behaviour that cannot be read,
    ``ZY286`` for one that reads facts of class S4, which only tags may read, ``ZY287`` for one that
    reads identifiers, which no snapshot keeps.
    """
    reader = Reader([])
    clauses = list(_clauses(text, reader))
    behaviours: dict[str, ReadMeasure] = {}
    measures = MeasureReader(
        reader, catalogue.params, catalogue.views, tags=catalogue.tags, outside=_OUTSIDE
    )
    for number, clause in enumerate(clauses):
        spot = _spot(text, clause.begin)
        fields = _fields(clause, text, reader)
        read = measures.measure(f"{number}", fields, Scalar("", "", spot), what="behaviour")
        if read is not None:
            behaviours[clause.text] = read
            _check_facts(reader, catalogue, spot, read=read)
    if reader.problems:
        raise DefinitionError(*reader.problems[:_MOST_TOLD])
    question = Question(node=_parsed(text, clauses), behaviours=behaviours)
    scope = question.scope(catalogue)
    node, problems = checked_condition(question.node, scope, "", aliases=catalogue.aliases)
    if problems:
        raise DefinitionError(*problems)
    return replace(question, node=node)


def _clauses(text: str, reader: Reader) -> Iterator[_Clause]:
    """Yield what stands in brackets, outside of quotes."""
    begin: int | None = None
    for found in _TEXT_OR_BRACKET.finditer(text):
        if found[0] == "[" and begin is None:
            begin = found.start()
        elif found[0] == "]" and begin is not None:
            yield _Clause(text[begin : found.end()], begin)
            begin = None
        elif found[0] in "[]":
            _refuse(reader, _spot(text, found.start()), f"`{found[0]}` has no partner here")
    if begin is not None:
        _refuse(reader, _spot(text, begin), "the behaviour has no closing `]`")


def _fields(clause: _Clause, text: str, reader: Reader) -> dict[str, Item]:
    """Return the fields of a measure out of a behaviour."""
    inside = clause.text[1:-1]
    marks = [("aggregate", 0, 0), *_marks(inside), ("", len(inside), len(inside))]
    found: dict[str, Item] = {}
    for (name, _, begin), (_, end, _) in pairwise(marks):
        part = inside[begin:end]
        lead = len(part) - len(part.lstrip())
        spot = _spot(text, clause.begin + 1 + begin + lead)
        if name in found:
            _refuse(reader, spot, f"the behaviour names its {name} twice")
        elif not part.strip():
            _refuse(reader, spot, f"the behaviour names no {name}")
        found[name] = Scalar(part.strip(), part.strip(), spot)
    return found


def _marks(inside: str) -> Iterator[tuple[str, int, int]]:
    """Yield (field, where its word begins, where it ends) for each field after the first."""
    depth = 0
    for found in _TEXT_OR_WORD.finditer(inside):
        depth += (found[0] == "(") - (found[0] == ")")
        name = _FIELDS.get(found[0].lower())
        if name and depth == 0:
            yield name, found.start(), found.end()


def _check_facts(reader: Reader, catalogue: Catalogue, spot: Spot, *, read: ReadMeasure) -> None:
    """Refuse what only a tag may read, which says for what purpose, and what a snapshot forgets."""
    sources = (read.measure.source, *(rows.source for rows in other_rows(read.measure)))
    kinds = {part.kind for source in sources for part in catalogue.views[source].parts}
    if IDENTIFIER in kinds:
        message = "a behaviour cannot read identifiers, of which a snapshot keeps no state"
        reader.report("ZY287", spot, message, hint="read them through a tag")
    causes = [origin for level, origin in read.traces if level is Sensitivity.S4]
    if causes:
        message = f"a behaviour cannot read {causes[0]}, which is of class S4"
        reader.report(
            "ZY286", spot, message, hint="read it through a tag, which states its purposes"
        )


def _parsed(text: str, clauses: list[_Clause]) -> Node:
    """Parse a condition with names as long as the behaviours in their places."""
    prefix = "behaviour_"
    while prefix in text:
        prefix += "_"
    stands: dict[str, Node] = {}
    for number, clause in reversed(list(enumerate(clauses))):
        name = f"{prefix}{number}_".ljust(len(clause.text), "_")
        stands[name] = Ref(clause.text)
        text = text[: clause.begin] + name + text[clause.begin + len(clause.text) :]
    node = parse(text)
    return replaced(node, lambda part: stands.get(part.name) if isinstance(part, Ref) else None)


def _spot(text: str, at: int) -> Spot:
    line = text.count("\n", 0, at) + 1
    return Spot(_FILE, line, at - text.rfind("\n", 0, at))


def _refuse(reader: Reader, spot: Spot, message: str) -> None:
    reader.problems.append(Problem(code="ZY201", message=message, where=str(spot), hint=_HINT))
