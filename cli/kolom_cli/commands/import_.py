"""`kolom import blogger|wordpress|disqus|isso|markdown|archive SOURCE`."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from kolom.config import settings
from kolom_cli.archive.reader import Archive
from kolom_cli.archive.restorer import Restorer
from kolom_cli.connection import connect
from kolom_cli.importers.blogger.reader import read_blogger
from kolom_cli.importers.common.importer import Importer
from kolom_cli.importers.common.thread_map import ThreadMap, check_unmatched, read_mapping, write_unmatched
from kolom_cli.importers.common.types import Item, SourceError
from kolom_cli.importers.disqus.reader import read_disqus
from kolom_cli.importers.isso import read_isso
from kolom_cli.importers.markdown.reader import read_markdown
from kolom_cli.importers.wordpress.reader import read_wordpress
from kolom_cli.terminal import console
from kolom_cli.terminal.report import Report

app = typer.Typer(
    no_args_is_help=True,
    help="Take over a blog from elsewhere. Importing the same again changes nothing; what was broken off goes on.",
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Write nothing, say what would be done.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace also what was edited, withdrawn or deleted here since.")
]
Language = Annotated[str | None, typer.Option("--language", help="The articles' language, such as id.", metavar="CODE")]
Map = Annotated[
    Path | None,
    typer.Option("--map", help="CSV with the columns thread,article: which thread is which article's.", metavar="FILE"),
]
UnmatchedFile = Annotated[
    Path | None,
    typer.Option("--unmatched", help="Where to write which threads matched no article, for --map.", metavar="FILE"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


@app.command("blogger")
def blogger(
    ctx: typer.Context,
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE…", help="A Takeout (zip files, or the unpacked folder), or feeds of the blog."),
    ],
    blog: Annotated[
        str | None, typer.Option("--blog", help="Which blog of the Takeout: the name of its folder.", metavar="NAME")
    ] = None,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Import the posts, pages and comments of a blog at Blogger."""
    for source in sources:
        if not source.exists():
            raise typer.BadParameter(f"there is no file or folder {source}", param_hint="SOURCE")
    connect(ctx.obj)
    _run(
        lambda: read_blogger(sources, language=language, blog=blog, dry_run=dry_run),
        dry_run=dry_run,
        overwrite=overwrite,
        as_json=as_json,
    )


@app.command("wordpress")
def wordpress(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="WordPress's export, an XML file.")],
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Import the posts, pages and comments of a WordPress export."""
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    connect(ctx.obj)
    _run(lambda: read_wordpress(file, language=language), dry_run=dry_run, overwrite=overwrite, as_json=as_json)


@app.command("disqus")
def disqus(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Disqus's export, an XML file.")],
    mapping: Map = None,
    unmatched: UnmatchedFile = None,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Import the comments of a Disqus export, below the articles that are here already."""
    _import_threads(ctx, read_disqus, file, mapping, unmatched, dry_run=dry_run, overwrite=overwrite, as_json=as_json)


@app.command("isso")
def isso(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Isso's database, or its generic JSON.")],
    mapping: Map = None,
    unmatched: UnmatchedFile = None,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Import the comments that Isso keeps, below the articles that are here already."""
    _import_threads(ctx, read_isso, file, mapping, unmatched, dry_run=dry_run, overwrite=overwrite, as_json=as_json)


@app.command("markdown")
def markdown(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of Markdown files with front matter.")],
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Import a folder of Markdown files, with the pictures beside them. The files stay as they are."""
    if not directory.is_dir():
        raise typer.BadParameter(f"there is no folder {directory}", param_hint="DIR")
    connect(ctx.obj)
    _run(
        lambda: read_markdown(directory, language=language, dry_run=dry_run),
        dry_run=dry_run,
        overwrite=overwrite,
        as_json=as_json,
    )


@app.command("archive")
def archive(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What `kolom export` has written.")],
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Put back an archive of `kolom export`: the same ids, addresses, times and threads."""
    if not directory.is_dir():
        raise typer.BadParameter(f"there is no folder {directory}", param_hint="DIR")
    connect(ctx.obj)
    report = Report(dry_run=dry_run)
    source = Archive(directory, settings().zone)
    restorer = Restorer(report, datetime.now(UTC), overwrite=overwrite, dry_run=dry_run)
    with console.interruptible() as stopped, console.progress("Importing", hidden=as_json) as bar:
        restorer.restore_all(bar.track(source.entries(), total=source.count(), task_id=bar.task_ids[0]), stopped)
    _finish(report, as_json=as_json)


def _import_threads(
    ctx: typer.Context,
    read: Callable[[Path, ThreadMap], Iterator[Item]],
    file: Path,
    mapping: Path | None,
    unmatched: Path | None,
    *,
    dry_run: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    if mapping and unmatched and mapping.resolve() == unmatched.resolve():
        raise typer.BadParameter("would overwrite the mapping: give it another file", param_hint="--unmatched")
    threads = read_mapping(mapping) if mapping else ThreadMap()
    if unmatched:
        try:
            check_unmatched(unmatched)
        except SourceError as error:
            raise typer.BadParameter(f"cannot be written: {error}", param_hint="--unmatched") from error
    connect(ctx.obj)
    report, importer = _import(lambda: read(file, threads), dry_run=dry_run, overwrite=overwrite, hidden=as_json)
    if unmatched:
        try:
            write_unmatched(unmatched, importer.unmatched.values())
        except SourceError as error:  # a disk that is full now: the report is all that is left to tell what was done
            report.errors.append(str(error))
    _finish(report, as_json=as_json)


def _run(read: Callable[[], Iterator[Item]], *, dry_run: bool, overwrite: bool, as_json: bool) -> None:
    report, _ = _import(read, dry_run=dry_run, overwrite=overwrite, hidden=as_json)
    _finish(report, as_json=as_json)


def _import(
    read: Callable[[], Iterator[Item]], *, dry_run: bool, overwrite: bool, hidden: bool
) -> tuple[Report, Importer]:
    report = Report(dry_run=dry_run)
    importer = Importer(report, datetime.now(UTC), overwrite=overwrite, dry_run=dry_run)
    with console.interruptible() as stopped, console.progress(hidden=hidden) as bar:

        def track[T](things: Iterable[T], title: str, total: int | None) -> Iterable[T]:
            return bar.track(things, total, description=title)

        importer.store_all(read(), stopped, track)
    return report, importer


def _finish(report: Report, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(report.as_json())
    else:
        report.print(console.out())
    raise typer.Exit(report.exit_code)
