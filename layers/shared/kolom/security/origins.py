"""Where a comment or a message came from, remembered for a while, so that its sender can be limited and banned."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pynamodb.exceptions import UpdateError

from kolom.models.errors import is_condition_failed
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security import single_use
from kolom.security.client_address import CLIENT_ID_DAYS, ClientId
from kolom.timestamps import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class SubmissionOrigin:
    """Who sent it, and the id under which limits have counted it."""

    sender: ClientId
    submission_id: str


def origin_key(item_id: str) -> str:
    """The key under which the origin of that comment or message is kept."""
    return f"sender#{item_id}"


def remember(transaction: Transaction, item_id: str, origin: SubmissionOrigin, *, now: datetime) -> None:
    """Keep the origin for :data:`~kolom.security.client_address.CLIENT_ID_DAYS`."""
    transaction.put(
        GuardRecord(
            origin_key(item_id),
            address=origin.sender.address,
            network=origin.sender.network,
            submission=origin.submission_id,
            expires_at=int(now.timestamp()) + CLIENT_ID_DAYS * SECONDS_PER_DAY,
        )
    )


def keep_until(item_id: str, expires_at: int) -> None:
    """Keep the origin at least until then (Unix seconds). Nothing happens where it is not known any more."""
    record = GuardRecord(origin_key(item_id))
    later = GuardRecord.expires_at < expires_at
    try:
        record.update(actions=[GuardRecord.expires_at.set(expires_at)], condition=GuardRecord.key.exists() & later)
    except UpdateError as error:
        if not is_condition_failed(error):
            raise


def load(item_id: str, *, now: datetime) -> SubmissionOrigin | None:
    """The origin of that comment or message; None where it is not known any more. One BatchGetItem."""
    return find(single_use.get_records([origin_key(item_id)]), item_id, now=now)


def find(records: Iterable[GuardRecord], item_id: str, *, now: datetime) -> SubmissionOrigin | None:
    """The origin of that comment or message among ``records``."""
    for record in records:
        if record.key == origin_key(item_id) and single_use.is_unexpired(record, now):
            sender = ClientId(str(record.address), str(record.network))
            # Records of earlier versions say only who sent it.
            return SubmissionOrigin(sender, record.submission or item_id)
    return None
