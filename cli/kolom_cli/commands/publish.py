"""`kolom publish`: publish files and folders as articles."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kolom_cli.connection import connect
from kolom_cli.publishing.content_builder import Source, find_sources
from kolom_cli.publishing.publisher import Publisher, PublishOptions
from kolom_cli.terminal import console
from kolom_cli.terminal.options import AsJson, DryRun
from kolom_cli.terminal.report import Note, PublishReport


def publish(  # noqa: PLR0913, RUF100 (one parameter per option)
    ctx: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", exists=True, readable=True, show_default=False, help="Files and folders."),
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Replace articles that have changed since the file was published.")
    ] = False,
    rename: Annotated[bool, typer.Option("--rename", help="Allow a file to change the slug of its article.")] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Publish nothing if a link within the site is broken, or markup would be removed."
        ),
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    no_write_back: Annotated[
        bool, typer.Option("--no-write-back", help="Do not write id, slug and version into the files.")
    ] = False,
) -> None:
    """Publish Markdown and HTML files with their images.

    Publishing the same files again changes nothing. If a file is refused, the others are still published,
    and the exit code is 1. Broken links within the site, and markup that an article cannot have, are reported.
    """
    connect(ctx.obj)
    report = PublishReport(dry_run=dry_run)
    found, errors = find_sources(paths)
    for error in errors:
        report.skip("article", str(error.path), error.message, refused=True)
    options = PublishOptions(force=force, dry_run=dry_run, write_back=not no_write_back, rename=rename)
    now = datetime.now(UTC)
    if not (strict and _refuse_all_if_problems(options, report, now, found, quiet=as_json)):
        publisher = Publisher(options, report, now)
        publish_all(publisher, found, quiet=as_json)
        for link in publisher.broken_links():
            report.notes.append(Note(name=link.place, text=link.text))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.print(console.out())
    raise typer.Exit(report.exit_code)


def _refuse_all_if_problems(
    options: PublishOptions, report: PublishReport, now: datetime, found: list[Source], *, quiet: bool
) -> bool:
    """Refuse all files if one of them has a broken link, or markup that would be removed; return whether they are.

    Writes nothing.
    """
    planned = PublishReport(dry_run=True)
    planner = Publisher(replace(options, dry_run=True), planned, now)
    publish_all(planner, found, quiet=quiet)
    broken, removed = planner.broken_links(), planner.removed_markup
    if not broken and not removed:
        return False
    problems: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for link in broken:
        problems[str(link.file)].append((link.line or 0, link.text))
    for markup in removed:
        problems[str(markup.file)].append((markup.line or 0, markup.removal.planned_text))
    for file in planned.files:
        if file.name in problems:
            report.refuse(file.kind, file.name, sorted(problems[file.name]))
    causes = ["links in other files are broken"] if broken else []
    causes += ["other files have markup that an article cannot have"] if removed else []
    reason = f"not published, because {' and '.join(causes)} (--strict)"
    for file in planned.files:
        if file.name not in problems:
            report.skip(file.kind, file.name, reason, refused=True)
    report.skipped += planned.skipped
    report.interrupted = planned.interrupted
    return True


def publish_all(publisher: Publisher, found: list[Source], *, quiet: bool = False) -> None:
    """Publish the files one by one, until all are done or the user interrupts."""
    with console.interruptible() as stopped, console.progress("Publishing", hidden=quiet) as bar:
        for source in bar.track(found, total=len(found), task_id=bar.task_ids[0]):
            if stopped.is_set():
                publisher.report.interrupted = True
                return
            publisher.publish(source)
