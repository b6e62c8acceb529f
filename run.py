#!/usr/bin/env python3
"""Set up what is missing and run: `python3 run.py demo | test | check | setup | bench | zhiyan ...`.

Standard library only. Everything is installed into `.venv` beside this file, from
`requirements.lock` with hashes; the console page is built with npm when its sources changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
UI = ROOT / "ui"
WEB = ROOT / "src" / "zhiyan" / "web"
LOCK = ROOT / "requirements.lock"
LEAST_PYTHON = (3, 11)


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"-- {text}", flush=True)


def stop(text: str) -> None:
    """End with a message that says what to do."""
    sys.exit(f"run.py: {text}")


def run(*command: str | Path, cwd: Path = ROOT, check: bool = True) -> int:
    """Run a command; end with its exit code if it fails and ``check`` is set."""
    environment = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, check=False)
    if check and done.returncode:
        sys.exit(done.returncode)
    return done.returncode


def digest(paths: list[Path]) -> str:
    """Return a hash over names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(ROOT).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def is_current(stamp: Path, wanted: str) -> bool:
    """Tell whether a stamp file holds the wanted hash."""
    return stamp.is_file() and stamp.read_text("ascii") == wanted


def ensure_python() -> None:
    """Create the virtual environment and install the locked packages if they are not current."""
    if sys.version_info < LEAST_PYTHON:
        stop(f"Python {sys.version.split()[0]} is too old; 3.11 or newer is needed")
    stamp = VENV / "zhiyan-stamp"
    wanted = digest([LOCK, ROOT / "pyproject.toml"])
    if PYTHON.is_file() and is_current(stamp, wanted):
        return
    if not PYTHON.is_file():
        say("creating .venv")
        if run(sys.executable, "-m", "venv", VENV, check=False):
            stop("could not create .venv; on Debian or Ubuntu: apt install python3-venv")
    say("installing the locked Python packages")
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv")
    uv = [PYTHON, "-m", "uv", "pip"]
    run(*uv, "sync", "--quiet", "--python", PYTHON, "--require-hashes", LOCK)
    run(*uv, "install", "--quiet", "--python", PYTHON, "--no-deps", "--no-build-isolation", "-e", ".")
    stamp.write_text(wanted, "ascii")


def npm() -> str:
    """Return the path of npm, or end with advice."""
    found = shutil.which("npm")
    if not found:
        stop("npm was not found; install Node.js 20.19 or newer (https://nodejs.org)")
    return str(found)


def ensure_node_modules() -> None:
    """Install the locked npm packages if the lock changed."""
    wanted = digest([UI / "package-lock.json", UI / "package.json"])
    stamp = UI / "node_modules" / ".zhiyan-stamp"
    if not is_current(stamp, wanted):
        say("installing the locked npm packages")
        run(npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=UI)
        stamp.write_text(wanted, "ascii")


def ensure_ui() -> None:
    """Build the page if its sources changed since the last build."""
    sources = [
        path
        for path in UI.rglob("*")
        if path.is_file() and not {"node_modules", "dist"} & set(path.relative_to(UI).parts)
    ]
    wanted = digest(sources)
    stamp = WEB / ".stamp"
    if (WEB / "index.html").is_file() and is_current(stamp, wanted):
        return
    ensure_node_modules()
    say("building the page")
    run(npm(), "run", "--silent", "build", cwd=UI)
    stamp.write_text(wanted, "ascii")


def zhiyan(*arguments: str) -> int:
    """Run the zhiyan command of the virtual environment."""
    return run(PYTHON, "-m", "zhiyan.cli", *arguments, check=False)


def demo(arguments: list[str]) -> int:
    """Set up, then make, import, resolve, compute and show the synthetic clinic group."""
    ensure_python()
    if "--no-serve" not in arguments:
        ensure_ui()
    return zhiyan("demo", *arguments)


def test(arguments: list[str]) -> int:
    """Set up, then run every test: Python, page, and browser where there is one."""
    ensure_python()
    ensure_ui()
    ensure_node_modules()
    results = [
        run(PYTHON, "-m", "pytest", "-q", "-n", "2", *arguments, check=False),
        run(npm(), "test", "--silent", cwd=UI, check=False),
    ]
    return max(results)


CHECKS = (
    ("format", ("-m", "ruff", "format", "--check", ".")),
    ("lint", ("-m", "ruff", "check", ".")),
    ("types", ("-m", "basedpyright")),
    ("import contracts", ("-m", "importlinter.cli", "lint")),
    ("unused code", ("-m", "vulture")),
    ("spelling", ("-m", "codespell_lib")),
    ("project rules", ("tools/check_all.py",)),
)


def check(_arguments: list[str]) -> int:
    """Set up, then check format, lint, types, contracts, docs coverage and unused code."""
    ensure_python()
    ensure_node_modules()
    failed: list[str] = []
    for name, command in CHECKS:
        say(name)
        if run(PYTHON, *command, check=False):
            failed.append(name)
    say("page: lint and types")
    if run(npm(), "run", "--silent", "check", cwd=UI, check=False):
        failed.append("page")
    if failed:
        print(f"check failed: {', '.join(failed)}")
        return 1
    print("check passed")
    return 0


def setup(_arguments: list[str]) -> int:
    """Set up only."""
    ensure_python()
    ensure_ui()
    return 0


def bench(arguments: list[str]) -> int:
    """Run the benchmarks and print their tables."""
    ensure_python()
    return run(PYTHON, "-m", "benchmarks", *arguments, check=False)


def command(arguments: list[str]) -> int:
    """Pass everything on to the zhiyan command."""
    ensure_python()
    return zhiyan(*arguments)


JOBS = {
    "demo": demo, "test": test, "check": check, "setup": setup, "bench": bench, "zhiyan": command,
}  # fmt: skip


def main() -> int:
    """Run the job named by the first argument."""
    if len(sys.argv) < 2 or sys.argv[1] not in JOBS:
        print(__doc__)
        return 2
    return JOBS[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
