"""Comments for the moderator: by status, by id, by email address. Not for public functions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ulid import ULID

from kolom.articles.types import Article
from kolom.comments import authors, reply_subscriptions, repository
from kolom.comments.editing import erase
from kolom.comments.mapping import to_comment
from kolom.comments.types import MAX_DEPTH, Comment, Status
from kolom.errors import Conflict, NotFound
from kolom.models.comments import AddressRecord, CommentRecord, address_key
from kolom.models.transaction import Transaction
from kolom.security.pseudonyms import all_pseudonyms_of
from kolom.security.signing import SigningKeys
from kolom.submissions.reasons import to_reason

STATUSES: Final[tuple[Status, ...]] = ("pending", "approved", "spam", "deleted")


@dataclass(frozen=True, slots=True)
class PersonalData:
    """A comment with the email address of its author; ``email`` is None if none was given, or is no longer stored.

    ``subscription`` is the state of their subscription to replies on the article, None if none is stored.
    """

    comment: Comment
    email: str | None
    notify_replies: bool
    subscription: str | None


def list_by_status(status: Status, *, limit: int) -> list[Comment]:
    """Return the newest comments with that status."""
    found = CommentRecord.by_status.query(status, scan_index_forward=False, limit=limit)
    return [to_comment(record) for record in found]


def list_by_article(article_id: int) -> list[Comment]:
    """Return all comments of an article, oldest first, in any status."""
    return [to_comment(record) for record in CommentRecord.query(str(article_id))]


def get(comment_id: str) -> Comment:
    """Return the comment with that id. Needs up to one Query for each status, because the table is keyed by article.

    :raises NotFound: there is no such comment
    """
    for status in STATUSES:
        for record in CommentRecord.by_status.query(status, CommentRecord.sort == comment_id.upper()):
            comment = repository.get(int(record.article_id), record.sort)
            if comment is not None:
                return comment
    raise NotFound(f"there is no comment {comment_id!r}")


def personal_data(comment: Comment, *, now: datetime) -> PersonalData:
    """Return the comment with its author's address and the state of their subscription."""
    subscription = reply_subscriptions.load(comment.article_id, comment.person, now=now) if comment.person else None
    state = subscription.state if subscription else None
    try:
        record = AddressRecord.get(*address_key(comment.id), consistent_read=True)
    except AddressRecord.DoesNotExist:
        return PersonalData(comment, None, notify_replies=False, subscription=state)
    return PersonalData(comment, record.email, record.notify_replies, state)


def list_by_email(email: str, secret: SigningKeys, *, now: datetime) -> Iterator[PersonalData]:
    """Yield all comments with that email address, ignoring case. Reads the whole table."""
    persons = all_pseudonyms_of(email, secret)
    for record in CommentRecord.scan(CommentRecord.person.is_in(*persons)):
        yield personal_data(to_comment(record), now=now)


def erase_person(email: str, secret: SigningKeys, *, now: datetime) -> int:
    """Erase every comment with that email address, and the address itself; return the number of comments.

    If interrupted, run it again to complete it.
    """
    found = [data.comment for data in list_by_email(email, secret, now=now)]
    for comment in found:
        erase(comment.article_id, comment.id, by="kolom", now=now)
    reply_subscriptions.delete_for_person(all_pseudonyms_of(email, secret))
    return len(found)


def reply(parent: Comment, article: Article, *, name: str, content: str, now: datetime, secret: SigningKeys) -> Comment:
    """Publish the owner's reply to a comment: approved at once, and marked as the owner's.

    :raises Conflict: the comment is not approved, or the thread is too deep
    :raises ServiceBusy: nothing was stored
    """
    if parent.status != "approved":
        raise Conflict(f"the comment is {parent.status}: approve it before you reply")
    if parent.depth >= MAX_DEPTH:
        raise Conflict("maximum thread depth reached; reply to an earlier comment")
    milliseconds = max(int(now.timestamp() * 1000), ULID.from_str(parent.id).milliseconds + 1)
    comment_id = str(ULID.from_timestamp(milliseconds))
    comment = Comment(
        article_id=article.id,
        id=comment_id,
        status="approved",
        name=name,
        content=content,
        avatar=authors.owner_avatar_seed(secret),
        is_owner=True,
        created_at=now,
        parent_id=parent.id,
        depth=parent.depth + 1,
        reasons=(to_reason("owner"),),
        decided_by="kolom",
        change=comment_id,
    )
    transaction = Transaction()
    comment = repository.stage(transaction, None, comment, now=now)
    transaction.commit()
    return comment
