"""The Outbox: the states of a mail from the transaction that creates it until it is sent, failed or dropped.

    waiting ──claim──► sending ──► sent
       ▲                  │ ├────► dropped   no longer necessary
       │                  │ └────► failed    can never be sent
    requeue               ▼
       └───────────── deferred               retried later, for a day; then failed

The table's stream triggers the delivery of each ``waiting`` mail. Every unfinished state has a time, ``due``, at which
:func:`requeue_due` processes it, so that mail of a crashed process is requeued when its lease ends. Each step is one
conditional write, so that only one of two concurrent processes continues.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, Literal
from uuid import uuid4

from kolom.errors import Conflict, NotFound
from kolom.models.base import write_conditionally
from kolom.models.errors import StorageError
from kolom.models.expiry import has_expired, is_unexpired
from kolom.models.expressions import Action, Condition
from kolom.models.outbox import QUEUE, OutboxRecord
from kolom.models.transaction import Transaction
from kolom.timestamps import SECONDS_PER_DAY

type Kind = Literal["contact", "moderation", "confirm", "reply", "digest"]
type Status = Literal["waiting", "sending", "deferred", "sent", "failed", "dropped"]

STATUSES: Final[tuple[Status, ...]] = ("waiting", "sending", "deferred", "failed", "dropped", "sent")
_UNSENT: Final = frozenset(["waiting", "sending", "deferred"])

READER_KINDS: Final = frozenset(["confirm", "reply"])
"""The kinds of mail that go to visitors; the others go to the site's owner."""

LEASE: Final = timedelta(minutes=3)
"""The time that a process has for one mail: longer than the timeout of its function."""

GIVE_UP_AFTER: Final = timedelta(days=1)
KEEP_DAYS: Final = 30

_STREAM_TIMEOUT: Final = timedelta(minutes=5)
"""The time after which a waiting mail that the stream did not deliver is requeued."""

_MIN_PAUSE_MINUTES: Final = 5
_MAX_PAUSE_MINUTES: Final = 240
_MAX_PER_RUN: Final = 500


@dataclass(frozen=True, slots=True)
class RequeueResult:
    """The result of :func:`requeue_due`: ids of requeued and failed mail, and of mail that could not be updated."""

    requeued: tuple[str, ...]
    failed: tuple[str, ...]
    skipped: tuple[str, ...]


def enqueue(
    transaction: Transaction,
    mail_id: str,
    kind: Kind,
    *,
    item_id: str,
    now: datetime,
    article_id: int | None = None,
    person: str | None = None,
) -> None:
    """Add a mail to the transaction that stores what it is about. ``person`` is its recipient, if not the owner."""
    transaction.put(
        OutboxRecord(
            mail_id,
            kind=kind,
            article_id=None if article_id is None else str(article_id),
            item_id=item_id,
            person=person,
            status="waiting",
            enqueued_at=now,
            deadline=now + GIVE_UP_AFTER,
            queue=QUEUE,
            due=now + _STREAM_TIMEOUT,
            expires_at=int(now.timestamp()) + KEEP_DAYS * SECONDS_PER_DAY,
        )
    )


def claim(mail_id: str, *, now: datetime) -> OutboxRecord | None:
    """Claim a waiting mail for :data:`LEASE`; None if it is not waiting, or another process has it. One UpdateItem."""
    record, lease = OutboxRecord(mail_id), uuid4().hex
    # The second condition allows the SDK's own retry of a claim whose response was lost.
    is_claimable = ((OutboxRecord.status == "waiting") | (OutboxRecord.lease == lease)) & is_unexpired(
        OutboxRecord.expires_at, now
    )
    actions = [
        OutboxRecord.status.set("sending"),
        OutboxRecord.lease.set(lease),
        OutboxRecord.due.set(now + LEASE),
        OutboxRecord.attempts.add(1),
    ]
    return record if record.update_if(is_claimable, actions) else None


def mark_sent(record: OutboxRecord, message_id: str, *, now: datetime) -> bool:
    """Record that SES accepted a claimed mail; return whether the lease was still valid."""
    return _finish(
        record, "sent", [OutboxRecord.sent_at.set(now), OutboxRecord.message_id.set(message_id)], reason=None
    )


