"""Steps between the visible rows of a source and their aggregate, each one query over the last.

Each step is named after what one of its rows is. They use only windows and joins on the customer,
which mean the same on every engine.
"""

from dataclasses import dataclass, field

from sqlglot import exp

from zhiyan.core.expression import Literal, Node, names
from zhiyan.core.measure import Follow, Measure, Rows, Since, Span, Unit
from zhiyan.errors import InternalError, Problem
from zhiyan.lang.bounds import named
from zhiyan.lang.rows import DERIVED, PART, Frame, column, source_rows, view_scope

_UNITS = {Unit.MINUTE: "MINUTE", Unit.HOUR: "HOUR", Unit.DAY: "DAY"}
_ROW, _LATER, _BARRIER = 0, 1, 2
_PLACE = "place_no"


@dataclass(slots=True)
class Steps:
    """The steps so far: their queries by name, in order; ``columns`` are those of the last one.

    ``union`` says that rows may come from several members of a view.
    """

    frame: Frame
    columns: list[str]
    union: bool
    done: dict[str, exp.Query] = field(default_factory=dict[str, exp.Query])

    @property
    def last(self) -> str:
        """Name of the last step."""
        return next(reversed(self.done))

    def add(self, name: str, query: exp.Query) -> None:
        """Add a step."""
        self.done[name] = query

    def attach(self, query: exp.Query) -> exp.Query:
        """Return a query with all steps in front of it."""
        for name, step in self.done.items():
            query = query.with_(name, as_=step, copy=False)
        return query

    def since(self, since: Since) -> None:
        """Keep the rows later than the customer's last row of another source."""
        anchor = exp.select("customer_id", "max(occurred_at) AS anchor_at").from_(
            chosen_rows(self.frame, since.rows).subquery("row", copy=False), copy=False
        )
        before = self.last
        self.add("anchor", anchor.group_by("customer_id"))
        rows = exp.select(f"{before}.*").from_(before)
        rows = rows.join(
            "anchor", on=f"anchor.customer_id = {before}.customer_id", join_type="left"
        )
        later = exp.GT(
            this=exp.column("occurred_at", table=before),
            expression=exp.column("anchor_at", table="anchor"),
        )
        if since.never == "all":
            none = exp.Is(this=exp.column("anchor_at", table="anchor"), expression=exp.null())
            self.add("recent", rows.where(exp.or_(none, later, copy=False)))
        else:
            self.add("recent", rows.where(later))

    def latest(self, count: Node, order: list[exp.Ordered]) -> None:
        """Keep the first rows of every customer in an order."""
        number = exp.Window(
            this=exp.RowNumber(),
            partition_by=[exp.column("customer_id")],
            order=exp.Order(expressions=order),
        )
        before = self.last
        self.add(f"numbered_{before}", exp.select("*", named(number, _PLACE)).from_(before))
        most = exp.LTE(this=exp.column(_PLACE, quoted=True), expression=_count(count))
        rows = exp.select("*").from_(f"numbered_{before}").where(most)
        self.add(f"latest_{before}", rows)

    def previous(self, per: tuple[str, ...]) -> None:
        """Give rows the moment of the row before, within a customer (and group)."""
        lag = exp.Window(
            this=exp.Lag(this=column("occurred_at")),
            partition_by=[exp.column("customer_id"), *(column(key) for key in per)],
            order=exp.Order(expressions=self.in_order()),
        )
        rows = exp.select("*", named(lag, "previous_at")).from_(self.last)
        self.add("chained", rows)
        self.columns.append("previous_at")

    def session(self, pause: Span) -> None:
        """Number the sessions of every customer: a longer pause than this begins a new one."""
        lag = exp.Window(
            this=exp.Lag(this=column("occurred_at")),
            partition_by=[exp.column("customer_id")],
            order=exp.Order(expressions=self.in_order()),
        )
        rows = exp.select("*", named(lag, "before_at")).from_(self.last)
        self.add("paused", rows)
        before = column("before_at")
        same = exp.LTE(
            this=column("occurred_at"),
            expression=exp.Add(this=before.copy(), expression=interval(pause)),
        )
        opens = exp.Case(
            ifs=[exp.If(this=same, true=exp.Literal.number(0))], default=exp.Literal.number(1)
        )
        number = exp.Window(
            this=exp.Sum(this=opens),
            partition_by=[exp.column("customer_id")],
            order=exp.Order(expressions=self.in_order()),
            spec=_frame("CURRENT ROW", ""),
        )
        numbered = exp.cast(number, exp.DType.BIGINT)
        self.add("sessioned", exp.select("*", named(numbered, "session_no")).from_("paused"))

    def follow(self, follow: Follow) -> None:
        """Give rows the flag whether a later row came in time, and its moment."""
        before = self.last
        later = Rows(source=follow.source, where=follow.where)
        members = [self._own(before), self._others(later, _LATER)]
        if follow.without:
            members.append(self._others(follow.without, _BARRIER))
        timeline = members[0]
        for member in members[1:]:
            timeline = exp.union(timeline, member, distinct=False, copy=False)
        self.add("timeline", timeline)
        places = [named(_next(_LATER), "next_at"), named(_next(_BARRIER), "barrier_at")]
        self.add("placed", exp.select("*", *places).from_("timeline"))
        came = _came(follow)
        moment = exp.Case(ifs=[exp.If(this=came.copy(), true=column("next_at"))])
        own = [column(name) for name in self.columns]
        rows = exp.select(*own, named(came, "followed"), named(moment, "followed_at"))
        rows = rows.from_("placed").where(exp.column("role").eq(_ROW))
        self.add("followed", rows)
        self.columns += ["followed", "followed_at"]

    def in_order(self, *, newest_first: bool = False) -> list[exp.Ordered]:
        """Return the order of rows in time, settled by their own content."""
        keys = ["occurred_at", "tie", *([PART] if self.union else [])]
        return [
            exp.Ordered(this=column(name), desc=newest_first, nulls_first=False) for name in keys
        ]

    def _own(self, before: str) -> exp.Query:
        values = [column(name) for name in self.columns]
        return exp.select(*values, named(exp.Literal.number(_ROW), "role")).from_(before)

    def _others(self, rows: Rows, role: int) -> exp.Query:
        """Return the rows of another source as rows of the timeline, without columns of their own."""
        kept = {"customer_id", "occurred_at"}
        values = [
            column(name) if name in kept else named(exp.null(), name) for name in self.columns
        ]
        query = exp.select(*values, named(exp.Literal.number(role), "role"))
        return query.from_(chosen_rows(self.frame, rows).subquery("row", copy=False), copy=False)


