"""Functions of texts and lists."""

from zhiyan.core.expression import ValueType
from zhiyan.lang import scalars, scalars_sql, texts
from zhiyan.lang import signature as rules
from zhiyan.lang.function import Scalar, timeless

BOOL, INT, TEXT, LIST = ValueType.BOOL, ValueType.INT, ValueType.TEXT, ValueType.LIST

TEXT_FUNCTIONS = (
    Scalar(
        name="left",
        form="left(text, n literal) -> text",
        doc="The first n characters: left(postal_code, 4).",
        least=2,
        most=2,
        rule=rules.constant(rules.takes(TEXT, rules.TEXTS, rules.WHOLE), 1, "the length"),
        evaluate=timeless(texts.left),
        write=texts.left_sql,
    ),
    Scalar(
        name="without_end",
        form="without_end(text, ending) -> text",
        doc="The text without that ending, unchanged if it ends otherwise: without_end(city, '市').",
        least=2,
        most=2,
        rule=rules.takes(TEXT, rules.TEXTS),
        evaluate=timeless(texts.without_end),
        write=texts.without_end_sql,
    ),
)

LIST_FUNCTIONS = (
    Scalar(
        name="contains",
        form="contains(list, text) -> bool",
        doc="Says whether a list has a member.",
        least=2,
        most=2,
        rule=rules.takes(BOOL, rules.LISTS, rules.TEXTS),
        shares_domain=True,
        evaluate=timeless(scalars.contains),
        write=scalars_sql.contains,
    ),
    Scalar(
        name="overlaps",
        form="overlaps(list, list) -> bool",
        doc="Says whether two lists have a member in common.",
        least=2,
        most=2,
        rule=rules.takes(BOOL, rules.LISTS),
        shares_domain=True,
        evaluate=timeless(scalars.overlaps),
        write=scalars_sql.overlaps,
    ),
    Scalar(
        name="size",
        form="size(list) -> int",
        doc="The number of members.",
        rule=rules.takes(INT, rules.LISTS),
        range=(0, None),
        evaluate=timeless(scalars.size),
        write=scalars_sql.size,
    ),
    Scalar(
        name="list_of",
        form="list_of(text, ...) -> list",
        doc="The sorted list of the distinct texts; nulls are left out.",
        least=0,
        most=None,
        rule=rules.takes(LIST, rules.TEXTS),
        keeps_domain=True,
        strict=False,
        evaluate=timeless(scalars.list_of),
        write=scalars_sql.list_of,
    ),
    Scalar(
        name="list_union",
        form="list_union(list, list) -> list",
        doc="The members of either list.",
        least=2,
        most=2,
        rule=rules.takes(LIST, rules.LISTS),
        keeps_domain=True,
        evaluate=timeless(texts.union),
        write=texts.union_sql,
    ),
    Scalar(
        name="list_common",
        form="list_common(list, list) -> list",
        doc="The members of both lists.",
        least=2,
        most=2,
        rule=rules.takes(LIST, rules.LISTS),
        keeps_domain=True,
        evaluate=timeless(texts.common),
        write=texts.common_sql,
    ),
    Scalar(
        name="value_of",
        form="value_of(list of key=value, key text) -> text",
        doc="The value that a list such as latest_by gives has for a key; null if it has none.",
        least=2,
        most=2,
        rule=rules.takes(TEXT, rules.LISTS, rules.TEXTS),
        evaluate=timeless(texts.value_of),
        write=texts.value_of_sql,
    ),
    Scalar(
        name="list_minus",
        form="list_minus(list, list) -> list",
        doc="The members of the first list that the second has not.",
        least=2,
        most=2,
        rule=rules.takes(LIST, rules.LISTS),
        keeps_domain=True,
        evaluate=timeless(texts.minus),
        write=texts.minus_sql,
    ),
)
