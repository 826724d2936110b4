"""Who is told by mail that their comment was answered: who asked for it and confirmed it, until they leave.

A subscription is of one person to the replies to their comments on one article. It begins with a mail that asks
whether it was really they (double opt-in), which goes out when their comment is approved, once. Whoever typed the
address may have typed a stranger's, so questions are limited; one that is over a limit is not sent, and may be asked
with the person's next comment. Every mail has a link to leave by (RFC 8058), which works for as long as the
subscription is kept; who has left is not asked again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pynamodb.exceptions import UpdateError

from kolom import outbox
from kolom.comments.types import Comment
from kolom.config import settings
from kolom.errors import Conflict, Gone, KolomError, NotFound
from kolom.models.comments import AddressRecord, SubscriptionRecord, subscription_key
from kolom.models.errors import is_condition_failed
from kolom.models.transaction import Transaction
from kolom.security import origins, rate_limits, signing
from kolom.security.origins import SubmissionOrigin
from kolom.security.pseudonyms import all_pseudonyms_of, mailbox_pseudonym_of
from kolom.security.signing import SigningKeys
from kolom.timestamps import SECONDS_PER_DAY

type Action = Literal["confirm", "leave"]

CONFIRM_DAYS: Final = 7

_QUESTION_OPEN: Final = timedelta(days=CONFIRM_DAYS) + 2 * outbox.GIVE_UP_AFTER
"""How long a question is remembered: as long as its link can be good, which is made when the mail is sent."""

_PURPOSE: Final = "kolom.subscription"


@dataclass(frozen=True, slots=True)
class SubscriptionLink:
    """What a link does to which subscription. ``expires`` is in Unix seconds, 0 for never."""

    action: Action
    article_id: int
    person: str
    expires: int


def enqueue_mails(
    transaction: Transaction,
    comment: Comment,
    *,
    parent: Comment | None,
    address: AddressRecord | None,
    origin: SubmissionOrigin | None,
    refused: KolomError,
    now: datetime,
) -> None:
    """Add the mails that the approval of ``comment`` brings to the transaction that approves it.

    To the author of the comment above, if they have confirmed that they want them; and to its own author, if they want
    replies, have not been asked yet, and no limit of questions is reached. ``address`` and ``origin`` are its author's;
    an origin of None is looked up. ``refused`` is raised when another approval asks the same person at the same moment.
    Up to two GetItem, and for a question a BatchGetItem and an UpdateItem for each limit.
    """
    own = all_pseudonyms_of(address.email, signing.load_keys()) if address else [comment.person]
    if parent is not None and parent.status == "approved" and parent.person not in {*own, None}:
        reader = str(parent.person)
        subscription = load(comment.article_id, reader, now=now)
        if subscription is not None and subscription.state == "confirmed":
            outbox.enqueue(
                transaction,
                f"reply#{comment.id}#{reader}",
                "reply",
                article_id=comment.article_id,
                item_id=comment.id,
                person=reader,
                now=now,
            )
    if comment.person is not None:
        _ask(transaction, comment, comment.person, address, origin, refused, now)


def _ask(
    transaction: Transaction,
    comment: Comment,
    person: str,
    address: AddressRecord | None,
    origin: SubmissionOrigin | None,
    refused: KolomError,
    now: datetime,
) -> None:
    if address is None or not address.notify_replies or address.expires_at <= now.timestamp():
        return
    # By every key that the site has had: who has answered is not asked again because a key was rotated.
    if any(load(comment.article_id, each, now=now) for each in all_pseudonyms_of(address.email, signing.load_keys())):
        return
    if not _may_ask(comment, address.email, origin or origins.load(comment.id, now=now), now):
        return
    record = SubscriptionRecord(
        *subscription_key(comment.article_id, person),
        subscriber=person,
        comment_id=comment.id,
        state="asked",
        email=address.email,
        expires_at=int((now + _QUESTION_OPEN).timestamp()),
    )
    is_new = SubscriptionRecord.state.does_not_exist() | (SubscriptionRecord.expires_at <= int(now.timestamp()))
    transaction.put(record, is_new, refused)
    outbox.enqueue(
        transaction,
        f"confirm#{comment.article_id}#{person}",
        "confirm",
        article_id=comment.article_id,
        item_id=comment.id,
        person=person,
        now=now,
    )


def _may_ask(comment: Comment, email: str, origin: SubmissionOrigin | None, now: datetime) -> bool:
    """Count a question, and tell whether it is within all limits. The same comment's counts once."""
    applied = rate_limits.question_limits(
        mailbox_pseudonym_of(email, signing.load_keys()), origin.sender if origin else None
    )
    return rate_limits.find_reached(origin.submission_id if origin else comment.id, applied, now=now) is None


