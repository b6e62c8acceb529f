"""Generated pages: what stands in docs/reference is what the code says today."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.docs import pages
from tools.rule import ROOT, Finding

NAME = "generated pages"


def findings(wanted: Mapping[str, str] | None = None, root: Path = ROOT) -> Iterator[Finding]:
    """Yield the pages that are missing or not current; ``wanted`` maps path to text."""
    for name, text in (pages() if wanted is None else wanted).items():
        path = root / name
        if not path.is_file() or path.read_text("utf-8") != text:
            yield Finding(path, 0, "not current; run: python3 run.py docs")
