"""What narrows, groups or pairs the rows of a measure, field by field, as an author writes it."""

from zhiyan.core.expression import Node
from zhiyan.core.measure import Follow, Measure, Span
from zhiyan.lang.render import render


def narrowing(measure: Measure) -> tuple[tuple[str, str], ...]:
    """Return the fields of a measure beyond source, filter and window, in order of working.

    Each is the name of the field and its text: ``("latest", "2")``. Fields that are not set are
    left out.
    """
    since, follow = measure.since, measure.follow
    inner = "; ".join(f"{name} = {render(node)}" for name, node in measure.inner)
    latest = render(measure.latest) if measure.latest is not None else ""
    followed = _rows(follow.source, follow.where) + _close(follow) if follow else ""
    found = (
        ("since", _rows(since.rows.source, since.rows.where) if since else ""),
        ("latest", latest if not measure.grouped else ""),
        ("follow", followed),
        ("per", ", ".join(measure.per)),
        ("session", _span(measure.session) if measure.session else ""),
        ("inner", inner),
        ("having", render(measure.having) if measure.having is not None else ""),
        ("latest", latest if measure.grouped else ""),
    )
    return tuple((name, text) for name, text in found if text)


def _rows(source: str, where: Node | None) -> str:
    return source if where is None else f"{source} where {render(where)}"


def _close(follow: Follow) -> str:
    """Return how soon the later row comes, and what must not come between."""
    without = follow.without
    between = f" without {_rows(without.source, without.where)}" if without else ""
    return f" within {_span(follow.within)}{between}"


def _span(span: Span) -> str:
    return f"{span.count}{span.unit.value}"
