"""`kolom import blogger|wordpress|ghost|substack|medium|disqus|isso|markdown|archive SOURCE`."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.models import ArgumentInfo

from kolom.config import settings
from kolom_cli.archive.reader import Archive
from kolom_cli.archive.restorer import Restorer
from kolom_cli.connection import connect
from kolom_cli.importers.blogger.reader import read_blogger
from kolom_cli.importers.common.article_matching import host_of
from kolom_cli.importers.common.importer import Importer
from kolom_cli.importers.common.pictures import Pictures
from kolom_cli.importers.common.thread_map import ThreadMap, check_unmatched, read_mapping, write_unmatched
from kolom_cli.importers.common.types import Item, SourceError
from kolom_cli.importers.disqus.reader import read_disqus
from kolom_cli.importers.ghost.reader import read_ghost
from kolom_cli.importers.isso import read_isso
from kolom_cli.importers.markdown.reader import read_markdown, recognize
from kolom_cli.importers.medium.reader import read_medium
from kolom_cli.importers.substack.reader import read_substack
from kolom_cli.importers.wordpress.reader import read_wordpress
from kolom_cli.media.downloader import Downloader
from kolom_cli.media.picture_folder import PictureFolder
from kolom_cli.media.store import MediaStore
from kolom_cli.terminal import console
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson, DryRun
from kolom_cli.terminal.report import Report

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Import a blog from another platform. Re-running is safe and resumes an interrupted import.",
)


def _site_url(site: str) -> str:
    if site and not (site.startswith(("http://", "https://")) and host_of(site)):
        raise typer.BadParameter(f"must be a URL such as https://blog.example, not {site!r}")
    return site


Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Also replace items that were edited, unpublished or deleted in Kolom since the last import.",
    ),
]
Language = Annotated[
    str | None, typer.Option("--language", help="The articles' language, such as id or en.", metavar="CODE")
]
Site = Annotated[
    str,
    typer.Option(
        "--site", help="The URL of the old site, which the export does not contain.", metavar="URL", callback=_site_url
    ),
]
Map = Annotated[
    Path | None,
    typer.Option(
        "--map",
        exists=True,
        dir_okay=False,
        readable=True,
        metavar="FILE",
        help="A CSV file with the columns thread,article, which assigns threads to articles.",
    ),
]
UnmatchedFile = Annotated[
    Path | None,
    typer.Option(
        "--unmatched",
        metavar="FILE",
        help="Write the threads without an article to this file, to complete it for --map.",
    ),
]


CopyPictures = Annotated[
    bool,
    typer.Option("--pictures", help="Download the pictures that articles show from other sites to /media/."),
]
Uploads = Annotated[
    Path | None,
    typer.Option(
        "--uploads",
        exists=True,
        file_okay=False,
        readable=True,
        metavar="DIR",
        help="Take pictures from a copy of the old site's folder, such as wp-content/uploads.",
    ),
]


def _existing(metavar: str, text: str, *, files: bool = True, folders: bool = False) -> ArgumentInfo:
    argument: ArgumentInfo = typer.Argument(
        metavar=metavar,
        help=text,
        exists=True,
        file_okay=files,
        dir_okay=folders,
        readable=True,
        show_default=False,
    )
    return argument


@command(app, "blogger", "kolom import blogger takeout.zip", "kolom import blogger takeout.zip --dry-run")
def blogger(
    ctx: typer.Context,
    sources: Annotated[
        list[Path], _existing("SOURCE", "A Takeout (zip files or the unpacked folder), or feeds.", folders=True)
    ],
    blog: Annotated[
        str | None,
        typer.Option("--blog", help="The blog to import from the Takeout: its folder's name.", metavar="NAME"),
    ] = None,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    language: Language = None,
    pictures: CopyPictures = False,
    uploads: Uploads = None,
    as_json: AsJson = False,
) -> None:
    """Import posts, pages and comments from Blogger."""
    connect(ctx.obj)
    _run(
        lambda: read_blogger(sources, language=language, blog=blog, dry_run=dry_run),
        dry_run=dry_run,
        overwrite=overwrite,
        as_json=as_json,
        pictures=pictures,
        uploads=uploads,
    )


@command(app, "wordpress", "kolom import wordpress export.xml")
def wordpress(
    ctx: typer.Context,
    files: Annotated[list[Path], _existing("FILE", "The XML files that WordPress exports; .gz and .zip too.")],
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    language: Language = None,
    pictures: CopyPictures = False,
    uploads: Uploads = None,
    as_json: AsJson = False,
) -> None:
    """Import posts, pages and comments from WordPress."""
    connect(ctx.obj)
    _run(
        lambda: read_wordpress(*files, language=language),
        dry_run=dry_run,
        overwrite=overwrite,
        as_json=as_json,
        pictures=pictures,
        uploads=uploads,
    )


@command(app, "ghost", "kolom import ghost blog.ghost.json --site https://blog.example")
def ghost(
    ctx: typer.Context,
    file: Annotated[Path, _existing("FILE", "The JSON file that Ghost exports.")],
    site: Site = "",
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    language: Language = None,
    pictures: CopyPictures = False,
    uploads: Uploads = None,
    as_json: AsJson = False,
) -> None:
    """Import posts and pages from Ghost.

    Posts for members become drafts. Pictures are shown from --site.
    """
    connect(ctx.obj)
    _run(
        lambda: read_ghost(file, site=site, language=language),
        dry_run=dry_run,
        overwrite=overwrite,
        as_json=as_json,
        pictures=pictures,
        uploads=uploads,
    )


@command(app, "substack", "kolom import substack export.zip --dry-run")
def substack(
    ctx: typer.Context,
    source: Annotated[Path, _existing("SOURCE", "The export: its zip file or the unpacked folder.", folders=True)],
    site: Site = "",
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    language: Language = None,
    pictures: CopyPictures = False,
    uploads: Uploads = None,
    as_json: AsJson = False,
) -> None:
    """Import posts and pages from Substack.

    Posts for subscribers become drafts. Links to --site lead to the imported posts.
    """
    connect(ctx.obj)
    _run(
        lambda: read_substack(source, site=site, language=language),
        dry_run=dry_run,
        overwrite=overwrite,
        as_json=as_json,
        pictures=pictures,
        uploads=uploads,
    )


@command(app, "medium", "kolom import medium medium-export.zip --dry-run")
def medium(
    ctx: typer.Context,
    source: Annotated[Path, _existing("SOURCE", "The export: its zip file or the unpacked folder.", folders=True)],
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    language: Language = None,
    pictures: CopyPictures = False,
    uploads: Uploads = None,
    as_json: AsJson = False,
) -> None:
    """Import stories from Medium.

    Responses to other stories are skipped.
    """
    connect(ctx.obj)
    _run(
        lambda: read_medium(source, language=language),
        dry_run=dry_run,
        overwrite=overwrite,
        as_json=as_json,
        pictures=pictures,
        uploads=uploads,
    )


@command(app, "disqus", "kolom import disqus export.xml.gz --unmatched threads.csv")
def disqus(
    ctx: typer.Context,
    file: Annotated[Path, _existing("FILE", "The XML file that Disqus exports; .gz and .zip too.")],
    mapping: Map = None,
    unmatched: UnmatchedFile = None,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Import comments from Disqus to existing articles."""
    _import_threads(ctx, read_disqus, file, mapping, unmatched, dry_run=dry_run, overwrite=overwrite, as_json=as_json)


