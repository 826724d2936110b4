"""Who may not write any more, for a while: by the keyed hash of an address or a network."""

from collections.abc import Iterable
from datetime import datetime

from kolom.errors import NotFound
from kolom.guard.once import is_live
from kolom.guard.senders import SENDER_DAYS, Sender
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction

_SECONDS_A_DAY = 86_400


def ban_keys(sender: Sender) -> list[str]:
    """The keys under which a ban of this sender would be found."""
    return [f"ban#{sender.address}", f"ban#{sender.network}"]


def is_banned(records: Iterable[GuardRecord], now: datetime) -> bool:
    """Whether one of ``records`` is a ban that holds."""
    return any(record.key.startswith("ban#") and is_live(record, now) for record in records)


def remember_sender(transaction: Transaction, comment_id: str, sender: Sender, *, now: datetime) -> None:
    """Keep the hashes of a comment's sender for :data:`~kolom.guard.senders.SENDER_DAYS`."""
    expires_at = int(now.timestamp()) + SENDER_DAYS * _SECONDS_A_DAY
    transaction.put(
        GuardRecord(f"sender#{comment_id}", address=sender.address, network=sender.network, expires_at=expires_at)
    )


def ban(comment_id: str, *, days: int, whole_network: bool, now: datetime) -> None:
    """Ban the address, or the whole network, from which the comment came.

    Never the e-mail address that was given: anybody can type anybody's.

    :raises NotFound: where it came from is not known any more
    """
    try:
        sender = GuardRecord.get(f"sender#{comment_id}", consistent_read=True)
    except GuardRecord.DoesNotExist:
        sender = None
    if sender is None or not is_live(sender, now):
        raise NotFound("where this comment came from is not known any more")
    banned = sender.network if whole_network else sender.address
    GuardRecord(f"ban#{banned}", expires_at=int(now.timestamp()) + days * _SECONDS_A_DAY).save()
