"""`kolom publish`: files and folders become articles."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kolom_cli.connection import connect
from kolom_cli.publishing.content_builder import Source, find_sources
from kolom_cli.publishing.publisher import Publisher, PublishOptions
from kolom_cli.terminal import console
from kolom_cli.terminal.report import Report


def publish(  # noqa: PLR0913, RUF100 (one parameter per option)
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, and folders of files.")],
    force: Annotated[bool, typer.Option("--force", help="Replace articles that were changed elsewhere.")] = False,
    rename: Annotated[
        bool, typer.Option("--rename", help="Let a file give the article of its id another slug.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, say what would be done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    no_write_back: Annotated[
        bool, typer.Option("--no-write-back", help="Do not write id, slug and version into the files.")
    ] = False,
) -> None:
    """Publish Markdown and HTML files, with the pictures beside them. Publishing the same again changes nothing."""
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(f"there is no {path}", param_hint="PATH")
    connect(ctx.obj)
    report = Report(dry_run=dry_run)
    found, errors = find_sources(paths)
    for error in errors:
        report.skip("file", str(error.path), error.message, refused=True)
    options = PublishOptions(force=force, dry_run=dry_run, write_back=not no_write_back, rename=rename)
    post_all(Publisher(options, report, datetime.now(UTC)), found, quiet=as_json)
    if as_json:
        typer.echo(report.as_json())
    else:
        report.print(console.out())
    raise typer.Exit(report.exit_code)


def post_all(publisher: Publisher, found: list[Source], *, quiet: bool = False) -> None:
    """Publish one after the other, until done or interrupted."""
    with console.interruptible() as stopped, console.progress("Publishing", hidden=quiet) as bar:
        for source in bar.track(found, total=len(found), task_id=bar.task_ids[0]):
            if stopped.is_set():
                publisher.report.interrupted = True
                return
            publisher.publish(source)
