"""Error codes: those in the code and those in the reference are the same set."""

import re
from collections.abc import Iterator
from pathlib import Path

from tools.rule import ROOT, SOURCE, Finding, python_files

NAME = "error codes"
PAGE = ROOT / "docs" / "reference" / "errors.md"
_IN_CODE = re.compile(r"""["'](ZY\d{3})["']""")
_IN_PAGE = re.compile(r"^\| (ZY\d{3}) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def findings(folder: Path = SOURCE, page: Path = PAGE) -> Iterator[Finding]:
    """Yield codes without a row in the reference, and rows without a code."""
    used: dict[str, Path] = {}
    for path in python_files(folder):
        for code in _IN_CODE.findall(path.read_text("utf-8")):
            used.setdefault(code, path)
    rows = [code for code, _, _ in _IN_PAGE.findall(page.read_text("utf-8"))]
    for code in sorted(set(used) - set(rows)):
        yield Finding(used[code], 0, f"{code} is missing in {page.name}")
    for code in sorted(set(rows) - set(used)):
        yield Finding(page, 0, f"{code} is used nowhere")
    for code in sorted({code for code in rows if rows.count(code) > 1}):
        yield Finding(page, 0, f"{code} stands twice")