def chosen_rows(frame: Frame, rows: Rows) -> exp.Query:
    """Return customer_id and occurred_at of some rows of a source."""
    view = frame.catalogue.views[rows.source]
    read = (names(rows.where) if rows.where else frozenset[str]()) - DERIVED - {"as_of"}
    query = exp.select("customer_id", "occurred_at").from_(
        source_rows(frame, view, read).subquery("fact", copy=False), copy=False
    )
    if rows.where is None:
        return query
    return query.where(frame.scalar(rows.where, view_scope(frame.catalogue, view)))


def interval(span: Span) -> exp.Expr:
    """Write a length of elapsed time."""
    return exp.Interval(this=exp.Literal.string(str(span.count)), unit=exp.var(_UNITS[span.unit]))


def _next(role: int) -> exp.Expr:
    """Write the first moment of a role strictly after a row of role 0."""
    own = exp.column("role").eq(role)
    value = exp.Min(this=exp.Case(ifs=[exp.If(this=own, true=column("occurred_at"))]))
    order = [
        exp.Ordered(this=column("occurred_at"), desc=True, nulls_first=False),
        exp.Ordered(this=exp.column("role"), desc=False, nulls_first=False),
    ]
    return exp.Window(
        this=value,
        partition_by=[exp.column("customer_id")],
        order=exp.Order(expressions=order),
        spec=_frame("1", "PRECEDING"),
    )


def _frame(end: str, side: str) -> exp.WindowSpec:
    """Write ``ROWS BETWEEN UNBOUNDED PRECEDING AND ...``."""
    last: str | exp.Expr = end if end == "CURRENT ROW" else exp.Literal.number(end)
    return exp.WindowSpec(
        kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end=last, end_side=side or None
    )


def _came(follow: Follow) -> exp.Expr:
    """Write that the next row came in time and nothing in between; never null."""
    there = exp.Not(this=exp.Is(this=column("next_at"), expression=exp.null()))
    end = exp.Add(this=column("occurred_at"), expression=interval(follow.within))
    in_time = exp.LTE(this=column("next_at"), expression=end)
    barrier = column("barrier_at")
    clear = exp.or_(
        exp.Is(this=barrier, expression=exp.null()),
        exp.GTE(this=barrier.copy(), expression=column("next_at")),
        copy=False,
    )
    return exp.and_(there, in_time, exp.Paren(this=clear), copy=False)


def _count(node: Node) -> exp.Expr:
    value = node.value if isinstance(node, Literal) else None
    if not isinstance(value, int):
        raise InternalError(Problem(code="ZY991", message="unchecked measure: latest"))
    return exp.Literal.number(value)


def narrowed(steps: Steps, measure: Measure, *, reads_back: bool) -> None:
    """Add the steps that a measure asks for, up to the rows that are grouped or aggregated."""
    if measure.since:
        steps.since(measure.since)
    if measure.latest is not None and not measure.grouped:
        steps.latest(measure.latest, steps.in_order(newest_first=True))
    if reads_back:
        steps.previous(measure.per)
    if measure.follow:
        steps.follow(measure.follow)
    if measure.session:
        steps.session(measure.session)
