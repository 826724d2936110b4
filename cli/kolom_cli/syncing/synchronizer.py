"""Store the pages of a site as external articles, and remove those that are gone.

| step | requests to DynamoDB |
|---|---|
| read the manifest | one Query per megabyte: about 15,000 pages |
| read the documents of the site, and compare them with the manifest | none |
| find new pages by their URLs and former URLs, and whether their slugs are free | a BatchGetItem for each hundred |
| publish new and changed pages | those of a publication, two or three requests each |
| store redirects as further URLs of pages | a BatchGetItem for each hundred, a transaction for each new one |
| delete pages that are gone | those of a deletion |
| write the manifest | one for each changed item, at most 64; two for the mark of the run |

A run that finds no changes makes only the first request.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import batched
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from kolom.articles import admin, aliases, publishing, repository
from kolom.articles.page_urls import url_pointer_key
from kolom.articles.sync_manifest import Manifest, ManifestEntry
from kolom.articles.types import Article
from kolom.config import settings
from kolom.errors import Conflict, InvalidInput, KolomError, NotFound, ServiceBusy
from kolom_cli.concurrency import OrderedResults, Unavailable, Workers
from kolom_cli.importers.common.path_plan import slug_candidates
from kolom_cli.publishing.slugs import clean_slug, slugify_title
from kolom_cli.syncing.article_builder import BuiltArticle, build_article
from kolom_cli.syncing.report import PAGE, REDIRECT, SyncReport
from kolom_cli.syncing.site_reading import ReadPage, SiteReading, load_page
from kolom_cli.syncing.types import Options, Page, PageError, Source, SyncError
from kolom_cli.terminal.report import ImportedState, Note

_BATCH: Final = 25
_LOOKUP: Final = 500
_LISTED: Final = 1_000
_FEW: Final = 10


class Track(Protocol):
    """A progress display: a callable that yields the given items. ``total`` is their number, if known."""

    def __call__[T](self, items: Iterable[T], /, title: str, total: int | None) -> Iterable[T]:
        """Yield ``items``, and show the progress."""


@dataclass(frozen=True, slots=True)
class _Task:
    """A page to store: the built content, the article that it changes, and the id of a new one."""

    page: ReadPage
    built: BuiltArticle
    existing: Article | None
    new_id: int | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was done with a page: the result, or why it was refused."""

    page: ReadPage
    result: publishing.PublishResult | None = None
    built: BuiltArticle | None = None
    reason: str = ""


