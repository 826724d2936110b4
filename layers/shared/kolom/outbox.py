"""The Outbox: from the transaction that asks for a mail to the mark that it was sent, failed, or became needless.

    waiting ──claim──► sending ──► sent
       ▲                  │ ├────► dropped   there is nothing to tell any more
       │                  │ └────► failed    it can never be sent
    release               ▼
       └───────────── deferred               tried again later, for a day; then failed

The table's stream wakes the sender for whatever is ``waiting``. Every other state has a time, ``due``, at which
:func:`requeue_due` looks after it: a sender that crashed holds its lease no longer than that. Each step is one
conditional write, so that of two senders one goes on.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import uuid4

from pynamodb.exceptions import PynamoDBException, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from kolom.errors import Conflict, NotFound
from kolom.models.errors import is_condition_failed
from kolom.models.outbox import QUEUE, OutboxRecord
from kolom.models.transaction import Transaction
from kolom.timestamps import SECONDS_PER_DAY

type Kind = Literal["contact", "moderation", "confirm", "reply"]
type Status = Literal["waiting", "sending", "deferred", "sent", "failed", "dropped"]

STATUSES: Final[tuple[Status, ...]] = ("waiting", "sending", "deferred", "failed", "dropped", "sent")

READER_KINDS: Final = frozenset(["confirm", "reply"])
"""The kinds of mail that go to visitors; the others go to the site's owner."""

LEASE: Final = timedelta(minutes=3)
"""How long a sender has for one mail: longer than its function may run."""

GIVE_UP_AFTER: Final = timedelta(days=1)
KEEP_DAYS: Final = 30

_STREAM_PATIENCE: Final = timedelta(minutes=5)
"""When the stream has not brought a waiting mail to a sender by then, it is brought once more."""

_FIRST_PAUSE_MINUTES: Final = 5
_LONGEST_PAUSE_MINUTES: Final = 240
_MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class RequeueResult:
    """What :func:`requeue_due` did: ids of what waits again, of what was given up, and of what DynamoDB refused."""

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
    """Add a mail to the transaction that makes it necessary. ``person`` is whom it goes to, where not to the owner."""
    transaction.put(
        OutboxRecord(
            mail_id,
            kind=kind,
            article_id=None if article_id is None else str(article_id),
            item_id=item_id,
            person=person,
            status="waiting",
            created_at=now,
            deadline=now + GIVE_UP_AFTER,
            queue=QUEUE,
            due=now + _STREAM_PATIENCE,
            expires_at=int(now.timestamp()) + KEEP_DAYS * SECONDS_PER_DAY,
        )
    )


def claim(mail_id: str, *, now: datetime) -> OutboxRecord | None:
    """Take a waiting mail for :data:`LEASE`; None if it does not wait, or another has it. One UpdateItem."""
    record, lease = OutboxRecord(mail_id), uuid4().hex
    taken = _update(
        record,
        [
            OutboxRecord.status.set("sending"),
            OutboxRecord.lease.set(lease),
            OutboxRecord.due.set(now + LEASE),
            OutboxRecord.attempts.add(1),
        ],
        # The second, for the SDK's own retry of a claim whose answer was lost.
        (OutboxRecord.status == "waiting") | (OutboxRecord.lease == lease),
    )
    return record if taken else None


def mark_sent(record: OutboxRecord, message_id: str, *, now: datetime) -> bool:
    """Note that SES has taken a claimed mail; whether the lease was still held."""
    return _settle(
        record, "sent", [OutboxRecord.sent_at.set(now), OutboxRecord.message_id.set(message_id)], reason=None
    )


def mark_failed(record: OutboxRecord, reason: str) -> bool:
    """Note that a claimed mail can never be sent."""
    return _settle(record, "failed", [], reason=reason)


def mark_dropped(record: OutboxRecord, reason: str) -> bool:
    """Note that a claimed mail needs not be sent any more."""
    return _settle(record, "dropped", [], reason=reason)


def defer(record: OutboxRecord, reason: str, *, now: datetime) -> bool:
    """Have a claimed mail tried again: after five minutes, then after twice as long each time, up to four hours."""
    minutes = min(_FIRST_PAUSE_MINUTES * 2 ** (int(record.attempts) - 1), _LONGEST_PAUSE_MINUTES)
    pause = timedelta(minutes=minutes * random.uniform(0.9, 1.1))  # noqa: S311 - jitter
    actions = [
        OutboxRecord.status.set("deferred"),
        OutboxRecord.reason.set(reason),
        OutboxRecord.due.set(now + pause),
        OutboxRecord.lease.remove(),
    ]
    return _update(record, actions, OutboxRecord.lease == record.lease)


