"""Store comments. Each change is one transaction that keeps counts and threads consistent.

A comment is visible while it is approved, or while it has a visible reply: then it is shown as a tombstone. A comment
that becomes visible or invisible changes its parent's count of replies, which may in turn change the parent's
visibility.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from kolom.aws import is_unavailable
from kolom.comments import reply_subscriptions
from kolom.comments.mapping import to_comment, to_record
from kolom.comments.types import Comment
from kolom.config import settings
from kolom.errors import NotFound, StaleRead
from kolom.models.comments import AddressRecord, CommentRecord, StatsRecord, address_key, stats_key
from kolom.models.errors import StorageError
from kolom.models.expiry import has_expired, is_expired
from kolom.models.expressions import Condition
from kolom.models.retry import retry_on_conflict
from kolom.models.transaction import Transaction
from kolom.security.origins import SubmissionOrigin
from kolom.timestamps import SECONDS_PER_DAY

DELETED_DAYS = 30
"""How long a deleted comment can be restored."""

COMMENT_CHANGED: Final = "the comment was changed concurrently"
PARENT_CHANGED: Final = "the parent comment was changed concurrently"


def get(article_id: int, comment_id: str, *, now: datetime | None = None) -> Comment | None:
    """Return the comment, or None if there is none, or if it has expired. One consistent GetItem."""
    try:
        comment = to_comment(CommentRecord.get(str(article_id), comment_id, consistent_read=True))
    except CommentRecord.DoesNotExist:
        return None
    return None if has_expired(comment.expires_at, now) else comment


def update(
    article_id: int,
    comment_id: str,
    decide: Callable[[Comment], Comment],
    *,
    now: datetime,
    also: Callable[[Transaction], None] | None = None,
) -> Comment:
    """Replace the comment by the result of ``decide``, despite concurrent changes.

    ``decide`` receives the current comment, and raises an error to reject the change; it is called again after a
    concurrent change. If it returns the same object, nothing is written. ``also`` adds writes to the transaction.

    :raises NotFound: there is no such comment
    :raises ServiceBusy: concurrent changes made every attempt fail; nothing was changed
    """

    def attempt() -> Comment:
        old = get(article_id, comment_id, now=now)
        if old is None:
            raise NotFound("there is no such comment")
        decided = decide(old)
        if decided is old:
            return old
        transaction = Transaction()
        new = stage(transaction, old, replace(decided, version=old.version + 1, change=uuid4().hex), now=now)
        if also is not None:
            also(transaction)
        commit(transaction, new)
        return new

    return retry_on_conflict(attempt)


def commit(transaction: Transaction, *new: Comment) -> None:
    """Commit a transaction that writes the comments ``new``; also succeeds if only the response was lost.

    :raises StaleRead: a comment, or its parent, was changed since it was read
    """
    try:
        transaction.commit()
    except (StaleRead, StorageError) as error:
        is_stale = isinstance(error, StaleRead)
        if not ((is_stale or is_unavailable(error)) and all(map(is_applied, new))):
            raise


def is_applied(expected: Comment) -> bool:
    """Return whether the stored comment is the result of this change, whose response may have been lost."""
    current = get(expected.article_id, expected.id)
    return current is not None and current.change == expected.change


def stage(
    transaction: Transaction,
    old: Comment | None,
    new: Comment,
    *,
    now: datetime,
    parent: Comment | None = None,
    address: AddressRecord | None = None,
    origin: SubmissionOrigin | None = None,
    has_approved_parent: bool = False,
) -> Comment:
    """Add the change from ``old`` (None for a new comment) to ``new`` to the transaction; return the comment to write.

    The first approval adds the mails about it. ``address`` and ``origin`` are those of a new comment's author. A new
    comment with ``expires_at``, such as one from an archive, keeps it. ``parent`` saves reading the parent again. With
    ``has_approved_parent``, it is read only for the first approval: the transaction requires that it is approved.
    """
    was_visible = old is not None and old.is_visible
    is_announced = new.status == "approved" and not new.announced
    needs_parent = is_announced or (new.is_visible != was_visible and not has_approved_parent)
    if parent is None and new.parent_id is not None and needs_parent:
        parent = get(new.article_id, new.parent_id, now=now)
    if is_announced:
        new = replace(new, announced=True)
        if settings().sender:
            author_address = address if old is None else load_address(new, now=now)
            _announce(transaction, new, parent, author_address, origin, now=now)
    if new.is_visible != was_visible:
        difference = 1 if new.is_visible else -1
        if has_approved_parent and new.parent_id is not None:
            _count_with_approved_parent(transaction, new.article_id, new.parent_id, difference)
        else:
            new = _count_with_parent(transaction, new, parent, difference, now=now)
    if old is not None or new.expires_at is None:
        new = with_expiry(new, now)
    unchanged = _is_new(now) if old is None else CommentRecord.version == old.version
    transaction.put(to_record(new), unchanged, StaleRead(COMMENT_CHANGED))
    counted = (new.status == "approved") - (old is not None and old.status == "approved")
    _count_approved(transaction, new.article_id, counted)
    return new


def stage_new(transaction: Transaction, comments: Sequence[Comment], *, now: datetime) -> None:
    """Add new comments of one article to the transaction, about which no mail is due.

    The parent of each, if it has one, is approved: one of these comments, or a stored one. For
    approved comments, the transaction requires that a stored parent is approved.
    """
    replies = Counter(comment.parent_id for comment in comments if comment.status == "approved" and comment.parent_id)
    for comment in comments:
        count = replies.pop(comment.id, 0)
        new = replace(comment, replies=count, version=comment.version + count)
        if new.expires_at is None:
            new = with_expiry(new, now)
        transaction.put(to_record(new), _is_new(now), StaleRead(COMMENT_CHANGED))
    article_id = comments[0].article_id
    for parent_id, count in replies.items():
        _count_with_approved_parent(transaction, article_id, parent_id, count)
    _count_approved(transaction, article_id, sum(comment.status == "approved" for comment in comments))


def _count_approved(transaction: Transaction, article_id: int, difference: int) -> None:
    if difference:
        transaction.update(
            StatsRecord(*stats_key(article_id)),
            [StatsRecord.approved.add(difference), StatsRecord.schema.keep_or_set()],
        )


def _announce(
    transaction: Transaction,
    comment: Comment,
    parent: Comment | None,
    address: AddressRecord | None,
    origin: SubmissionOrigin | None,
    *,
    now: datetime,
) -> None:
    conflict = StaleRead("another approval asked the same person to confirm a subscription")
    reply_subscriptions.enqueue_mails(
        transaction, comment, parent=parent, address=address, origin=origin, conflict=conflict, now=now
    )


def load_address(comment: Comment, *, now: datetime | None = None) -> AddressRecord | None:
    """Return the address of the comment's author; None if none was given, or it has expired. At most one GetItem."""
    if comment.person is None:
        return None
    try:
        record = AddressRecord.get(*address_key(comment.id), consistent_read=True)
    except AddressRecord.DoesNotExist:
        return None
    return None if has_expired(record.expires_at, now) else record


