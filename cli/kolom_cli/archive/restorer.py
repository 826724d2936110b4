"""Restore the entries of an archive to a stack, idempotently, and report on each.

Entries are restored concurrently, except those that depend on each other: those of one article, and articles that have
a name in common. The files, the articles and the entries of articles are restored one kind after another.
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from kolom.articles import restore as articles
from kolom.articles.mapping import pointer_keys
from kolom.articles.restore import ArticleSnapshot
from kolom.articles.types import Change
from kolom.comments import restore as comments
from kolom.comments.restore import CommentAuthorSnapshot, SubscriptionSnapshot
from kolom.comments.types import Comment
from kolom.config import settings
from kolom.contact import restore as contact
from kolom.contact.types import Message
from kolom.errors import Conflict, InvalidInput, NotFound, RestoreConflict, ServiceBusy
from kolom.search import settings_editor
from kolom.search.search_settings import SearchSettings
from kolom.security import signing
from kolom.submissions import blocked_words_editor
from kolom_cli.archive.reader import ArchiveEntity, ArchiveEntry, ArchiveItem, MediaFile
from kolom_cli.archive.schemas import BlockedWordList
from kolom_cli.concurrency import OrderedResults, Unavailable, Workers
from kolom_cli.importers.common.types import Skipped
from kolom_cli.media.store import MediaStore
from kolom_cli.terminal.report import ImportedState, Note, Report

_MAX_PENDING: Final = 1_000
"""The maximum number of entries in memory. It exceeds the number of comments of most articles."""

_MAX_PENDING_BYTES: Final = 32 * 1024 * 1024
"""The maximum size of the files and texts in memory; one of them may be larger."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was done with an entry: its ``change``, or the reason why it was skipped."""

    entry: ArchiveEntry
    change: Change | None = None
    reason: str = ""
    is_refused: bool = False


class _NotRestored(Exception):
    """The entry is deliberately not restored; the message says why."""


