"""`kolom import blogger|wordpress|ghost|substack|medium|disqus|isso|remark42|commento|markdown|archive SOURCE`."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import partial, wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.models import ArgumentInfo

from kolom.config import settings
from kolom_cli.archive.reader import Archive
from kolom_cli.archive.restorer import Restorer
from kolom_cli.commands.concurrency_option import Concurrency
from kolom_cli.concurrency import DEFAULT_CONCURRENCY
from kolom_cli.connection import connect
from kolom_cli.importers.blogger.reader import read_blogger
from kolom_cli.importers.commento.reader import read_commento
from kolom_cli.importers.common.article_matching import extract_host
from kolom_cli.importers.common.importer import Importer
from kolom_cli.importers.common.pictures import Pictures
from kolom_cli.importers.common.thread_map import ThreadMap, check_unmatched, read_mapping, write_unmatched
from kolom_cli.importers.common.types import Item, SourceError
from kolom_cli.importers.disqus.reader import read_disqus
from kolom_cli.importers.ghost.reader import read_ghost
from kolom_cli.importers.isso import read_isso
from kolom_cli.importers.markdown.reader import read_markdown, recognize
from kolom_cli.importers.medium.reader import read_medium
from kolom_cli.importers.remark42 import read_remark42
from kolom_cli.importers.substack.reader import read_substack
from kolom_cli.importers.wordpress.reader import read_wordpress
from kolom_cli.media.downloader import Downloader
from kolom_cli.media.picture_directory import PictureDirectory
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
    if site and not (site.startswith(("http://", "https://")) and extract_host(site)):
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
        help="A CSV file with the columns thread,article, which assigns threads or folders of them to articles.",
    ),
]
UnmatchedFile = Annotated[
    Path | None,
    typer.Option(
        "--unmatched",
        metavar="FILE",
        help="Write the threads without an article to this file. Complete it, and pass it to --map.",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The options of all imports of articles, in the order of their help."""

    dry_run: DryRun = False
    overwrite: Overwrite = False
    language: Language = None
    pictures: CopyPictures = False
    uploads: Uploads = None
    concurrency: Concurrency = DEFAULT_CONCURRENCY
    as_json: AsJson = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadImportOptions:
    """The options of all imports of comments to existing articles, in the order of their help."""

    mapping: Map = None
    unmatched: UnmatchedFile = None
    dry_run: DryRun = False
    overwrite: Overwrite = False
    concurrency: Concurrency = DEFAULT_CONCURRENCY
    as_json: AsJson = False


type Reader = Callable[..., Iterator[Item]]
type PartialReader = partial[Iterator[Item]]
type Command = Callable[..., None]


def _article_import(
    name: str, *examples: str, describe: Callable[..., str | None] | None = None
) -> Callable[[Reader], Command]:
    """Register a command that imports the articles which the decorated function returns.

    The function gets the :class:`ImportOptions` as ``options``. ``describe`` gets the function's other arguments, and
    returns the kind of source that the report names, such as ``a Jekyll site``.
    """

    def run(ctx: typer.Context, read: PartialReader, options: ImportOptions) -> None:
        connect(ctx.obj)
        _import_articles(lambda: read(options=options), options, describe(**read.keywords) if describe else None)

    return lambda read: command(app, name, *examples)(_with_options(read, "options", ImportOptions, run))


def _import_threads(ctx: typer.Context, read: PartialReader, options: ThreadImportOptions) -> None:
    mapping, unmatched = options.mapping, options.unmatched
    if mapping and unmatched and mapping.resolve() == unmatched.resolve():
        raise typer.BadParameter("must not be the file of --map", param_hint="--unmatched")
    threads = read_mapping(mapping) if mapping else ThreadMap()
    if unmatched:
        try:
            check_unmatched(unmatched)
        except SourceError as error:
            raise typer.BadParameter(f"cannot be written: {error}", param_hint="--unmatched") from error
    connect(ctx.obj)
    report, importer = _import(lambda: read(threads=threads), options)
    if unmatched:
        try:
            write_unmatched(unmatched, importer.unmatched.values())
        except SourceError as error:  # such as a full disk: the report must still be printed
            report.errors.append(str(error))
    _finish(report, as_json=options.as_json)


