"""How often: from one address, from one network, for the whole site.

Each limit is an item for a span of time that holds the ids of the submissions seen in it. The same submission, sent
again because its answer was lost, is in the set already and is not counted twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import size

from kolom.errors import TooMany
from kolom.guard.senders import Sender
from kolom.models.base import is_condition_failed
from kolom.models.guard import GuardRecord

_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
_MOST_COPIES: Final = 50


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` submissions of ``what`` in each span of ``seconds``."""

    what: str
    most: int
    seconds: int


def limits(sender: Sender, per_minute: int) -> Sequence[Limit]:
    """Tight for an address, loose for a network, since mobile carriers share addresses, and one for the site."""
    return (
        Limit(f"address#{sender.address}", per_minute, _MINUTE),
        Limit(f"address#{sender.address}", per_minute * 10, _HOUR),
        Limit(f"network#{sender.network}", per_minute * 20, _MINUTE),
        Limit("site", per_minute * 100, _MINUTE),
    )


def check(submission_id: str, applied: Sequence[Limit], *, now: datetime) -> None:
    """Count the submission against each limit in turn. One UpdateItem each.

    :raises TooMany: a limit is reached; those after it are not counted
    """
    for limit in applied:
        if not has_room(submission_id, limit, now=now):
            wait = limit.seconds - int(now.timestamp()) % limit.seconds
            raise TooMany("too much in a short time; wait a little and send this again", wait)


def has_room(submission_id: str, limit: Limit, *, now: datetime) -> bool:
    """Count the submission against the limit, if it has room. One UpdateItem."""
    start = int(now.timestamp()) // limit.seconds * limit.seconds
    key = f"tally#{limit.what}#{limit.seconds}#{start}"
    return _count(key, submission_id, limit.most, expires_at=start + limit.seconds)


def count_copies(digest: str, submission_id: str, *, now: datetime) -> int:
    """How many submissions of this day had the text of that digest, this one included. One UpdateItem."""
    start = int(now.timestamp()) // _DAY * _DAY
    key = f"tally#text#{digest}#{start}"
    record = GuardRecord(key)
    if not _count(key, submission_id, _MOST_COPIES, expires_at=start + _DAY, record=record):
        return _MOST_COPIES
    return len(record.seen or ())


def _count(key: str, submission_id: str, most: int, *, expires_at: int, record: GuardRecord | None = None) -> bool:
    seen = GuardRecord.seen
    try:
        (record or GuardRecord(key)).update(
            actions=[
                seen.add({submission_id}),
                GuardRecord.expires_at.set(expires_at),
                GuardRecord.schema.set(1),
            ],
            condition=seen.does_not_exist() | (size(seen) < most) | seen.contains(submission_id),
        )
    except UpdateError as error:
        if is_condition_failed(error):
            return False
        raise
    return True
