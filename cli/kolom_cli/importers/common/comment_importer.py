"""Store the comments of an export below their articles: each once, in its thread, with its original date.

The comments of one article are stored in order, parents first; several new ones share a transaction. The comments of
different articles are stored concurrently. Neither the result nor the report depends on their order.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import batched
from queue import SimpleQueue
from typing import Final

from kolom.comments import importing
from kolom.comments.authors import owner_avatar_seed
from kolom.comments.importing import Change, CommentState, ExternalComment
from kolom.comments.types import MAX_DEPTH, Comment
from kolom.config import settings
from kolom.errors import Conflict, ServiceBusy
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of
from kolom_cli.concurrency import Workers
from kolom_cli.importers.common.article_lookup import ArticleLookup
from kolom_cli.importers.common.article_matching import pointer_of
from kolom_cli.importers.common.comment_spool import CommentSpool, SpooledComment
from kolom_cli.importers.common.thread_map import Unmatched
from kolom_cli.importers.common.types import ImportedComment
from kolom_cli.terminal.report import Note, Report

_KIND: Final = "comment"
_ARTICLES_PER_LOOKUP: Final = 50
_COMMENTS_PER_TRANSACTION: Final = 25
"""Each comment may also change its parent, and all change one count: about half of what a transaction allows."""

_CHARACTERS_PER_TRANSACTION: Final = 100_000
"""With one more comment, their texts and HTML are far below the 4 MB that a transaction allows."""

_PLANNED: Final = CommentState("", None, 0, "approved", "")
"""The placeholder for a comment that a dry run would create below an article that it would create."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was done with a comment. ``reason`` is why it was skipped, if ``change`` is None."""

    spooled: SpooledComment
    change: Change | None
    notes: tuple[str, ...] = ()
    reason: str = ""
    is_refused: bool = False
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class _Finished:
    """All comments of an article are done, or its task failed."""

    future: Future[None]


@dataclass(slots=True)
class _Thread:
    """The comments of an article.

    ``known`` are those that existed before, by the id suffixes of their origins. ``stored`` are those that this import
    has processed, by their origins. ``failed`` are the origins of new comments that could not be stored. Their replies
    must wait for the next import, because a comment keeps its parent.
    """

    article_id: int
    known: dict[str, CommentState]
    stored: dict[str, CommentState] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    by_id: dict[str, CommentState] = field(init=False)

    def __post_init__(self) -> None:
        self.by_id = {state.id: state for state in self.known.values()}

    def find(self, origin: str) -> CommentState | None:
        """Return the comment of that origin, from this import or an earlier one."""
        return self.stored.get(origin) or self.known.get(importing.id_suffix_of(origin))

    def parent_of(self, comment: ImportedComment) -> CommentState | None:
        """Return the parent comment, or its nearest ancestor that can have replies if the thread is too deep."""
        parent = self.find(comment.parent) if comment.parent else None
        while parent is not None and parent.depth >= MAX_DEPTH:
            parent = self.by_id.get(parent.parent_id) if parent.parent_id else None
        return parent

    def add(self, comment: ImportedComment, state: CommentState) -> None:
        self.stored[comment.origin] = self.by_id[state.id] = state

    def remove(self, comment: ImportedComment) -> None:
        del self.by_id[self.stored.pop(comment.origin).id]

    def notes_on(self, comment: ImportedComment) -> tuple[str, ...]:
        """Return the notes about a comment that is created or updated."""
        if comment.parent is None or self.find(comment.parent) is not None:
            return comment.notes
        return (*comment.notes, "the comment that it replies to is missing: imported as a top-level comment")