def _thread_import(name: str, *examples: str) -> Callable[[Reader], Command]:
    """Register a command that imports the comments which the decorated function returns.

    The function gets the :class:`ThreadMap` of the options as ``threads``.
    """
    options = ThreadImportOptions
    return lambda read: command(app, name, *examples)(_with_options(read, "threads", options, _import_threads))


def _with_options(
    read: Reader, supplied: str, kind: type[Any], run: Callable[[typer.Context, PartialReader, Any], None]
) -> Command:
    """Return a command with the parameters of ``read``, except the one named ``supplied``, and the fields of ``kind``.

    The fields become parameters, because Typer does not make options from the fields of a dataclass.
    """

    @wraps(read)
    def run_command(ctx: typer.Context, **given: Any) -> None:
        options = kind(**{each.name: given.pop(each.name) for each in fields(kind)})
        run(ctx, partial(read, **given), options)

    own = [each for each in signature(read).parameters.values() if each.name != supplied]
    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *own, *signature(kind).parameters.values()]
    run_command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run_command.__annotations__ = {each.name: each.annotation for each in parameters}
    return run_command


def _existing_path(metavar: str, text: str, *, files: bool = True, directories: bool = False) -> ArgumentInfo:
    argument: ArgumentInfo = typer.Argument(
        metavar=metavar,
        help=text,
        exists=True,
        file_okay=files,
        dir_okay=directories,
        readable=True,
        show_default=False,
    )
    return argument


@_article_import("blogger", "kolom import blogger takeout.zip", "kolom import blogger takeout.zip --dry-run")
def blogger(
    sources: Annotated[
        list[Path],
        _existing_path("SOURCE", "A Takeout (zip files or the unpacked folder), or feeds.", directories=True),
    ],
    options: ImportOptions,
    blog: Annotated[
        str | None,
        typer.Option("--blog", help="The blog to import from the Takeout: its folder's name.", metavar="NAME"),
    ] = None,
) -> Iterator[Item]:
    """Import posts, pages and comments from Blogger."""
    return read_blogger(sources, language=options.language, blog=blog, dry_run=options.dry_run)


@_article_import("wordpress", "kolom import wordpress export.xml")
def wordpress(
    files: Annotated[list[Path], _existing_path("FILE", "The XML files that WordPress exports; .gz and .zip too.")],
    options: ImportOptions,
) -> Iterator[Item]:
    """Import posts, pages and comments from WordPress."""
    return read_wordpress(*files, language=options.language)


@_article_import("ghost", "kolom import ghost blog.ghost.json --site https://blog.example")
def ghost(
    file: Annotated[Path, _existing_path("FILE", "The JSON file that Ghost exports.")],
    options: ImportOptions,
    site: Site = "",
) -> Iterator[Item]:
    """Import posts and pages from Ghost.

    Posts for members become drafts. Pictures stay on the site that --site names, unless you copy them
    (--pictures, --uploads).
    """
    return read_ghost(file, site=site, language=options.language)


@_article_import("substack", "kolom import substack export.zip --dry-run")
def substack(
    source: Annotated[
        Path, _existing_path("SOURCE", "The export: its zip file or the unpacked folder.", directories=True)
    ],
    options: ImportOptions,
    site: Site = "",
) -> Iterator[Item]:
    """Import posts and pages from Substack.

    Posts for subscribers become drafts. Links to --site lead to the imported posts.
    """
    return read_substack(source, site=site, language=options.language)


@_article_import("medium", "kolom import medium medium-export.zip --dry-run")
def medium(
    source: Annotated[
        Path, _existing_path("SOURCE", "The export: its zip file or the unpacked folder.", directories=True)
    ],
    options: ImportOptions,
) -> Iterator[Item]:
    """Import stories from Medium.

    Responses to other stories are skipped.
    """
    return read_medium(source, language=options.language)


