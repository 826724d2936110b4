"""Comments for the moderator: by status, by id, by email address. Not for public functions."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ulid import ULID

from kolom import outbox
from kolom.articles.types import Article
from kolom.comments import authors, reply_subscriptions, repository
from kolom.comments.editing import erase
from kolom.comments.mapping import to_comment
from kolom.comments.types import MAX_DEPTH, Comment, Status
from kolom.errors import Conflict, NotFound
from kolom.models.comments import ADDRESS, AddressRecord, CommentRecord, address_key
from kolom.models.expiry import has_expired, is_expired, is_unexpired
from kolom.models.transaction import Transaction
from kolom.security import origins
from kolom.security.pseudonyms import all_pseudonyms_of, pseudonym_of
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
    """Return the newest unexpired comments with that status."""
    unexpired = is_unexpired(CommentRecord.expires_at)
    found = CommentRecord.by_status.query(status, filter_condition=unexpired, scan_index_forward=False, limit=limit)
    return [to_comment(record) for record in found]


def list_by_article(article_id: int, *, now: datetime | None = None) -> list[Comment]:
    """Return all unexpired comments of an article, oldest first, in any status."""
    found = map(to_comment, CommentRecord.query(str(article_id)))
    return [comment for comment in found if not has_expired(comment.expires_at, now)]


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
    address = repository.load_address(comment, now=now)
    if address is None:
        return PersonalData(comment, None, notify_replies=False, subscription=state)
    return PersonalData(comment, address.email, address.notify_replies, state)


def list_by_email(email: str, secret: SigningKeys, *, now: datetime) -> Iterator[PersonalData]:
    """Yield all unexpired comments with that email address, ignoring case. Reads the whole table."""
    for record in _records_of(all_pseudonyms_of(email, secret)):
        if not has_expired(record.expires_at, now):
            yield personal_data(to_comment(record), now=now)


def erase_person(email: str, secret: SigningKeys, *, now: datetime) -> int:
    """Erase every comment with that email address, and everything else about the person that Kolom can find by it.

    These are the address, also of comments that no longer exist, the hashes of the IP address, the subscriptions, and
    the records of mail to the person. Return the number of unexpired comments. If interrupted, run it again to
    complete it.
    """
    persons = all_pseudonyms_of(email, secret)
    erased = 0
    for record in list(_records_of(persons)):
        # Before the comment: without its pseudonym, a second run would not find it.
        origins.delete(record.sort)
        was_expired = has_expired(record.expires_at, now)
        if was_expired and record.delete_if(is_expired(CommentRecord.expires_at, now)):
            continue
        with suppress(NotFound):  # DynamoDB has deleted it in the meantime.
            erase(int(record.article_id), record.sort, by="kolom", now=now)
            erased += 1
    for address in AddressRecord.scan(AddressRecord.sort == ADDRESS):
        if pseudonym_of(address.email, secret) in persons:
            origins.delete(address.article_id.removeprefix(address_key("")[0]))
            address.delete()
    reply_subscriptions.delete_for_person(persons)
    outbox.delete_for_person(persons)
    return erased


def _records_of(persons: Sequence[str]) -> Iterator[CommentRecord]:
    """Yield the comments with one of these pseudonyms, also expired ones. Reads the whole table."""
    yield from CommentRecord.scan(CommentRecord.person.is_in(*persons))


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
