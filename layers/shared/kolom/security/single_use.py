"""Read records of the Guard table, and mark mailed links and proofs of work as used."""

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


def used_key(name: str) -> str:
    """Return the key of the record that marks a link or proof of work as used."""
    return f"used#{name}"


def mark_used(transaction: Transaction, name: str, *, expires_at: int, conflict: KolomError) -> None:
    """Mark a link or proof of work as used; the transaction raises ``conflict`` if it was used before."""
    transaction.put(GuardRecord(used_key(name), expires_at=expires_at), GuardRecord.key.does_not_exist(), conflict)