@dataclass(slots=True)
class Restorer:
    """Restores entries and reports on each, up to ``concurrency`` of them at once.

    An entry that belongs to an article is restored only if that article is in the archive, too: a comment is never
    attached to another article that has the same id in the stack.
    """

    report: Report
    now: datetime
    overwrite: bool = False
    dry_run: bool = False
    concurrency: int = 1
    _media: MediaStore = field(default_factory=MediaStore)
    _articles: set[int] = field(default_factory=set)
    _planned: dict[str, int] = field(default_factory=dict)

    def restore_all(self, entries: Iterable[ArchiveEntry], stopped: threading.Event) -> None:
        """Restore ``entries`` until they end or ``stopped`` is set."""
        with Workers(self.concurrency, stopped) as workers:
            results: OrderedResults[_Outcome] = OrderedResults(workers)
            try:
                self._restore_all(entries, results, workers)
            except Unavailable as error:
                workers.abort()
                self._record(results.successful())
                self.report.errors.append(f"{error}: run the import again for the other entries")
        self.report.interrupted |= stopped.is_set()

    def _restore_all(
        self, entries: Iterable[ArchiveEntry], results: OrderedResults[_Outcome], workers: Workers
    ) -> None:
        kind: type[object] | None = None
        for entry in entries:
            if workers.is_stopped:
                break
            if isinstance(entry, Skipped):
                results.add_result(_Outcome(entry, reason=entry.reason, is_refused=entry.refused))
                continue
            if type(entry.entity) is not kind:
                self._record(results.finished())
                kind = type(entry.entity)
                self._prepare(entry.entity, workers)
            keys = _keys(entry.entity)
            results.add(partial(self._outcome_of, entry, workers), size=_size_of(entry.entity), keys=keys)
            self._record(results.finished(max_pending=_MAX_PENDING, max_size=_MAX_PENDING_BYTES))
        self._record(results.finished())

    def _prepare(self, entity: ArchiveEntity, workers: Workers) -> None:
        """Load in this thread what the threads share."""
        if isinstance(entity, MediaFile) and settings().media_bucket:
            workers.call_for_all(partial(self._media.exists, entity.key))
        if isinstance(entity, CommentAuthorSnapshot | SubscriptionSnapshot) and settings().secret_name:
            workers.call_for_all(signing.load_keys)

    def _outcome_of(self, entry: ArchiveItem[ArchiveEntity], workers: Workers) -> _Outcome:
        """Restore one entry, or return why it is skipped. Runs in several threads at once."""
        try:
            change = workers.call(partial(self._restore, entry.entity))
        except (_NotRestored, RestoreConflict) as error:
            return _Outcome(entry, reason=str(error))
        except (InvalidInput, Conflict, NotFound, ServiceBusy) as error:
            return _Outcome(entry, reason=str(error), is_refused=True)
        return _Outcome(entry, change)

    def _record(self, outcomes: Iterable[_Outcome]) -> None:
        """Report the outcomes. They come in the order of the archive."""
        for outcome in outcomes:
            entry = outcome.entry
            if isinstance(entry, Skipped) or outcome.change is None:
                self.report.skip(entry.kind, entry.name, outcome.reason, refused=outcome.is_refused)
                continue
            self._add(entry, outcome.change)
            if outcome.change != "unchanged" and entry.note:
                self.report.notes.append(Note(name=entry.name, text=entry.note))

    def _add(self, entry: ArchiveItem[ArchiveEntity], change: Change) -> None:
        if isinstance(entry.entity, ArticleSnapshot):
            self.report.add_article(ImportedState.of(entry.name, entry.entity.article, change))
        else:
            self.report.add(entry.kind, change)

    def _restore(self, entity: ArchiveEntity) -> Change:
        match entity:
            case MediaFile():
                return self._file(entity)
            case ArticleSnapshot():
                return self._article(entity)
            case Comment():
                return self._comment(entity)
            case CommentAuthorSnapshot():
                return self._author(entity)
            case SearchSettings():
                return self._search_settings(entity)
            case BlockedWordList(words=words):
                return blocked_words_editor.restore(words, overwrite=self.overwrite, dry_run=self.dry_run)
            case SubscriptionSnapshot():
                self._check(entity.article_id, entity.expires_at)
                return comments.restore_subscription(entity, dry_run=self.dry_run)
            case Message():
                self._check(None, entity.expires_at)
                restore = contact.plan_restore if self.dry_run else contact.restore_message
                return restore(entity, overwrite=self.overwrite)

    def _file(self, media: MediaFile) -> Change:
        if not settings().media_bucket:
            raise _NotRestored("this endpoint has only tables, no media bucket")
        if self._media.exists(media.key):
            return "unchanged"
        if not self.dry_run:
            self._media.put(Path(media.key).name, media.data, media.content_type)
        return "created"

    def _article(self, snapshot: ArticleSnapshot) -> Change:
        if snapshot.article.id in self._articles:
            raise Conflict(f"the archive has another article with the id {snapshot.article.id}")
        try:
            if self.dry_run:
                change = articles.plan_restore(snapshot, overwrite=self.overwrite).change
            else:
                change = articles.restore_article(snapshot, overwrite=self.overwrite)
        except RestoreConflict:
            self._articles.add(snapshot.article.id)
            raise
        self._articles.add(snapshot.article.id)
        return change

    def _comment(self, comment: Comment) -> Change:
        self._check(comment.article_id, comment.expires_at)
        if not self.dry_run:
            return comments.restore_comment(comment, now=self.now, overwrite=self.overwrite)
        plan = comments.plan_restore(comment, overwrite=self.overwrite, planned=self._planned)
        self._planned[comment.id] = plan.depth
        return plan.change

    def _author(self, author: CommentAuthorSnapshot) -> Change:
        self._check(author.article_id, author.expires_at)
        if not self.dry_run:
            return comments.restore_author(author)
        return comments.plan_author(author, planned=self._planned)

    def _search_settings(self, wanted: SearchSettings) -> Change:
        for article_id in dict.fromkeys(each for pin in wanted.pins for each in pin.articles):
            self._check(article_id, None)
        return settings_editor.restore(wanted, overwrite=self.overwrite, dry_run=self.dry_run)

    def _check(self, article_id: int | None, expires_at: int | None) -> None:
        """Check that the entry can be restored.

        :raises Conflict: its article was neither restored from this archive nor kept as it is in the stack
        :raises _NotRestored: it has expired
        """
        if article_id is not None and article_id not in self._articles:
            raise Conflict(f"its article {article_id} was not restored")
        if expires_at is not None and expires_at <= self.now.timestamp():
            raise _NotRestored("its retention period is over")


def _keys(entity: ArchiveEntity) -> Iterator[object]:
    """Yield what the entity shares with others, which must therefore be restored before or after it."""
    match entity:
        case MediaFile(key=key):
            yield key
        case ArticleSnapshot(article=article, aliases=aliases):
            yield article.id
            yield from (key for key, _ in pointer_keys(article))
            yield from aliases
        case Message(id=message_id):
            yield message_id
        case SearchSettings():
            yield "search settings"
        case BlockedWordList():
            yield "blocked words"
        case Comment() | CommentAuthorSnapshot() | SubscriptionSnapshot():
            yield entity.article_id


def _size_of(entity: ArchiveEntity) -> int:
    match entity:
        case MediaFile(data=data):
            return len(data)
        case ArticleSnapshot(body=body):
            return len(body.html) + len(body.source)
        case Comment(content=content):
            return len(content)
        case _:
            return 0
