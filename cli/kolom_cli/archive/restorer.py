"""Restore the entries of an archive to a stack, idempotently, and report on each."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kolom.articles import restore as articles
from kolom.articles.restore import ArticleSnapshot
from kolom.articles.types import Change
from kolom.comments import restore as comments
from kolom.comments.restore import CommentAuthorSnapshot, SubscriptionSnapshot
from kolom.comments.types import Comment
from kolom.config import settings
from kolom.contact import restore as contact
from kolom.contact.types import Message
from kolom.errors import Conflict, InvalidInput, NotFound, RestoreConflict, ServiceBusy
from kolom_cli.archive.reader import ArchiveEntity, ArchiveEntry, ArchiveItem, MediaFile
from kolom_cli.importers.common.types import Skipped
from kolom_cli.media.store import MediaStore
from kolom_cli.terminal.report import ImportedState, Note, Report


class _NotRestored(Exception):
    """The entry is deliberately not restored; the message says why."""


@dataclass(slots=True)
class Restorer:
    """Restores entries and reports on each.

    An entry that belongs to an article is restored only if that article is in the archive, too: a comment is never
    attached to another article that has the same id in the stack.
    """

    report: Report
    now: datetime
    overwrite: bool = False
    dry_run: bool = False
    _media: MediaStore = field(default_factory=MediaStore)
    _articles: set[int] = field(default_factory=set)
    _planned: set[str] = field(default_factory=set)

    def restore_all(self, entries: Iterable[ArchiveEntry], stopped: threading.Event) -> None:
        """Restore ``entries`` until they end or ``stopped`` is set."""
        for entry in entries:
            if stopped.is_set():
                self.report.interrupted = True
                return
            self.restore(entry)

    def restore(self, entry: ArchiveEntry) -> None:
        """Restore one entry, or report why it is skipped."""
        if isinstance(entry, Skipped):
            self.report.skip(entry.kind, entry.name, entry.reason, refused=entry.refused)
            return
        try:
            change = self._restore(entry.entity)
        except (_NotRestored, RestoreConflict) as error:
            self.report.skip(entry.kind, entry.name, str(error))
        except (InvalidInput, Conflict, NotFound, ServiceBusy) as error:
            self.report.skip(entry.kind, entry.name, str(error), refused=True)
        else:
            self._add(entry, change)
            if change != "unchanged" and entry.note:
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
        change = comments.plan_restore(comment, overwrite=self.overwrite, planned=self._planned)
        self._planned.add(comment.id)
        return change

    def _author(self, author: CommentAuthorSnapshot) -> Change:
        self._check(author.article_id, author.expires_at)
        if not self.dry_run:
            return comments.restore_author(author)
        return comments.plan_author(author, planned=self._planned)

    def _check(self, article_id: int | None, expires_at: int | None) -> None:
        """Check that the entry can be restored.

        :raises Conflict: its article was neither restored from this archive nor kept as it is in the stack
        :raises _NotRestored: it has expired
        """
        if article_id is not None and article_id not in self._articles:
            raise Conflict(f"its article {article_id} was not restored")
        if expires_at is not None and expires_at <= self.now.timestamp():
            raise _NotRestored("its retention period is over")
