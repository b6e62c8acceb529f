"""The closed list of operators, functions and aggregates, each declared once.

An entry carries its type rule, its documentation, its meaning on values and its SQL. ``case`` is
part of the tree itself; ``between``, ``not in`` and ``is not null`` are read into other entries.
"""

from collections.abc import Mapping

from zhiyan.lang.aggregate_functions import CHOICES, COUNTS
from zhiyan.lang.date_functions import DATE_FUNCTIONS
from zhiyan.lang.function import Aggregate, Function, Kind, Population, Scalar
from zhiyan.lang.operators import OPERATORS
from zhiyan.lang.population_functions import POPULATION_FUNCTIONS
from zhiyan.lang.scalar_functions import TIME_FUNCTIONS, VALUE_FUNCTIONS
from zhiyan.lang.text_functions import LIST_FUNCTIONS, TEXT_FUNCTIONS

__all__ = ["CALLABLE", "REGISTRY", "Aggregate", "Function", "Kind", "Population", "Scalar"]

#: All entries by name, in the order in which documentation lists them.
REGISTRY: Mapping[str, Function] = {
    entry.name: entry
    for entry in (
        *OPERATORS,
        *VALUE_FUNCTIONS,
        *TEXT_FUNCTIONS,
        *LIST_FUNCTIONS,
        *TIME_FUNCTIONS,
        *DATE_FUNCTIONS,
        *POPULATION_FUNCTIONS,
        *COUNTS,
        *CHOICES,
    )
}

#: Names that an author writes in front of parentheses.
CALLABLE = frozenset(name for name, entry in REGISTRY.items() if entry.form.startswith(f"{name}("))
