"""Expectations: what must hold for every customer, whatever her history."""

from dataclasses import dataclass

from zhiyan.core.expression import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Whenever ``given`` is true of a customer, ``then`` must be true of her too.

    ``where`` is ``file:line`` of the definition.
    """

    code: str
    name_zh: str
    name_en: str
    given: Node
    then: Node
    where: str = ""
