"""Store the new and changed pages of a site as external articles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched
from typing import Final
from urllib.parse import unquote, urlsplit

from kolom.articles import publishing, repository
from kolom.articles.sync_manifest import ManifestEntry
from kolom.articles.types import Article
from kolom.config import settings
from kolom.errors import Conflict, InvalidInput, NotFound, ServiceBusy
from kolom_cli.concurrency import OrderedResults, Unavailable
from kolom_cli.importers.common.path_plan import slug_candidates
from kolom_cli.publishing.slugs import clean_slug, slugify_title
from kolom_cli.syncing.article_builder import BuiltArticle, build_article
from kolom_cli.syncing.report import PAGE
from kolom_cli.syncing.site_reading import ReadPage, SiteReading, load_page
from kolom_cli.syncing.sync_run import SyncRun
from kolom_cli.syncing.types import Page, PageError
from kolom_cli.terminal.report import ImportedState, Note

_BATCH: Final = 25


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


class PagePublisher:
    """Stores the pages of a run, up to ``concurrency`` of them at once, and reports on each."""

    def __init__(self, run: SyncRun) -> None:
        self._run = run
        self._slugs: dict[str, str] = {}

    def publish(self, reading: SiteReading) -> None:
        """Store the pages until all are done, the work is stopped, or AWS is unavailable."""
        results: OrderedResults[_Outcome] = OrderedResults(self._run.workers)
        pages = self._run.track(reading.pages.values(), "Publishing", len(reading.pages))
        try:
            for batch in batched(pages, _BATCH, strict=False):
                if self._run.workers.is_stopped:
                    break
                self._begin_batch(batch, results)
                self._record(results.finished(max_pending=2 * self._run.workers.concurrency))
            self._record(results.finished())
        except Unavailable as error:
            self._run.workers.abort()
            self._record(results.successful())
            self._run.report.errors.append(f"{error}: run the command again for the other pages")

    def _begin_batch(self, batch: Sequence[ReadPage], results: OrderedResults[_Outcome]) -> None:
        """Build the articles of some pages, choose the names of new ones, and begin to write them."""
        unknown = [page for page in batch if page.url_key not in self._run.ids]
        wanted = {page.url_key: _wanted_slug(page.url) for page in unknown}
        taken = self._run.look_up([f"slug:{slug}" for slug in wanted.values()])
        ids = [self._run.ids[page.url_key] for page in batch if page.url_key in self._run.ids]
        loaded: dict[int, Article] | None = None
        tasks: list[_Task] = []
        for page in batch:
            article_id = self._run.ids.get(page.url_key)
            entry = self._run.manifest.entries.get(page.key)
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
                        self._run.report.add(PAGE, "unchanged")
                        continue
                if loaded is None:
                    loaded = self._run.workers.call_for_all(partial(repository.get_many, ids))
                existing = _existing(loaded, article_id)
                if built is None or built.content.slug != existing.slug:
                    built = self._build(page, existing.slug)
                tasks.append(_Task(page, built, existing, None))
            except (PageError, InvalidInput, NotFound, Conflict) as error:
                results.add_result(_Outcome(page, reason=str(error)))
        self._submit(tasks, results)

    def _submit(self, tasks: Sequence[_Task], results: OrderedResults[_Outcome]) -> None:
        new = sum(1 for task in tasks if task.existing is None)
        if tasks and not self._run.options.dry_run:
            self._run.begin()
        ids = iter(
            self._run.workers.call_for_all(partial(repository.next_ids, new))
            if new and not self._run.options.dry_run
            else ()
        )
        for task in tasks:
            planned = publishing.plan_change(task.existing, task.built.content, now=self._run.now, force=True)
            if planned.change == "unchanged" or self._run.options.dry_run:
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
                result = self._run.workers.call(
                    partial(publishing.publish_new, content, task.new_id, now=self._run.now)
                )
            else:
                publish = partial(
                    publishing.publish, content, now=self._run.now, article_id=task.existing.id, force=True
                )
                result = self._run.workers.call(publish)
        except (Conflict, InvalidInput, NotFound, ServiceBusy) as error:
            return _Outcome(task.page, reason=str(error))
        return _Outcome(task.page, result, task.built)

    def _build(self, page: ReadPage, slug: str) -> BuiltArticle:
        """Return the article of a page, which is read again: the first time, only its URL was kept."""
        read = load_page(page.document, settings().zone)
        if not isinstance(read, Page):
            raise PageError("it has changed meanwhile")
        self._run.report.whole_bodies += read.is_whole
        return build_article(read, page.document, slug, language=self._run.options.language, now=self._run.now)

    def _free_slug(self, slug: str, page: ReadPage, taken: Mapping[str, int]) -> str:
        """Return a slug that no other article has. It depends only on the page and on the slugs that exist."""
        if f"slug:{slug}" not in taken and self._slugs.setdefault(slug, page.url_key) == page.url_key:
            return slug
        parts = urlsplit(page.url)
        suffix = clean_slug((parts.hostname or "site").replace(".", "-")) or "site"
        for candidate in slug_candidates(slug, suffix):
            is_stored = bool(self._run.look_up([f"slug:{candidate}"]))
            if not is_stored and self._slugs.setdefault(candidate, page.url_key) == page.url_key:
                return candidate
        raise Conflict(f"no slug for {page.url} is free")

    def _record(self, outcomes: Iterable[_Outcome]) -> None:
        for outcome in outcomes:
            page, result = outcome.page, outcome.result
            if result is None or outcome.built is None:
                self._run.report.skip(PAGE, page.document.name, outcome.reason, refused=True)
                continue
            article = result.article
            state = ImportedState.of(page.document.name, article, result.change)
            self._run.report.add_article(state)
            self._run.report.unclear_languages += outcome.built.is_language_unclear
            if result.change != "unchanged":
                self._run.report.notes += [Note(name=page.document.name, text=text) for text in outcome.built.notes]
            self._run.ids[page.url_key] = article.id
            if not self._run.options.dry_run:
                self._remember(page, article.id, article.slug, article.fingerprint)

    def _remember(self, page: ReadPage, article_id: int, slug: str, fingerprint: str) -> None:
        before = self._run.manifest.entries.get(page.key)
        document = page.document
        self._run.manifest.entries[page.key] = ManifestEntry(
            article_id,
            slug,
            page.url,
            fingerprint[:16],
            document.digest,
            document.etag,
            document.modified,
            before.aliases if before is not None and before.id == article_id else (),
        )


def _existing(loaded: Mapping[int, Article], article_id: int) -> Article:
    if article_id not in loaded:
        raise NotFound(f"there is no article with the id {article_id}: run the command again with --full")
    return loaded[article_id]


def _wanted_slug(url: str) -> str:
    """Return the slug that suits a URL: its last segment without an extension, or ``home``."""
    segments = [each for each in unquote(urlsplit(url).path).split("/") if each and each.lower() != "index.html"]
    name = segments[-1].removesuffix(".html").removesuffix(".htm") if segments else "home"
    return clean_slug(name) or slugify_title(name) or clean_slug(f"page-{name}") or "page"
