"""Copies of a text: how many senders have submitted the same text on a day.

A sender who repeats a text counts once. Otherwise one person could make an honest text spam for everyone else.
Approving one copy resets the count.
"""

from datetime import datetime
from hashlib import sha256
from typing import Final

from kolom.models.expressions import has_room
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security.client_address import ClientId
from kolom.security.signing import SigningKeys, keyed_hash
from kolom.submissions.blocked_words import fingerprint_text
from kolom.timestamps import SECONDS_PER_DAY

MIN_CHARACTERS: Final = 40
"""The minimum length of a text whose copies are counted. Shorter texts may be equal by chance."""

MAX_SENDERS: Final = 50
"""The number of senders that are stored. More do not change the result of the spam rules."""

_PURPOSE: Final = "kolom.copies"


def count_senders(text: str, sender: ClientId, keys: SigningKeys, *, now: datetime) -> int:
    """Return how many senders have submitted the text on this day (UTC), including this one. One UpdateItem, or none.

    A sender is stored as a keyed hash that is different for each text, until the end of the day.
    """
    key, expires_at = _key(text, now)
    if key is None:
        return 1
    sender_id = keyed_hash(_PURPOSE, f"{key}#{sender.address}", keys)[:12]
    record, seen = GuardRecord(key), GuardRecord.seen
    actions = [seen.add({sender_id}), GuardRecord.expires_at.set(expires_at), GuardRecord.schema.keep_or_set()]
    was_added = record.update_if(has_room(seen, sender_id, MAX_SENDERS), actions)
    return len(record.seen or ()) if was_added else MAX_SENDERS


def reset(transaction: Transaction, text: str, *, now: datetime) -> None:
    """Reset the count of the text for this day, in the transaction that approves the text."""
    key, expires_at = _key(text, now)
    if key is not None:
        # The functions may not delete items of this table. An update creates the item if it does not exist.
        actions = [GuardRecord.seen.remove(), GuardRecord.expires_at.set(expires_at), GuardRecord.schema.keep_or_set()]
        transaction.update(GuardRecord(key), actions)


def _key(text: str, now: datetime) -> tuple[str | None, int]:
    """Return the key of the item that counts the text, None if it is too short, and the end of the day."""
    folded = fingerprint_text(text)
    day = int(now.timestamp()) // SECONDS_PER_DAY
    digest = sha256(folded.encode()).hexdigest()[:32]
    key = f"tally#copies#{digest}#{day * SECONDS_PER_DAY}" if len(folded) >= MIN_CHARACTERS else None
    return key, (day + 1) * SECONDS_PER_DAY
