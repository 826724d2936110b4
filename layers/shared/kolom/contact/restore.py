"""Restore messages from an archive. Sends no mail."""

from kolom.articles.types import Change
from kolom.contact import repository as messages
from kolom.contact.types import Message
from kolom.errors import Conflict, NotFound, RestoreConflict
from kolom.models.expiry import is_expired
from kolom.models.messages import MessageRecord
from kolom.models.transaction import Transaction
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of


def plan_restore(message: Message, *, overwrite: bool = False) -> Change:
    """Return what :func:`restore_message` would do; raises the same errors."""
    try:
        existing = messages.get(message.id)
    except NotFound:
        return "created"
    if existing == message:
        return "unchanged"
    if not overwrite:
        raise RestoreConflict(f"differs from the existing message ({existing.status}); use --overwrite to replace it")
    return "updated"


def restore_message(message: Message, *, overwrite: bool = False) -> Change:
    """Create ``message``; with ``overwrite``, replace the existing message that has the same id.

    :raises RestoreConflict: the stored message differs, and ``overwrite`` is false
    """
    change = plan_restore(message, overwrite=overwrite)
    if change == "unchanged":
        return change
    record = MessageRecord(
        message.id,
        status=message.status,
        name=message.name,
        email=message.email,
        subject=message.subject,
        message=message.message,
        person=pseudonym_of(message.email, signing.load_keys()),
        created_at=message.created_at,
        reasons=list(message.reasons),
        expires_at=message.expires_at,
    )
    transaction = Transaction()
    free = MessageRecord.id.does_not_exist() | is_expired(MessageRecord.expires_at) if change == "created" else None
    transaction.put(record, free, Conflict("the message was restored concurrently"))
    transaction.commit()
    return change
