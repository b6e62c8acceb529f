"""Functions that compare a customer with all others."""

from zhiyan.core.expression import ValueType
from zhiyan.lang import population
from zhiyan.lang import signature as rules
from zhiyan.lang.function import Population

_VALUES = rules.ORDERED - rules.TEXTS
_GROUPS = rules.TEXTS | {ValueType.BOOL, ValueType.INT}

POPULATION_FUNCTIONS = (
    Population(
        name="rank_share",
        form="rank_share(x [, by, ...]) -> decimal",
        doc="Share of customers with a smaller x, among all or those of the same by (up to three); "
        "null if x or any by is null.",
        most=4,
        rule=rules.takes(ValueType.DECIMAL, _VALUES, _GROUPS),
        range=(0, 1),
        compare=population.rank_share,
        write=population.rank_share_sql,
    ),
    Population(
        name="band",
        form="band(x, n literal [, by, ...]) -> int",
        doc="Quantile band 1 (smallest x) to n, among all or those of the same by (up to three); "
        "equal x share a band; null if x or any by is null.",
        least=2,
        most=5,
        rule=rules.constant(
            rules.takes(ValueType.INT, _VALUES, rules.WHOLE, _GROUPS), 1, "the number of bands"
        ),
        range=(1, None),
        compare=population.band,
        write=population.band_sql,
    ),
    Population(
        name="peers",
        form="peers(x) -> int",
        doc="Number of customers with the same x, oneself included; null if x is null.",
        rule=rules.takes(ValueType.INT, _GROUPS | {ValueType.DATE}),
        range=(1, None),
        compare=population.peers,
        write=population.peers_sql,
    ),
)
