"""The origin of a comment, stored for a limited time, so that rate limits and bans can use it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security.client_address import CLIENT_ID_DAYS, ClientId
from kolom.timestamps import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class SubmissionOrigin:
    """The client of a submission, and the id with which rate limits have counted it."""

    client: ClientId
    submission_id: str


def origin_key(item_id: str) -> str:
    """Return the key of the origin of a comment."""
    return f"sender#{item_id}"


def stage(transaction: Transaction, item_id: str, origin: SubmissionOrigin, *, now: datetime) -> None:
    """Store the origin for :data:`~kolom.security.client_address.CLIENT_ID_DAYS`."""
    transaction.put(
        GuardRecord(
            origin_key(item_id),
            address=origin.client.address,
            network=origin.client.network,
            submission=origin.submission_id,
            expires_at=int(now.timestamp()) + CLIENT_ID_DAYS * SECONDS_PER_DAY,
        )
    )


def keep_until(item_id: str, expires_at: int) -> None:
    """Store the origin at least until ``expires_at`` (Unix seconds). Does nothing if it is no longer stored."""
    expires_earlier = GuardRecord.key.exists() & (GuardRecord.expires_at < expires_at)
    GuardRecord(origin_key(item_id)).update_if(expires_earlier, [GuardRecord.expires_at.set(expires_at)])


def delete(item_id: str) -> None:
    """Delete the origin of a comment. A ban of its sender stays, and ends at its time."""
    GuardRecord(origin_key(item_id)).delete()


def load(item_id: str, *, now: datetime) -> SubmissionOrigin | None:
    """Return the origin of a comment; None if it is no longer stored. One BatchGetItem."""
    return find(GuardRecord.get_many([origin_key(item_id)]), item_id, now=now)


def find(records: Iterable[GuardRecord], item_id: str, *, now: datetime) -> SubmissionOrigin | None:
    """Return the origin of a comment among ``records``, or None."""
    for record in records:
        if record.key == origin_key(item_id) and record.is_unexpired(now):
            client = ClientId(str(record.address), str(record.network))
            # Records of earlier versions have only the client.
            return SubmissionOrigin(client, record.submission or item_id)
    return None
