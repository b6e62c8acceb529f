"""Definitions: every tag and segment of a pack is owned, described in Chinese, and classed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.rule import SOURCE, Finding

NAME = "definitions"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PACKS = SOURCE / "packs"
NEEDED = {
    "tags": ("owner", "description", "sensitivity", "purposes", "category"),
    "segments": ("owner", "description", "where"),
}


def findings(folder: Path = PACKS) -> Iterator[Finding]:
    """Yield every definition that lacks what its reader must know."""
    for path in sorted(folder.rglob("*.yaml")):
        loaded: Any = yaml.load(path.read_text("utf-8"), _LOADER)
        for section, needed in NEEDED.items():
            entries = loaded.get(section) if isinstance(loaded, dict) else None
            for entry in entries if isinstance(entries, list) else ():
                for key in missing(entry, needed):
                    code = entry.get("code", "?")
                    yield Finding(path, 0, f"{section[:-1]} {code} has no {key}")


def missing(entry: dict[str, Any], needed: tuple[str, ...]) -> list[str]:
    """Return the keys that a definition lacks, and description.zh if only that is missing."""
    found = [key for key in needed if not entry.get(key)]
    description = entry.get("description")
    if isinstance(description, dict) and not description.get("zh"):
        found.append("description.zh")
    return found
