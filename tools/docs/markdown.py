"""Small pieces of Markdown."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells may hold anything but new lines."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(cell, line))} |\n" for line in lines)


def cell(text: str) -> str:
    """Return a text as it can stand in a cell."""
    return " ".join(text.replace("|", "\\|").split())


def code(text: str) -> str:
    """Return code in a line of text; empty stays empty."""
    return f"`{text}`" if text else ""


def codes(texts: Iterable[str]) -> str:
    """Return several pieces of code, separated by commas."""
    return ", ".join(code(text) for text in texts)
