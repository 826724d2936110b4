"""Putting what an archive holds into a stack: each thing once, whatever is there already, and each reported on."""

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
from kolom_cli.archive.reader import ArchiveEntity, ArchiveEntry, MediaFile
from kolom_cli.importers.common.types import Skipped
from kolom_cli.media.store import MediaStore
from kolom_cli.terminal.report import Note, Report


class _NotRestored(Exception):
    """It is not to be put back, which is as it should be; the message says why."""


@dataclass(slots=True)
class Restorer:
    """Puts entries back and reports on each.

    What belongs to an article follows it only where that is the archive's: a comment never gets to another article
    that has the same id here.
    """

    report: Report
    now: datetime
    overwrite: bool = False
    dry_run: bool = False
    _media: MediaStore = field(default_factory=MediaStore)
    _articles: set[int] = field(default_factory=set)
    _planned: set[str] = field(default_factory=set)

    def restore_all(self, entries: Iterable[ArchiveEntry], stopped: threading.Event) -> None:
        """Put back what ``entries`` gives until it ends or ``stopped`` is set."""
        for entry in entries:
            if stopped.is_set():
                self.report.interrupted = True
                return
            self.restore(entry)

    def restore(self, entry: ArchiveEntry) -> None:
        """Put one entry back, or count it."""
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
            self.report.add(entry.kind, change)
            if change != "unchanged" and entry.note:
                self.report.notes.append(Note(name=entry.name, text=entry.note))

    def _restore(self, thing: ArchiveEntity) -> Change:
        match thing:
            case MediaFile():
                return self._file(thing)
            case ArticleSnapshot():
                return self._article(thing)
            case Comment():
                return self._comment(thing)
            case CommentAuthorSnapshot():
                return self._author(thing)
            case SubscriptionSnapshot():
                self._check(thing.article_id, thing.expires_at)
                return comments.restore_subscription(thing, dry_run=self.dry_run)
            case Message():
                self._check(None, thing.expires_at)
                act = contact.plan_restore if self.dry_run else contact.restore_message
                return act(thing, overwrite=self.overwrite)

    def _file(self, media: MediaFile) -> Change:
        if not settings().media_bucket:
            raise _NotRestored("this endpoint has tables only, and no media bucket")
        if self._media.holds(media.key):
            return "unchanged"
        if not self.dry_run:
            self._media.put(Path(media.key).name, media.data, media.content_type)
        return "created"

    def _article(self, whole: ArticleSnapshot) -> Change:
        if whole.article.id in self._articles:
            raise Conflict(f"the archive has another article of the id {whole.article.id}")
        try:
            if self.dry_run:
                change = articles.plan_restore(whole, overwrite=self.overwrite).change
            else:
                change = articles.restore_article(whole, overwrite=self.overwrite)
        except RestoreConflict:
            self._articles.add(whole.article.id)
            raise
        self._articles.add(whole.article.id)
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
        """:raises Conflict: the article is not the archive's; :raises _Left: its time is over"""
        if article_id is not None and article_id not in self._articles:
            raise Conflict(f"its article {article_id} was not put back")
        if expires_at is not None and expires_at <= self.now.timestamp():
            raise _NotRestored("its time to be kept is over")
