"""Every error that Zhiyan raises on purpose.

    ZhiyanError
    |-- UserError            the input or the call is wrong; the message says where and what to do
    |   |-- UsageError       a command or method was called wrongly            (exit code 2)
    |   |-- DefinitionError  definitions in YAML are wrong, all mistakes at once (exit code 2)
    |   `-- DataError        a file or a row cannot be taken                   (exit code 1)
    |-- OutsideError         disk, lock, network or another process failed     (exit code 1)
    `-- InternalError        an invariant broke: a bug in Zhiyan               (exit code 1)

Each error carries a documented ``code`` (``docs/reference/errors.md`` lists them all, tested),
a plain message, and optionally a hint. Errors of libraries never leave a package unwrapped.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake: what is wrong, where, and what to do about it.

    ``where`` names a place a person can open: ``file:line``, ``file, sheet, row, column``, or a
    definition. ``hint`` may be empty.
    """

    code: str
    message: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """Return one printable line: code, place, message, hint."""
        place = f" {self.where}:" if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"[{self.code}]{place} {self.message}{hint}"


class ZhiyanError(Exception):
    """Root of all errors; carries one or more problems."""

    exit_code: ClassVar[int] = 1

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))

    @property
    def code(self) -> str:
        """Code of the first problem."""
        return self.problems[0].code


class UserError(ZhiyanError):
    """The caller can mend it."""


class UsageError(UserError):
    """A command or method was called wrongly."""

    exit_code: ClassVar[int] = 2


class DefinitionError(UserError):
    """Definitions are wrong; holds every mistake found in one pass."""

    exit_code: ClassVar[int] = 2


class DataError(UserError):
    """A file cannot be taken as it is."""


class OutsideError(ZhiyanError):
    """Something outside failed; ``transient`` says whether trying again may help."""

    def __init__(self, *problems: Problem, transient: bool = False) -> None:
        super().__init__(*problems)
        self.transient = transient


class InternalError(ZhiyanError):
    """An invariant of ours broke."""
