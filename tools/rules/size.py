"""Sizes: modules, functions and classes stay small, above all the facade."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.rule import ROOT, SOURCE, Finding, parsed, python_files

NAME = "sizes"
MODULE, TEST_MODULE, FACADE, FUNCTION, PUBLIC_METHODS = 400, 500, 250, 40, 15
FACADE_PATH = SOURCE / "app" / "workspace.py"


def findings(root: Path = ROOT) -> Iterator[Finding]:
    """Yield every module, function and class that is too large."""
    for path in [*python_files(root / "src", root / "tools"), root / "run.py"]:
        yield from too_large(path, FACADE if path == FACADE_PATH else MODULE)
    for path in python_files(root / "tests"):
        yield from _too_long(path, TEST_MODULE)


def too_large(path: Path, limit: int) -> Iterator[Finding]:
    """Yield what is too large in one module that may have ``limit`` lines."""
    yield from _too_long(path, limit)
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = _length(node)
            if lines > FUNCTION:
                yield Finding(path, node.lineno, f"{node.name} has {lines} of {FUNCTION} lines")
        if isinstance(node, ast.ClassDef) and path != FACADE_PATH:
            public = _public_methods(node)
            if public > PUBLIC_METHODS:
                text = f"{node.name} has {public} of {PUBLIC_METHODS} public methods"
                yield Finding(path, node.lineno, text)


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    first = node.body[0]
    begin = node.lineno
    if ast.get_docstring(node) and first.end_lineno:
        begin += first.end_lineno - first.lineno + 1
    return (node.end_lineno or begin) - begin + 1


def _too_long(path: Path, limit: int) -> Iterator[Finding]:
    lines = len(path.read_text("utf-8").splitlines())
    if lines > limit:
        yield Finding(path, 0, f"{lines} lines, at most {limit}: split it by noun")


def _public_methods(node: ast.ClassDef) -> int:
    return sum(
        isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and not part.name.startswith("_")
        for part in node.body
    )
