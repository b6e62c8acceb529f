"""Counting which tags are read, by day: never by whom or about whom.

Commands that only read may not write into the warehouse: they append a line to a small file, which
the next snapshot adds to ``meta.tag_use``.
"""

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path

from zhiyan.app.lookup import question_named
from zhiyan.app.session import Session
from zhiyan.core.expression import names
from zhiyan.pipeline import stability

FILE, FOLDING = "tag-use.jsonl", "tag-use.folding.jsonl"


def note_uses(session: Session, codes: Iterable[str], reader: str) -> None:
    """Note that tags were read once, by a kind of reader (``select``, ``explain``, ...).

    A folder that cannot be written to keeps nobody from reading.
    """
    day = session.settings.zone.day(session.clock.now())
    line = json.dumps({"day": day.isoformat(), "reader": reader, "tags": sorted(codes)})
    with suppress(OSError), (session.folder / FILE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def read_by(session: Session, where: str, columns: Iterable[str] = ()) -> set[str]:
    """Return the tags that an expression (or a segment) and some columns read."""
    read = names(question_named(session.catalogue, where).node)
    return {*read, *columns} & set(session.catalogue.tags)


def waiting_uses(folder: Path) -> Counter[tuple[date, str, str]]:
    """Return uses noted since the last snapshot, by (day, tag, reader)."""
    return _read(folder / FOLDING) + _read(folder / FILE)


def fold_uses(session: Session) -> None:
    """Add the noted uses to the warehouse."""
    held, noted = session.folder / FOLDING, session.folder / FILE
    if not held.exists() and noted.exists():
        noted.replace(held)
    found = _read(held)
    if found:
        with session.engine.transaction():
            stability.note_uses(session.engine, found)
    held.unlink(missing_ok=True)


def _read(path: Path) -> Counter[tuple[date, str, str]]:
    """Return what a file notes; a line that was cut short is left out."""
    found: Counter[tuple[date, str, str]] = Counter()
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                one = json.loads(line)
                day = date.fromisoformat(one["day"])
                found.update((day, str(code), str(one["reader"])) for code in one["tags"])
    return found
