"""Mark mailed links and proofs of work as used."""

from kolom.errors import KolomError
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction


def used_key(name: str) -> str:
    """Return the key of the record that marks a link or proof of work as used."""
    return f"used#{name}"


def mark_used(transaction: Transaction, name: str, *, expires_at: int, conflict: KolomError) -> None:
    """Mark a link or proof of work as used; the transaction raises ``conflict`` if it was used before."""
    transaction.put(GuardRecord(used_key(name), expires_at=expires_at), GuardRecord.key.does_not_exist(), conflict)
