"""Store the new and changed pages of a site as external articles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched
from typing import Final

from kolom.articles import aliases, publishing, repository
from kolom.articles.page_urls import url_pointer_key
from kolom.articles.sync_manifest import ManifestEntry
from kolom.articles.types import Article
from kolom.config import settings
from kolom.errors import Conflict, InvalidInput, NotFound, ServiceBusy, StaleRead
from kolom_cli.concurrency import OrderedResults, Unavailable
from kolom_cli.syncing.article_builder import BuiltArticle, build_article
from kolom_cli.syncing.page_slugs import PageSlugs, no_free_slug
from kolom_cli.syncing.report import PAGE
from kolom_cli.syncing.site_reading import ReadPage, SiteReading, load_page
from kolom_cli.syncing.sync_run import SyncRun
from kolom_cli.syncing.types import Page, PageError
from kolom_cli.terminal.report import ImportedState, Note

_BATCH: Final = 25
_ATTEMPTS: Final = 4
"""How often a new page gets another slug because somebody else has taken it in the meantime."""


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
        self._slugs = PageSlugs(run.look_up)
        self._known_ids = frozenset(run.ids.values())

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
        slugs = self._slugs.choose([page for page in batch if page.url_key not in self._run.ids])
        ids = [self._run.ids[page.url_key] for page in batch if page.url_key in self._run.ids]
        loaded: dict[int, Article] | None = None
        tasks: list[_Task] = []
        for page in batch:
            article_id = self._run.ids.get(page.url_key)
            entry = self._run.manifest.entries.get(page.key)
            try:
                if article_id is None:
                    if page.url_key not in slugs:
                        raise no_free_slug(page)
                    tasks.append(_Task(page, self._build(page, slugs[page.url_key]), None, 0))
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
            try:
                planned = publishing.plan_change(task.existing, task.built.content, now=self._run.now, force=True)
            except Conflict as error:
                results.add_result(_Outcome(task.page, reason=str(error)))
                continue
            if planned.change == "unchanged" or self._run.options.dry_run:
                results.add_result(_Outcome(task.page, planned, task.built))
                continue
            task = task if task.existing is not None else replace(task, new_id=next(ids))
            results.add(partial(self._write, task))

    def _write(self, task: _Task) -> _Outcome:
        """Store a page. Runs in several threads at once."""
        try:
            if (former := self._run.former_urls.get(task.page.url_key)) is not None:
                self._run.workers.call(partial(aliases.release_former_url, task.page.url, former.id))
            if task.existing is None:
                assert task.new_id is not None
                return self._publish_new(task.page, task.built, task.new_id)
            result = self._publish_change(task.built, task.existing.id)
        except (Conflict, InvalidInput, NotFound, ServiceBusy) as error:
            return _Outcome(task.page, reason=str(error))
        return _Outcome(task.page, result, task.built)

    def _publish_new(self, page: ReadPage, built: BuiltArticle, new_id: int, attempts: int = _ATTEMPTS) -> _Outcome:
        """Publish a new page, also if another run stores it, or takes its slug, at the same time."""
        try:
            publish = partial(publishing.publish_new, built.content, new_id, now=self._run.now)
            return _Outcome(page, self._run.workers.call(publish), built)
        except StaleRead:
            existing = self._stored_at(page)
            cannot_go_on = attempts == 1 if existing is None else not self._is_of_another_run(page, existing)
            if cannot_go_on:
                raise
        if existing is not None:
            built = built.with_slug(existing.slug)
            return _Outcome(page, self._publish_change(built, existing.id), built)
        return self._publish_new(page, built.with_slug(self._choose_again(page)), new_id, attempts - 1)

    def _stored_at(self, page: ReadPage) -> Article | None:
        """Return the article that has the URL of a page."""
        article_id = self._run.workers.call(partial(repository.find_id, page.url_key))
        return None if article_id is None else self._run.workers.call(partial(repository.get, article_id))

    def _choose_again(self, page: ReadPage) -> str:
        """Return a slug that is free now. Another page that lost its slug may choose the same one at the same time."""
        slugs = PageSlugs(lambda keys: self._run.workers.call(partial(repository.find_ids, keys))).choose([page])
        if page.url_key not in slugs:
            raise no_free_slug(page)
        return slugs[page.url_key]

    def _is_of_another_run(self, page: ReadPage, article: Article) -> bool:
        """Return whether the article that has the URL of a new page is this page, and not another page of the site."""
        return article.id not in self._known_ids and url_pointer_key(article.url or "") == page.url_key

    def _publish_change(self, built: BuiltArticle, article_id: int) -> publishing.PublishResult:
        publish = partial(publishing.publish, built.content, now=self._run.now, article_id=article_id, force=True)
        return self._run.workers.call(publish)

    def _build(self, page: ReadPage, slug: str) -> BuiltArticle:
        """Return the article of a page, which is read again: the first time, only its URL was kept."""
        read = load_page(page.document, settings().zone)
        if not isinstance(read, Page):
            raise PageError("it has changed meanwhile")
        self._run.report.whole_bodies += read.is_whole
        return build_article(read, page.document, slug, language=self._run.options.language, now=self._run.now)

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
                self._forget_alias(page.url_key)
                self._remember(page, article.id, article.slug, article.fingerprint)

    def _forget_alias(self, url_key: str) -> None:
        """Remove a URL from the entry of the page that had it before, so that a later redirect is stored again."""
        if (former := self._run.former_urls.get(url_key)) is None:
            return
        for key, entry in self._run.manifest.entries.items():
            if entry.id == former.id:
                kept = tuple(each for each in entry.aliases if each != url_key)
                self._run.manifest.entries[key] = replace(entry, aliases=kept)

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
