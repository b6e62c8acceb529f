"""The part of a tag definition that computes it: measures, cases, formula."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import Call, Literal, Node, Ref, ValueType, children, names, walk
from zhiyan.core.measure import NULL, Measure
from zhiyan.core.tag import TagCase, TagKind
from zhiyan.errors import Problem
from zhiyan.lang.advice import conversion
from zhiyan.lang.catalogue import HOME_CLINIC, Param, Range, common_names
from zhiyan.lang.check import Name, Scope
from zhiyan.lang.clinics import local_params, place_problems
from zhiyan.lang.expressions import UNKNOWN, Expressions
from zhiyan.lang.heads import Head
from zhiyan.lang.literals import Wanted, read_literal
from zhiyan.lang.measures import KEYS as MEASURE_KEYS
from zhiyan.lang.measures import NAMED_KEYS, MeasureReader, ReadMeasure
from zhiyan.lang.narrowing import Trace
from zhiyan.lang.parse import parse
from zhiyan.lang.reader import Reader
from zhiyan.lang.sources import TEXTS, domain
from zhiyan.lang.yaml_nodes import Item, Scalar

ENTRY, SCORE = "entry", "score"
_MANUAL_TYPES = (
    ValueType.BOOL,
    ValueType.ENUM,
    ValueType.TEXT,
    ValueType.REF,
    ValueType.LIST,
)
_CASE_KEYS = ("when", "then")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A checked rule: what a tag computes, and what the checks that follow need to know.

    ``scope`` holds every name that it may read. ``own`` counts the leading cases that the language
    added by itself. ``total`` says that an ``otherwise`` was written. ``ranges`` are those of the
    measures.
    """

    measures: tuple[Measure, ...]
    cases: tuple[TagCase, ...]
    otherwise: Node
    depends_on: tuple[str, ...]
    traces: tuple[Trace, ...]
    scope: Scope
    exclusive: bool
    total: bool
    own: int
    spots: tuple[str, ...]
    ranges: Mapping[str, Range]

    @property
    def words(self) -> tuple[str, ...]:
        """Names of measures and texts that the rule gives: they too say what a tag is about."""
        results = (self.otherwise, *(case.then for case in self.cases))
        texts = (part.value for node in results for part in walk(node) if isinstance(part, Literal))
        names_ = (measure.name for measure in self.measures)
        return (*names_, *(text for text in texts if isinstance(text, str)))

    def reads_any(self, params: Mapping[str, Param]) -> bool:
        """Tell whether the rule reads a parameter that clinics set for themselves."""
        nodes = (self.otherwise, *(part for case in self.cases for part in (case.when, case.then)))
        return any(local_params(node, params) for node in nodes)


@dataclass(slots=True)
class _Body:
    """What is gathered of one tag while its rule is read."""

    head: Head
    what: str
    measures: dict[str, ReadMeasure] = field(default_factory=dict[str, ReadMeasure])
    broken: set[str] = field(default_factory=set[str])
    cases: list[TagCase] = field(default_factory=list[TagCase])
    spots: list[str] = field(default_factory=list[str])
    own: int = 0


