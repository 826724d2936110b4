"""Find the stored pages that the manifest of a site lacks: after an interruption, or because the site has moved."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from kolom.articles import admin
from kolom.articles.page_urls import is_page_of, normalize_url, url_pointer_key
from kolom.articles.sync_manifest import Manifest, ManifestEntry
from kolom_cli.syncing.sync_run import SyncRun, site_key

_LISTED: Final = 1_000


def take_over_former_site(run: SyncRun) -> Manifest | None:
    """Add the entries of the former site to the manifest, as if its pages had always been at the new URLs.

    A page that is already stored at its new URL as another article keeps that one. The former article is gone.
    """
    moved_from = run.options.moved_from
    if moved_from is None:
        return None
    old, new = site_key(moved_from), site_key(run.options.base_url)
    if old == new:
        return None
    former = run.workers.call_for_all(partial(Manifest.load, old))
    entries = former.entries
    if not entries and not run.manifest.entries:
        entries = dict(_stored_pages(run, old, known=set()))
    for key, entry in entries.items():
        path = _path_below(key, entry, old)
        new_key = key if path is None else url_pointer_key(f"https://{new}{path}")
        is_free = run.manifest.entries.get(new_key, entry).id == entry.id
        run.manifest.entries[new_key if is_free else key] = replace(entry, digest="", etag="", modified="")
    return former


def find_stored_pages(run: SyncRun) -> None:
    """Add pages that are stored, but not in the manifest, because a run was killed or the manifest is lost."""
    known = {entry.id for entry in run.manifest.entries.values()}
    for key, entry in _stored_pages(run, run.manifest.site, known):
        run.manifest.entries.setdefault(key, entry)
    if run.options.is_full:
        for key, entry in run.manifest.entries.items():
            run.manifest.entries[key] = replace(entry, fingerprint="", digest="", etag="", modified="")


def _stored_pages(run: SyncRun, site: str, known: set[int]) -> Iterator[tuple[str, ManifestEntry]]:
    """Yield the stored pages of a site, except ``known`` ones and those of other sites above or below it."""
    for folder in _folders(site):
        above = run.workers.call_for_all(partial(Manifest.load, folder))
        known = known.union(entry.id for entry in above.entries.values())
    are_sites: dict[str, bool] = {}
    cursor: str | None = None
    while True:
        listed = run.workers.call_for_all(partial(admin.list_by_status, "external", limit=_LISTED, cursor=cursor))
        for article in listed.items:
            key = url_pointer_key(article.url or "")
            if article.id in known or not is_page_of(article.url or "", f"https://{site}"):
                continue
            if not _is_of_site_below(run, _normalized(article.url or ""), site, are_sites):
                yield key, ManifestEntry(article.id, article.slug, article.url or "", article.fingerprint[:16])
        if (cursor := listed.next_cursor) is None:
            return


def _is_of_site_below(run: SyncRun, page: str, site: str, are_sites: dict[str, bool]) -> bool:
    """Return whether a folder of the page below ``site`` is a site of its own; ``are_sites`` has known answers."""
    for folder in (page, *_folders(page)):
        if folder == site:
            return False
        if folder not in are_sites:
            are_sites[folder] = run.workers.call_for_all(partial(Manifest.exists, folder))
        if are_sites[folder]:
            return True
    return False


def _folders(url: str) -> list[str]:
    """Return the folders above a normalized URL, the nearest first.

    >>> _folders("example.com/docs/a?b")
    ['example.com/docs', 'example.com']
    """
    segments = url.partition("?")[0].split("/")
    return ["/".join(segments[:number]) for number in range(len(segments) - 1, 0, -1)]


def _path_below(key: str, entry: ManifestEntry, site: str) -> str | None:
    """Return the path below a site of the document with that key; None if it is not known: the key may be a digest."""
    normalized = _normalized(entry.url)
    if url_pointer_key(f"https://{normalized}") != key:
        normalized = key.removeprefix("url:")
    is_below = normalized == site or normalized.startswith((f"{site}/", f"{site}?"))
    return normalized.removeprefix(site) if is_below else None


def _normalized(url: str) -> str:
    """Return the normalized URL. Its pointer may be a digest."""
    return normalize_url(url) or url
