"""Putting comments back as they were, with whom they are by and who wants replies. For archives. Nothing is mailed.

What can be counted is not taken from an archive but counted again, in the transaction that puts the comment back: how
many are approved, and how many answer each. So a crash and a rerun count once, and the numbers fit what is there.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kolom.articles.types import Change
from kolom.comments import repository
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
from kolom.models.transaction import Transaction
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of

_SAID = (
    *("status", "status_before", "name", "content", "website", "avatar", "is_owner", "created_at", "edited_at"),
    *("reasons", "decided_by", "revision", "announced"),
)
"""What an archive says of a comment for ever; the rest follows from the others, or from the keys of the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentAuthorSnapshot:
    """Who wrote a comment: their address with its time, or, where that is over, only the ``person`` it stood for."""

    article_id: int
    comment_id: str
    email: str | None = None
    notify_replies: bool = False
    expires_at: int | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSnapshot:
    """Whether a person hears of replies to them on an article. Who has left has no address, but is a ``person``."""

    article_id: int
    state: str
    expires_at: int
    email: str | None = None
    person: str | None = None
    comment_id: str | None = None


def export_authors(comments: Sequence[Comment], *, now: datetime) -> Iterator[CommentAuthorSnapshot]:
    """By whom these comments are, of those of which it is known, in the order of the comments."""
    known = [comment for comment in comments if comment.person is not None]
    keys = [address_key(comment.id) for comment in known]
    records = {record.article_id: record for record in AddressRecord.batch_get(keys, consistent_read=True)}
    for comment in known:
        record = records.get(address_key(comment.id)[0])
        if record is not None and record.expires_at > now.timestamp():
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
    """All subscriptions that are good, by article. Reads the whole table."""
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
        if record.expires_at > now.timestamp()
    ]
    return sorted(found, key=lambda each: (each.article_id, each.email or "", each.person or ""))


def plan_restore(comment: Comment, *, overwrite: bool = False, planned: Collection[str] = ()) -> Change:
    """What :func:`restore_comment` would do if the comments ``planned`` existed; raises the same. Reads only."""
    existing = repository.get(comment.article_id, comment.id)
    if existing is None:
        above = comment.parent_id
        if comment.status == "approved" and above is not None and above not in planned:
            _above(comment)
        return "created"
    if _said(existing) == _said(comment):
        return "unchanged"
    if existing.is_erased:
        raise RestoreConflict("was erased here, and is not brought back")
    if not overwrite:
        raise RestoreConflict(f"is another state here ({existing.status}); --overwrite replaces it")
    return "updated"


def restore_comment(comment: Comment, *, now: datetime, overwrite: bool = False) -> Change:
    """Put ``comment`` where there is none of its id; with ``overwrite``, give the one that is there its state and text.

    The same again changes nothing. The comment that it answers must be there before.

    :raises Kept: it is another state here, and ``overwrite`` was not said, or it was erased
    :raises NotFound: what it answers is not there
    :raises Conflict: the thread is too deep
    :raises Busy: nothing was stored
    """
    change = plan_restore(comment, overwrite=overwrite)
    if change == "created":
        _put(comment, now)
    elif change == "updated":
        said = _said(comment)
        repository.update(comment.article_id, comment.id, lambda current: replace(current, **said), now=now)
    return change


def _above(comment: Comment) -> Comment | None:
    """The comment that it answers. What nobody sees may answer one that is gone for good."""
    parent = None if comment.parent_id is None else repository.get(comment.article_id, comment.parent_id)
    if parent is None and comment.parent_id is not None and comment.status == "approved":
        raise NotFound(f"the comment that it answers is not there: {comment.parent_id}")
    return parent


def _put(comment: Comment, now: datetime) -> None:
    parent = _above(comment)
    depth = parent.depth + 1 if parent else 0
    if depth > MAX_DEPTH:
        raise Conflict(f"it is deeper in its thread than {MAX_DEPTH} replies")
    kept_until = comment.expires_at if comment.status in {"spam", "deleted"} else None
    transaction = Transaction()
    new = replace(comment, depth=depth, replies=0, person=None, version=1, change=comment.id, expires_at=kept_until)
    repository.stage(transaction, None, new, now=now)
    transaction.commit()


def _said(comment: Comment) -> dict[str, Any]:
    return {name: getattr(comment, name) for name in _SAID}


def plan_author(author: CommentAuthorSnapshot, *, planned: Collection[str] = ()) -> Change:
    """What :func:`restore_author` would do, were the comments ``planned`` there already; raises the same."""
    comment = repository.get(author.article_id, author.comment_id)
    if comment is None and author.comment_id not in planned:
        raise NotFound("there is no such comment")
    if comment is not None and comment.is_erased:
        raise RestoreConflict("the comment was erased here: its author stays forgotten")
    if comment is None or comment.person is None:
        return "created"
    if author.email is None:
        return "unchanged"
    try:
        found = AddressRecord.get(*address_key(author.comment_id), consistent_read=True)
    except AddressRecord.DoesNotExist:
        return "created"
    if (found.email, found.notify_replies, found.expires_at) == (
        author.email,
        author.notify_replies,
        author.expires_at,
    ):
        return "unchanged"
    raise RestoreConflict("has another address here")


def restore_author(author: CommentAuthorSnapshot) -> Change:
    """Let the comment be known by its author again.

    :raises Kept: it is known by another address, or its author has erased it
    :raises NotFound: there is no such comment
    """
    change = plan_author(author)
    if change == "created":
        person = author.person or pseudonym_of(author.email or "", signing.load_keys())
        there = CommentRecord.sort.exists()
        transaction = Transaction()
        transaction.update(
            CommentRecord(str(author.article_id), author.comment_id),
            [CommentRecord.person.set(person), CommentRecord.version.add(1)],
            there,
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
    """Let a person hear of replies again, or never be asked again. With ``dry_run``, only say what would be done.

    :raises Kept: they have answered otherwise here
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
    try:
        found = SubscriptionRecord.get(record.article_id, SUBSCRIPTION, consistent_read=True)
    except SubscriptionRecord.DoesNotExist:
        if not dry_run:
            transaction = Transaction()
            new = SubscriptionRecord.state.does_not_exist()
            transaction.put(record, new, Conflict("they were asked at the same moment"))
            transaction.commit()
        return "created"
    if (found.state, found.email, found.comment_id) != (record.state, record.email, record.comment_id):
        raise RestoreConflict(f"is {found.state} here, and stays so")
    return "unchanged"
