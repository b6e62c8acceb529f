"""The command line: a thin door over the workspace's verbs.

Exit codes: 0 done, 1 failed, 2 wrong usage or wrong definitions.
"""

import errno
from typing import Any

import typer
from typer.core import TyperGroup

from zhiyan.cli import (
    catalogue,
    data,
    demo,
    history,
    manual,
    people,
    queue,
    serving,
    snapshots,
    sources,
    tags,
    watch,
)
from zhiyan.cli.output import errors
from zhiyan.errors import OutsideError, Problem, ZhiyanError


class Commands(TyperGroup):
    """All commands; a deliberate error becomes its printed problems and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; files and folders that the system refuses are ``ZY904``."""
        try:
            return super().invoke(ctx)
        except ZhiyanError as error:
            raise _told(error) from None
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read our output has read enough
                raise
            message = f"the system refuses: {error.strerror or error}"
            place = str(error.filename or "")
            raise _told(OutsideError(Problem(code="ZY904", message=message, where=place))) from None


def _told(error: ZhiyanError) -> typer.Exit:
    """Print every problem of an error and return the end of the command."""
    for problem in error.problems:
        errors.print(f"[bold red]{problem.code}[/] ", end="")
        text = str(problem).removeprefix(f"[{problem.code}]").strip()
        errors.print(text, markup=False, soft_wrap=True)
    return typer.Exit(error.exit_code)


app = typer.Typer(
    name="zhiyan",
    cls=Commands,
    help="知颜：医美与零售会员的客户标签系统\n\nCustomer tags for clinics and retail members.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

START, DATA, TAGS, ANSWERS, OVER_TIME = (
    "开始 / start", "数据 / data", "标签 / tags", "回答 / answers", "历史 / over time"
)  # fmt: skip

app.command("demo", rich_help_panel=START)(demo.demo)
app.command("init", rich_help_panel=START)(data.init)
app.command("serve", rich_help_panel=START)(serving.serve)
app.command("watch", rich_help_panel=START)(watch.watch)
app.command("import", rich_help_panel=DATA)(data.import_files)
app.add_typer(data.mapping, name="mapping", rich_help_panel=DATA)
app.add_typer(sources.source, name="source", rich_help_panel=DATA)
app.command("imports", rich_help_panel=DATA)(data.imports)
app.command("quarantine", rich_help_panel=DATA)(data.quarantine)
app.command("resolve", rich_help_panel=DATA)(people.resolve)
app.add_typer(people.review, name="review", rich_help_panel=DATA)
catalogue.add_to(tags.tags)
app.add_typer(tags.tags, name="tags", rich_help_panel=TAGS)
app.add_typer(manual.tag, name="tag", rich_help_panel=TAGS)
app.command("compute", rich_help_panel=TAGS)(snapshots.compute)
app.command("refresh", rich_help_panel=TAGS)(snapshots.refresh)
app.command("snapshots", rich_help_panel=TAGS)(snapshots.list_snapshots)
app.command("select", rich_help_panel=ANSWERS)(snapshots.select)
app.command("explain", rich_help_panel=ANSWERS)(snapshots.explain)
app.command("diff", rich_help_panel=ANSWERS)(snapshots.diff)
app.command("preview", rich_help_panel=ANSWERS)(snapshots.preview)
app.command("forecast", rich_help_panel=ANSWERS)(snapshots.forecast)
app.command("queue", rich_help_panel=ANSWERS)(queue.queue)
app.command("history", rich_help_panel=OVER_TIME)(history.history)
app.command("as-of", rich_help_panel=OVER_TIME)(history.as_of)
app.command("movements", rich_help_panel=OVER_TIME)(history.movements)
app.command("migration", rich_help_panel=OVER_TIME)(history.migration)


def main() -> None:
    """Run a command."""
    app(prog_name="zhiyan")