def mark_failed(record: OutboxRecord, reason: str) -> bool:
    """Record that a claimed mail can never be sent."""
    return _finish(record, "failed", [], reason=reason)


def mark_dropped(record: OutboxRecord, reason: str) -> bool:
    """Record that a claimed mail is no longer necessary."""
    return _finish(record, "dropped", [], reason=reason)


def defer(record: OutboxRecord, reason: str, *, now: datetime) -> bool:
    """Retry a claimed mail later: after five minutes, then twice as long each time, up to four hours."""
    minutes = min(_MIN_PAUSE_MINUTES * 2 ** (int(record.attempts) - 1), _MAX_PAUSE_MINUTES)
    pause = timedelta(minutes=minutes * random.uniform(0.9, 1.1))  # noqa: S311 - jitter
    actions = [
        OutboxRecord.status.set("deferred"),
        OutboxRecord.reason.set(reason),
        OutboxRecord.due.set(now + pause),
        OutboxRecord.lease.remove(),
    ]
    return record.update_if(OutboxRecord.lease == record.lease, actions)


def postpone(record: OutboxRecord, reason: str, *, until: datetime) -> bool:
    """Leave a claimed mail to its digest. It is due again at ``until``, and then takes on the digest's status."""
    actions = [
        OutboxRecord.status.set("deferred"),
        OutboxRecord.reason.set(reason),
        OutboxRecord.due.set(until),
        OutboxRecord.deadline.set(until + GIVE_UP_AFTER),
        OutboxRecord.lease.remove(),
    ]
    return record.update_if(OutboxRecord.lease == record.lease, actions)


def assign(record: OutboxRecord, digest_id: str | None) -> bool:
    """Record which digest will replace a claimed mail; None if no digest will."""
    action = OutboxRecord.digest.remove() if digest_id is None else OutboxRecord.digest.set(digest_id)
    return record.update_if(OutboxRecord.lease == record.lease, [action])


def requeue_due(*, now: datetime) -> RequeueResult:
    """Requeue due mail, and fail mail that has been retried for a day.

    A Query, and for each mail an UpdateItem, or two if it fails. At most 500 per run; the next run continues.
    """
    requeued: list[str] = []
    failed: list[str] = []
    skipped: list[str] = []
    for found in OutboxRecord.due_index.query(QUEUE, OutboxRecord.due <= now, limit=_MAX_PER_RUN):
        try:
            if _requeue(found, now):
                requeued.append(found.id)
            elif _fail(found, now):
                failed.append(found.id)
        except StorageError:
            # The next run retries it; the results of the others must still be returned.
            skipped.append(found.id)
    return RequeueResult(tuple(requeued), tuple(failed), tuple(skipped))


def redact_id(mail_id: str) -> str:
    """Return the part of a mail's id that logs may contain: what it is about, without the recipient's hash."""
    return "#".join(mail_id.split("#")[:2])


def get(mail_id: str, *, now: datetime | None = None) -> OutboxRecord:
    """Return the mail with that id. Consistent.

    :raises NotFound: there is none, or it has expired
    """
    try:
        record = OutboxRecord.get(mail_id, consistent_read=True)
    except OutboxRecord.DoesNotExist:
        record = None
    if record is None or has_expired(record.expires_at, now):
        raise NotFound(f"there is no mail {mail_id!r}")
    return record


def list_by_status(status: Status, *, limit: int) -> list[OutboxRecord]:
    """Return the newest mail with that status. Reads all unsent mail if the status is one of unsent mail."""
    if status not in _UNSENT:
        unexpired = is_unexpired(OutboxRecord.expires_at)
        query = OutboxRecord.by_status.query
        return list(query(status, filter_condition=unexpired, scan_index_forward=False, limit=limit))
    unsent = [record for record in list_unsent() if record.status == status]
    return sorted(unsent, key=lambda record: record.created, reverse=True)[:limit]


def list_unsent() -> list[OutboxRecord]:
    """Return all unsent mail, in no order."""
    found = get_many([each.id for each in OutboxRecord.due_index.query(QUEUE)])
    return [record for record in found if record.status in _UNSENT]


