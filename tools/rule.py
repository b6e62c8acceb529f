"""What all rules share: a finding, and the files of the repository."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "zhiyan"


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a rule; ``line`` is 0 where a whole file is meant."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        """Return ``path:line: text``, the path relative to the repository where it is inside."""
        inside = self.path.is_relative_to(ROOT)
        path = self.path.relative_to(ROOT) if inside else self.path
        place = f"{path.as_posix()}:{self.line}" if self.line else path.as_posix()
        return f"{place}: {self.text}"


def python_files(*folders: Path) -> Iterator[Path]:
    """Yield the Python files below folders, in order."""
    for folder in folders:
        yield from sorted(folder.rglob("*.py"))


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text("utf-8"), str(path))


def repository_files(root: Path = ROOT) -> list[Path]:
    """Return every file that belongs to the repository: committed, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    paths = (root / name for name in sorted(set(listed.split("\0"))) if name)
    return [path for path in paths if path.is_file()]
