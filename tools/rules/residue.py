"""Residue: no machine's path, no registry's address, no unfinished edit, no stray large file."""

import re
from collections.abc import Iterator
from pathlib import Path

from tools.rule import ROOT, Finding, repository_files

NAME = "residue"
#: What may not stand anywhere -> how it is called. Written so that no pattern matches itself.
PATTERNS = {
    re.compile(
        r"https?://[a-z0-9.-]*(py[p]i|python[h]osted|npm[j]s|npm[m]irror|de[b]ian)[a-z]*\."
    ): ("the address of a package registry"),
    re.compile(r"(?<![\w.{}<>$~-])/(root|work|Users|home/(?!USER|you)\w+)/[\w.-]"): (
        "a path of one machine"
    ),
    re.compile(r"[A-Z]:\\\\?Users\\"): "a path of one machine",
    re.compile(r"^(<{7}|>{7}|={7})( |$)"): "a mark of an unfinished merge",
    re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b"): "an unfinished thought; write an issue instead",
    re.compile(r"\b(?i:chat[g]pt|[c]laude|[a]nthropic|[l]orem ipsum|as an [a]i)\b"): "a stray word",
}


_ANY = re.compile("|".join(f"(?:{found.pattern})" for found in PATTERNS), re.MULTILINE)
LARGEST = 2_000_000


def findings(root: Path = ROOT) -> Iterator[Finding]:
    """Yield every such line in the text files of the repository."""
    own = f"{root.as_posix()}/"
    for path in repository_files(root):
        data = path.read_bytes()
        if len(data) > LARGEST:
            yield Finding(path, 0, f"{len(data):,} bytes: too large for a repository")
            continue
        if b"\0" in data[:8000]:
            continue
        text = data.decode("utf-8", "replace")
        if own in text or _ANY.search(text):
            yield from _lines(path, text, own)


def _lines(path: Path, text: str, own: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        yield from (Finding(path, number, what) for what in residue(line))
        if own in line:
            yield Finding(path, number, "the path of this checkout")


def residue(line: str) -> list[str]:
    """Return what a line holds that it should not."""
    return [what for pattern, what in PATTERNS.items() if pattern.search(line)]
