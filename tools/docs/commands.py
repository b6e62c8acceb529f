"""The page of all commands, from the command line itself."""

from collections.abc import Iterator
from typing import Any

import typer

from tools.docs.markdown import code, codes, table
from zhiyan.cli.main import app

HEAD = """# Commands

`zhiyan COMMAND --help` says the same in the terminal. Exit codes: 0 done, 1 failed, 2 wrong usage or
wrong definitions; every error has a [code](errors.md). Until it is installed as a package, write
`python3 run.py zhiyan COMMAND`.
"""


def page() -> str:
    """Return the page: one section per command with its arguments and options."""
    sections = (_section(path, command) for path, command in commands())
    return HEAD + "".join(sections)


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its full name, in the order of the help."""
    yield from _below("zhiyan", typer.main.get_command(app))


def _below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, part in inner.items():
        if not part.hidden:
            yield from _below(f"{path} {name}", part)


def _section(path: str, command: Any) -> str:
    shown = [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]
    arguments = [p for p in shown if p.param_type_name == "argument"]
    options = [p for p in shown if p.param_type_name == "option"]
    words = "".join(f" {_placeholder(p)}" for p in arguments)
    usage = f"{path}{words}{' [OPTIONS]' if options else ''}"
    rows = [(_spelling(p), _help(p), code(_default(p))) for p in [*arguments, *options]]
    listed = "\n" + table(("Argument or option", "Meaning", "Default"), rows) if rows else ""
    return f"\n## {path}\n\n{_text(command)}\n\n```text\n{usage}\n```\n{listed}"


def _text(command: Any) -> str:
    return (command.help or "").replace("\b", "").strip()


def _placeholder(argument: Any) -> str:
    name = str(argument.metavar or argument.name).upper()
    many = "..." if argument.nargs == -1 else ""
    return f"{name}{many}" if argument.required else f"[{name}{many}]"


def _spelling(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return code(_placeholder(parameter))
    return codes([*parameter.opts, *parameter.secondary_opts])


def _help(parameter: Any) -> str:
    needed = " **required**" if parameter.required and parameter.param_type_name == "option" else ""
    return f"{parameter.help or ''}{needed}"


def _default(parameter: Any) -> str:
    default = parameter.default
    plain = isinstance(default, str | int | float) and not isinstance(default, bool)
    return str(default) if plain else ""
