"""`kolom export DIR`: export the blog in open formats."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kolom_cli.archive.writer import Exporter, ExportResult
from kolom_cli.connection import connect
from kolom_cli.terminal import console
from kolom_cli.terminal.options import AsJson
from kolom_cli.terminal.output import counts_table, print_json, to_printable


def export(
    ctx: typer.Context,
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", file_okay=False, show_default=False, help="A new folder, or an earlier export."),
    ],
    private: Annotated[
        bool,
        typer.Option("--private", help="Include messages, and the email addresses and subscriptions of commenters."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Export articles, comments and media files to a folder.

    All files have open formats. Exporting again into the same folder updates it in place, so
    it can be kept in git. `kolom import archive DIR` restores it.
    """
    connect(ctx.obj)
    with console.interruptible() as stopped, console.progress("Exporting", hidden=as_json) as bar:
        exporter = Exporter(directory, datetime.now(UTC), private=private, stopped=stopped)
        exporter.step = lambda: bar.advance(bar.task_ids[0])
        result = exporter.run()
    if as_json:
        print_json(
            {
                "kinds": dict(sorted(result.counts.items())),
                "skipped_items": [{"name": name, "reason": reason} for name, reason in result.skipped],
                "private": private,
                "interrupted": result.interrupted,
            }
        )
    else:
        _print(result, directory)
    raise typer.Exit(console.INTERRUPTED if result.interrupted else 0)


def _print(result: ExportResult, directory: Path) -> None:
    rows = [(kind, (number,)) for kind, number in sorted(result.counts.items())]
    console.out().print(counts_table(("written",), rows))
    for name, reason in result.skipped:
        console.out().print(
            f"skipped {to_printable(name)}: {to_printable(reason)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if result.interrupted:
        console.out().print(
            f"Interrupted: {directory} is incomplete; run the command again.", soft_wrap=True, markup=False
        )