@dataclass(slots=True)
class RuleReader:
    """Reads rules; problems go to the reader's list, warnings to ``warnings``."""

    reader: Reader
    params: Mapping[str, Param]
    tags: Mapping[str, Name]
    measures: MeasureReader
    warnings: list[Problem]

    @property
    def expressions(self) -> Expressions:
        """Reads the expressions inside."""
        return Expressions(self.reader)

    def rule(self, head: Head) -> Rule | None:
        """Read the rule of one tag; None if it cannot be used."""
        body = _Body(head, f"tag {head.code!r}")
        mistakes = len(self.reader.problems)
        self._shape(body)
        self._entered(body)
        self._measures(body)
        scope = self._scope(body)
        cases = head.fields.get("cases")
        for item in self.reader.items(cases, f"{body.what}.cases") if cases else ():
            self._case(item, body, scope)
        otherwise = self._otherwise(body, scope)
        if otherwise is None or len(self.reader.problems) > mistakes:
            return None
        nodes = [otherwise, *(part for case in body.cases for part in (case.when, case.then))]
        read = {name for node in nodes for name in names(node)}
        self._unused(body, read)
        read |= self._by_clinic(nodes, body, scope)
        return Rule(
            measures=tuple(entry.measure for entry in body.measures.values()),
            cases=tuple(body.cases),
            otherwise=otherwise,
            depends_on=tuple(sorted((read & set(self.tags)) - set(body.measures))),
            traces=tuple(trace for entry in body.measures.values() for trace in entry.traces),
            scope=scope,
            exclusive=self._exclusive(head),
            total="otherwise" in head.fields or not body.cases,
            own=body.own,
            spots=tuple(body.spots),
            ranges={name: entry.range for name, entry in body.measures.items()},
        )

    def _shape(self, body: _Body) -> None:
        fields, kind = body.head.fields, body.head.kind
        for one, other in (("value", "cases"), ("value", "otherwise"), ("source", "measures")):
            if one in fields and other in fields:
                message = f"{body.what}: {one!r} and {other!r} exclude each other"
                self.reader.report("ZY222", fields[other], message)
        computes = {"value", "cases", "source", "aggregate"} & set(fields)
        if kind in (TagKind.FACT, TagKind.RULE) and not computes:
            message = f"{body.what}: nothing says how it is computed"
            hint = "write a source with an aggregate, cases, or a value"
            self.reader.report("ZY223", body.head.place, message, hint=hint)
        if kind is TagKind.MANUAL and body.head.type not in _MANUAL_TYPES:
            message = f"{body.what}: people cannot enter values of type {body.head.type.value}"
            hint = "manual tags are " + ", ".join(member.value for member in _MANUAL_TYPES)
            self.reader.report("ZY225", body.head.place, message, hint=hint)

    def _entered(self, body: _Body) -> None:
        """Add the measure of what people entered, or of a model's score."""
        head = body.head
        if head.kind is TagKind.MANUAL:
            body.measures[ENTRY] = _entry(head)
            then = parse(f"{ENTRY} = 'true'") if head.type is ValueType.BOOL else Ref(ENTRY)
            line = head.place.spot.line
            when = parse(f"{ENTRY} is not null")
            body.cases.append(TagCase(when=when, then=then, line=line))
            body.spots.append(str(head.place.spot))
            body.own = 1
        elif head.kind is TagKind.MODEL:
            body.measures[SCORE] = _score(head)

    def _measures(self, body: _Body) -> None:
        fields = body.head.fields
        if "source" in fields or "aggregate" in fields:
            found = {key: item for key, item in fields.items() if key in MEASURE_KEYS}
            self._measure("value", found, body, place=fields.get("source", body.head.place))
            return
        for key in MEASURE_KEYS:
            if key in fields:
                message = f"{body.what}: {key!r} needs a 'source' beside it"
                self.reader.report("ZY223", fields[key], message)
        item = fields.get("measures")
        for key, member in self.reader.entries(item, f"{body.what}.measures") if item else ():
            self._named(key, member, body)

    def _named(self, key: Scalar, item: Item, body: _Body) -> None:
        what = f"{body.what}.measures.{key.text}"
        needed = ("source", "aggregate")
        found = self.reader.fields(item, what, NAMED_KEYS, required=needed)
        name = self.reader.code(key, what)
        if name in body.measures:
            self.reader.report("ZY229", key, f"{what}: the language makes this measure itself")
        elif name is not None and not all(key in found for key in needed):
            body.broken.add(name)
        elif name is not None:
            if name in self.tags and name != body.head.code:
                message = f"{what} hides the tag of that name"
                self.warnings.append(Problem(code="ZY253", message=message, where=str(key.spot)))
            self._measure(name, found, body, place=key)

    def _measure(self, name: str, found: Mapping[str, Item], body: _Body, *, place: Item) -> None:
        what = f"{body.what}.{name}"
        measure = self.measures.measure(name, found, place, what=what)
        if measure is None:
            body.broken.add(name)
        else:
            body.measures[name] = measure

    def _scope(self, body: _Body) -> Scope:
        known = common_names(self.params)
        known.update(self.tags)
        known.update((name, entry.name) for name, entry in body.measures.items())
        known.update((name, UNKNOWN) for name in body.broken)
        return Scope(names=known, population=True, elsewhere=self._columns(body))

    def _columns(self, body: _Body) -> dict[str, str]:
        """Return what only the measures of a tag may read."""
        hint = "write it into `where` or `aggregate` of the measure over {}"
        views = {entry.measure.source: None for entry in body.measures.values()}
        return {
            name: hint.format(source)
            for source in views
            if source in self.measures.views
            for name in self.measures.views[source].columns
        }

    def _case(self, item: Item, body: _Body, scope: Scope) -> None:
        what = f"{body.what}.cases"
        found = self.reader.fields(item, what, _CASE_KEYS, required=_CASE_KEYS)
        when = self.expressions.condition(found.get("when"), scope, f"{what}.when")
        then = self._result(found["then"], body, scope) if "then" in found else None
        if when is None or then is None:
            return
        spot = found["when"].spot
        body.cases.append(TagCase(when=when, then=then, line=spot.line))
        body.spots.append(str(spot))

    def _otherwise(self, body: _Body, scope: Scope) -> Node | None:
        fields, head = body.head.fields, body.head
        for key in ("otherwise", "value"):
            if key in fields:
                return self._result(fields[key], body, scope, formula=key == "value")
        if "cases" in fields or head.kind is TagKind.MANUAL:
            return NULL
        default = SCORE if head.kind is TagKind.MODEL else "value"
        measure = body.measures.get(default)
        if measure is None:
            return None
        node, problem = fit(Ref(default), head, scope)
        if problem:
            self.reader.report("ZY232", fields.get("aggregate", head.place), problem)
        return node

    def _result(
        self, item: Item, body: _Body, scope: Scope, *, formula: bool = False
    ) -> Node | None:
        """Read what a case gives: a bare value of an enum, else an expression."""
        head = body.head
        if head.type is ValueType.ENUM and not formula:
            wanted = Wanted(ValueType.ENUM, head.codes)
            return read_literal(self.reader, item, wanted, what=f"{body.what}.then")
        node, found = self.expressions.typed(item, scope, body.what)
        if node is None or found is None:
            return None
        fitted, problem = fit(node, head, scope, found=found)
        if problem:
            wrong = problem.endswith(f"its value is {found.value}")
            hint = conversion(found, head.type) if wrong else ""
            self.reader.report("ZY232", item, problem, hint=hint)
        return fitted

    def _by_clinic(self, nodes: Iterable[Node], body: _Body, scope: Scope) -> set[str]:
        """Check parameters that clinics set for themselves; returns the tag that decides, if any."""
        local = [node for node in nodes if local_params(node, self.params)]
        place = body.head.where
        for node in local:
            found = place_problems(node, scope, self.params, where=place)
            self.reader.problems += found
        if local and HOME_CLINIC in body.measures:
            message = f"{body.what}: its measure {HOME_CLINIC} hides the tag that decides"
            hint = "give the measure another name"
            self.reader.report("ZY245", body.head.place, message, hint=hint)
        return {HOME_CLINIC} if local else set()

    def _exclusive(self, head: Head) -> bool:
        item = head.fields.get("match")
        if item is None:
            return False
        what = f"tag {head.code!r}.match"
        return self.reader.choice(item, what, ("first", "exclusive")) == "exclusive"

    def _unused(self, body: _Body, read: set[str]) -> None:
        for name in body.measures:
            if name not in read and name not in (ENTRY, SCORE):
                message = f"{body.what}: the measure {name!r} is never read"
                self.warnings.append(Problem(code="ZY252", message=message, where=body.head.where))


