"""The queue itself: ranked rows, each with what it rests on, and what is held back and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from zhiyan.core.action import Action, Suppression
from zhiyan.core.expression import Node, Value, names
from zhiyan.core.snapshot import Manifest
from zhiyan.errors import Problem, UsageError
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.nearest import nearest
from zhiyan.pipeline.queue.sql import ENTRIES, Run, drop, make_tables, strengths_of
from zhiyan.ports import Engine

_ORDER = ("class", "score DESC", "customer_id", "action")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What part of the queue is asked for.

    ``owner`` is a customer's consultant or the owner of an action, ``clinic`` the customer's
    clinic, ``action`` a code; empty asks for all, as ``customer`` None does. ``held`` asks for what
    is held back instead.
    """

    owner: str = ""
    clinic: str = ""
    action: str = ""
    limit: int = 50
    held: bool = False
    customer: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one tag adds: ``points`` = ``weight`` (millionths) times ``strength`` (0 to 100)."""

    tag: str
    value: Value
    weight: int
    strength: int
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A suppression of a customer; ``known`` is false where it holds because nobody knows."""

    code: str
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the queue: a customer and an action.

    ``place`` counts from 1 in the whole queue that was asked for. ``score`` is in millionths times
    strength; the contributions add up to it. ``held`` are all suppressions of the customer;
    ``blocked`` says that they hold this very action back.
    """

    place: int
    customer_id: int
    action: str
    score: int
    owner: str | None
    clinic: str | None
    blocked: bool
    held: tuple[Held, ...]
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How long the queue is: rows open and held back, by action; customers by suppression."""

    entries: int = 0
    customers: int = 0
    blocked: int = 0
    by_action: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    by_suppression: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The queue at a snapshot. ``missing`` are actions that the snapshot has no tags for."""

    snapshot: Manifest
    entries: tuple[Entry, ...]
    totals: Totals
    missing: tuple[str, ...] = ()


def run_of(engine: Engine, catalogue: Catalogue, snapshot: Manifest, *, offset: int) -> Run:
    """Return a run over the actions that a snapshot can answer.

    Raises:
        UsageError: ``ZY530`` if the pack declares no action, ``ZY531`` if the snapshot lacks a tag
            that a suppression reads: without its gates nothing may be ranked.
    """
    playbook = catalogue.playbook
    if not playbook.actions:
        message = f"the pack {catalogue.name!r} declares no actions"
        hint = "write a section 'actions' into packs/*.yaml of the workspace"
        raise UsageError(Problem(code="ZY530", message=message, hint=hint))
    for held in playbook.suppressions.values():
        lacking = _lacking(catalogue, (held.when,))
        if lacking:
            message = (
                f"the snapshot has no tag {lacking[0]!r}, which suppression {held.code!r} reads"
            )
            hint = "run `zhiyan compute` again"
            raise UsageError(Problem(code="ZY531", message=message, hint=hint))
    able = [action for action in playbook.actions.values() if not _missing(catalogue, action)]
    return Run(
        engine=engine,
        catalogue=catalogue,
        snapshot=snapshot,
        offset_minutes=offset,
        actions=tuple(sorted(able, key=lambda action: action.code)),
        suppressions=tuple(playbook.suppressions.values()),
    )


def _missing(catalogue: Catalogue, action: Action) -> bool:
    nodes = [action.when, *(basis.strength for basis in action.based_on)]
    return bool(_lacking(catalogue, nodes))


def _lacking(catalogue: Catalogue, nodes: Sequence[Node]) -> list[str]:
    """Return the tags that expressions read and the catalogue of the snapshot does not hold."""
    read = {name for node in nodes for name in names(node) if "." not in name and name != "as_of"}
    return sorted(read - set(catalogue.tags))


def rank(run: Run, request: Request) -> Ranking:
    """Rank what is asked for.

    Order: actions marked first, priority P0 to P3, score from high to low, customer id, code of the
    action; so equal data give an equal queue. Raises UsageError ``ZY532`` for an unknown action.
    """
    playbook = run.catalogue.playbook
    if request.action and request.action not in playbook.actions:
        message = f"there is no action {request.action!r}"
        hint = nearest(request.action, playbook.actions)
        raise UsageError(Problem(code="ZY532", message=message, hint=hint))
    missing = tuple(code for code in playbook.actions if code not in {a.code for a in run.actions})
    if not run.actions:
        return Ranking(snapshot=run.snapshot, entries=(), totals=Totals(), missing=missing)
    make_tables(run, request.customer)
    chosen = _chosen(run, request)
    asked = {"owner": request.owner, "clinic": request.clinic}
    rows = run.query(
        exp.select("*")
        .from_(chosen.copy().subquery("entry"))
        .where("blocked" if request.held else "NOT blocked")
        .order_by(*_ORDER)
        .limit(request.limit),
        asked,
    ).to_pylist()
    found = Ranking(
        snapshot=run.snapshot,
        entries=_entries(run, rows),
        totals=_totals(run, chosen, asked),
        missing=missing,
    )
    drop(run.engine)
    return found


def _chosen(run: Run, request: Request) -> exp.Select:
    """Return the entries of the clinic, owner and action that are asked for."""
    query = exp.select("*").from_(ENTRIES)
    if request.clinic:
        query = query.where("clinic = $clinic", dialect="duckdb")
    if request.owner:
        departments = [
            exp.Literal.number(place)
            for place, action in enumerate(run.actions)
            if action.owner == request.owner
        ]
        mine = exp.condition("owner = $owner", dialect="duckdb")
        if departments:
            theirs = exp.In(this=exp.column("action"), expressions=departments)
            mine = exp.paren(exp.or_(mine, theirs))
        query = query.where(mine)
    if request.action:
        places = [n for n, action in enumerate(run.actions) if action.code == request.action]
        wanted = [exp.Literal.number(n) for n in places] or [exp.null()]
        query = query.where(exp.In(this=exp.column("action"), expressions=wanted))
    return query


def _entries(run: Run, rows: Sequence[Mapping[str, Any]]) -> tuple[Entry, ...]:
    seen = strengths_of(run, [row["customer_id"] for row in rows]) if rows else {}
    return tuple(
        Entry(
            place=place,
            customer_id=row["customer_id"],
            action=run.actions[row["action"]].code,
            score=row["score"],
            owner=row["owner"],
            clinic=row["clinic"],
            blocked=row["blocked"],
            held=_held(run.suppressions, row["held"], row["unknown"]),
            contributions=_contributions(run, row["action"], seen[row["customer_id"]]),
        )
        for place, row in enumerate(rows, start=1)
    )


def _held(listed: Sequence[Suppression], held: int, unknown: int) -> tuple[Held, ...]:
    return tuple(
        Held(code=one.code, known=not unknown >> place & 1)
        for place, one in enumerate(listed)
        if held >> place & 1
    )


def _contributions(run: Run, place: int, seen: Mapping[str, Any]) -> tuple[Contribution, ...]:
    """Return what each tag adds, the most first, in the order of the file among equals."""
    found: list[Contribution] = []
    for n, basis in enumerate(run.actions[place].based_on):
        strength, weight, value = seen[f"x_{place}_{n}"], run.weight(basis), seen[basis.tag]
        found.append(
            Contribution(
                tag=basis.tag,
                value=tuple(value) if isinstance(value, list) else value,
                weight=weight,
                strength=strength,
                points=weight * strength,
            )
        )
    return tuple(sorted(found, key=lambda one: -one.points))


def _totals(run: Run, chosen: exp.Select, asked: Mapping[str, Any]) -> Totals:
    counted = run.query(
        exp.select(
            "action",
            "count(*) FILTER (WHERE NOT blocked) AS open",
            "count(*) FILTER (WHERE blocked) AS blocked",
        )
        .from_(chosen.copy().subquery("entry"))
        .group_by("action")
        .order_by("action"),
        asked,
    ).to_pylist()
    customers = (
        exp.select("any_value(held) AS held", "bool_or(NOT blocked) AS open")
        .from_(chosen.copy().subquery("entry"))
        .group_by("customer_id")
    )
    bits = [
        f"count(*) FILTER (WHERE (held & {1 << place}) <> 0) AS held_{place}"
        for place in range(len(run.suppressions))
    ]
    reasons = run.query(
        exp.select("count(*) FILTER (WHERE open) AS customers", *bits).from_(
            customers.subquery("customer")
        ),
        asked,
    ).to_pylist()[0]
    return Totals(
        entries=sum(row["open"] for row in counted),
        customers=reasons["customers"],
        blocked=sum(row["blocked"] for row in counted),
        by_action={
            run.actions[row["action"]].code: (row["open"], row["blocked"]) for row in counted
        },
        by_suppression={
            one.code: reasons[f"held_{place}"] for place, one in enumerate(run.suppressions)
        },
    )
