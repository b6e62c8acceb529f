"""Light import: ``import zhiyan`` loads no engine, no web framework, no data frames."""

import subprocess
import sys
from collections.abc import Iterator

from tools.rule import ROOT, SOURCE, Finding

NAME = "light import"
HEAVY = ("duckdb", "fastapi", "pandas", "pyspark", "scipy", "sklearn", "uvicorn")


def findings(module: str = "zhiyan", heavy: tuple[str, ...] = HEAVY) -> Iterator[Finding]:
    """Yield the heavy packages that importing a module loads."""
    for name in loaded(module, heavy):
        yield Finding(SOURCE / "__init__.py", 0, f"import {module} loads {name}")


def loaded(module: str, heavy: tuple[str, ...]) -> list[str]:
    """Import a module in a fresh interpreter; return which of the heavy packages came along."""
    program = f"import sys, {module}; print(*[n for n in {heavy!r} if n in sys.modules])"
    path = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); "
    done = subprocess.run(
        [sys.executable, "-c", path + program], capture_output=True, text=True, check=True
    )
    return done.stdout.split()
