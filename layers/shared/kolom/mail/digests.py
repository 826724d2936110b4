"""Digests of moderation mail: after five mails in an hour, one mail replaces the others of that hour.

The item of a digest, ``moderation-digest#<hour>``, is at first a counter of the mails that were sent singly. The first
mail above the limit makes it a mail that is due when the hour ends. Every step is a conditional write of one item:

1. A mail above the limit stores the id of the digest (``digest``), then adds its own id to the digest (``members``),
   then waits (``deferred``) until the digest should have been sent.
2. When the hour has ended, the timer requeues the digest, and it is sent like any mail. From then on it takes no
   more members.
3. Its members are due some minutes later. Each gets the status of the digest. If a process stopped within
   step 1, the mail has ``digest`` but is not a member: it is treated like a new mail.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from kolom import outbox
from kolom.errors import Conflict, NotFound
from kolom.models.expressions import Action, Condition, has_room
from kolom.models.outbox import QUEUE, OutboxRecord
from kolom.timestamps import SECONDS_PER_DAY

MAX_SINGLE: Final = 5
"""The number of moderation mails in an hour that are sent at once."""

MAX_MEMBERS: Final = 50
"""The number of comments in a digest. Further ones are only counted."""

_MEMBER_DELAY: Final = timedelta(minutes=15)
"""How long after its digest a member is due: longer than the timer and the stream take to send the digest."""

_PREFIX: Final = "moderation-digest#"


def digest_id(now: datetime) -> str:
    """Return the id of the digest of the hour (UTC)."""
    return f"{_PREFIX}{now.astimezone(UTC):%Y-%m-%dT%H}"


def apply_digest_status(record: OutboxRecord, *, now: datetime) -> bool:
    """Give a claimed mail the status of its digest, or let it wait for the digest; return False if it is in none."""
    digest = _digest_of(record)
    if digest is None or record.id not in (digest.members or ()):
        return False
    match digest.status:
        case "sent":
            outbox.mark_sent(record, str(digest.message_id), now=digest.sent_at or now)
        case "failed":
            outbox.mark_failed(record, f"{digest.id} failed: {digest.reason}")
        case "dropped":
            outbox.mark_dropped(record, f"{digest.id} was dropped: {digest.reason}")
        case _:
            outbox.postpone(record, f"in {digest.id}", until=max(digest.due or now, now) + _MEMBER_DELAY)
    return True


def leave_to_digest(record: OutboxRecord, *, now: datetime) -> bool:
    """Leave a claimed mail to a digest if too many were sent in this hour; return whether it was left. Up to 8 writes.

    :raises Conflict: the digests of this hour and the next one are being sent
    """
    if _count_single(record.id, now):
        if record.digest is not None:
            outbox.assign(record, None)
        return False
    # The next hour's digest is used if this hour's is sent early, or by a process whose clock is ahead.
    if not any(_leave_to_digest_of(record, hour, now) for hour in (now, now + timedelta(hours=1))):
        raise Conflict("the digests of this hour and the next one are being sent")
    return True


def load_members(digest: OutboxRecord) -> Iterator[OutboxRecord]:
    """Yield the mails that a digest replaces, except those that were sent singly. A GetItem each.

    The mails about the oldest comments come first. A mail about an edit has the place of its comment.
    """
    for mail_id in sorted(digest.members or ()):
        try:
            member = outbox.get(mail_id)
        except NotFound:
            continue
        if member.status != "sent" or member.digest == digest.id:
            yield member


def _digest_of(record: OutboxRecord) -> OutboxRecord | None:
    try:
        return outbox.get(record.digest) if record.digest is not None else None
    except NotFound:
        return None


def _leave_to_digest_of(record: OutboxRecord, hour: datetime, now: datetime) -> bool:
    """Leave the mail to the digest of that hour; return whether the digest still took it."""
    chosen, due = digest_id(hour), _end_of_hour(hour)
    if not outbox.assign(record, chosen):
        return True  # the lease has ended: another process decides
    if _add(chosen, record.id, due, now):
        outbox.postpone(record, f"in {chosen}", until=due + _MEMBER_DELAY)
        return True
    if _count_more(chosen, now):
        outbox.mark_dropped(record, f"only counted in {chosen}, which is full")
        return True
    return False


def _count_single(mail_id: str, now: datetime) -> bool:
    """Count a mail that is to be sent singly; return False if the limit is reached. The same mail counts once."""
    single = OutboxRecord.single
    actions: list[Action] = [
        single.add({mail_id}),
        OutboxRecord.expires_at.set(OutboxRecord.expires_at | _expiry(now)),
        OutboxRecord.schema.keep_or_set(),
    ]
    return OutboxRecord(digest_id(now)).update_if(has_room(single, mail_id, MAX_SINGLE), actions)


def _add(chosen: str, mail_id: str, due: datetime, now: datetime) -> bool:
    """Add a mail to a digest that has room and is not being sent. The first one makes the digest a mail."""
    members = OutboxRecord.members
    actions = [members.add({mail_id}), *_collecting_actions(chosen, due, now)]
    return OutboxRecord(chosen).update_if(_IS_COLLECTING & has_room(members, mail_id, MAX_MEMBERS), actions)


def _count_more(chosen: str, now: datetime) -> bool:
    """Count a mail in a full digest that is not being sent."""
    actions: list[Action] = [OutboxRecord.more.add(1), OutboxRecord.expires_at.set(_expiry(now))]
    return OutboxRecord(chosen).update_if(_IS_COLLECTING & OutboxRecord.members.exists(), actions)


_IS_COLLECTING: Final[Condition] = OutboxRecord.status.does_not_exist() | (
    (OutboxRecord.status == "deferred") & (OutboxRecord.attempts == 0)
)


def _collecting_actions(chosen: str, due: datetime, now: datetime) -> tuple[Action, ...]:
    return (
        OutboxRecord.kind.set("digest"),
        OutboxRecord.item_id.set(chosen.removeprefix(_PREFIX)),
        OutboxRecord.status.set("deferred"),
        OutboxRecord.reason.set(f"collects comments until {due:%H:%M} UTC"),
        OutboxRecord.enqueued_at.set(OutboxRecord.enqueued_at | now),
        OutboxRecord.attempts.set(0),
        OutboxRecord.queue.set(QUEUE),
        OutboxRecord.due.set(due),
        OutboxRecord.deadline.set(due + outbox.GIVE_UP_AFTER),
        OutboxRecord.expires_at.set(_expiry(now)),
        OutboxRecord.schema.keep_or_set(),
    )


def _end_of_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _expiry(now: datetime) -> int:
    return int(now.timestamp()) + outbox.KEEP_DAYS * SECONDS_PER_DAY
