"""Parameters that clinics set for themselves: a tag takes the value of the customer's home clinic.

Such a parameter stands for ``case when home_clinic = 'C01' then ... else the group's value end``.
It can be read where a customer is one row: in cases, values and conditions of audiences. Rows of
events have a clinic of their own, so there it would be ambiguous, and it is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from zhiyan.core.expression import Node, ValueType, names
from zhiyan.errors import Problem
from zhiyan.lang.catalogue import HOME_CLINIC, Param
from zhiyan.lang.check import Scope, bind, check

#: A parameter of this name is filled with ``clinic=city`` of every clinic that the workspace knows.
CITIES = "clinic_cities"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicSettings:
    """What a workspace says of one clinic; ``params`` are its own values, money in yuan."""

    code: str
    city: str = ""
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


def cities(clinics: Iterable[ClinicSettings]) -> list[str]:
    """Return ``clinic=city`` of the clinics whose city is known."""
    return sorted(f"{clinic.code}={clinic.city}" for clinic in clinics if clinic.city)


def local_params(node: Node | None, params: Mapping[str, Param]) -> list[str]:
    """Return the parameters read that clinics set for themselves, by full name, sorted."""
    read = names(node) if node is not None else frozenset[str]()
    found = (name for name in read if name.startswith("param."))
    return sorted(
        name
        for name in found
        if (param := params.get(name.removeprefix("param."))) is not None and param.by_clinic
    )


def row_problems(
    nodes: Iterable[Node | None], params: Mapping[str, Param], where: str
) -> list[Problem]:
    """Return ``ZY245`` for every local parameter that expressions over rows of events read."""
    read = sorted({name for node in nodes for name in local_params(node, params)})
    hint = "read it in the cases or the value of the tag, where the home clinic decides"
    return [
        Problem(
            code="ZY245",
            message=f"{name} is set per clinic, so rows of events cannot read it",
            where=where,
            hint=hint,
        )
        for name in read
    ]


def place_problems(
    node: Node, scope: Scope, params: Mapping[str, Param], *, where: str
) -> list[Problem]:
    """Return ``ZY245`` where a local parameter stands in the place of a constant."""
    read = local_params(node, params)
    if not read:
        return []
    home = scope.find(HOME_CLINIC)
    if home is None or home.type not in (ValueType.REF, ValueType.TEXT, ValueType.NULL):
        return [
            Problem(
                code="ZY245",
                message=f"{', '.join(read)}: set per clinic, but there is no tag {HOME_CLINIC}",
                where=where,
                hint=f"define a tag {HOME_CLINIC} of type ref, or set the parameter for all clinics",
            )
        ]
    bound = bind(node, {name: params[name.removeprefix("param.")].node for name in read})
    if not check(bound, scope)[1]:
        return []
    return [
        Problem(
            code="ZY245",
            message=f"{', '.join(read)}: set per clinic, but a constant is needed here",
            where=where,
            hint="use case when ... then over the parameter, or set it for all clinics alike",
        )
    ]


def of_clinics(params: Mapping[str, Param]) -> dict[str, dict[str, Param]]:
    """Return the parameters as each clinic with values of its own sees them, by clinic."""
    clinics = sorted({clinic for param in params.values() for clinic in param.by_clinic})
    return {
        clinic: {
            code: replace(param, literal=param.by_clinic.get(clinic, param.literal))
            for code, param in params.items()
        }
        for clinic in clinics
    }