def _is_new(now: datetime) -> Condition:
    """Return the condition that there is no comment with the id, except one that has expired."""
    is_new: Condition = CommentRecord.sort.does_not_exist() | is_expired(CommentRecord.expires_at, now)
    return is_new


def with_expiry(comment: Comment, now: datetime) -> Comment:
    """Set the expiry of spam and deleted comments, unless a tombstone is needed for their replies."""
    days = {"spam": settings().spam_days, "deleted": DELETED_DAYS}.get(comment.status)
    if days is None or comment.is_visible:
        return replace(comment, expires_at=None)
    return replace(comment, expires_at=int(now.timestamp()) + days * SECONDS_PER_DAY)


def _count_with_parent(
    transaction: Transaction, comment: Comment, parent: Comment | None, difference: int, *, now: datetime
) -> Comment:
    """Add ``difference`` to the parent's count of replies; if the parent no longer exists, remove the reference."""
    if comment.parent_id is None:
        return comment
    if parent is None:
        return replace(comment, parent_id=None, depth=0)
    if parent.status == "approved":
        _count_with_approved_parent(transaction, parent.article_id, parent.id, difference)
        return comment
    # The field ``change`` keeps its value, since only the count of replies changes.
    new = replace(parent, replies=max(0, parent.replies + difference), version=parent.version + 1)
    if new.is_visible != parent.is_visible:
        grandparent = get(new.article_id, new.parent_id, now=now) if new.parent_id is not None else None
        new = _count_with_parent(transaction, new, grandparent, difference, now=now)
    unchanged = CommentRecord.version == parent.version
    transaction.put(to_record(with_expiry(new, now)), unchanged, StaleRead(PARENT_CHANGED))
    return comment


def _count_with_approved_parent(transaction: Transaction, article_id: int, parent_id: str, difference: int) -> None:
    # Counted without a condition on the version, so that concurrent replies do not conflict.
    transaction.update(
        CommentRecord(str(article_id), parent_id),
        [CommentRecord.replies.add(difference), CommentRecord.version.add(abs(difference))],
        CommentRecord.status == "approved",
        StaleRead(PARENT_CHANGED),
    )
