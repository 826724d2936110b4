"""`kolom export DIR`: everything, in files that need nothing of ours to be read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kolom_cli.archive.writer import Exporter, ExportResult
from kolom_cli.connection import connect
from kolom_cli.terminal import console
from kolom_cli.terminal.output import print_json


def export(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new directory, or that of an older export.")],
    private: Annotated[
        bool,
        typer.Option("--private", help="Also messages, and the e-mail addresses of those who wrote comments."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write everything into a directory: articles, comments and files, for `kolom import archive` and everyone else.

    An older export there becomes the same as a new one, so that it can be kept in git.
    """
    if directory.exists() and not directory.is_dir():
        raise typer.BadParameter(f"{directory} is no directory", param_hint="DIR")
    connect(ctx.obj)
    with console.interruptible() as stopped, console.progress("Exporting", hidden=as_json) as bar:
        exporter = Exporter(directory, datetime.now(UTC), private=private, stopped=stopped)
        exporter.step = lambda: bar.advance(bar.task_ids[0])
        done = exporter.run()
    if as_json:
        print_json(
            {
                "kinds": dict(sorted(done.counts.items())),
                "skipped_items": [{"name": name, "reason": reason} for name, reason in done.skipped],
                "private": private,
                "interrupted": done.interrupted,
            }
        )
    else:
        _print(done, directory)
    raise typer.Exit(console.INTERRUPTED if done.interrupted else 0)


def _print(done: ExportResult, directory: Path) -> None:
    table = Table("", "written")
    table.columns[1].justify = "right"
    for kind, number in sorted(done.counts.items()):
        table.add_row(kind, str(number))
    console.out().print(table)
    for name, reason in done.skipped:
        console.out().print(f"skipped {escape(name)}: {escape(reason)}", highlight=False, soft_wrap=True)
    if done.interrupted:
        console.out().print(f"Interrupted: {directory} is not complete; run it again.", soft_wrap=True, markup=False)
