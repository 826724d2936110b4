"""Rate limits of confirmation mails: per IP address, network and mailbox, and for the whole site.

For each limit and period of time, one item has the set of ids of the submissions. A submission that is sent again
because its response was lost is in the set already, so it is not counted twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kolom.models.expressions import has_room
from kolom.models.guard import GuardRecord
from kolom.security.client_address import ClientId
from kolom.timestamps import SECONDS_PER_DAY

_HOUR: Final = 3_600

_CONFIRMATIONS_TO_MAILBOX_A_DAY: Final = 3
_CONFIRMATIONS_BY_ADDRESS_AN_HOUR: Final = 3
_CONFIRMATIONS_BY_ADDRESS_A_DAY: Final = 10
_CONFIRMATIONS_BY_NETWORK_A_DAY: Final = 20
_CONFIRMATIONS_BY_SITE_AN_HOUR: Final = 20
_CONFIRMATIONS_BY_SITE_A_DAY: Final = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``max`` submissions in each period of ``seconds``. ``what`` identifies their client, mailbox or site."""

    what: str
    max: int
    seconds: int


def confirmation_limits(mailbox: str, client: ClientId | None) -> Sequence[Limit]:
    """Return the limits for mails that ask their recipient to confirm a subscription.

    Anyone can enter any address, so the recipient may have no relation to the site.

    ``client`` is the client that entered the address; None if it is no longer stored. A client that has reached its
    limit does not use up the limits of the site.
    """
    by_client = client and (
        Limit(f"question-address#{client.address}", _CONFIRMATIONS_BY_ADDRESS_AN_HOUR, _HOUR),
        Limit(f"question-address#{client.address}", _CONFIRMATIONS_BY_ADDRESS_A_DAY, SECONDS_PER_DAY),
        Limit(f"question-network#{client.network}", _CONFIRMATIONS_BY_NETWORK_A_DAY, SECONDS_PER_DAY),
    )
    return (
        *(by_client or ()),
        Limit(f"question-mailbox#{mailbox}", _CONFIRMATIONS_TO_MAILBOX_A_DAY, SECONDS_PER_DAY),
        Limit("question-site", _CONFIRMATIONS_BY_SITE_AN_HOUR, _HOUR),
        Limit("question-site", _CONFIRMATIONS_BY_SITE_A_DAY, SECONDS_PER_DAY),
    )


def count_until_reached(submission_id: str, limits: Sequence[Limit], *, now: datetime) -> Limit | None:
    """Count the submission against each limit in turn; return the first limit that is reached, or None.

    One UpdateItem each. Limits after the returned one are not counted.
    """
    return next((limit for limit in limits if not _try_acquire(submission_id, limit, now=now)), None)


def _try_acquire(submission_id: str, limit: Limit, *, now: datetime) -> bool:
    start = int(now.timestamp()) // limit.seconds * limit.seconds
    key = f"tally#{limit.what}#{limit.seconds}#{start}"
    return _add_member(GuardRecord(key), submission_id, limit.max, expires_at=start + limit.seconds)


def count_distinct(key: str, member_id: str, maximum: int, *, expires_at: int) -> int:
    """Add a member to the set of an item; return how many members it has, at most ``maximum``. One UpdateItem."""
    record = GuardRecord(key)
    return len(record.seen or ()) if _add_member(record, member_id, maximum, expires_at=expires_at) else maximum


def _add_member(record: GuardRecord, member_id: str, maximum: int, *, expires_at: int) -> bool:
    seen = GuardRecord.seen
    actions = [seen.add({member_id}), GuardRecord.expires_at.set(expires_at), GuardRecord.schema.set(1)]
    return record.update_if(has_room(seen, member_id, maximum), actions)
