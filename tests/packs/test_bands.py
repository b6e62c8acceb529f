"""Bands of numbers: every value, above all on and beside a bound, falls into exactly one band."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples
from tests.packs.clinic import catalogue

from zhiyan.core.expression import Case, Literal, ValueType, names, walk
from zhiyan.lang.check import bind
from zhiyan.lang.evaluate import evaluate
from zhiyan.lang.samples import MOMENT
from zhiyan.lang.tag_sql import tag_scope
from zhiyan.lang.volatile import POPULATION_FUNCTIONS

V = ValueType
NUMBERS = frozenset({V.INT, V.MONEY, V.DECIMAL})


@cache
def banded():
    """Return the enum tags that read nothing but a few numbers: tag, rule, types of names."""
    found = []
    for pack in ("medical_aesthetics", "retail"):
        known = catalogue(pack)
        for tag in known.tags.values():
            branches = tuple(
                (bind(c.when, known.literals), bind(c.then, known.literals)) for c in tag.cases
            )
            rule = Case(branches, bind(tag.otherwise, known.literals))
            scope = tag_scope(known, tag)
            types = {name: scope.names[name].type for name in names(rule)}
            looks_around = any(getattr(p, "op", "") in POPULATION_FUNCTIONS for p in walk(rule))
            if tag.type is V.ENUM and types and set(types.values()) <= NUMBERS and not looks_around:
                found.append((tag, rule, types))
    return found


def values_of(rule, type_):
    bounds = [
        p.value for p in walk(rule) if isinstance(p, Literal) and type(p.value) in (int, float)
    ]
    if type_ is V.DECIMAL:
        near = [b + step for b in bounds for step in (-0.01, -1e-9, 0.0, 1e-9, 0.01)]
        return st.none() | st.sampled_from(near or [0.0]) | st.floats(-1e6, 1e6)
    near = [int(b) + step for b in bounds for step in (-1, 0, 1)]
    return st.none() | st.sampled_from(near or [0]) | st.integers(-(10**9), 10**9)


def test_there_are_bands_to_try():
    assert len(banded()) > 15


@settings(derandomize=True, max_examples=examples(100), deadline=None)
@given(st.data())
def test_every_number_falls_into_one_band(data):
    tag, rule, types = data.draw(st.sampled_from(banded()), label="tag")
    row = {name: data.draw(values_of(rule, type_), label=name) for name, type_ in types.items()}
    value = evaluate(rule, row, MOMENT)
    holding = [then for when, then in rule.branches if evaluate(when, row, MOMENT) is True]
    assert value == evaluate(holding[0] if holding else rule.otherwise, row, MOMENT)
    assert value in {v.value for v in tag.values} | {None}
    if value is None:
        assert any(isinstance(p, Literal) and p.value is None for p in walk(rule)), tag.code
