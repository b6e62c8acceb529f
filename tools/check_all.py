"""Run every rule of the project: ``python -m tools.check_all [NAME ...]``; exit code 1 on a breach."""

import sys
from collections.abc import Callable, Iterable, Sequence

from tools.rule import Finding
from tools.rules import (
    definitions,
    docstrings,
    error_codes,
    generated,
    light_import,
    names,
    residue,
    size,
    sql_text,
)

RULES: dict[str, Callable[[], Iterable[Finding]]] = {
    rule.NAME: rule.findings
    for rule in (
        size, names, docstrings, error_codes, sql_text, definitions, residue, light_import, generated,
    )
}  # fmt: skip


def main(wanted: Sequence[str]) -> int:
    """Run the named rules, or all; print what breaks them."""
    broken = 0
    for name, findings in RULES.items():
        found = list(findings()) if not wanted or name in wanted else []
        broken += bool(found)
        for finding in found:
            print(f"{finding}  [{name}]")
    print(f"project rules: {broken} of {len(wanted or RULES)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
