"""Single-use records in the Guard table: idempotency keys, mailed links, proofs of work."""

from collections.abc import Iterable
from datetime import datetime

from kolom.errors import KolomError
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction


def get_records(keys: Iterable[str]) -> list[GuardRecord]:
    """Return the records with these keys. One consistent BatchGetItem."""
    return list(GuardRecord.batch_get(list(keys), consistent_read=True))


def is_unexpired(record: GuardRecord, now: datetime) -> bool:
    """Return whether the record has not expired; DynamoDB deletes expired items late."""
    return record.expires_at > now.timestamp()


def mark_used(transaction: Transaction, key: str, *, expires_at: int, conflict: KolomError) -> None:
    """Mark ``key`` as used; the transaction raises ``conflict`` if it was used before."""
    transaction.put(GuardRecord(f"used#{key}", expires_at=expires_at), GuardRecord.key.does_not_exist(), conflict)
