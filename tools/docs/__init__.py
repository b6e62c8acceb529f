"""Pages of ``docs/reference`` that are written from the code, so that they cannot be wrong."""

from tools.docs import commands, engines, tag_pages, warehouse

NOTE = "<!-- Written by `python3 run.py docs`; do not edit. -->\n\n"


def pages() -> dict[str, str]:
    """Return every generated page: path in the repository -> text."""
    made = {
        "commands": commands.page(),
        "engines": engines.page(),
        "warehouse": warehouse.page(),
        **tag_pages.by_pack(),
    }
    return {f"docs/reference/{name}.md": NOTE + text for name, text in made.items()}
