"""Store the items of an export idempotently: articles first, then all comments.

The articles are read and planned in the order of the export (:mod:`.article_planner`), and new ones get their ids in
this order. Then they are written concurrently. So the result does not depend on how many are written at once.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from kolom.articles import aliases, publishing, repository
from kolom.articles.names import label_key
from kolom.articles.publishing import PublishResult
from kolom.errors import Conflict, InvalidInput, NotFound, ServiceBusy
from kolom_cli.concurrency import OrderedResults, Unavailable, Workers
from kolom_cli.importers.common.article_lookup import ArticleLookup
from kolom_cli.importers.common.article_planner import ArticlePlanner, Plan, expected_version, names_of
from kolom_cli.importers.common.comment_importer import CommentImporter
from kolom_cli.importers.common.comment_spool import CommentSpool
from kolom_cli.importers.common.pictures import Pictures
from kolom_cli.importers.common.thread_map import Unmatched
from kolom_cli.importers.common.types import ImportedArticle, ImportedComment, Item, Skipped, SourceError
from kolom_cli.media.store import MediaStore
from kolom_cli.publishing.link_checker import LinkChecker, Page
from kolom_cli.terminal.console import Track
from kolom_cli.terminal.report import ImportedState, Note, Report

_BATCH_ARTICLES: Final = 25
"""The number of articles whose names are looked up together: they have about a hundred names, as one request allows."""

_BATCH_CHARACTERS: Final = 1_000_000
_MAX_PENDING_CHARACTERS: Final = 8_000_000
"""Limits for the texts in memory; one article may have more."""


def _untracked[T](items: Iterable[T], title: str, total: int | None) -> Iterable[T]:  # noqa: ARG001 - a Track
    return items


@dataclass(frozen=True, slots=True)
class _Batch:
    """Consecutive items of an export.

    ``follows_same_origin`` is true if an earlier batch has an article with the origin of the first article of this one.
    """

    items: list[ImportedArticle | Skipped]
    follows_same_origin: bool

    @property
    def articles(self) -> list[ImportedArticle]:
        return [item for item in self.items if isinstance(item, ImportedArticle)]


@dataclass(frozen=True, slots=True)
class _Stored:
    """An article that was stored as planned, with all notes for the author."""

    plan: Plan
    result: PublishResult
    notes: Sequence[str]


@dataclass(slots=True)
class Importer:
    """Stores items and reports on each, up to ``concurrency`` of them at once.

    An item that was imported before is updated, unless it has been edited, unpublished or deleted in Kolom since then.
    With ``overwrite``, such an item is updated, too. ``unmatched`` are the threads, by name, whose
    article was not found. ``pictures`` copies the pictures of other sites.
    """

    report: Report
    now: datetime
    overwrite: bool = False
    dry_run: bool = False
    unmatched: dict[str, Unmatched] = field(default_factory=dict)
    pictures: Pictures | None = None
    concurrency: int = 1
    _origins: set[str] = field(default_factory=set)
    _spellings: dict[str, str] = field(default_factory=dict)
    _planned: set[str] = field(default_factory=set)
    _changed: set[str] = field(default_factory=set)
    _checker: LinkChecker = field(init=False)

    def __post_init__(self) -> None:
        self._checker = LinkChecker(MediaStore(dry_run=self.dry_run), self.now)

    def store_all(self, items: Iterable[Item], stopped: threading.Event, track: Track = _untracked) -> None:
        """Store the items until the export ends or cannot be read further, or ``stopped`` is set.

        ``track`` shows the progress.
        """
        with CommentSpool.on_disk() as spool, Workers(self.concurrency, stopped) as workers:
            try:
                self._store_articles(track(items, "Importing", None), spool, workers)
                if not workers.is_stopped:
                    self._report_broken_links()
                    self._store_comments(spool, workers, track)
            except Unavailable as error:
                self.report.errors.append(f"{error}: run the import again for the other items")
        self.report.interrupted |= stopped.is_set()

    def _report_broken_links(self) -> None:
        """Report the broken links of the new and updated articles."""
        for link in self._checker.broken_links():
            if str(link.file) in self._changed:
                self.report.notes.append(Note(name=link.place, text=link.text))

    def _store_articles(self, items: Iterable[Item], spool: CommentSpool, workers: Workers) -> None:
        """Store the articles, and put the comments into the spool.

        While one batch is read, the names of the previous one are looked up, and the articles before that are written.
        """
        planner = ArticlePlanner(self.report, self.now, workers, self.overwrite, self.pictures)
        results: OrderedResults[_Stored | Skipped] = OrderedResults(workers)
        previous: tuple[_Batch, Future[ArticleLookup | None]] | None = None
        try:
            for batch in self._batches(items, spool, workers):
                if previous is not None and batch.follows_same_origin:
                    self._begin(*previous, planner, results)
                    previous = None
                    self._record(results.finished())
                loading = workers.submit(partial(planner.look_up, batch.articles))
                if previous is not None:
                    self._begin(*previous, planner, results)
                previous = batch, loading
            if previous is not None:
                self._begin(*previous, planner, results)
            self._record(results.finished())
        except Unavailable:
            workers.abort()
            self._record(results.successful())
            raise

    def _batches(self, items: Iterable[Item], spool: CommentSpool, workers: Workers) -> Iterator[_Batch]:
        batch, number, size = _Batch([], follows_same_origin=False), 0, 0
        try:
            for item in items:
                if workers.is_stopped:
                    return
                if isinstance(item, ImportedComment):
                    if not spool.add(item):
                        batch.items.append(
                            Skipped(kind="comment", name=item.name, reason="duplicate entry in the export")
                        )
                    continue
                if isinstance(item, ImportedArticle):
                    follows_same_origin = item.content.origin in self._origins
                    self._origins.add(item.content.origin or "")
                    if follows_same_origin or number == _BATCH_ARTICLES or size > _BATCH_CHARACTERS:
                        yield batch
                        batch, number, size = _Batch([], follows_same_origin), 0, 0
                    number, size = number + 1, size + _size_of(item)
                batch.items.append(item)
        except SourceError as error:
            self.report.errors.append(str(error))
        yield batch

    def _begin(
        self,
        batch: _Batch,
        loading: Future[ArticleLookup | None],
        planner: ArticlePlanner,
        results: OrderedResults[_Stored | Skipped],
    ) -> None:
        """Plan the articles of a batch in their order, and begin to write them."""
        workers = planner.workers
        lookup = loading.result()
        if lookup is None:
            return
        existing = planner.find_existing(batch.articles, lookup)
        if workers.is_stopped:  # then some articles may not have been looked up
            return
        plans = [
            item if isinstance(item, Skipped) else planner.plan(item, existing[item.content.origin or ""], lookup)
            for item in batch.items
        ]
        new = sum(1 for plan in plans if isinstance(plan, Plan) and plan.result.change == "created")
        ids = iter(workers.call_for_all(partial(repository.next_ids, new)) if new and not self.dry_run else ())
        for plan in plans:
            if isinstance(plan, Skipped):
                results.add_result(plan)
            elif self.dry_run or not plan.writes:
                results.add_result(_Stored(plan, plan.result, plan.notes), size=_size_of(plan.item))
            else:
                if self._has_other_spellings(plan.content.labels):
                    self._record(results.finished())
                    self._spellings.clear()
                self._spellings |= {label_key(label): label for label in plan.content.labels}
                new_id = next(ids) if plan.result.change == "created" else None
                results.add(partial(self._write, plan, new_id, planner), size=_size_of(plan.item))
            self._record(results.finished(max_pending=2 * workers.concurrency, max_size=_MAX_PENDING_CHARACTERS))

    def _has_other_spellings(self, labels: Iterable[str]) -> bool:
        """Return whether an article that is being written spells a label differently.

        The list of labels has the spelling of the article that is written last, so the new article must wait for it.
        """
        return any(self._spellings.get(label_key(label), label) != label for label in labels)

    def _write(self, plan: Plan, new_id: int | None, planner: ArticlePlanner) -> _Stored | Skipped:
        """Write the planned article. Runs in several threads at once."""
        result, notes = plan.result, list(plan.notes)
        workers, existing = planner.workers, plan.result.previous
        try:
            if new_id is not None:
                result = workers.call(partial(publishing.publish_new, plan.content, new_id, now=self.now))
            elif existing is not None and result.change != "unchanged":
                publish = partial(
                    publishing.publish,
                    plan.content,
                    now=self.now,
                    article_id=existing.id,
                    expected_version=expected_version(existing),
                    force=self.overwrite,
                )
                result = workers.call(publish)
            for alias in plan.aliases:
                if alias.keys:
                    try:
                        workers.call(partial(aliases.claim_keys, alias.keys, result.article.id, alias.path))
                    except Conflict as error:  # another article took it in the meantime
                        notes.append(str(error))
        except (Conflict, InvalidInput, NotFound, ServiceBusy) as error:
            return planner.skipped(plan.item, existing, error)
        return _Stored(plan, result, notes)

    def _record(self, outcomes: Iterable[_Stored | Skipped]) -> None:
        """Report the outcomes. They come in the order of the export."""
        for outcome in outcomes:
            if isinstance(outcome, Skipped):
                self.report.skip(outcome.kind, outcome.name, outcome.reason, refused=outcome.refused)
            else:
                self._record_article(outcome)

    def _record_article(self, stored: _Stored) -> None:
        item, content, result = stored.plan.item, stored.plan.content, stored.result
        self.report.add_article(ImportedState.of(item.name, result.article, result.change))
        if self.dry_run:
            self._planned |= {f"origin:{content.origin}", *names_of(content)}
        self.report.remote_media += item.remote_media
        self.report.own_links += item.own_links
        if item.links is not None:
            self._checker.add(Page.of(content, item.links.replaced, file=item.links.file, root=item.links.root))
        self.report.unclear_languages += item.is_language_unclear
        if result.change != "unchanged":
            self._changed.add(item.name)
            for each in item.removals:
                self.report.add_removed(item.name, f"{each.kind} {each.effect}", each.count)
            self.report.notes += [Note(name=item.name, text=note) for note in (*item.notes, *stored.notes)]

    def _store_comments(self, spool: CommentSpool, workers: Workers, track: Track) -> None:
        if not len(spool):
            return
        importer = CommentImporter(
            self.report,
            self.now,
            spool,
            overwrite=self.overwrite,
            dry_run=self.dry_run,
            planned=self._planned,
            unmatched=self.unmatched,
        )
        for _ in track(importer.store_all(workers), "Comments", len(spool)):
            pass


def _size_of(item: ImportedArticle) -> int:
    return len(item.content.body.html) + len(item.content.body.source)