def requeue_due(*, now: datetime) -> RequeueResult:
    """Look after all mail whose time has come: what waits again wakes its sender, what waited for a day has failed.

    A Query, and for each an UpdateItem, two for what is given up. At most 500 at once; the rest is for the next run.
    """
    requeued: list[str] = []
    failed: list[str] = []
    skipped: list[str] = []
    for found in OutboxRecord.due_index.query(QUEUE, OutboxRecord.due <= now, limit=_MOST_AT_ONCE):
        try:
            if _wake(found, now):
                requeued.append(found.id)
            elif _fail(found, now):
                failed.append(found.id)
        except PynamoDBException:
            # The next run does it; the others are to be told of all the same.
            skipped.append(found.id)
    return RequeueResult(tuple(requeued), tuple(failed), tuple(skipped))


def redact_id(mail_id: str) -> str:
    """What a log may say of a mail: what it tells of, without the hash of whom it goes to."""
    return "#".join(mail_id.split("#")[:2])


def get(mail_id: str) -> OutboxRecord:
    """The mail of that id, as it is at this moment.

    :raises NotFound: there is none
    """
    try:
        return OutboxRecord.get(mail_id, consistent_read=True)
    except OutboxRecord.DoesNotExist:
        raise NotFound(f"there is no mail {mail_id!r}") from None


def list_by_status(status: Status, *, limit: int) -> list[OutboxRecord]:
    """The newest mail of that status."""
    return list(OutboxRecord.by_status.query(status, scan_index_forward=False, limit=limit))


def resend(mail_id: str, *, now: datetime) -> OutboxRecord:
    """Have a mail sent (again) whatever became of it, with a day of its own; not what is under way.

    :raises NotFound: there is none
    :raises Conflict: it waits already, or is being sent
    """
    record = get(mail_id)
    again = [
        OutboxRecord.status.set("waiting"),
        OutboxRecord.queue.set(QUEUE),
        OutboxRecord.due.set(now + _STREAM_PATIENCE),
        OutboxRecord.deadline.set(now + GIVE_UP_AFTER),
        OutboxRecord.attempts.set(0),
        OutboxRecord.expires_at.set(int(now.timestamp()) + KEEP_DAYS * SECONDS_PER_DAY),
    ]
    if not _update(record, again, OutboxRecord.status.is_in("deferred", "failed", "dropped", "sent")):
        raise Conflict("it is being sent already")
    return record


def _wake(found: OutboxRecord, now: datetime) -> bool:
    actions = [
        OutboxRecord.status.set("waiting"),
        OutboxRecord.due.set(now + _STREAM_PATIENCE),
        OutboxRecord.lease.remove(),
    ]
    # The index is a second late: whoever changed the item since has looked after it.
    return _update(OutboxRecord(found.id), actions, (OutboxRecord.due == found.due) & (OutboxRecord.deadline > now))


def _fail(found: OutboxRecord, now: datetime) -> bool:
    actions = [OutboxRecord.status.set("failed"), *_OUT_OF_THE_QUEUE]
    return _update(OutboxRecord(found.id), actions, (OutboxRecord.due == found.due) & (OutboxRecord.deadline <= now))


_OUT_OF_THE_QUEUE: Final[tuple[Action, ...]] = (
    OutboxRecord.queue.remove(),
    OutboxRecord.due.remove(),
    OutboxRecord.lease.remove(),
)


def _settle(record: OutboxRecord, status: Status, actions: Sequence[Action], *, reason: str | None) -> bool:
    why = OutboxRecord.reason.remove() if reason is None else OutboxRecord.reason.set(reason)
    settled = [OutboxRecord.status.set(status), why, *actions, *_OUT_OF_THE_QUEUE]
    # The first, for the SDK's own retry of a mark whose answer was lost.
    held = (OutboxRecord.status == status) | (OutboxRecord.lease == record.lease)
    return _update(record, settled, held)


def _update(record: OutboxRecord, actions: Sequence[Action], condition: Condition) -> bool:
    """Change the item, and ``record`` with it, if the condition holds."""
    try:
        record.update(actions=list(actions), condition=condition)
    except UpdateError as error:
        if is_condition_failed(error):
            return False
        raise
    return True