@_thread_import("disqus", "kolom import disqus export.xml.gz --unmatched threads.csv")
def disqus(
    file: Annotated[Path, _existing_path("FILE", "The XML file that Disqus exports; .gz and .zip too.")],
    threads: ThreadMap,
) -> Iterator[Item]:
    """Import comments from Disqus to existing articles."""
    return read_disqus(file, threads)


@_thread_import("isso", "kolom import isso comments.db --site https://example.com")
def isso(
    file: Annotated[Path, _existing_path("FILE", "Isso's database, or its generic JSON.")],
    threads: ThreadMap,
    site: Site = "",
) -> Iterator[Item]:
    """Import comments from Isso to existing articles.

    --site is needed for the pages of a site that Kolom does not serve.
    """
    return read_isso(file, threads, site=site)


@_thread_import("remark42", "kolom import remark42 userbackup.gz --unmatched threads.csv")
def remark42(
    file: Annotated[Path, _existing_path("FILE", "The backup of Remark42; .gz and .zip too.")],
    threads: ThreadMap,
) -> Iterator[Item]:
    """Import comments from Remark42 to existing articles."""
    return read_remark42(file, threads)


@_thread_import("commento", "kolom import commento export.json.gz --unmatched threads.csv")
def commento(
    file: Annotated[
        Path, _existing_path("FILE", "The JSON file that Commento or Comentario exports; .gz and .zip too.")
    ],
    threads: ThreadMap,
) -> Iterator[Item]:
    """Import comments from Commento or Comentario to existing articles."""
    return read_commento(file, threads)


def _describe_site(directory: Path) -> str | None:
    with contextlib.suppress(OSError):  # the reader reports the error
        return recognize(directory)
    return None


@_article_import("markdown", "kolom import markdown my-site/ --dry-run", describe=_describe_site)
def markdown(
    directory: Annotated[
        Path, _existing_path("DIR", "A folder of Markdown files with front matter.", files=False, directories=True)
    ],
    options: ImportOptions,
) -> Iterator[Item]:
    """Import a folder of Markdown files, or a site of Jekyll, Hugo, Pelican, Astro, Docusaurus or Obsidian.

    Images beside the files are uploaded. The files stay as they are.
    """
    return read_markdown(directory, language=options.language, dry_run=options.dry_run)


@command(app, "archive", "kolom import archive my-blog --dry-run")
def archive(
    ctx: typer.Context,
    directory: Annotated[
        Path, _existing_path("DIR", "A folder that `kolom export` wrote.", files=False, directories=True)
    ],
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    concurrency: Concurrency = DEFAULT_CONCURRENCY,
    as_json: AsJson = False,
) -> None:
    """Restore an archive written by `kolom export`.

    Ids, URLs, dates and threads stay the same.
    """
    connect(ctx.obj)
    report = Report(dry_run=dry_run)
    source = Archive(directory, settings().zone)
    restorer = Restorer(report, datetime.now(UTC), overwrite=overwrite, dry_run=dry_run, concurrency=concurrency)
    with console.interruptible() as stopped, console.progress("Importing", hidden=as_json) as bar:
        restorer.restore_all(bar.track(source.entries(), total=source.count(), task_id=bar.task_ids[0]), stopped)
    _finish(report, as_json=as_json)


def _import_articles(read: Callable[[], Iterator[Item]], options: ImportOptions, source: str | None = None) -> NoReturn:
    pictures = Pictures(
        MediaStore(dry_run=options.dry_run),
        PictureDirectory(options.uploads) if options.uploads else None,
        Downloader() if options.pictures else None,
    )
    report, _ = _import(read, options, pictures)
    if not report.errors:
        report.source = source
    _finish(report, as_json=options.as_json)


def _import(
    read: Callable[[], Iterator[Item]], options: ImportOptions | ThreadImportOptions, pictures: Pictures | None = None
) -> tuple[Report, Importer]:
    report = Report(dry_run=options.dry_run)
    importer = Importer(
        report,
        datetime.now(UTC),
        overwrite=options.overwrite,
        dry_run=options.dry_run,
        pictures=pictures,
        concurrency=options.concurrency,
    )
    with console.interruptible() as stopped, console.progress(hidden=options.as_json) as bar:
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
