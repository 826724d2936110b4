"""Records in the Guard table that let something happen once: an idempotency key, a mailed link, a proof of work."""

from collections.abc import Iterable
from datetime import datetime

from kolom.errors import KolomError
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction


def get_records(keys: Iterable[str]) -> list[GuardRecord]:
    """The records of those keys, as they are at this moment. One BatchGetItem."""
    return list(GuardRecord.batch_get(list(keys), consistent_read=True))


def is_unexpired(record: GuardRecord, now: datetime) -> bool:
    """Whether the record has not expired: DynamoDB deletes late."""
    return record.expires_at > now.timestamp()


def mark_used(transaction: Transaction, key: str, *, expires_at: int, refused: KolomError) -> None:
    """Let what ``key`` stands for be used once: ``refused`` is raised where it was."""
    transaction.put(GuardRecord(f"used#{key}", expires_at=expires_at), GuardRecord.key.does_not_exist(), refused)