@dataclass(slots=True)
class Synchronizer:
    """Synchronizes the pages of one site, and reports on each."""

    report: SyncReport
    options: Options
    now: datetime
    workers: Workers
    track: Track
    manifest: Manifest = field(init=False)
    _ids: dict[str, int] = field(default_factory=dict)
    _slugs: dict[str, str] = field(default_factory=dict)

    def run(self, source: Source) -> None:
        """Synchronize until all is done, the work is stopped, or AWS is unavailable."""
        self.manifest = self.workers.call_for_all(partial(Manifest.load, _site_key(self.options.base_url)))
        former = self._take_over_former_site()
        if self.manifest.is_unfinished or self.options.is_full or not self.manifest.entries:
            self._find_stored_pages()
        reading = self._read(source)
        if reading is None:
            return
        gone = self._gone(reading, source)
        self._identify(reading, gone)
        try:
            self._publish(reading)
            if not self.workers.is_stopped:
                self._store_aliases(reading)
                self._remove(gone, source)
        finally:
            if not self.options.dry_run:
                self._save(former)

    def _save(self, former: Manifest | None) -> None:
        if self.manifest.changes:
            self._begin()
            self.manifest.save()
        if former is not None:
            former.delete()

    def _take_over_former_site(self) -> Manifest | None:
        """Add the entries of the former site to the manifest, as if its pages had always been at the new URLs.

        A page that is already stored at its new URL as another article keeps that one. The former article is gone.
        """
        moved_from = self.options.moved_from
        if moved_from is None:
            return None
        old, new = _site_key(moved_from), _site_key(self.options.base_url)
        if old == new:
            return None
        former = self.workers.call_for_all(partial(Manifest.load, old))
        entries = former.entries
        if not entries and not self.manifest.entries:
            entries = dict(self._stored_pages(old, known=set()))
        for key, entry in entries.items():
            new_key = url_pointer_key(f"https://{new}{_below(key, old)}")
            is_free = self.manifest.entries.get(new_key, entry).id == entry.id
            self.manifest.entries[new_key if is_free else key] = replace(entry, digest="", etag="", modified="")
        return former

    def _find_stored_pages(self) -> None:
        """Add pages that are stored, but not in the manifest, because a run was killed or the manifest is lost."""
        known = {entry.id for entry in self.manifest.entries.values()}
        for key, entry in self._stored_pages(self.manifest.site, known):
            self.manifest.entries.setdefault(key, entry)
        if self.options.is_full:
            for key, entry in self.manifest.entries.items():
                self.manifest.entries[key] = replace(entry, fingerprint="", digest="", etag="", modified="")

    def _stored_pages(self, site: str, known: set[int]) -> Iterator[tuple[str, ManifestEntry]]:
        cursor: str | None = None
        while True:
            listed = self.workers.call_for_all(partial(admin.list_by_status, "external", limit=_LISTED, cursor=cursor))
            for article in listed.items:
                key = url_pointer_key(article.url or "")
                if article.id not in known and f"{key}/".startswith((f"url:{site}/", f"url:{site}?")):
                    yield key, ManifestEntry(article.id, article.slug, article.url or "", article.fingerprint[:16])
            if (cursor := listed.next_cursor) is None:
                return

    def _read(self, source: Source) -> SiteReading | None:
        """Read all documents; None if the work was stopped, or they could not all be found."""
        reading = SiteReading(self.manifest.entries, self.report, self.options, settings().zone)
        try:
            for document in self.track(source.documents(self.manifest.entries), "Reading", source.total):
                if self.workers.is_stopped:
                    break
                reading.add(document)
        except SyncError as error:
            self.report.errors.append(str(error))
            return None
        if self.workers.is_stopped:
            return None
        reading.finish()
        for key in reading.unchanged:
            entry = self.manifest.entries[key]
            self._ids[url_pointer_key(entry.url)] = entry.id
            self.report.add(PAGE, "unchanged")
        return reading

    def _gone(self, reading: SiteReading, source: Source) -> dict[str, ManifestEntry]:
        """Return the entries whose documents no longer exist; those that redirect become aliases."""
        known = reading.unchanged | reading.unread | {each.key for each in reading.pages.values()}
        gone = {key: entry for key, entry in self.manifest.entries.items() if key not in known}
        candidates = [entry.url for key, entry in gone.items() if key not in reading.aliases]
        live = reading.pages.keys() | self._ids.keys()
        for document in source.redirects(candidates):
            target = url_pointer_key(document.target or "")
            if target in live:
                reading.aliases[url_pointer_key(document.url)] = target
        return gone

    def _identify(self, reading: SiteReading, gone: dict[str, ManifestEntry]) -> None:
        """Find the article of each page: by the manifest, by its URL, or by a former URL that leads to it.

        The articles of pages that have moved are taken out of ``gone``.
        """
        pages = reading.pages
        for url_key, page in pages.items():
            if (entry := self.manifest.entries.get(page.key)) is not None:
                self._ids[url_key] = entry.id
        leading: dict[str, list[str]] = {}
        for alias, target in reading.aliases.items():
            if target in pages and target not in self._ids:
                leading.setdefault(target, []).append(alias)
        new = [url_key for url_key in pages if url_key not in self._ids]
        wanted = [*new, *(alias for listed in leading.values() for alias in listed)]
        stored = self._look_up(wanted)
        by_url = {url_pointer_key(entry.url): entry.id for entry in gone.values()}
        used = set(self._ids.values())
        for url_key in new:
            for key in (url_key, *leading.get(url_key, ())):
                found = by_url.get(key) or stored.get(key)
                if found is not None and found not in used:
                    self._ids[url_key] = found
                    used.add(found)
                    break
        self._rename_entries(pages, gone)

    def _rename_entries(self, pages: Mapping[str, ReadPage], gone: dict[str, ManifestEntry]) -> None:
        """Move the entries of pages that have moved, so that none is lost if the page cannot be stored now."""
        page_keys = {self._ids[url_key]: page.key for url_key, page in pages.items() if url_key in self._ids}
        used = set(self._ids.values())
        for key, entry in list(gone.items()):
            if entry.id in used:
                del gone[key]
                del self.manifest.entries[key]
                if entry.id in page_keys:
                    self.manifest.entries[page_keys[entry.id]] = replace(entry, digest="", etag="", modified="")

    def _look_up(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return the articles of pointers that exist."""
        futures = [
            self.workers.submit(partial(self.workers.call, partial(repository.find_ids, part)))
            for part in batched(keys, _LOOKUP, strict=False)
        ]
        return {key: found for future in futures for key, found in (future.result() or {}).items()}

    def _publish(self, reading: SiteReading) -> None:
        results: OrderedResults[_Outcome] = OrderedResults(self.workers)
        pages = self.track(reading.pages.values(), "Publishing", len(reading.pages))
        try:
            for batch in batched(pages, _BATCH, strict=False):
                if self.workers.is_stopped:
                    break
                self._begin_batch(batch, results)
                self._record(results.finished(max_pending=2 * self.workers.concurrency))
            self._record(results.finished())
        except Unavailable as error:
            self.workers.abort()
            self._record(results.successful())
            self.report.errors.append(f"{error}: run the command again for the other pages")

    def _begin_batch(self, batch: Sequence[ReadPage], results: OrderedResults[_Outcome]) -> None:
        """Build the articles of some pages, choose the names of new ones, and begin to write them."""
        unknown = [page for page in batch if page.url_key not in self._ids]
        wanted = {page.url_key: _wanted_slug(page.url) for page in unknown}
        taken = self._look_up([f"slug:{slug}" for slug in wanted.values()])
        ids = [self._ids[page.url_key] for page in batch if page.url_key in self._ids]
        loaded: dict[int, Article] | None = None
        tasks: list[_Task] = []
        for page in batch:
            article_id = self._ids.get(page.url_key)
            entry = self.manifest.entries.get(page.key)
            try:
                if article_id is None:
                    slug = self._free_slug(wanted[page.url_key], page, taken)
                    tasks.append(_Task(page, self._build(page, slug), None, 0))
                    continue
                built = None
                if entry is not None and entry.id == article_id and entry.fingerprint:
                    built = self._build(page, entry.slug)
                    if publishing.fingerprint_of(built.content).startswith(entry.fingerprint):
                        self._remember(page, entry.id, entry.slug, entry.fingerprint)
                        self.report.add(PAGE, "unchanged")
                        continue
                if loaded is None:
                    loaded = self.workers.call_for_all(partial(repository.get_many, ids))
                existing = _existing(loaded, article_id)
                if built is None or built.content.slug != existing.slug:
                    built = self._build(page, existing.slug)
                tasks.append(_Task(page, built, existing, None))
            except (PageError, InvalidInput, NotFound, Conflict) as error:
                results.add_result(_Outcome(page, reason=str(error)))
        self._submit(tasks, results)

    def _submit(self, tasks: Sequence[_Task], results: OrderedResults[_Outcome]) -> None:
        new = sum(1 for task in tasks if task.existing is None)
        if tasks and not self.options.dry_run:
            self._begin()
        ids = iter(
            self.workers.call_for_all(partial(repository.next_ids, new)) if new and not self.options.dry_run else ()
        )
        for task in tasks:
            planned = publishing.plan_change(task.existing, task.built.content, now=self.now, force=True)
            if planned.change == "unchanged" or self.options.dry_run:
                results.add_result(_Outcome(task.page, planned, task.built))
                continue
            task = task if task.existing is not None else replace(task, new_id=next(ids))
            results.add(partial(self._write, task))

    def _write(self, task: _Task) -> _Outcome:
        """Store a page. Runs in several threads at once."""
        content = task.built.content
        try:
            if task.existing is None:
                assert task.new_id is not None
                result = self.workers.call(partial(publishing.publish_new, content, task.new_id, now=self.now))
            else:
                publish = partial(publishing.publish, content, now=self.now, article_id=task.existing.id, force=True)
                result = self.workers.call(publish)
        except (Conflict, InvalidInput, NotFound, ServiceBusy) as error:
            return _Outcome(task.page, reason=str(error))
        return _Outcome(task.page, result, task.built)

    def _build(self, page: ReadPage, slug: str) -> BuiltArticle:
        """Return the article of a page, which is read again: the first time, only its URL was kept."""
        read = load_page(page.document, settings().zone)
        if not isinstance(read, Page):
            raise PageError("it has changed meanwhile")
        self.report.whole_bodies += read.is_whole
        return build_article(read, page.document, slug, language=self.options.language, now=self.now)

    def _free_slug(self, slug: str, page: ReadPage, taken: Mapping[str, int]) -> str:
        """Return a slug that no other article has. It depends only on the page and on the slugs that exist."""
        if f"slug:{slug}" not in taken and self._slugs.setdefault(slug, page.url_key) == page.url_key:
            return slug
        parts = urlsplit(page.url)
        suffix = clean_slug((parts.hostname or "site").replace(".", "-")) or "site"
        for candidate in slug_candidates(slug, suffix):
            is_stored = bool(self._look_up([f"slug:{candidate}"]))
            if not is_stored and self._slugs.setdefault(candidate, page.url_key) == page.url_key:
                return candidate
        raise Conflict(f"no slug for {page.url} is free")

    def _record(self, outcomes: Iterable[_Outcome]) -> None:
        for outcome in outcomes:
            page, result = outcome.page, outcome.result
            if result is None or outcome.built is None:
                self.report.skip(PAGE, page.document.name, outcome.reason, refused=True)
                continue
            article = result.article
            state = ImportedState.of(page.document.name, article, result.change)
            self.report.add_article(state)
            self.report.unclear_languages += outcome.built.is_language_unclear
            if result.change != "unchanged":
                self.report.notes += [Note(name=page.document.name, text=text) for text in outcome.built.notes]
            self._ids[page.url_key] = article.id
            if not self.options.dry_run:
                self._remember(page, article.id, article.slug, article.fingerprint)

    def _remember(self, page: ReadPage, article_id: int, slug: str, fingerprint: str) -> None:
        before = self.manifest.entries.get(page.key)
        document = page.document
        self.manifest.entries[page.key] = ManifestEntry(
            article_id,
            slug,
            page.url,
            fingerprint[:16],
            document.digest,
            document.etag,
            document.modified,
            before.aliases if before is not None and before.id == article_id else (),
        )

    def _store_aliases(self, reading: SiteReading) -> None:
        """Store the URLs that lead to pages, unless the manifest says that they are stored."""
        by_id = {entry.id: key for key, entry in self.manifest.entries.items()}
        missing: dict[str, int] = {}
        for alias, target in reading.aliases.items():
            article_id = self._ids.get(target)
            if article_id is None:
                self.report.skip(REDIRECT, alias.removeprefix("url:"), "the page that it leads to is not stored")
                continue
            entry = self.manifest.entries.get(by_id.get(article_id, ""))
            if entry is not None and alias in entry.aliases:
                self.report.add(REDIRECT, "unchanged")
            else:
                missing[alias] = article_id
        owners = self._look_up(list(missing))
        for alias, article_id in missing.items():
            self._store_alias(alias, article_id, owners.get(alias), by_id.get(article_id))

    def _store_alias(self, alias: str, article_id: int, owner: int | None, key: str | None) -> None:
        url = alias.removeprefix("url:")
        if owner is None and not self.options.dry_run:
            try:
                self._begin()
                self.workers.call(partial(aliases.claim_keys, (alias,), article_id, url))
            except (Conflict, ServiceBusy) as error:
                self.report.skip(REDIRECT, url, str(error), refused=True)
                return
        if owner is not None and owner != article_id:
            self.report.skip(REDIRECT, url, "it was a page of its own before, whose comments are kept but not shown")
            return
        self.report.add(REDIRECT, "created" if owner is None else "unchanged")
        if key is not None and not self.options.dry_run:
            entry = self.manifest.entries[key]
            self.manifest.entries[key] = replace(entry, aliases=tuple(sorted({*entry.aliases, alias})))

    def _remove(self, gone: Mapping[str, ManifestEntry], source: Source) -> None:
        """Delete the pages that are gone, unless these are most of the pages of the site."""
        number = len(self.manifest.entries)
        if gone and not source.is_complete:
            self.report.errors.append("No page was removed, because a sitemap could not be read.")
            return
        if len(gone) > _FEW and 2 * len(gone) > number and not self.options.allows_removals:
            self.report.errors.append(
                f"{len(gone):,} of {number:,} pages seem to be gone, so none was removed. If that is right, run the "
                "command again with --remove-many"
            )
            return
        for key, entry in gone.items():
            if self.workers.is_stopped:
                return
            if not self.options.dry_run:
                try:
                    self._begin()
                    self.workers.call(partial(self._delete, entry.slug))
                except KolomError as error:
                    self.report.errors.append(f"{entry.url} could not be removed: {error}")
                    continue
                del self.manifest.entries[key]
            self.report.removed_pages.append(entry.url)

    def _delete(self, slug: str) -> None:
        try:
            publishing.delete(slug, now=self.now)
        except NotFound:
            return  # an interrupted run deleted it

    def _begin(self) -> None:
        """Mark the run in the manifest before its first write."""
        self.report.writes = True
        self.workers.call_for_all(self.manifest.begin)


def synchronize(
    source: Source, report: SyncReport, options: Options, now: datetime, stopped: threading.Event, track: Track
) -> None:
    """Store the pages of ``source``, and report on each, up to ``options.concurrency`` of them at once."""
    with Workers(options.concurrency, stopped) as workers:
        try:
            Synchronizer(report, options, now, workers, track).run(source)
        except Unavailable as error:
            report.errors.append(f"{error}: run the command again for the other pages")
    report.interrupted |= stopped.is_set()


def _existing(loaded: Mapping[int, Article], article_id: int) -> Article:
    if article_id not in loaded:
        raise NotFound(f"there is no article with the id {article_id}: run the command again with --full")
    return loaded[article_id]


def _site_key(url: str) -> str:
    """Return the normalized URL of a site."""
    return url_pointer_key(url).removeprefix("url:")


def _below(key: str, site: str) -> str:
    """Return the path below a site of a normalized URL with its prefix."""
    return key.removeprefix("url:").removeprefix(site)


def _wanted_slug(url: str) -> str:
    """Return the slug that suits a URL: its last segment without an extension, or ``home``."""
    segments = [each for each in unquote(urlsplit(url).path).split("/") if each and each.lower() != "index.html"]
    name = segments[-1].removesuffix(".html").removesuffix(".htm") if segments else "home"
    return clean_slug(name) or slugify_title(name) or clean_slug(f"page-{name}") or "page"