def get_many(ids: Sequence[str]) -> list[OutboxRecord]:
    """Return the mail with these ids that exists and is unexpired, in no order. Consistent.

    A BatchGetItem for each hundred.
    """
    found = OutboxRecord.batch_get(ids, consistent_read=True) if ids else ()
    return [record for record in found if not has_expired(record.expires_at)]


def delete_for_person(persons: Sequence[str]) -> int:
    """Delete the records of mail to a visitor with one of these pseudonyms; return their number.

    Mail that was not sent is never sent. Reads all records of mail.
    """
    finished = [OutboxRecord.by_status.query(status) for status in STATUSES if status not in _UNSENT]
    unsent = OutboxRecord.batch_get([each.id for each in OutboxRecord.due_index.query(QUEUE)], consistent_read=True)
    found = [record for record in chain(unsent, *finished) if record.person in persons]
    for record in found:
        record.delete()
    return len(found)


def resend(mail_id: str, *, now: datetime) -> OutboxRecord:
    """Send a mail (again) that is deferred, failed, dropped or sent; the retry period of a day starts again.

    :raises NotFound: there is none
    :raises Conflict: it is waiting already, or is being sent
    """
    record = get(mail_id, now=now)
    requeued = [
        OutboxRecord.status.set("waiting"),
        OutboxRecord.queue.set(QUEUE),
        OutboxRecord.due.set(now + _STREAM_TIMEOUT),
        OutboxRecord.deadline.set(now + GIVE_UP_AFTER),
        OutboxRecord.attempts.set(0),
        OutboxRecord.digest.remove(),
        OutboxRecord.enqueued_at.set(record.created),
        OutboxRecord.created_at.remove(),
        OutboxRecord.expires_at.set(int(now.timestamp()) + KEEP_DAYS * SECONDS_PER_DAY),
    ]
    if not record.update_if(OutboxRecord.status.is_in("deferred", "failed", "dropped", "sent"), requeued):
        raise Conflict("it is waiting or being sent already")
    return record


def _requeue(found: OutboxRecord, now: datetime) -> bool:
    actions = [
        OutboxRecord.status.set("waiting"),
        OutboxRecord.due.set(now + _STREAM_TIMEOUT),
        OutboxRecord.lease.remove(),
    ]
    return _update_unread(found, OutboxRecord.deadline > now, actions, now=now)


def _fail(found: OutboxRecord, now: datetime) -> bool:
    created_at = OutboxRecord.created_at  # the index of due mail does not contain when the mail was created
    actions = [OutboxRecord.status.set("failed"), created_at.set(created_at | now), *_REMOVE_FROM_QUEUE]
    return _update_unread(found, OutboxRecord.deadline <= now, actions, now=now)


def _update_unread(found: OutboxRecord, condition: Condition, actions: Sequence[Action], *, now: datetime) -> bool:
    """Update a mail if it is as it was found in the index, and has not expired; return whether it was.

    It is not read, so that a mail of a later version, which the sender refuses, does not stop the timer.
    """
    # The index is a second behind: a process that changed the item in the meantime has handled it.
    is_still = (OutboxRecord.due == found.due) & is_unexpired(OutboxRecord.expires_at, now) & condition
    update = OutboxRecord.table_connection().update_item
    return write_conditionally(lambda: update(found.id, actions=actions, condition=is_still))


_REMOVE_FROM_QUEUE: Final[tuple[Action, ...]] = (
    OutboxRecord.queue.remove(),
    OutboxRecord.due.remove(),
    OutboxRecord.lease.remove(),
)


def _finish(record: OutboxRecord, status: Status, actions: Sequence[Action], *, reason: str | None) -> bool:
    reason_action = OutboxRecord.reason.remove() if reason is None else OutboxRecord.reason.set(reason)
    finished = [
        OutboxRecord.status.set(status),
        reason_action,
        OutboxRecord.created_at.set(record.created),
        *actions,
        *_REMOVE_FROM_QUEUE,
    ]
    # The first condition allows the SDK's own retry of an update whose response was lost.
    is_claimed = (OutboxRecord.status == status) | (OutboxRecord.lease == record.lease)
    return record.update_if(is_claimed, finished)
