"""Find the article of each page, also of one that has moved, and the pages that are gone."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from kolom.articles import repository
from kolom.articles.page_urls import is_page_of, url_pointer_key
from kolom.articles.sync_manifest import ManifestEntry
from kolom_cli.syncing.site_reading import ReadPage, SiteReading
from kolom_cli.syncing.sync_run import SyncRun
from kolom_cli.syncing.types import Source


def find_gone_pages(run: SyncRun, reading: SiteReading, source: Source) -> dict[str, ManifestEntry]:
    """Return the entries whose documents no longer exist; those that redirect become aliases."""
    known = reading.unchanged | reading.unread | {each.key for each in reading.pages.values()}
    gone = {key: entry for key, entry in run.manifest.entries.items() if key not in known}
    candidates = [entry.url for key, entry in gone.items() if key not in reading.aliases]
    live = reading.pages.keys() | run.ids.keys()
    for document in source.redirects(candidates):
        target = url_pointer_key(document.target or "")
        if target in live:
            reading.aliases[url_pointer_key(document.url)] = target
    return gone


def identify_pages(run: SyncRun, reading: SiteReading, gone: dict[str, ManifestEntry]) -> None:
    """Find the article of each page: by the manifest, by its URL, or by a former URL that leads to it.

    The articles of pages that have moved are taken out of ``gone``.
    """
    pages = reading.pages
    for url_key, page in pages.items():
        if (entry := run.manifest.entries.get(page.key)) is not None:
            run.ids[url_key] = entry.id
    leading: dict[str, list[str]] = {}
    for alias, target in reading.aliases.items():
        if target in pages and target not in run.ids:
            leading.setdefault(target, []).append(alias)
    new = [url_key for url_key in pages if url_key not in run.ids]
    renamed = [url_key for url_key, page in pages.items() if _has_new_url(run, page)]
    wanted = [*new, *renamed, *(alias for listed in leading.values() for alias in listed)]
    stored = _without_other_sites(run, run.look_up(wanted))
    by_url = {url_pointer_key(entry.url): entry.id for entry in gone.values()}
    unread = {run.manifest.entries[key].id for key in reading.unread if key in run.manifest.entries}
    used = unread.union(run.ids.values())
    for url_key in new:
        for key in (url_key, *leading.get(url_key, ())):
            found = by_url.get(key) or stored.get(key)
            if found is not None and found not in used:
                run.ids[url_key] = found
                used.add(found)
                break
    _rename_entries(run, pages, gone)
    by_id = {entry.id: entry for entry in run.manifest.entries.values()}
    for url_key in pages:
        owner = by_id.get(stored.get(url_key, 0))
        if owner is not None and owner.id != run.ids.get(url_key) and url_pointer_key(owner.url) != url_key:
            run.former_urls[url_key] = owner


def _has_new_url(run: SyncRun, page: ReadPage) -> bool:
    """Return whether a known document declares another URL than before."""
    entry = run.manifest.entries.get(page.key)
    return entry is not None and url_pointer_key(entry.url) != page.url_key


def _rename_entries(run: SyncRun, pages: Mapping[str, ReadPage], gone: dict[str, ManifestEntry]) -> None:
    """Move the entries of pages that have moved, so that none is lost if the page cannot be stored now."""
    page_keys = {run.ids[url_key]: page.key for url_key, page in pages.items() if url_key in run.ids}
    used = set(run.ids.values())
    for key, entry in list(gone.items()):
        if entry.id in used:
            del gone[key]
            del run.manifest.entries[key]
            if entry.id in page_keys:
                run.manifest.entries[page_keys[entry.id]] = replace(entry, digest="", etag="", modified="")


def _without_other_sites(run: SyncRun, stored: Mapping[str, int]) -> Mapping[str, int]:
    """Return the pointers without those of the pages of other sites, which a page of this one must not replace."""
    known = {entry.id for entry in run.manifest.entries.values()}
    unknown = sorted(set(stored.values()) - known)
    loaded = run.workers.call_for_all(partial(repository.get_many, unknown)) if unknown else {}
    sites = [site for site in (run.options.base_url, run.options.moved_from) if site is not None]
    others = {
        article.id
        for article in loaded.values()
        if article.status != "deleted" and not any(is_page_of(article.url or "", site) for site in sites)
    }
    return {key: found for key, found in stored.items() if found not in others}
