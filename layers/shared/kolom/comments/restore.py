"""Restore comments, their authors and subscriptions from an archive. Sends no mail.

The counts of approved comments and of replies do not come from the archive: the transaction that restores a comment
also counts it. So each comment counts once, even after a crash and a rerun.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from kolom.articles.types import Change
from kolom.comments import reply_subscriptions, repository
from kolom.comments.types import MAX_DEPTH, Comment
from kolom.errors import Conflict, NotFound, RestoreConflict
from kolom.models.comments import (
    SUBSCRIPTION,
    AddressRecord,
    CommentRecord,
    SubscriptionRecord,
    address_key,
    subscription_key,
)
from kolom.models.expiry import has_expired, is_expired
from kolom.models.transaction import Transaction
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of

_RESTORED_FIELDS = (
    *("status", "status_before", "name", "content", "website", "avatar", "is_owner", "created_at", "edited_at"),
    *("reasons", "decided_by", "revision", "announced"),
)
"""The fields in which a stored comment is compared with the archive, and which ``overwrite`` replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentAuthorSnapshot:
    """The author of a comment: the email address until it expires, then only the pseudonym ``person``."""

    article_id: int
    comment_id: str
    email: str | None = None
    notify_replies: bool = False
    expires_at: int | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSnapshot:
    """A person's subscription to replies on an article. After an unsubscription, it has ``person`` but no ``email``."""

    article_id: int
    state: str
    expires_at: int
    email: str | None = None
    person: str | None = None
    comment_id: str | None = None


def export_authors(comments: Sequence[Comment], *, now: datetime) -> Iterator[CommentAuthorSnapshot]:
    """Yield the known authors of these comments, in the order of the comments."""
    with_author = [comment for comment in comments if comment.person is not None]
    keys = [address_key(comment.id) for comment in with_author]
    records = {record.article_id: record for record in AddressRecord.batch_get(keys, consistent_read=True)}
    for comment in with_author:
        record = records.get(address_key(comment.id)[0])
        if record is not None and not has_expired(record.expires_at, now):
            yield CommentAuthorSnapshot(
                article_id=comment.article_id,
                comment_id=comment.id,
                email=record.email,
                notify_replies=record.notify_replies,
                expires_at=int(record.expires_at),
            )
        else:
            yield CommentAuthorSnapshot(article_id=comment.article_id, comment_id=comment.id, person=comment.person)


