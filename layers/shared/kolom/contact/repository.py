"""Read and change contact messages: for the site's owner, and for the mail about a message."""

import heapq
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from kolom.config import settings
from kolom.contact.types import STATUSES, Message, Status
from kolom.errors import NotFound
from kolom.models.expiry import has_expired, is_unexpired
from kolom.models.messages import MessageRecord
from kolom.models.transaction import Transaction
from kolom.security.pseudonyms import all_pseudonyms_of
from kolom.security.signing import SigningKeys
from kolom.submissions import copies
from kolom.timestamps import SECONDS_PER_DAY

_STATUSES: Final[dict[str, Status]] = {status: status for status in STATUSES}


def get(message_id: str, *, now: datetime | None = None) -> Message:
    """Return the message with that id.

    :raises NotFound: there is no such message, or it has expired
    """
    try:
        record = MessageRecord.get(message_id.upper(), consistent_read=True)
    except MessageRecord.DoesNotExist:
        record = None
    if record is None or has_expired(record.expires_at, now):
        raise NotFound(f"there is no message {message_id!r}")
    return _to_message(record)


def get_many(message_ids: Collection[str]) -> dict[str, Message]:
    """Return the unexpired messages with these ids, by id. A BatchGetItem for each hundred."""
    records = MessageRecord.batch_get(list(set(message_ids)), consistent_read=True) if message_ids else ()
    return {record.id: _to_message(record) for record in records if not has_expired(record.expires_at)}


def list_by_status(status: Status, *, limit: int | None = None) -> Iterator[Message]:
    """Yield the unexpired messages with that status, newest first."""
    unexpired = is_unexpired(MessageRecord.expires_at)
    found = MessageRecord.by_status.query(status, filter_condition=unexpired, scan_index_forward=False, limit=limit)
    return map(_to_message, found)


def list_all(*, now: datetime | None = None) -> Iterator[Message]:
    """Yield all unexpired messages, oldest first."""
    unexpired = is_unexpired(MessageRecord.expires_at, now)
    queues = [MessageRecord.by_status.query(status, filter_condition=unexpired) for status in STATUSES]
    last = ""
    for record in heapq.merge(*queues, key=lambda record: record.id):
        if record.id != last:  # a message may appear in two queues while its status changes
            yield _to_message(record)
        last = record.id


def set_status(message_id: str, status: Status, *, now: datetime) -> Message:
    """Set the status of a message, and its expiry accordingly. Spam expires ``SpamDays`` after this call.

    If a message is not spam after all, the count of copies of its text is reset.

    :raises NotFound: there is no such message
    """
    before = get(message_id, now=now)
    days, since = (settings().spam_days, now) if status == "spam" else (settings().message_days, before.created_at)
    expires_at = int(since.timestamp()) + days * SECONDS_PER_DAY
    transaction = Transaction()
    transaction.update(
        MessageRecord(before.id),
        [MessageRecord.status.set(status), MessageRecord.expires_at.set(expires_at)],
        MessageRecord.id.exists(),
        NotFound(f"there is no message {message_id!r}"),
    )
    if before.status == "spam" and status != "spam":
        copies.reset(transaction, before.text, now=now)
    transaction.commit()
    return replace(before, status=status, expires_at=expires_at)


def delete(message_id: str) -> Message:
    """Delete a message permanently.

    :raises NotFound: there is no such message
    """
    message = get(message_id)
    MessageRecord(message.id).delete()
    return message


def list_by_email(email: str, secret: SigningKeys) -> Iterator[Message]:
    """Yield all unexpired messages from that email address, ignoring case. Reads the whole table."""
    found = _records_of(email, secret)
    return (_to_message(record) for record in found if not has_expired(record.expires_at))


def erase_person(email: str, secret: SigningKeys) -> int:
    """Delete every message from that email address; return the number of those that had not expired."""
    found = list(_records_of(email, secret))
    for record in found:
        record.delete()
    return sum(not has_expired(record.expires_at) for record in found)


def _records_of(email: str, secret: SigningKeys) -> Iterator[MessageRecord]:
    """Yield the messages from that address, also expired ones. Reads the whole table."""
    yield from MessageRecord.scan(MessageRecord.person.is_in(*all_pseudonyms_of(email, secret)))


def _to_message(record: MessageRecord) -> Message:
    return Message(
        id=record.id,
        status=_STATUSES[record.status],
        name=record.name,
        email=record.email,
        subject=record.subject,
        message=record.message,
        created_at=record.created_at,
        reasons=tuple(record.reasons),
        expires_at=int(record.expires_at),
    )
