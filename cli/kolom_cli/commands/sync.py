"""`kolom sync`: index the pages of a site that Kolom does not serve."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Annotated
from urllib.parse import urlsplit

import typer

from kolom.articles.page_urls import normalize_url, page_url_problem
from kolom.urls import origin_of
from kolom_cli.commands.concurrency_option import Concurrency
from kolom_cli.concurrency import DEFAULT_CONCURRENCY
from kolom_cli.connection import connect
from kolom_cli.syncing.folder import Folder
from kolom_cli.syncing.page_reader import absolute_page_url
from kolom_cli.syncing.remote_site import DEFAULT_CONNECTIONS, DEFAULT_DELAY_SECONDS, RemoteSite
from kolom_cli.syncing.report import SyncReport
from kolom_cli.syncing.synchronizer import synchronize
from kolom_cli.syncing.types import Options, Source, SyncError
from kolom_cli.terminal import console
from kolom_cli.terminal.options import AsJson, DryRun

_MAX_CONNECTIONS = 16


def _url(value: str | None) -> str | None:
    if value is not None and (normalize_url(value) is None or urlsplit(value).query):
        raise typer.BadParameter(f"must be a URL such as https://example.com, not {value!r}")
    # The URLs of pages begin with it, and are percent-encoded.
    return value if value is None or page_url_problem(value) is None else absolute_page_url(value, value)


def sync(
    ctx: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="The folder with the built site, or the URL of its sitemap.", show_default=False
        ),
    ],
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="The URL of the site. For a sitemap: its host.", callback=_url),
    ] = None,
    moved_from: Annotated[
        str | None,
        typer.Option(
            "--moved-from",
            metavar="URL",
            help="The former URL of the site: its pages keep their comments.",
            callback=_url,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="PATTERN", help="Leave out paths such as '/tags/*'. Can be repeated."),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="CODE", help="The language of all pages, such as id or en.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Compare all pages with what is stored.")] = False,
    remove_many: Annotated[
        bool, typer.Option("--remove-many", help="Remove pages that are gone, even if these are most of the site.")
    ] = False,
    connections: Annotated[
        int,
        typer.Option(
            "--connections", min=1, max=_MAX_CONNECTIONS, metavar="N", help="Load up to N pages of a sitemap at once."
        ),
    ] = DEFAULT_CONNECTIONS,
    delay: Annotated[
        float,
        typer.Option(
            "--delay", min=0.0, max=60.0, metavar="SECONDS", help="The least time between two requests to the site."
        ),
    ] = DEFAULT_DELAY_SECONDS,
    concurrency: Concurrency = DEFAULT_CONCURRENCY,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add the pages of a site that Kolom does not serve, so that search and comments work there.

    Unchanged pages are skipped, and pages that are gone are removed from the search; their comments are kept. Running
    the command again after an interruption continues.
    """
    options = Options(
        base_url=base_url or _default_base_url(source),
        moved_from=moved_from,
        excluded=tuple(exclude or ()),
        language=language,
        is_full=full,
        allows_removals=remove_many,
        concurrency=concurrency,
        dry_run=dry_run,
    )
    connect(ctx.obj)
    report = SyncReport(dry_run=dry_run, origin=origin_of(options.base_url) or "")
    with console.interruptible() as stopped, console.progress(hidden=as_json) as bar:

        def track[T](items: Iterable[T], title: str, total: int | None) -> Iterable[T]:
            return bar.track(items, total, description=title)

        try:
            with _opened(source, options, report, stopped, connections, delay) as opened:
                synchronize(opened, report, options, datetime.now(UTC), stopped, track)
        except SyncError as error:
            report.errors.append(str(error))
    if as_json:
        typer.echo(report.as_json())
    else:
        report.print(console.out())
    raise typer.Exit(report.exit_code)


def _is_url(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def _default_base_url(source: str) -> str:
    if not _is_url(source):
        raise typer.BadParameter("is required for a folder, such as https://example.com", param_hint="--base-url")
    origin = origin_of(source)
    if origin is None:
        raise typer.BadParameter(f"must be the URL of a sitemap, not {source!r}", param_hint="SOURCE")
    return f"{origin}/"


@contextmanager
def _opened(
    source: str, options: Options, report: SyncReport, stopped: Event, connections: int, delay: float
) -> Iterator[Source]:
    if not _is_url(source):
        if not Path(source).is_dir():
            raise SyncError(f"there is no folder {source!r}")
        yield Folder(Path(source), options)
        return
    with RemoteSite(source, options, stopped, connections=connections, delay_seconds=delay) as site:
        yield site
        for problem in site.problems:
            report.skip("sitemap", problem.url, problem.reason, refused=True)
