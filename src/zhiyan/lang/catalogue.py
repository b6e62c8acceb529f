"""The catalogue: the checked set of definitions that every stage reads and none writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from zhiyan.core.action import Playbook
from zhiyan.core.event import Sensitivity
from zhiyan.core.expectation import Expectation
from zhiyan.core.expression import Call, Case, Literal, Node, Ref, ValueType
from zhiyan.core.segment import Segment
from zhiyan.core.tag import Tag
from zhiyan.errors import DefinitionError, Problem
from zhiyan.lang.aliases import outdated, renamed
from zhiyan.lang.check import Name, Scope, check
from zhiyan.lang.parse import parse

#: Name and type of the moment T in every expression.
AS_OF = "as_of"
#: The tag whose value says which clinic's parameters hold for a customer.
HOME_CLINIC = "home_clinic"


@dataclass(frozen=True, slots=True)
class Range:
    """Least and greatest value of a number (money in fen), None where open."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceColumn:
    """One readable column of a source.

    ``sensitivity`` is the class of the column and of its kind together, ``origin`` names where it
    comes from (``order_line.net_fen``), ``plan`` marks a moment that may lie after T, ``range`` is
    the declared range of a number.
    """

    name: str
    type: ValueType
    zh: str = ""
    values: tuple[str, ...] = ()
    sensitivity: Sensitivity = Sensitivity.P1
    origin: str = ""
    plan: bool = False
    range: Range = Range()


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPart:
    """One member of a source: rows of a kind that ``where`` keeps, with columns by expression.

    ``kind`` is an event kind or ``identifier``. Nodes read the kind's own columns, ``item.*`` and
    ``param.*``. Shared columns are carried along and not listed.
    """

    kind: str
    where: Node | None
    columns: Mapping[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A source that measures may read: an event kind, ``identifier``, or a named union of kinds.

    ``columns`` holds every readable name, ``item.*`` included where rows carry an item code.
    ``sensitivity`` is the class of the mere existence of a row.
    """

    name: str
    name_zh: str
    name_en: str
    columns: Mapping[str, SourceColumn]
    parts: tuple[ViewPart, ...]
    sensitivity: Sensitivity = Sensitivity.P1
    where: str = field(default="", compare=False)

    @property
    def is_union(self) -> bool:
        """True for a named union of kinds, false for an event kind or ``identifier``."""
        return self.name not in {part.kind for part in self.parts}


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A parameter that a workspace may set; ``literal`` is the value in force (money in fen).

    ``by_clinic`` holds the values of the clinics that set it for themselves.
    """

    code: str
    type: ValueType
    literal: Literal
    default: Literal
    name_zh: str
    name_en: str
    by_clinic: Mapping[str, Literal] = field(default_factory=dict[str, Literal])
    where: str = field(default="", compare=False)

    @property
    def overridden(self) -> bool:
        """True if the workspace or one of its clinics set another value than the pack."""
        return self.literal != self.default or bool(self.by_clinic)

    @property
    def node(self) -> Node:
        """What the parameter stands for: its value, or a case over the home clinic."""
        groups: dict[Literal, list[str]] = {}
        for clinic in sorted(self.by_clinic):
            groups.setdefault(self.by_clinic[clinic], []).append(clinic)
        branches = tuple((_at(clinics), literal) for literal, clinics in groups.items())
        return Case(branches, self.literal) if branches else self.literal


def _at(clinics: list[str]) -> Node:
    """Return the condition that the home clinic is one of some clinics."""
    texts = tuple(Literal(clinic, ValueType.TEXT) for clinic in clinics)
    return Call("=" if len(texts) == 1 else "in", (Ref(HOME_CLINIC), *texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One node of the two-level tree of categories; ``parent`` is None on the first level."""

    code: str
    name_zh: str
    name_en: str
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxonomyGroup:
    """One group of a taxonomy with the codes of its tags, in catalogue order."""

    code: str
    name_zh: str
    name_en: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """Another way to group the same tags."""

    code: str
    name_zh: str
    name_en: str
    groups: tuple[TaxonomyGroup, ...]

    def group_of(self, tag: str) -> TaxonomyGroup | None:
        """Return the first group that holds a tag, None if none does."""
        return next((group for group in self.groups if tag in group.tags), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """A kind of tag that nobody may define, and the rule that forbids it."""

    code: str
    name_zh: str
    name_en: str = ""
    covers: str = ""
    rule: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything that is defined, checked.

    ``tags`` stand in topological order (a tag after all that it reads). ``views`` holds every
    source by name. Keys of ``categories`` are ``level1`` and ``level1/level2``. ``used_by`` maps a
    tag code, ``param.NAME`` or ``view:NAME`` to the tags and segments (``segment:CODE``) that read
    it. ``domains`` are the declared ranges of numeric tags. ``aliases`` maps
    old codes of tags to those of today. ``codes`` holds the codes of items and clinics where they are
    known, by column (``item_code``, ``clinic``). ``warnings`` did not stop the loading. ``literals`` are the
    values in force of all parameters, keyed ``param.NAME``, for ``lang.check.bind``; those that
    clinics set for themselves are cases over the tag ``home_clinic``. ``scope`` are the names that a
    segment or a select may read: all tags, all parameters, ``as_of``.
    """

    name: str
    name_zh: str
    name_en: str
    version: str
    tags: Mapping[str, Tag]
    segments: Mapping[str, Segment]
    views: Mapping[str, View]
    params: Mapping[str, Param]
    categories: Mapping[str, Category]
    taxonomies: Mapping[str, Taxonomy]
    domains: Mapping[str, Range]
    used_by: Mapping[str, tuple[str, ...]]
    forbidden: tuple[Forbidden, ...] = ()
    warnings: tuple[Problem, ...] = ()
    fingerprint: str = ""
    playbook: Playbook = field(default_factory=Playbook)
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    expectations: tuple[Expectation, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    literals: Mapping[str, Node] = field(init=False, repr=False, compare=False)
    scope: Scope = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        literals = {f"param.{code}": param.node for code, param in self.params.items()}
        object.__setattr__(self, "literals", literals)
        object.__setattr__(self, "scope", tag_scope(self.tags.values(), self.params))


def tag_name(tag: Tag) -> Name:
    """Return how expressions see a tag."""
    return Name(type=tag.type, values=tuple(value.value for value in tag.values))


def tag_scope(tags: Iterable[Tag], params: Mapping[str, Param]) -> Scope:
    """Return the scope in which all those tags can be read."""
    names = common_names(params)
    names.update((tag.code, tag_name(tag)) for tag in tags)
    return Scope(names=MappingProxyType(names), population=True)


def common_names(params: Mapping[str, Param]) -> dict[str, Name]:
    """Return the names that every expression may read: parameters and ``as_of``."""
    names = {f"param.{code}": Name(type=param.type) for code, param in params.items()}
    names[AS_OF] = Name(type=ValueType.MOMENT)
    return names


def check_expression(catalogue: Catalogue, text: str, where: str = "") -> Node:
    """Parse and check a predicate over tags, as segments and ``select`` use it.

    Returns the tree with ``param.*`` unbound. Raises DefinitionError with all mistakes; ``ZY232``
    if it is not a condition.

    Example:
        >>> node = check_expression(catalogue, "value_level = 'high' and age >= 30")
    """
    node, problems = condition(text, catalogue.scope, where, aliases=catalogue.aliases)
    if problems or node is None:
        raise DefinitionError(*problems)
    return node


def condition(
    text: str, scope: Scope, where: str, *, aliases: Mapping[str, str] = MappingProxyType({})
) -> tuple[Node | None, list[Problem]]:
    """Parse and check a condition; return the tree (None if it cannot be read) and problems.

    Old codes of renamed tags read as the codes of today.
    """
    try:
        node = parse(text, where)
    except DefinitionError as error:
        return None, list(error.problems)
    return checked_condition(node, scope, where, aliases=aliases)


def checked_condition(
    node: Node, scope: Scope, where: str, *, aliases: Mapping[str, str] = MappingProxyType({})
) -> tuple[Node, list[Problem]]:
    """Check a condition that has been read; return it by the codes of today, and problems."""
    node = renamed(node, {old: aliases[old] for old in outdated(node, scope.find, aliases)})
    found, problems = check(node, scope, where)
    if not problems and found not in (ValueType.BOOL, ValueType.NULL):
        problems.append(
            Problem(
                code="ZY232",
                message=f"a condition must be true or false, this is {found.value}",
                where=where,
                hint="compare it with something",
            )
        )
    return node, problems
