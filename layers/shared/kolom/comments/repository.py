"""Comments by their keys, and changing them: each change is one transaction that keeps counts and threads true.

A comment is visible while it is approved, or while a visible comment answers it: then it is shown as a tombstone. What
becomes visible or invisible is counted by its parent, which may become visible or invisible by that in turn.
"""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from pynamodb.exceptions import PynamoDBException

from kolom.aws import is_unavailable
from kolom.comments import reply_subscriptions
from kolom.comments.mapping import to_comment, to_record
from kolom.comments.types import Comment
from kolom.config import settings
from kolom.errors import Conflict, NotFound, ServiceBusy
from kolom.models.comments import AddressRecord, CommentRecord, StatsRecord, address_key, stats_key
from kolom.models.transaction import DEADLINE_SECONDS, Transaction
from kolom.security.origins import SubmissionOrigin
from kolom.timestamps import SECONDS_PER_DAY

DELETED_DAYS = 30
"""How long a deleted comment can be restored."""


class StaleComment(Conflict):
    """The comment, or one above it, was changed since it was read."""


def get(article_id: int, comment_id: str) -> Comment | None:
    """The comment as it is at this moment, or None. One consistent GetItem."""
    try:
        return to_comment(CommentRecord.get(str(article_id), comment_id, consistent_read=True))
    except CommentRecord.DoesNotExist:
        return None


def update(
    article_id: int,
    comment_id: str,
    decide: Callable[[Comment], Comment],
    *,
    now: datetime,
    also: Callable[[Transaction], None] | None = None,
) -> Comment:
    """Replace the comment by what ``decide`` makes of it, whatever others do to it at the same time.

    ``decide`` sees the comment as it is, and raises what stands against the change; it is asked again when something
    else was changed first. If it gives back that very comment, nothing is written. ``also`` adds writes to the
    transaction.

    :raises NotFound: there is no such comment
    :raises Busy: others were faster throughout; nothing was changed
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        old = get(article_id, comment_id)
        if old is None:
            raise NotFound("there is no such comment")
        decided = decide(old)
        if decided is old:
            return old
        new = replace(decided, version=old.version + 1, change=uuid4().hex)
        transaction = Transaction()
        new = stage(transaction, old, new, now=now)
        if also is not None:
            also(transaction)
        try:
            transaction.commit()
        except StaleComment as error:
            if is_applied(new):
                return new
            if time.monotonic() > deadline:
                raise ServiceBusy("too many changes at once; nothing was changed, try again") from error
            time.sleep(random.uniform(0, 0.05))  # noqa: S311 - jitter
        except PynamoDBException as error:
            if is_unavailable(error) and is_applied(new):
                return new
            raise
        else:
            return new


def is_applied(wanted: Comment) -> bool:
    """Whether this very change was made, though its answer was lost."""
    found = get(wanted.article_id, wanted.id)
    return found is not None and found.change == wanted.change


def stage(
    transaction: Transaction,
    old: Comment | None,
    new: Comment,
    *,
    now: datetime,
    address: AddressRecord | None = None,
    origin: SubmissionOrigin | None = None,
) -> Comment:
    """Add the step from ``old`` (None: there is none yet) to ``new`` to the transaction; give back what is written.

    The first approval brings the mails about it. ``address`` and ``origin`` are its author's, if there is no ``old``. A
    new comment that says when it expires, as one that is put back does, is held to that.
    """
    if new.status == "approved" and not new.announced:
        new = replace(new, announced=True)
        if settings().sender:
            known = address if old is None else _load_address(new)
            _announce(transaction, new, known, origin, now=now)
    was_visible = old is not None and old.is_visible
    if new.is_visible != was_visible:
        new = _count_with_parent(transaction, new, 1 if new.is_visible else -1, now=now)
    if old is not None or new.expires_at is None:
        new = with_expiry(new, now)
    unchanged = CommentRecord.sort.does_not_exist() if old is None else CommentRecord.version == old.version
    transaction.put(to_record(new), unchanged, StaleComment("the comment was changed at the same moment"))
    counted = (new.status == "approved") - (old is not None and old.status == "approved")
    if counted:
        transaction.update(
            StatsRecord(*stats_key(new.article_id)), [StatsRecord.approved.add(counted), StatsRecord.schema.set(1)]
        )
    return new


def _announce(
    transaction: Transaction,
    comment: Comment,
    address: AddressRecord | None,
    origin: SubmissionOrigin | None,
    *,
    now: datetime,
) -> None:
    parent = get(comment.article_id, comment.parent_id) if comment.parent_id is not None else None
    asked = StaleComment("the same person was asked at the same moment")
    reply_subscriptions.enqueue_mails(
        transaction, comment, parent=parent, address=address, origin=origin, refused=asked, now=now
    )


def _load_address(comment: Comment) -> AddressRecord | None:
    if comment.person is None:
        return None
    try:
        return AddressRecord.get(*address_key(comment.id), consistent_read=True)
    except AddressRecord.DoesNotExist:
        return None


def with_expiry(comment: Comment, now: datetime) -> Comment:
    """Spam and deleted comments expire, unless a place must be kept for the replies to them."""
    days = {"spam": settings().spam_days, "deleted": DELETED_DAYS}.get(comment.status)
    if days is None or comment.is_visible:
        return replace(comment, expires_at=None)
    return replace(comment, expires_at=int(now.timestamp()) + days * SECONDS_PER_DAY)


def _count_with_parent(transaction: Transaction, comment: Comment, change: int, *, now: datetime) -> Comment:
    """Count ``comment`` with the one that it answers; without one if that is gone for good."""
    if comment.parent_id is None:
        return comment
    parent = get(comment.article_id, comment.parent_id)
    if parent is None:
        return replace(comment, parent_id=None, depth=0)
    changed = StaleComment("the comment above was changed at the same moment")
    if parent.status == "approved":
        # Counted without a look at the version, so that many may answer at once.
        transaction.update(
            CommentRecord(str(parent.article_id), parent.id),
            [CommentRecord.replies.add(change), CommentRecord.version.add(1)],
            CommentRecord.status == "approved",
            changed,
        )
        return comment
    # Its own last change stays the one that is named: nothing about itself is another.
    new = replace(parent, replies=max(0, parent.replies + change), version=parent.version + 1)
    if new.is_visible != parent.is_visible:
        new = _count_with_parent(transaction, new, change, now=now)
    transaction.put(to_record(with_expiry(new, now)), CommentRecord.version == parent.version, changed)
    return comment
