"""Email notifications of replies, with double opt-in and unsubscribe links.

A subscription belongs to one person, and covers the replies to their comments on one article. It begins with a mail
that asks for confirmation (double opt-in), sent when their comment is approved. They are not asked again while this
request or their answer is stored, unless the key that signed the links of the request is retired. Anyone can enter a
stranger's address, so these mails are limited; a mail over the limit is not sent, and may be sent with the person's
next comment. Every mail has an unsubscribe link (RFC 8058), which never expires.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from kolom import outbox
from kolom.comments.types import Comment
from kolom.config import settings
from kolom.errors import Conflict, Gone, KolomError, NotFound
from kolom.models.comments import AddressRecord, SubscriptionRecord, subscription_key
from kolom.models.expiry import has_expired, is_expired, is_unexpired
from kolom.models.transaction import Transaction
from kolom.security import confirmation_limits, origins, signing
from kolom.security.origins import SubmissionOrigin
from kolom.security.pseudonyms import all_pseudonyms_of, mailbox_pseudonym_of, retired_pseudonyms_of
from kolom.security.signing import SigningKeys
from kolom.timestamps import SECONDS_PER_DAY

type Action = Literal["confirm", "leave"]
"""What a link does. ``leave`` ends the subscription; links in sent mails and the message catalog use this name."""

CONFIRM_DAYS: Final = 7

_UNANSWERED_FOR: Final = timedelta(days=CONFIRM_DAYS) + 2 * outbox.GIVE_UP_AFTER
"""How long an unanswered request is stored: until its link has certainly expired.

The link is created when the mail is sent, which can be later than the request.
"""

_PURPOSE: Final = "kolom.subscription"


@dataclass(frozen=True, slots=True)
class SubscriptionLink:
    """A link that applies ``action`` to a subscription. ``expires`` is in Unix seconds, 0 for never."""

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
    conflict: KolomError,
    now: datetime,
) -> None:
    """Add the mails about the approval of ``comment`` to the transaction that approves it.

    The author of the parent comment gets a mail if they confirmed a subscription. The comment's own author is asked to
    confirm one if they want replies, were not asked yet, and no limit is reached. ``address`` and ``origin`` are the
    author's; the origin is loaded if it is None. ``conflict`` is raised if a concurrent approval asks the same person.

    A GetItem for the parent's author, and one for each signing key of the site; for a confirmation mail, also
    the requests of its limits, and a BatchGetItem if the origin is loaded.
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
        _ask(transaction, comment, comment.person, address, origin, conflict, now)


def _ask(
    transaction: Transaction,
    comment: Comment,
    person: str,
    address: AddressRecord | None,
    origin: SubmissionOrigin | None,
    conflict: KolomError,
    now: datetime,
) -> None:
    if address is None or not address.notify_replies or has_expired(address.expires_at, now):
        return
    # All pseudonyms are looked up: after a key rotation, people who have answered must not be asked again.
    keys = signing.load_keys()
    retired = retired_pseudonyms_of(address.email, keys)
    for each in all_pseudonyms_of(address.email, keys):
        existing = load(comment.article_id, each, now=now)
        if existing is not None and (existing.state != "asked" or each not in retired):
            return
    if not _may_ask(comment, address.email, origin or origins.load(comment.id, now=now), now):
        return
    record = SubscriptionRecord(
        *subscription_key(comment.article_id, person),
        subscriber=person,
        comment_id=comment.id,
        state="asked",
        email=address.email,
        expires_at=int((now + _UNANSWERED_FOR).timestamp()),
    )
    is_new = SubscriptionRecord.state.does_not_exist() | is_expired(SubscriptionRecord.expires_at, now)
    if person in retired:
        is_new |= SubscriptionRecord.state == "asked"
    transaction.put(record, is_new, conflict)
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
    """Count a confirmation mail; return whether it is within all limits. The same comment counts once."""
    submission_id = origin.submission_id if origin else comment.id
    mailbox = mailbox_pseudonym_of(email, signing.load_keys())
    return confirmation_limits.count_confirmation(submission_id, mailbox, origin.client if origin else None, now=now)


def load(article_id: int, person: str, *, now: datetime) -> SubscriptionRecord | None:
    """Return that person's unexpired subscription for that article, or None. One consistent GetItem."""
    record = _find(article_id, person)
    return None if record is None or has_expired(record.expires_at, now) else record


def _find(article_id: int, person: str) -> SubscriptionRecord | None:
    try:
        return SubscriptionRecord.get(*subscription_key(article_id, person), consistent_read=True)
    except SubscriptionRecord.DoesNotExist:
        return None


def create_token(action: Action, article_id: int, person: str, secret: SigningKeys, *, now: datetime) -> str:
    """Return the token of a link. Confirmation links expire after :data:`CONFIRM_DAYS`, unsubscribe links never."""
    expires = int((now + timedelta(days=CONFIRM_DAYS)).timestamp()) if action == "confirm" else 0
    return signing.sign(_PURPOSE, [action, article_id, person, expires], secret)


def parse(token: str, secret: Callable[[], SigningKeys], *, now: datetime) -> SubscriptionLink:
    """Return the link of a token. A link that unsubscribes is valid even if its key is retired.

    :raises NotFound: the token is invalid
    :raises Gone: the link has expired
    """
    payload = signing.verify(_PURPOSE, token, secret)
    if payload is None:
        payload = signing.verify(_PURPOSE, token, secret, accept_retired=True)
        if payload is None or payload[0] != "leave":
            raise NotFound("this link is not valid")
    link = SubscriptionLink(*payload)
    if link.expires and now.timestamp() >= link.expires:
        raise Gone("this link has expired")
    return link


def execute(link: SubscriptionLink, *, now: datetime) -> None:
    """Confirm or end the subscription. Idempotent.

    Unsubscribing erases the email address. The pseudonym is stored, even if there was no subscription: until it
    expires, it prevents further confirmation mails.

    :raises NotFound: there is no subscription to confirm
    :raises Conflict: the person has unsubscribed in the meantime
    """
    record = SubscriptionRecord(*subscription_key(link.article_id, link.person))
    state = SubscriptionRecord.state
    extended = SubscriptionRecord.expires_at.set(_expiry(now))
    if link.action == "leave":
        unsubscribed = [
            state.set("left"),
            SubscriptionRecord.subscriber.set(link.person),
            SubscriptionRecord.schema.keep_or_set(),
        ]
        record.update(actions=[*unsubscribed, extended, SubscriptionRecord.email.remove()])
    elif not record.update_if(
        state.is_in("asked", "confirmed") & is_unexpired(SubscriptionRecord.expires_at, now),
        [state.set("confirmed"), extended],
    ):
        if load(link.article_id, link.person, now=now) is None:
            raise NotFound("this subscription no longer exists")
        raise Conflict("this subscription has ended")


def delete_for_comment(transaction: Transaction, comment: Comment) -> None:
    """Delete the subscription that ``comment`` started, in the transaction that erases this comment.

    An unsubscription is kept.
    """
    if comment.person is None:
        return
    subscription = _find(comment.article_id, comment.person)
    if subscription is not None and subscription.comment_id == comment.id and subscription.state != "left":
        transaction.delete(subscription)


def delete_for_person(persons: Iterable[str]) -> int:
    """Delete all subscriptions with one of these pseudonyms; return their number. Reads the whole table."""
    found = list(SubscriptionRecord.scan(SubscriptionRecord.subscriber.is_in(*persons)))
    for record in found:
        record.delete()
    return len(found)


def _expiry(now: datetime) -> int:
    return int(now.timestamp()) + settings().email_days * SECONDS_PER_DAY