@dataclass(frozen=True, slots=True)
class _New:
    """A comment to create, and the notes about it."""

    spooled: SpooledComment
    comment: Comment
    notes: tuple[str, ...]


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
    _deleted: set[int] = field(default_factory=set)
    _outcomes: SimpleQueue[_Outcome | _Finished] = field(default_factory=SimpleQueue)
    _reported: list[_Outcome] = field(default_factory=list)

    def store_all(self, workers: Workers) -> Iterator[None]:
        """Store the comments of the spool; yield after each. The report is complete at the end of the iteration."""
        self.spool.finish()
        self._load_articles(workers)
        if settings().secret_name:
            workers.call_for_all(signing.load_keys)
        try:
            for outcome in self._store_below_articles(workers):
                self._count(outcome)
                yield
            for outcome in self._without_article():
                if workers.is_stopped:
                    break
                self._count(outcome)
                yield
        finally:
            self._report()

    def _load_articles(self, workers: Workers) -> None:
        """Find the articles of all comments, and whether they are deleted."""
        for batch in batched(self.spool.article_names(), _ARTICLES_PER_LOOKUP, strict=False):
            wanted = {pointer_of(name)[0] for names in batch for name in names}
            lookup = ArticleLookup.load(wanted, workers)
            found = {names: each for names in batch if (each := _find_article_id(lookup, names))}
            self.spool.set_article_ids(found)
            for article_id in set(found.values()):
                article = lookup.get(article_id)
                if article is None or article.status == "deleted":
                    self._deleted.add(article_id)

    def _store_below_articles(self, workers: Workers) -> Iterator[_Outcome]:
        remaining = iter(self.spool.article_ids())
        running = 0
        failure: BaseException | None = None
        while True:
            while running < workers.concurrency and (article_id := next(remaining, None)) is not None:
                running += 1
                task = workers.submit(partial(self._store_below, article_id, workers))
                task.add_done_callback(lambda future: self._outcomes.put(_Finished(future)))
            if not running:
                break
            match self._outcomes.get():
                case _Finished(future):
                    running -= 1
                    if (error := future.exception()) is not None:
                        workers.abort()
                        failure = failure or error
                case outcome:
                    yield outcome
        if failure is not None:
            raise failure

    def _store_below(self, article_id: int, workers: Workers) -> None:
        """Store the comments of one article, until all are done or the import is stopped."""
        thread = _Thread(article_id, workers.call_for_all(lambda: importing.load_states(article_id)))
        batch: list[_New] = []
        for spooled in self.spool.below(article_id):
            if workers.is_stopped:
                return
            if _is_full(batch):
                self._create(batch, thread, workers)
                batch = []
            new = None if self.dry_run else self._as_new(spooled, thread)
            if new is not None:
                batch.append(new)
                thread.add(spooled.comment, _state_of(new.comment))
                continue
            self._create(batch, thread, workers)
            batch = []
            if not workers.is_stopped:
                self._outcomes.put(self.store(spooled, thread, workers.call))
        self._create(batch, thread, workers)

    def _as_new(self, spooled: SpooledComment, thread: _Thread) -> _New | None:
        """Return the comment if it is new and its parent is approved, so that it can be created with others."""
        comment, parent = spooled.comment, thread.parent_of(spooled.comment)
        if (
            thread.article_id in self._deleted
            or comment.parent in thread.failed
            or importing.id_suffix_of(comment.origin) in thread.known
            or (parent is not None and parent.status != "approved")
        ):
            return None
        return _New(spooled, _to_comment(comment, thread.article_id, parent), thread.notes_on(comment))

    def _create(self, batch: Sequence[_New], thread: _Thread, workers: Workers) -> None:
        """Create the comments in one transaction; if it is refused, store each by itself, unless the import stops."""
        comments = [new.comment for new in batch]
        if not comments or workers.is_stopped:
            return
        try:
            workers.call(partial(importing.create_all, comments, now=self.now))
        except (Conflict, ServiceBusy):
            self._store_each(batch, thread, workers)
        else:
            for new in batch:
                self._outcomes.put(_Outcome(new.spooled, "created", new.notes))

    def _store_each(self, batch: Sequence[_New], thread: _Thread, workers: Workers) -> None:
        for new in batch:
            thread.remove(new.spooled.comment)
        for new in batch:
            if workers.is_stopped:
                return
            self._outcomes.put(self.store(new.spooled, thread, workers.call))

    def store(
        self, spooled: SpooledComment, thread: _Thread, call: Callable[[Callable[[], Change]], Change]
    ) -> _Outcome:
        """Store one comment, or return why it is skipped."""
        comment, article_id = spooled.comment, thread.article_id
        # In a dry run, a deleted article that the import would restore is planned, and so are its comments.
        if article_id in self._deleted and self.planned.isdisjoint(comment.article):
            return _Outcome(spooled, None, reason="its article was deleted in Kolom")
        if comment.parent in thread.failed:
            thread.failed.add(comment.origin)
            return _Outcome(spooled, None, reason="the comment that it replies to could not be stored", is_refused=True)
        parent, known = thread.parent_of(comment), thread.known.get(importing.id_suffix_of(comment.origin))
        imported = _to_comment(comment, article_id, parent, known.id if known else None)
        state = _state_of(imported)
        notes = thread.notes_on(comment)
        try:
            change = importing.diff(known, imported, overwrite=self.overwrite)
            if change != "unchanged" and not self.dry_run:
                change = call(
                    lambda: importing.upsert(
                        imported,
                        now=self.now,
                        overwrite=self.overwrite,
                        is_new=known is None,
                        has_approved_parent=parent is not None and parent.status == "approved",
                    )
                )
        except Conflict as error:  # changed in Kolom since the import; its replies are still stored below it
            thread.add(comment, known or state)
            return _Outcome(spooled, None, reason=str(error))
        except ServiceBusy as error:
            if known is None:
                thread.failed.add(comment.origin)
            return _Outcome(spooled, None, reason=str(error), is_refused=True)
        if known is not None:
            state = replace(state, parent_id=known.parent_id, depth=known.depth)
        thread.add(comment, state)
        return _Outcome(spooled, change, notes)

    def _without_article(self) -> Iterator[_Outcome]:
        """Yield the outcomes of the comments without an article: a dry run would create it, or none matches."""
        thread = _Thread(0, {})
        for spooled in self.spool.below(None):
            comment = spooled.comment
            if self.planned.isdisjoint(comment.article):
                yield self._unmatched(spooled)
            else:
                yield _Outcome(spooled, "created", thread.notes_on(comment))
                thread.add(comment, _PLANNED)

    def _unmatched(self, spooled: SpooledComment) -> _Outcome:
        comment = spooled.comment
        if comment.with_article:
            return _Outcome(spooled, None, reason="its article was not imported")
        known = self.unmatched.get(comment.thread, Unmatched(comment.thread, comment.title, 0))
        self.unmatched[comment.thread] = replace(known, comments=known.comments + 1)
        reason = f"no article matches {comment.thread}"
        return _Outcome(spooled, None, reason=reason, is_refused=True, is_counted=True)

    def _count(self, outcome: _Outcome) -> None:
        if outcome.change is None:
            self._reported.append(outcome)
            return
        self.report.add(_KIND, outcome.change)
        self.report.own_links += outcome.spooled.comment.own_links
        if outcome.notes and outcome.change != "unchanged":
            self._reported.append(outcome)

    def _report(self) -> None:
        """Report the skipped comments and the notes, ordered by the ranks of the comments."""
        for outcome in sorted(self._reported, key=lambda each: each.spooled.rank):
            name = outcome.spooled.comment.name
            if outcome.change is None:
                self.report.skip(_KIND, name, outcome.reason, refused=outcome.is_refused, counted=outcome.is_counted)
            else:
                self.report.notes += [Note(name=name, text=note) for note in outcome.notes]