def export_subscriptions(*, now: datetime) -> list[SubscriptionSnapshot]:
    """Return all unexpired subscriptions by article. Reads the whole table."""
    found = [
        SubscriptionSnapshot(
            article_id=int(record.article_id.split("#")[1]),
            state=record.state,
            expires_at=int(record.expires_at),
            email=record.email,
            person=None if record.email else record.subscriber,
            comment_id=record.comment_id,
        )
        for record in SubscriptionRecord.scan(SubscriptionRecord.sort == SUBSCRIPTION, consistent_read=True)
        if not has_expired(record.expires_at, now)
    ]
    return sorted(found, key=lambda each: (each.article_id, each.email or "", each.person or ""))


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore of a comment would do, and the depth at which the comment is, or would be, in its thread."""

    change: Change
    depth: int


def plan_restore(comment: Comment, *, overwrite: bool = False, planned: Mapping[str, int] | None = None) -> RestorePlan:
    """Return what :func:`restore_comment` would do; raises the same errors. Reads only.

    ``planned`` are the depths of the comments, by their ids, that are assumed to exist.
    """
    existing = repository.get(comment.article_id, comment.id)
    if existing is None:
        return RestorePlan("created", _depth(comment, planned or {}))
    if _restored_values(existing) == _restored_values(comment):
        return RestorePlan("unchanged", existing.depth)
    if existing.is_erased:
        raise RestoreConflict("was erased here and is not restored")
    if not overwrite:
        raise RestoreConflict(f"differs from the existing comment ({existing.status}); use --overwrite to replace it")
    return RestorePlan("updated", existing.depth)


def restore_comment(comment: Comment, *, now: datetime, overwrite: bool = False) -> Change:
    """Create ``comment``. If a comment with this id exists, ``overwrite`` replaces its status and text.

    Restoring the same comment again changes nothing. The parent of an approved comment must exist.

    :raises RestoreConflict: the stored comment differs and ``overwrite`` is false, or it was erased
    :raises NotFound: the comment is approved, and its parent does not exist
    :raises Conflict: the thread is too deep
    :raises ServiceBusy: nothing was stored
    """
    plan = plan_restore(comment, overwrite=overwrite)
    if plan.change == "created":
        _put(replace(comment, depth=plan.depth), now)
    elif plan.change == "updated":
        restored_values = _restored_values(comment)
        repository.update(comment.article_id, comment.id, lambda current: replace(current, **restored_values), now=now)
    return plan.change


def _depth(comment: Comment, planned: Mapping[str, int]) -> int:
    """Return the depth of a new comment in its thread. Only an unapproved comment may refer to a missing parent."""
    if comment.parent_id is None:
        return 0
    parent_depth = planned.get(comment.parent_id)
    if parent_depth is None:
        parent = repository.get(comment.article_id, comment.parent_id)
        if parent is None:
            if comment.status == "approved":
                raise NotFound(f"the parent comment does not exist: {comment.parent_id}")
            return 0
        parent_depth = parent.depth
    if parent_depth >= MAX_DEPTH:
        raise Conflict(f"exceeds the maximum thread depth of {MAX_DEPTH} replies")
    return parent_depth + 1


def _put(comment: Comment, now: datetime) -> None:
    expires_at = comment.expires_at if comment.status in {"spam", "deleted"} else None
    transaction = Transaction()
    new = replace(comment, replies=0, person=None, version=1, change=comment.id, expires_at=expires_at)
    repository.stage(transaction, None, new, now=now)
    transaction.commit()


def _restored_values(comment: Comment) -> dict[str, Any]:
    return {name: getattr(comment, name) for name in _RESTORED_FIELDS}


def plan_author(author: CommentAuthorSnapshot, *, planned: Collection[str] = ()) -> Change:
    """Return what :func:`restore_author` would do if the comments ``planned`` existed.

    Raises the same errors. Reads only.
    """
    comment = repository.get(author.article_id, author.comment_id)
    if comment is None and author.comment_id not in planned:
        raise NotFound("there is no such comment")
    if comment is not None and comment.is_erased:
        raise RestoreConflict("the comment was erased here; its author is not restored")
    if comment is None or comment.person is None:
        return "created"
    if author.email is None:
        return "unchanged"
    found = repository.load_address(comment)
    if found is None:
        return "created"
    if (found.email, found.notify_replies, found.expires_at) == (
        author.email,
        author.notify_replies,
        author.expires_at,
    ):
        return "unchanged"
    raise RestoreConflict("has a different address here")


def restore_author(author: CommentAuthorSnapshot) -> Change:
    """Restore the pseudonym and the address of a comment's author.

    :raises RestoreConflict: the stored comment has another address, or was erased
    :raises NotFound: there is no such comment
    """
    change = plan_author(author)
    if change == "created":
        person = author.person or pseudonym_of(author.email or "", signing.load_keys())
        exists = CommentRecord.sort.exists()
        transaction = Transaction()
        transaction.update(
            CommentRecord(str(author.article_id), author.comment_id),
            [CommentRecord.person.set(person), CommentRecord.version.add(1)],
            exists,
            NotFound("there is no such comment"),
        )
        if author.email is not None:
            transaction.put(
                AddressRecord(
                    *address_key(author.comment_id),
                    email=author.email,
                    notify_replies=author.notify_replies,
                    expires_at=author.expires_at,
                )
            )
        transaction.commit()
    return change


def restore_subscription(subscription: SubscriptionSnapshot, *, dry_run: bool = False) -> Change:
    """Restore a subscription, or an unsubscription. With ``dry_run``, only return what would be done.

    :raises RestoreConflict: the stored subscription differs
    """
    person = subscription.person or pseudonym_of(subscription.email or "", signing.load_keys())
    record = SubscriptionRecord(
        *subscription_key(subscription.article_id, person),
        subscriber=person,
        comment_id=subscription.comment_id,
        state=subscription.state,
        email=subscription.email,
        expires_at=subscription.expires_at,
    )
    now = datetime.now(UTC)
    found = reply_subscriptions.load(subscription.article_id, person, now=now)
    if found is None:
        if not dry_run:
            transaction = Transaction()
            new = SubscriptionRecord.state.does_not_exist() | is_expired(SubscriptionRecord.expires_at, now)
            transaction.put(record, new, Conflict("the subscription was stored concurrently"))
            transaction.commit()
        return "created"
    if (found.state, found.email, found.comment_id) != (record.state, record.email, record.comment_id):
        raise RestoreConflict(f"is {found.state} here and is kept")
    return "unchanged"
