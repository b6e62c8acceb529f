#!/usr/bin/env python3
"""Set up what is missing, then do one job: `python3 run.py JOB [OPTIONS]`.

  demo [...]      make a synthetic clinic group, import, resolve, compute, and show it in a browser
                  (--no-serve stops after printing the results)
  test [...]      every test: page and Python, properties with many examples; options go to pytest
                  (--fast: the everyday run, without slow and browser tests and with few examples;
                  --require-browser: fail without one)
  check           format, lint, strict types, import contracts, spelling, project rules, page
  format          mend what can be mended without thought: format and simple lint
  docs            write the generated pages of docs/reference anew
  lock            resolve requirements.lock anew from pyproject.toml
  bench [...]     benchmarks
  zhiyan ...      the zhiyan command itself
  setup           nothing more than the set-up
                  (--spark: with PySpark, from now on; its tests run where Java 17 is, too)

Needs Python 3.11 or newer, Node.js 20.19 or newer, and a network the first time; nothing else.
Python packages go into `.venv` beside this file, from `requirements.lock` with hashes; the page
is built with npm when its sources changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
UI = ROOT / "ui"
WEB = ROOT / "src" / "zhiyan" / "web"
LOCK = ROOT / "requirements.lock"
SPARK_LOCK = ROOT / "requirements-spark.lock"
#: A file of the environment that says that PySpark belongs to it.
WITH_SPARK = VENV / "zhiyan-with-spark"
LEAST_PYTHON = (3, 11)
LEAST_NODE = (20, 19)
NO_PAGE = {"node_modules", "dist", ".vite"}


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
        stop(f"this failed with exit code {done.returncode}: {' '.join(map(str, command))}")
    return done.returncode


def output(*command: str | Path) -> str:
    """Return what a command prints, empty if it fails or is not there."""
    try:
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def digest(paths: list[Path], *more: str) -> str:
    """Return a hash over names and contents of files, and further texts."""
    total = hashlib.sha256("\n".join(more).encode())
    for path in sorted(paths):
        total.update(path.relative_to(ROOT).as_posix().encode())
        total.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()


def is_current(stamp: Path, wanted: str) -> bool:
    """Tell whether a stamp file holds the wanted hash."""
    return stamp.is_file() and stamp.read_text("ascii") == wanted


def locks() -> list[Path]:
    """Return the locks that `.venv` must hold."""
    return [LOCK, *([SPARK_LOCK] if WITH_SPARK.is_file() else [])]


def ensure_python() -> None:
    """Make `.venv` hold exactly the locked packages and this project, if it does not already."""
    if sys.version_info < LEAST_PYTHON:
        stop(f"Python {sys.version.split()[0]} is too old; 3.11 or newer is needed")
    stamp = VENV / "zhiyan-stamp"
    wanted = digest([*locks(), ROOT / "pyproject.toml"], str(ROOT))
    if PYTHON.is_file() and is_current(stamp, wanted):
        return
    if not output(PYTHON, "-c", "print(1)"):
        say("creating .venv")
        if run(sys.executable, "-m", "venv", "--clear", VENV, check=False):
            stop("could not create .venv; on Debian or Ubuntu: apt install python3-venv")
    say("installing the locked Python packages")
    install_packages()
    stamp.write_text(wanted, "ascii")


def install_packages() -> None:
    """Install the lock and this project with uv, or with pip where uv cannot be had."""
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    own = ("--no-deps", "--no-build-isolation", "-e", ROOT)
    block = re.search(r"^uv==.*(?:\n .*)*", LOCK.read_text("utf-8"), re.MULTILINE)
    uv_alone = VENV / "uv-requirement.txt"
    uv_alone.write_text(block.group() if block else "", "utf-8")
    if run(*pip, "install", "--require-hashes", "-r", uv_alone, check=False):
        say("uv cannot be installed here; pip does it, more slowly")
        for lock_file in locks():
            run(*pip, "install", "--require-hashes", "-r", lock_file)
        run(*pip, "install", *own)
        return
    follow_pip_mirror()
    uv = [PYTHON, "-m", "uv", "pip"]
    run(*uv, "sync", "--quiet", "--python", PYTHON, "--require-hashes", *locks())
    run(*uv, "install", "--quiet", "--python", PYTHON, *own)


def follow_pip_mirror() -> None:
    """Let uv use the package mirror that pip is set to, unless uv has its own."""
    mirror = os.environ.get("PIP_INDEX_URL") or output(
        PYTHON, "-m", "pip", "config", "get", "global.index-url"
    )
    if mirror and not {"UV_INDEX_URL", "UV_DEFAULT_INDEX"} & set(os.environ):
        os.environ["UV_DEFAULT_INDEX"] = mirror


def npm() -> str:
    """Return the path of npm, or end with advice."""
    advice = "install Node.js 20.19 or newer (https://nodejs.org)"
    found = shutil.which("npm")
    if not found:
        stop(f"npm was not found; {advice}")
    version = output("node", "--version")
    if version and tuple(map(int, re.findall(r"\d+", version)[:2])) < LEAST_NODE:
        stop(f"Node.js {version} is too old; {advice}")
    return str(found)


def ensure_node_modules() -> None:
    """Install the locked npm packages if the lock changed."""
    wanted = digest([UI / "package-lock.json", UI / "package.json"])
    stamp = UI / "node_modules" / ".zhiyan-stamp"
    if not is_current(stamp, wanted):
        say("installing the locked npm packages")
        run(npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=UI)
        stamp.write_text(wanted, "ascii")


def page_sources() -> list[Path]:
    """Return every file that the built page is made of."""
    found: list[Path] = []
    for folder, inner, names in os.walk(UI):
        inner[:] = [name for name in inner if name not in NO_PAGE]
        found += [Path(folder) / name for name in names]
    return found


def ensure_ui() -> None:
    """Build the page if its sources changed since the last build."""
    wanted = digest(page_sources())
    stamp = WEB / ".stamp"
    if (WEB / "index.html").is_file() and is_current(stamp, wanted):
        return
    ensure_node_modules()
    say("building the page")
    run(npm(), "run", "--silent", "build", "--", "--logLevel", "warn", cwd=UI)
    stamp.write_text(wanted, "ascii")


def zhiyan(arguments: list[str]) -> int:
    """Pass everything on to the zhiyan command."""
    ensure_python()
    os.environ["ZHIYAN_CALLED"] = f"{Path(sys.executable).stem} run.py zhiyan"
    return run(PYTHON, "-m", "zhiyan.cli", *arguments, check=False)


def demo(arguments: list[str]) -> int:
    """Make, import, resolve, compute and show the synthetic clinic group."""
    ensure_python()
    if not {"--no-serve", "--help"} & set(arguments):
        ensure_ui()
    return zhiyan(["demo", *arguments])


def finish(job: str, results: list[tuple[str, int, float, str]]) -> int:
    """Print what passed and what failed, with advice; return the exit code."""
    print()
    for name, code, seconds, advice in results:
        print(f"   {'FAILED' if code else 'passed'}  {name:<18} {seconds:6.1f} s")
        if code and advice:
            print(f"           {advice}")
    failed = [name for name, code, *_ in results if code]
    print(f"-- {job}: {'FAILED: ' + ', '.join(failed) if failed else 'all passed'}", flush=True)
    return 1 if failed else 0


def timed(name: str, *command: str | Path, cwd: Path = ROOT) -> tuple[str, int, float]:
    """Run one part of a job; return its name, exit code and seconds."""
    say(name)
    begin = time.perf_counter()
    code = run(*command, cwd=cwd, check=False)
    return name, code, time.perf_counter() - begin


def test(arguments: list[str]) -> int:
    """Run every test; options go to pytest."""
    ensure_python()
    ensure_node_modules()
    fast = "--fast" in arguments
    options = [option for option in arguments if option != "--fast"]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # tests as pytest rewrites them are kept
    workers = min(4, max(2, os.cpu_count() or 2))
    command = [PYTHON, "-m", "pytest", "-q", "-n", str(workers), "--dist", "worksteal"]
    if fast:
        command += ["-m", "not slow and not browser"]
    else:
        command.append("--thorough")
        ensure_ui()
    results = [
        (*timed("page tests", npm(), "test", "--silent", cwd=UI), "cd ui && npm test"),
        (*timed("Python tests", *command, *options), ""),
    ]
    return finish("test", results)


#: Name -> the command, and what to do when it fails; the longest first.
CHECKS: dict[str, tuple[tuple[str | Path, ...], str]] = {
    "types": ((PYTHON, "-m", "basedpyright"), "each line above names file and line"),
    "format": ((PYTHON, "-m", "ruff", "format", "--check", "."), "python3 run.py format"),
    "lint": ((PYTHON, "-m", "ruff", "check", "."), "python3 run.py format mends the simple ones"),
    "import contracts": (
        (BIN / "lint-imports", "--cache-dir", ".ruff_cache/imports"),
        "layers are declared in pyproject.toml, [tool.importlinter]",
    ),
    "unused code": ((PYTHON, "-m", "vulture"), "remove it, or say in pyproject.toml who uses it"),
    "spelling": ((PYTHON, "-m", "codespell_lib"), "mend it, or add the word to pyproject.toml"),
    "project rules": (
        (PYTHON, "-m", "tools.check_all"),
        "generated pages: python3 run.py docs; the rest says file and rule",
    ),
}


def checked(command: tuple[str | Path, ...], cwd: Path) -> tuple[int, float, str]:
    """Run one check quietly; return its exit code, seconds and what it printed."""
    begin = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, time.perf_counter() - begin, done.stdout


def check(_arguments: list[str]) -> int:
    """Check everything that a machine can check without running the product.

    As many checks run at once as there are processors; they are told one after the other.
    """
    ensure_python()
    ensure_node_modules()
    page = ((npm(), "run", "--silent", "check"), "cd ui && npm run check")
    results: list[tuple[str, int, float, str]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = {
            name: (pool.submit(checked, command, UI if name == "page" else ROOT), advice)
            for name, (command, advice) in {**CHECKS, "page": page}.items()
        }
        for name, (running, advice) in parts.items():
            code, seconds, told = running.result()
            say(name)
            print(told, end="", flush=True)
            results.append((name, code, seconds, advice))
    return finish("check", results)


def mend(_arguments: list[str]) -> int:
    """Mend format and simple lint."""
    ensure_python()
    run(PYTHON, "-m", "ruff", "check", "--fix-only", "--quiet", ".", check=False)
    return run(PYTHON, "-m", "ruff", "format", ".", check=False)


def docs(_arguments: list[str]) -> int:
    """Write the generated pages of the reference anew."""
    ensure_python()
    return run(PYTHON, "-m", "tools.docs", check=False)


def lock(_arguments: list[str]) -> int:
    """Resolve the lock anew; newest versions that pyproject.toml allows."""
    ensure_python()
    options = [
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--upgrade",
        "--no-header",
        "--no-annotate",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--quiet",
    ]
    command = [PYTHON, "-m", "uv", "pip", "compile", *options]
    run(*command, "--group", "dev", "pyproject.toml", "-o", LOCK.name)
    extra = re.search(
        r'^spark = \[\n  "(.*)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )
    wanted = VENV / "spark-requirement.txt"
    wanted.write_text(extra.group(1) if extra else "", "utf-8")
    return run(*command, wanted, "-o", SPARK_LOCK.name)


def bench(arguments: list[str]) -> int:
    """Run the benchmarks and print their tables."""
    ensure_python()
    return run(PYTHON, "-m", "benchmarks", *arguments, check=False)


def setup(arguments: list[str]) -> int:
    """Set up only; with PySpark if asked, and from then on."""
    ensure_python()
    if "--spark" in arguments and not WITH_SPARK.is_file():
        WITH_SPARK.touch()
        ensure_python()
    ensure_ui()
    return 0


JOBS = {
    "demo": demo, "test": test, "check": check, "format": mend, "docs": docs, "lock": lock,
    "bench": bench, "zhiyan": zhiyan, "setup": setup,
}  # fmt: skip


def main() -> int:
    """Do the job named by the first argument."""
    if len(sys.argv) < 2 or sys.argv[1] not in JOBS:
        print(__doc__)
        return 0 if {"-h", "--help"} & set(sys.argv[1:]) else 2
    try:
        return JOBS[sys.argv[1]](sys.argv[2:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
