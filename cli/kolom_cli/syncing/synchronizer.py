"""Store the pages of a site as external articles, and remove those that are gone.

| step | requests to DynamoDB |
|---|---|
| read the manifest | one Query per megabyte: about 15,000 pages |
| read the documents of the site, and compare them with the manifest | none |
| after an interruption: list the stored pages | those of the list, and a Query for each folder that a new page is in |
| find new pages by their URLs and former URLs, and whether their slugs are free | a BatchGetItem for each hundred |
| publish new and changed pages | those of a publication, two or three requests each |
| store redirects as further URLs of pages | a BatchGetItem for each hundred, a transaction for each new one |
| delete pages that are gone | those of a deletion |
| write the manifest | one for each changed item, at most 64; two for the mark of the run |

A run that finds no changes makes only the first request.
"""

import threading
from datetime import datetime
from functools import partial

from kolom.articles.page_urls import url_pointer_key
from kolom.articles.sync_manifest import Manifest
from kolom.config import settings
from kolom_cli.concurrency import Unavailable, Workers
from kolom_cli.syncing.known_pages import find_stored_pages, take_over_former_site
from kolom_cli.syncing.page_identity import find_gone_pages, identify_pages
from kolom_cli.syncing.page_publisher import PagePublisher
from kolom_cli.syncing.redirects import store_redirects
from kolom_cli.syncing.removal import may_remove_pages, remove_pages
from kolom_cli.syncing.report import PAGE, SyncReport
from kolom_cli.syncing.site_reading import SiteReading
from kolom_cli.syncing.sync_run import SyncRun, site_key
from kolom_cli.syncing.types import Options, Source, SyncError
from kolom_cli.terminal.console import Track


def synchronize(
    source: Source, report: SyncReport, options: Options, now: datetime, stopped: threading.Event, track: Track
) -> None:
    """Store the pages of ``source``, and report on each, up to ``options.concurrency`` of them at once."""
    with Workers(options.concurrency, stopped) as workers:
        try:
            manifest = workers.call_for_all(partial(Manifest.load, site_key(options.base_url)))
            _synchronize(SyncRun(report, options, now, workers, track, manifest), source)
        except Unavailable as error:
            report.errors.append(f"{error}: run the command again for the other pages")
    report.interrupted |= stopped.is_set()


def _synchronize(run: SyncRun, source: Source) -> None:
    """Synchronize until all is done, the work is stopped, or AWS is unavailable."""
    former = take_over_former_site(run)
    if run.manifest.is_unfinished or run.options.is_full or not run.manifest.entries:
        find_stored_pages(run)
    reading = _read(run, source)
    if reading is None:
        return
    gone, number = find_gone_pages(run, reading, source), len(run.manifest.entries)
    identify_pages(run, reading, gone)
    is_empty = not reading.pages and not reading.unchanged
    is_finished = False
    try:
        PagePublisher(run).publish(reading)
        if not run.workers.is_stopped:
            store_redirects(run, reading)
            if may_remove_pages(run, gone, number, source, is_empty=is_empty):
                remove_pages(run, gone)
        is_finished = not run.workers.is_stopped
    finally:
        if not run.options.dry_run:
            _save(run, former, is_finished=is_finished)


def _save(run: SyncRun, former: Manifest | None, *, is_finished: bool) -> None:
    """Write the manifest. Without ``is_finished``, it may lack pages whose outcome is not known."""
    try:
        if run.manifest.changes:
            run.begin()
            run.workers.call_for_all(partial(run.manifest.save, is_finished=is_finished))
        if former is not None:
            run.workers.call_for_all(former.delete)
    except Unavailable as error:
        run.report.errors.append(f"{error}: the state of the site was not stored; run the command again")


def _read(run: SyncRun, source: Source) -> SiteReading | None:
    """Read all documents; None if the work was stopped, or they could not all be found."""
    reading = SiteReading(run.manifest.entries, run.report, run.options, settings().zone)
    try:
        for document in run.track(source.documents(run.manifest.entries), "Reading", source.total):
            if run.workers.is_stopped:
                break
            reading.add(document)
    except SyncError as error:
        run.report.errors.append(str(error))
        return None
    if run.workers.is_stopped:
        return None
    reading.finish()
    for key in reading.unchanged:
        entry = run.manifest.entries[key]
        run.ids[url_pointer_key(entry.url)] = entry.id
        run.report.add(PAGE, "unchanged")
    return reading