def _find_article_id(lookup: ArticleLookup, names: Iterable[str]) -> int | None:
    """Return the id of the first article that has one of these names."""
    for name in names:
        pointer, is_own = pointer_of(name)
        article_id = lookup.find_id(pointer)
        article = lookup.get(article_id) if is_own and article_id is not None else None
        if article_id is not None and (article is None or article.kind != "external"):
            return article_id
    return None


def _to_comment(
    comment: ImportedComment, article_id: int, parent: CommentState | None, known_id: str | None = None
) -> Comment:
    # At an endpoint that has tables but no stack, there is no signing secret: no pseudonym and no avatar seed.
    keys = signing.load_keys() if settings().secret_name else None
    external = ExternalComment(
        article_id=article_id,
        origin=comment.origin,
        name=comment.author,
        content=comment.content,
        created_at=comment.created_at,
        status=comment.status,
        parent=parent,
        website=comment.website,
        person=pseudonym_of(comment.email, keys) if comment.email and keys else None,
        is_owner=comment.is_owner,
        avatar=owner_avatar_seed(keys) if comment.is_owner and keys else "",
    )
    return importing.to_comment(external, known_id)


def _is_full(batch: Sequence[_New]) -> bool:
    size = sum(len(new.comment.content) for new in batch)
    return len(batch) == _COMMENTS_PER_TRANSACTION or size > _CHARACTERS_PER_TRANSACTION


def _state_of(comment: Comment) -> CommentState:
    return CommentState(comment.id, comment.parent_id, comment.depth, comment.status, comment.change)
