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

from kolom.errors import RateLimited
from kolom.models.errors import is_condition_failed
from kolom.models.guard import GuardRecord
from kolom.security.client_address import ClientId
from kolom.timestamps import SECONDS_PER_DAY

_MINUTE: Final = 60
_HOUR: Final = 3_600
_MOST_COPIES: Final = 50

_QUESTIONS_TO_MAILBOX_A_DAY: Final = 3
_QUESTIONS_BY_ADDRESS_AN_HOUR: Final = 3
_QUESTIONS_BY_ADDRESS_A_DAY: Final = 10
_QUESTIONS_BY_NETWORK_A_DAY: Final = 20
_QUESTIONS_BY_SITE_AN_HOUR: Final = 20
_QUESTIONS_BY_SITE_A_DAY: Final = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` submissions of ``what`` in each span of ``seconds``."""

    what: str
    max: int
    seconds: int


def limits_for_client(sender: ClientId, per_minute: int) -> Sequence[Limit]:
    """Tight for an address, loose for a network, since mobile carriers share addresses, and one for the site."""
    return (
        Limit(f"address#{sender.address}", per_minute, _MINUTE),
        Limit(f"address#{sender.address}", per_minute * 10, _HOUR),
        Limit(f"network#{sender.network}", per_minute * 20, _MINUTE),
        Limit("site", per_minute * 100, _MINUTE),
    )


def question_limits(mailbox: str, sender: ClientId | None) -> Sequence[Limit]:
    """How often people are asked by mail whether they want replies: they may be strangers to the site.

    ``sender`` is who typed the address, None where that is not known any more. A refused sender leaves the site's
    limit to others.
    """
    by_sender = sender and (
        Limit(f"question-address#{sender.address}", _QUESTIONS_BY_ADDRESS_AN_HOUR, _HOUR),
        Limit(f"question-address#{sender.address}", _QUESTIONS_BY_ADDRESS_A_DAY, SECONDS_PER_DAY),
        Limit(f"question-network#{sender.network}", _QUESTIONS_BY_NETWORK_A_DAY, SECONDS_PER_DAY),
    )
    return (
        *(by_sender or ()),
        Limit(f"question-mailbox#{mailbox}", _QUESTIONS_TO_MAILBOX_A_DAY, SECONDS_PER_DAY),
        Limit("question-site", _QUESTIONS_BY_SITE_AN_HOUR, _HOUR),
        Limit("question-site", _QUESTIONS_BY_SITE_A_DAY, SECONDS_PER_DAY),
    )


def enforce(submission_id: str, applied: Sequence[Limit], *, now: datetime) -> None:
    """Count the submission against each limit in turn. One UpdateItem each.

    :raises TooMany: a limit is reached; those after it are not counted
    """
    reached = find_reached(submission_id, applied, now=now)
    if reached is not None:
        wait = reached.seconds - int(now.timestamp()) % reached.seconds
        raise RateLimited("too much in a short time; wait a little and send this again", wait)


def find_reached(submission_id: str, applied: Sequence[Limit], *, now: datetime) -> Limit | None:
    """Count the submission against each limit in turn, up to the first that is reached: that one, or None.

    One UpdateItem each.
    """
    return next((limit for limit in applied if not _try_acquire(submission_id, limit, now=now)), None)


def _try_acquire(submission_id: str, limit: Limit, *, now: datetime) -> bool:
    start = int(now.timestamp()) // limit.seconds * limit.seconds
    key = f"tally#{limit.what}#{limit.seconds}#{start}"
    return _count(key, submission_id, limit.max, expires_at=start + limit.seconds)


def count_copies(digest: str, submission_id: str, *, now: datetime) -> int:
    """How many submissions of this day had the text of that digest, this one included. One UpdateItem."""
    start = int(now.timestamp()) // SECONDS_PER_DAY * SECONDS_PER_DAY
    key = f"tally#text#{digest}#{start}"
    record = GuardRecord(key)
    if not _count(key, submission_id, _MOST_COPIES, expires_at=start + SECONDS_PER_DAY, record=record):
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
