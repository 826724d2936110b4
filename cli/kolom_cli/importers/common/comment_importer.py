"""Store the comments of an export below their articles: each once, in its thread, with its original date."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from kolom.articles import repository as articles
from kolom.comments import importing, repository
from kolom.comments.authors import owner_avatar_seed
from kolom.comments.importing import Change, ExternalComment
from kolom.comments.types import MAX_DEPTH, Comment
from kolom.config import settings
from kolom.errors import Conflict, ServiceBusy
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of
from kolom_cli.importers.common.comment_spool import CommentSpool, StoredComment
from kolom_cli.importers.common.thread_map import Unmatched
from kolom_cli.importers.common.types import ImportedComment
from kolom_cli.terminal.report import Note, Report

_KIND: Final = "comment"
_PLANNED: Final = 0
"""The placeholder for the id of an article that a dry run would create."""


@dataclass(slots=True)
class CommentImporter:
    """Stores comments and reports on each.

    ``planned`` are the names of all articles that a dry run would import. ``unmatched`` are the threads for which no
    article was found.
    """

    report: Report
    now: datetime
    spool: CommentSpool
    overwrite: bool = False
    dry_run: bool = False
    planned: AbstractSet[str] = frozenset()
    unmatched: dict[str, Unmatched] = field(default_factory=dict)
    _articles: dict[str, int | None] = field(default_factory=dict)
    _is_deleted: dict[int, bool] = field(default_factory=dict)

    def store(self, comment: ImportedComment) -> None:
        """Store one comment, or report why it is skipped."""
        article_id = self._article_of(comment)
        if article_id is not None:
            self._store_below(article_id, comment)
        elif self.planned.isdisjoint(comment.article):
            self._skip_unmatched(comment)
        else:
            self._report_on(comment, "created", self._missing_parent_note(comment, _PLANNED))
            self.spool.mark_stored(comment, StoredComment(_PLANNED, ""))

    def _store_below(self, article_id: int, comment: ImportedComment) -> None:
        self._load_article(article_id)
        # In a dry run, a deleted article that the import would restore is planned, and so are its comments.
        if self._is_deleted[article_id] and self.planned.isdisjoint(comment.article):
            self.report.skip(_KIND, comment.name, "its article was deleted in Kolom")
            return
        # At an endpoint that has tables but no stack, there is no signing secret: no pseudonym and no avatar seed.
        keys = signing.load_keys() if settings().secret_name else None
        external = ExternalComment(
            article_id=article_id,
            origin=comment.origin,
            name=comment.author,
            content=comment.content,
            created_at=comment.created_at,
            status=comment.status,
            parent=self._parent_of(comment, article_id),
            website=comment.website,
            person=pseudonym_of(comment.email, keys) if comment.email and keys else None,
            is_owner=comment.is_owner,
            avatar=owner_avatar_seed(keys) if comment.is_owner and keys else "",
        )
        imported = importing.to_comment(external, self._known(comment.origin, article_id))
        try:
            if self.dry_run:
                change = importing.diff(repository.get(article_id, imported.id), imported, overwrite=self.overwrite)
            else:
                change = importing.upsert(imported, now=self.now, overwrite=self.overwrite)
        except Conflict as error:  # changed in Kolom since the import; its replies are still stored below it
            self.report.skip(_KIND, comment.name, str(error))
        except ServiceBusy as error:
            self.report.skip(_KIND, comment.name, str(error), refused=True)
            return
        else:
            self._report_on(comment, change, self._missing_parent_note(comment, article_id))
        self.spool.mark_stored(comment, StoredComment(article_id, imported.id))

    def _report_on(self, comment: ImportedComment, change: Change, *notes: str) -> None:
        self.report.add(_KIND, change)
        self.report.own_links += comment.own_links
        if change != "unchanged":
            self.report.notes += [Note(name=comment.name, text=note) for note in (*comment.notes, *notes) if note]

    def _skip_unmatched(self, comment: ImportedComment) -> None:
        if comment.with_article:
            self.report.skip(_KIND, comment.name, "its article was not imported")
            return
        known = self.unmatched.get(comment.thread, Unmatched(comment.thread, comment.title, 0))
        self.unmatched[comment.thread] = replace(known, comments=known.comments + 1)
        self.report.skip(_KIND, comment.name, f"no article matches {comment.thread}", refused=True)

    def _article_of(self, comment: ImportedComment) -> int | None:
        for name in comment.article:
            if name not in self._articles:
                self._articles[name] = articles.find_id(name)
            if (found := self._articles[name]) is not None:
                return found
        return None

    def _parent_of(self, comment: ImportedComment, article_id: int) -> Comment | None:
        """Return the parent comment, or its nearest ancestor that can have replies if the thread is too deep."""
        found = self._find(comment.parent, article_id) if comment.parent else None
        parent = repository.get(article_id, found) if found else None
        while parent is not None and parent.depth >= MAX_DEPTH:
            parent = repository.get(article_id, parent.parent_id) if parent.parent_id else None
        return parent

    def _missing_parent_note(self, comment: ImportedComment, article_id: int) -> str:
        if comment.parent is None or self._find(comment.parent, article_id) is not None:
            return ""
        return "the comment that it replies to is missing: imported as a top-level comment"

    def _find(self, origin: str, article_id: int) -> str | None:
        """Return the id of the article's comment of that origin, from this import or an earlier one.

        The id is empty if a dry run would create the article.
        """
        stored = self.spool.find_stored(origin)
        if stored is not None and stored.article_id == article_id:
            return stored.comment_id
        return self._known(origin, article_id)

    def _known(self, origin: str, article_id: int) -> str | None:
        return self.spool.find_known(article_id, importing.id_suffix_of(origin))

    def _load_article(self, article_id: int) -> None:
        """Load the state of an article and the ids of its comments, once."""
        if article_id in self._is_deleted:
            return
        article = articles.get(article_id)
        self._is_deleted[article_id] = article is None or article.status == "deleted"
        self.spool.add_known(article_id, importing.ids_by_suffix(article_id))
