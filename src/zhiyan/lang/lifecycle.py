"""The life of a tag: draft, review, live, retired; and which live tags have a history.

Only live tags are computed, kept and selectable. Drafts and tags in review are computed in previews
alone. What is live must not rest on what is not.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from types import MappingProxyType

from zhiyan.core.expression import Call, Case, Node, Ref, ValueType
from zhiyan.core.tag import Tag
from zhiyan.errors import Problem
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.documents import Member
from zhiyan.lang.heads import STATUSES, Head
from zhiyan.lang.nearest import nearest
from zhiyan.lang.reader import Reader
from zhiyan.lang.volatile import CLOCK_FUNCTIONS, POPULATION_FUNCTIONS

LIVE, RETIRED = "live", "retired"
#: Which status may follow which.
STEPS: Mapping[str, tuple[str, ...]] = {
    "draft": ("review",),
    "review": ("live", "draft"),
    "live": ("retired",),
    "retired": ("live",),
}
#: Functions whose value is another one each day, for everybody.
COUNTERS = (CLOCK_FUNCTIONS - {"years_since"}) | {"decay"}
#: Operators whose value is true or false.
CONDITIONS = frozenset(
    {"and", "or", "not", "=", "<>", "<", "<=", ">", ">=", "is_null", "is_not_null", "in", "between"}
)
_NUMBERS = frozenset({ValueType.INT, ValueType.DECIMAL})


def published(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue as it is computed: with its live tags only."""
    return _only(catalogue, (LIVE,))


def previewed(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue as a preview computes it: without retired tags."""
    return _only(catalogue, [status for status in STATUSES if status != RETIRED])


def _only(catalogue: Catalogue, statuses: Collection[str]) -> Catalogue:
    tags = {code: tag for code, tag in catalogue.tags.items() if tag.status in statuses}
    if len(tags) == len(catalogue.tags):
        return catalogue
    return replace(catalogue, tags=MappingProxyType(tags))


def set_statuses(
    members: Iterable[Member], heads: MutableMapping[str, Head], reader: Reader
) -> None:
    """Apply the workspace's section ``lifecycle`` (code: status) to tags of any layer.

    Problems: ``ZY285`` for a code that no tag has, ``ZY225`` for an unknown status.
    """
    for member in members:
        if member.key is None:
            continue
        head = heads.get(member.key.text)
        status = reader.choice(member.item, f"lifecycle.{member.key.text}", STATUSES)
        if head is None:
            message = f"lifecycle: there is no tag {member.key.text!r}"
            reader.report("ZY285", member.key, message, hint=nearest(member.key.text, heads))
        elif status in STATUSES:
            heads[head.code] = replace(head, status=status)


def status_problems(
    tags: Mapping[str, Tag], used_by: Mapping[str, tuple[str, ...]]
) -> list[Problem]:
    """Return where something live (or in review) rests on a draft, or anything on a retired tag.

    ``ZY281`` a live reader of a draft or of a tag in review, ``ZY282`` a retired tag that is still
    used; the message names all its users.
    """
    problems: list[Problem] = []
    for tag in tags.values():
        users = [user for user in used_by.get(tag.code, ()) if _status(user, tags) != RETIRED]
        if tag.status == RETIRED and users:
            problems.append(
                Problem(
                    code="ZY282",
                    message=f"tag {tag.code!r} is retired but still used by {', '.join(users)}",
                    where=tag.where,
                    hint=f"see `zhiyan tags uses {tag.code}`; change the users first",
                )
            )
        problems += [
            Problem(
                code="ZY281",
                message=f"{user!r} is live but reads {tag.code!r}, which is {_called(tag)}",
                where=tags[user].where if user in tags else tag.where,
                hint=f"bring {tag.code!r} live first",
            )
            for user in users
            if tag.status in ("draft", "review") and _status(user, tags) == LIVE
        ]
    return problems


def _status(user: str, tags: Mapping[str, Tag]) -> str:
    """Return the status of a user; segments and actions are live."""
    return tags[user].status if user in tags else LIVE


def _called(tag: Tag) -> str:
    return "a draft" if tag.status == "draft" else "in review"


def in_history(catalogue: Catalogue) -> frozenset[str]:
    """Return the live tags whose values are kept as intervals.

    ``history: on`` and ``off`` decide. Without them every tag has a history but numbers that the
    clock or other people move every day (ages in days, ranks, decaying scores): they can be derived,
    and would be one interval per customer and day.
    """
    restless: set[str] = set()
    for tag in catalogue.tags.values():
        moved = any(_moved(node, tag.type, restless) for node in _nodes(tag))
        if tag.type in _NUMBERS and moved:
            restless.add(tag.code)
    return frozenset(
        tag.code
        for tag in catalogue.tags.values()
        if tag.status == LIVE
        and (tag.history == "on" or (tag.history != "off" and tag.code not in restless))
    )


def _nodes(tag: Tag) -> Iterator[Node]:
    """Yield the expressions that make a tag's value; conditions only choose it."""
    yield tag.otherwise
    yield from (case.then for case in tag.cases)
    for measure in tag.measures:
        yield measure.aggregate
        yield from (node for _, node in measure.inner)


def _moved(node: Node, kind: ValueType, restless: Collection[str]) -> bool:
    """Tell whether a value goes with the clock; a whole number made of ranks is a band, and rests."""
    if isinstance(node, Ref):
        return node.name in restless or node.name == "as_of"
    if isinstance(node, Case):
        return any(_moved(part, kind, restless) for part in (*_results(node), node.otherwise))
    if not isinstance(node, Call) or node.op in CONDITIONS:
        return False
    if node.op in POPULATION_FUNCTIONS:
        return kind is ValueType.DECIMAL
    return node.op in COUNTERS or any(_moved(part, kind, restless) for part in node.args)


def _results(node: Case) -> tuple[Node, ...]:
    return tuple(then for _, then in node.branches)
