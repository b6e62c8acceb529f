"""Select: whom a predicate over a snapshot matches.

Only valid customers count. Three-valued: somebody of whom the predicate is unknown is neither
matched nor not matched.
"""

from sqlglot import exp

from zhiyan.core.audience import AudienceCount
from zhiyan.core.expression import Node
from zhiyan.lang.catalogue import Catalogue
from zhiyan.lang.check import bind
from zhiyan.lang.moment import Moment
from zhiyan.lang.sql import scalar_sql
from zhiyan.lang.tag_sql import VALID

CUSTOMER = "customer"


def valid_rows(catalogue: Catalogue, tags: str) -> exp.Select:
    """Return the valid customers of a table of tags."""
    rows = exp.select("*").from_(exp.to_table(tags))
    return rows.where(exp.column(VALID, quoted=True)) if VALID in catalogue.tags else rows


def judged(catalogue: Catalogue, where: Node, *, tags: str, moment: Moment) -> exp.Select:
    """Return every valid customer with all tags and ``matched``: true, false or null."""
    node = bind(where, catalogue.literals)
    verdict = scalar_sql(node, catalogue.scope, lambda name: exp.column(name, quoted=True), moment)
    rows = exp.select("*", exp.alias_(verdict, "matched"))
    return rows.from_(valid_rows(catalogue, tags).subquery(CUSTOMER))


def count_query(rows: exp.Select) -> exp.Select:
    """Return one row: matched, not_matched, unknown, total."""
    return exp.select(
        "count(CASE WHEN matched THEN 1 END) AS matched",
        "count(CASE WHEN NOT matched THEN 1 END) AS not_matched",
        "count(CASE WHEN matched IS NULL THEN 1 END) AS unknown",
        "count(*) AS total",
    ).from_(rows.subquery("judged"))
