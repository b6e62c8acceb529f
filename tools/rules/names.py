"""Names: a module is called after its noun or verb, never after being handy."""

from collections.abc import Iterator
from pathlib import Path

from tools.rule import ROOT, Finding, python_files

NAME = "names"
VAGUE = frozenset(
    {"base", "common", "core_utils", "experimental", "helper", "helpers", "manager", "managers", "misc",
     "tool", "util", "utils"}
)  # fmt: skip


def findings(*folders: Path) -> Iterator[Finding]:
    """Yield modules and packages whose name says nothing about them."""
    for path in python_files(*(folders or (ROOT / "src", ROOT / "tools", ROOT / "tests"))):
        name = path.parent.name if path.stem == "__init__" else path.stem
        if name in VAGUE:
            yield Finding(path, 0, f"a module called {name!r}: name it after what it holds")
