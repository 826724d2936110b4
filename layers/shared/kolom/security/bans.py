"""Temporary bans by the keyed hash of an IP address or a network."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from kolom.errors import NotFound
from kolom.models.guard import GuardRecord
from kolom.security import origins
from kolom.security.client_address import ClientId
from kolom.timestamps import SECONDS_PER_DAY

type Banned = Literal["address", "network"]


def ban_keys(*clients: ClientId) -> list[str]:
    """Return the keys of the bans that would apply to these clients."""
    return [f"ban#{hashed}" for client in clients for hashed in (client.address, client.network)]


def is_banned(records: Iterable[GuardRecord], now: datetime) -> bool:
    """Return whether ``records`` contain an unexpired ban."""
    return any(record.key.startswith("ban#") and record.is_unexpired(now) for record in records)


def ban(comment_id: str, *, days: int, whole_network: bool, now: datetime) -> None:
    """Ban the IP address, or the whole network, that the comment was sent from.

    The email address is never banned: anyone can enter any address. The origin of the comment is kept as long as the
    ban, so that :func:`unban` finds it.

    :raises NotFound: the client of the comment is no longer stored
    """
    origin = origins.load(comment_id, now=now)
    if origin is None:
        raise NotFound("the IP address hash of this comment is no longer stored")
    banned = origin.client.network if whole_network else origin.client.address
    expires_at = int(now.timestamp()) + days * SECONDS_PER_DAY
    origins.keep_until(comment_id, expires_at)
    GuardRecord(f"ban#{banned}", expires_at=expires_at).save()


def unban(comment_id: str, *, now: datetime) -> tuple[Banned, ...]:
    """Lift the bans of the address and of the network that the comment was sent from; return which of them existed.

    :raises NotFound: the client of the comment is no longer stored
    """
    origin = origins.load(comment_id, now=now)
    if origin is None:
        raise NotFound("the IP address hash of this comment is no longer stored")
    keys: dict[str, Banned] = dict(zip(ban_keys(origin.client), ("address", "network"), strict=True))
    lifted = []
    for record in GuardRecord.get_many(keys):
        if record.is_unexpired(now):
            lifted.append(keys[record.key])
        record.delete()
    return tuple(sorted(lifted))