def load(article_id: int, person: str, *, now: datetime) -> SubscriptionRecord | None:
    """The subscription of that person to that article, or None. One consistent GetItem."""
    try:
        record = SubscriptionRecord.get(*subscription_key(article_id, person), consistent_read=True)
    except SubscriptionRecord.DoesNotExist:
        return None
    return record if record.expires_at > now.timestamp() else None


def create(action: Action, article_id: int, person: str, secret: SigningKeys, *, now: datetime) -> str:
    """The token of a link. One to confirm by is good for :data:`CONFIRM_DAYS`, one to leave by for ever."""
    expires = int((now + timedelta(days=CONFIRM_DAYS)).timestamp()) if action == "confirm" else 0
    return signing.sign(_PURPOSE, [action, article_id, person, expires], secret)


def parse(token: str, secret: Callable[[], SigningKeys], *, now: datetime) -> SubscriptionLink:
    """What the token's link does.

    :raises NotFound: it is not one of this site
    :raises Gone: it has expired
    """
    payload = signing.verify(_PURPOSE, token, secret)
    if payload is None:
        raise NotFound("this link is not valid")
    link = SubscriptionLink(*payload)
    if link.expires and now.timestamp() >= link.expires:
        raise Gone("this link has expired")
    return link


def execute(link: SubscriptionLink, *, now: datetime) -> None:
    """Confirm the subscription, or leave it. Twice is once.

    Who leaves is forgotten but for the hash by which they are not asked again; also if nothing else was left of it.

    :raises NotFound: there is nothing to confirm any more
    :raises Conflict: it was left meanwhile
    """
    record = SubscriptionRecord(*subscription_key(link.article_id, link.person))
    state = SubscriptionRecord.state
    kept_on = SubscriptionRecord.expires_at.set(_expiry(now))
    try:
        if link.action == "leave":
            left = [state.set("left"), SubscriptionRecord.subscriber.set(link.person), SubscriptionRecord.schema.set(1)]
            record.update(actions=[*left, kept_on, SubscriptionRecord.email.remove()])
        else:
            record.update(actions=[state.set("confirmed"), kept_on], condition=state.is_in("asked", "confirmed"))
    except UpdateError as error:
        if not is_condition_failed(error):
            raise
        if load(link.article_id, link.person, now=now) is None:
            raise NotFound("there is no such subscription any more") from None
        raise Conflict("this subscription was ended") from None


def delete_for_comment(transaction: Transaction, comment: Comment, *, now: datetime) -> None:
    """Delete, in the transaction that erases ``comment``, the subscription that came of it; a refusal stays."""
    if comment.person is None:
        return
    subscription = load(comment.article_id, comment.person, now=now)
    if subscription is not None and subscription.comment_id == comment.id and subscription.state != "left":
        transaction.delete(subscription)


def delete_for_person(persons: Iterable[str]) -> int:
    """Delete all subscriptions of whoever has one of these hashes; how many. Reads the whole table."""
    found = list(SubscriptionRecord.scan(SubscriptionRecord.subscriber.is_in(*persons)))
    for record in found:
        record.delete()
    return len(found)


def _expiry(now: datetime) -> int:
    return int(now.timestamp()) + settings().email_days * SECONDS_PER_DAY
