"""Who may not write any more, for a while: by the keyed hash of an address or a network."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from kolom.errors import NotFound
from kolom.models.guard import GuardRecord
from kolom.security import origins
from kolom.security.client_address import ClientId
from kolom.security.single_use import get_records, is_unexpired
from kolom.timestamps import SECONDS_PER_DAY

type Banned = Literal["address", "network"]


def ban_keys(sender: ClientId) -> list[str]:
    """The keys under which a ban of this sender would be found."""
    return [f"ban#{sender.address}", f"ban#{sender.network}"]


def is_banned(records: Iterable[GuardRecord], now: datetime) -> bool:
    """Whether one of ``records`` is a ban that holds."""
    return any(record.key.startswith("ban#") and is_unexpired(record, now) for record in records)


def ban(comment_id: str, *, days: int, whole_network: bool, now: datetime) -> None:
    """Ban the address, or the whole network, from which the comment came.

    Never the e-mail address that was given: anybody can type anybody's. The comment's origin is kept as long as the
    ban, so that :func:`unban` finds it.

    :raises NotFound: where it came from is not known any more
    """
    origin = origins.load(comment_id, now=now)
    if origin is None:
        raise NotFound("where this comment came from is not known any more")
    banned = origin.sender.network if whole_network else origin.sender.address
    expires_at = int(now.timestamp()) + days * SECONDS_PER_DAY
    origins.keep_until(comment_id, expires_at)
    GuardRecord(f"ban#{banned}", expires_at=expires_at).save()


def unban(comment_id: str, *, now: datetime) -> tuple[Banned, ...]:
    """Lift the bans of the address and of the network from which the comment came; returns which of them held.

    :raises NotFound: where it came from is not known any more
    """
    origin = origins.load(comment_id, now=now)
    if origin is None:
        raise NotFound("where this comment came from is not known any more")
    keys: dict[str, Banned] = dict(zip(ban_keys(origin.sender), ("address", "network"), strict=True))
    lifted = []
    for record in get_records(keys):
        if is_unexpired(record, now):
            lifted.append(keys[record.key])
        record.delete()
    return tuple(sorted(lifted))