def fit(
    node: Node, head: Head, scope: Scope, *, found: ValueType | None = None
) -> tuple[Node | None, str]:
    """Make an expression give the type of a tag, or say why it does not.

    ``found`` is its type (by default that of the name that it is).
    """
    if found is None:
        name = scope.find(node.name) if isinstance(node, Ref) else None
        found = name.type if name else ValueType.NULL
    what = f"tag {head.code!r} is {head.type.value}"
    widened = _widened(node, head.type, found)
    if widened is not None:
        node, found = widened, head.type
    if found is ValueType.NULL or (head.type in TEXTS and head.type is not ValueType.ENUM):
        texts = found in TEXTS or found is ValueType.NULL
        return (node, "") if texts else (None, f"{what}, its value is {found.value}")
    if head.type in (ValueType.ENUM, ValueType.LIST) and (found in TEXTS | {ValueType.LIST}):
        return _closed(node, head, scope, found=found)
    if found is not head.type:
        return None, f"{what}, its value is {found.value}"
    return node, ""


def _widened(node: Node, wanted: ValueType, found: ValueType) -> Node | None:
    """Return a whole number as decimal, and the literal 0 as money."""
    if found is not ValueType.INT:
        return None
    literal = node if isinstance(node, Literal) else None
    if wanted is ValueType.DECIMAL:
        value = literal.value if literal else None
        return Literal(float(value), wanted) if isinstance(value, int) else node
    if wanted is ValueType.MONEY and literal is not None and literal.value == 0:
        return Literal(0, wanted)
    return None


