"""SQL text: values are parameters; where text is put together anyway, the reason stands beside it."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from tools.rule import SOURCE, Finding, parsed, python_files

NAME = "SQL text"
_SQL = re.compile(
    r"\s*\(?\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|COPY|MERGE)\s", re.IGNORECASE
)
#: What stands before a value, not before an identifier.
_BEFORE_VALUE = re.compile(
    r"('|=|<|>|\b(LIKE|IN|VALUES|LIMIT|OFFSET|BETWEEN)\s*\(?)\s*$", re.IGNORECASE
)
_REASON = re.compile(r"#\s*noqa:\s*S608 - \w")
_BARE = re.compile(r"#\s*noqa:\s*S608\s*$")


def findings(folder: Path = SOURCE) -> Iterator[Finding]:
    """Yield f-strings that carry values into SQL, and exceptions without a reason."""
    for path in python_files(folder):
        lines = path.read_text("utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            if _BARE.search(line):
                yield Finding(path, number, "noqa: S608 without a reason")
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.JoinedStr) or _REASON.search(lines[node.lineno - 1]):
                continue
            if carries_value(node):
                yield Finding(path, node.lineno, "a value in SQL text; make it a parameter")


def carries_value(node: ast.JoinedStr) -> bool:
    """Tell whether an f-string is SQL and has a placeholder where a value stands."""
    parts = node.values
    first = parts[0] if parts else None
    if not (isinstance(first, ast.Constant) and _SQL.match(str(first.value))):
        return False
    return any(
        isinstance(part, ast.FormattedValue)
        and isinstance(before, ast.Constant)
        and bool(_BEFORE_VALUE.search(str(before.value)))
        for before, part in pairwise(parts)
    )
