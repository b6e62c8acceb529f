"""Docs coverage: everything public in the package says what it is."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from tools.rule import SOURCE, Finding, parsed, python_files

NAME = "docstrings"
Documented: TypeAlias = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def findings(folder: Path = SOURCE) -> Iterator[Finding]:
    """Yield every public module, class and function without a docstring."""
    for path in python_files(folder):
        for node, name in public(parsed(path), path.stem):
            if not ast.get_docstring(node):
                yield Finding(path, getattr(node, "lineno", 1), f"{name} has no docstring")


def public(node: Documented, name: str) -> Iterator[tuple[Documented, str]]:
    """Yield a node and the public classes and functions in it; not what functions hide inside."""
    yield node, name
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for part in node.body:
        named = isinstance(part, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if named and not part.name.startswith("_") and not _overloaded(part):
            yield from public(part, part.name)


def _overloaded(node: ast.stmt) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(ast.unparse(found).split(".")[-1] in ("overload", "setter") for found in decorators)