@command(app, "isso", "kolom import isso comments.db")
def isso(
    ctx: typer.Context,
    file: Annotated[Path, _existing("FILE", "Isso's database, or its generic JSON.")],
    mapping: Map = None,
    unmatched: UnmatchedFile = None,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Import comments from Isso to existing articles."""
    _import_threads(ctx, read_isso, file, mapping, unmatched, dry_run=dry_run, overwrite=overwrite, as_json=as_json)


@command(app, "markdown", "kolom import markdown my-site/ --dry-run")
def markdown(
    ctx: typer.Context,
    directory: Annotated[
        Path, _existing("DIR", "A folder of Markdown files with front matter.", files=False, folders=True)
    ],
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    language: Language = None,
    pictures: CopyPictures = False,
    uploads: Uploads = None,
    as_json: AsJson = False,
) -> None:
    """Import a folder of Markdown files, or a site of Jekyll, Hugo, Pelican, Astro, Docusaurus or Obsidian.

    Images beside the files are uploaded. The files stay as they are.
    """
    connect(ctx.obj)
    recognized = None
    with contextlib.suppress(OSError):  # reading reports it
        recognized = recognize(directory)
    _run(
        lambda: read_markdown(directory, language=language, dry_run=dry_run),
        source=recognized,
        dry_run=dry_run,
        overwrite=overwrite,
        as_json=as_json,
        pictures=pictures,
        uploads=uploads,
    )


@command(app, "archive", "kolom import archive my-blog --dry-run")
def archive(
    ctx: typer.Context,
    directory: Annotated[Path, _existing("DIR", "A folder that `kolom export` wrote.", files=False, folders=True)],
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Restore an archive written by `kolom export`.

    Ids, URLs, dates and threads stay the same.
    """
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
    if mapping and unmatched and mapping.resolve() == unmatched.resolve():
        raise typer.BadParameter("must not be the file of --map", param_hint="--unmatched")
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
        except SourceError as error:  # such as a full disk: the report must still be printed
            report.errors.append(str(error))
    _finish(report, as_json=as_json)


def _run(
    read: Callable[[], Iterator[Item]],
    *,
    dry_run: bool,
    overwrite: bool,
    as_json: bool,
    pictures: bool,
    uploads: Path | None,
    source: str | None = None,
) -> None:
    copies = Pictures(
        MediaStore(dry_run=dry_run),
        PictureFolder(uploads) if uploads else None,
        Downloader() if pictures else None,
    )
    report, _ = _import(read, dry_run=dry_run, overwrite=overwrite, hidden=as_json, pictures=copies)
    if not report.errors:
        report.source = source
    _finish(report, as_json=as_json)


def _import(
    read: Callable[[], Iterator[Item]],
    *,
    dry_run: bool,
    overwrite: bool,
    hidden: bool,
    pictures: Pictures | None = None,
) -> tuple[Report, Importer]:
    report = Report(dry_run=dry_run)
    importer = Importer(report, datetime.now(UTC), overwrite=overwrite, dry_run=dry_run, pictures=pictures)
    with console.interruptible() as stopped, console.progress(hidden=hidden) as bar:
        if pictures is not None:
            pictures.stopped = stopped

        def track[T](items: Iterable[T], title: str, total: int | None) -> Iterable[T]:
            return bar.track(items, total, description=title)

        importer.store_all(read(), stopped, track)
    return report, importer


def _finish(report: Report, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(report.as_json())
    else:
        report.print(console.out())
    raise typer.Exit(report.exit_code)
