"""Delete the pages that are gone, unless these are so many that the site may be incomplete."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

from kolom.articles import publishing
from kolom.articles.sync_manifest import ManifestEntry
from kolom.errors import KolomError, NotFound
from kolom_cli.syncing.sync_run import SyncRun
from kolom_cli.syncing.types import Source

_FEW: Final = 10


def may_remove_pages(
    run: SyncRun, gone: Mapping[str, ManifestEntry], number: int, source: Source, *, is_empty: bool
) -> bool:
    """Return whether the pages that are gone may be deleted: not if these are most of the ``number`` known ones.

    New pages do not count: all pages may be at wrong URLs. ``is_empty`` says that the site has no page any more.
    """
    if gone and not source.is_complete:
        run.report.errors.append("No page was removed, because a sitemap could not be read.")
        return False
    are_most = len(gone) > _FEW and 2 * len(gone) > number
    if gone and (are_most or is_empty) and not run.options.allows_removals:
        run.report.errors.append(
            f"{len(gone):,} of {number:,} pages seem to be gone, so none was removed. If that is right, run the "
            "command again with --remove-many"
        )
        return False
    return True


def remove_pages(run: SyncRun, gone: Mapping[str, ManifestEntry]) -> None:
    """Delete the pages that are gone."""
    for key, entry in gone.items():
        if run.workers.is_stopped:
            return
        if not run.options.dry_run:
            try:
                run.begin()
                run.workers.call(partial(_delete, entry.slug, run.now))
            except KolomError as error:
                run.report.errors.append(f"{entry.url} could not be removed: {error}")
                continue
            del run.manifest.entries[key]
        run.report.removed_pages.append(entry.url)


def _delete(slug: str, now: datetime) -> None:
    try:
        publishing.delete(slug, now=now)
    except NotFound:
        return  # an interrupted run deleted it