def _closed(node: Node, head: Head, scope: Scope, *, found: ValueType) -> tuple[Node | None, str]:
    what = f"tag {head.code!r} is {head.type.value}"
    if (found is ValueType.LIST) is not (head.type is ValueType.LIST):
        return None, f"{what}, its value is {found.value}"
    values = domain(node, scope)
    if not head.codes:
        return node, ""
    if values is None:
        if head.type is ValueType.LIST:
            return node, ""
        return None, f"{what}, but its value is not a closed list: map it with cases"
    strange = sorted(set(values) - set(head.codes))
    if strange:
        listed = ", ".join(repr(value) for value in strange)
        return None, f"{what}, but its value may be {listed}, which 'values' does not list"
    return node, ""


def _entry(head: Head) -> ReadMeasure:
    conditions = f"tag = '{head.code}' and (expires_at is null or expires_at > as_of)"
    values: tuple[str, ...] = head.codes
    if head.type is ValueType.BOOL:
        values = ("true", "false")
    where = parse(conditions)
    if values:
        members = (Literal(value, ValueType.TEXT) for value in values)
        where = Call("and", (*children(where), Call("in", (Ref("value"), *members))))
    is_list = head.type is ValueType.LIST
    measure = Measure(
        name=ENTRY,
        source="manual_tag",
        aggregate=parse("set(value)" if is_list else "last(value)"),
        type=ValueType.LIST if is_list else ValueType.TEXT,
        where=where,
    )
    return ReadMeasure(measure=measure, values=values or None, traces=_declared(head))


def _score(head: Head) -> ReadMeasure:
    declared = head.domain if head.domain and head.type is ValueType.DECIMAL else Range()
    bounds = ((">=", declared.min), ("<=", declared.max))
    inside = [f"score_ppm {op} {round(end * 1_000_000)}" for op, end in bounds if end is not None]
    measure = Measure(
        name=SCORE,
        source="model_score",
        aggregate=parse("last(score_ppm / 1000000)"),
        type=ValueType.DECIMAL,
        where=parse(" and ".join((f"tag = '{head.code}'", *inside))),
    )
    return ReadMeasure(measure=measure, values=None, traces=_declared(head), range=declared)


def _declared(head: Head) -> tuple[Trace, ...]:
    """What people or models enter has the class that the tag itself declares."""
    return ((Sensitivity.P1, f"entries of {head.code}"),)
