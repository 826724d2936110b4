"""Rate limits of submissions per IP address, per network, and for the whole site.

One item has the counters of all clients of a network, each with the number of its period in its name, so that one
conditional update counts a submission against all limits of its client. The item also has the ids of the submissions of
the last ten minutes: one that is sent again, because its response was lost, is not counted again. A limit that is
reached is found by reading the item, so that a refused submission writes nothing.

The counter of the site is updated in the transaction that stores the submission. If its limit is high, only a sample of
the submissions is counted.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from kolom.errors import RateLimited
from kolom.models.guard import GuardRecord, count_once
from kolom.models.transaction import Transaction
from kolom.security import single_use
from kolom.security.client_address import ClientId
from kolom.timestamps import SECONDS_PER_DAY

_MINUTE: Final = 60
_HOUR: Final = 3_600

# Factors by which the limit per minute is multiplied:
_BY_ADDRESS_AN_HOUR: Final = 10
_BY_NETWORK_A_MINUTE: Final = 20
_BY_SITE_A_MINUTE: Final = 100
_MESSAGES_BY_ADDRESS_A_DAY: Final = 2
_MESSAGES_BY_NETWORK_A_DAY: Final = 4

_MAX_SAMPLE: Final = 100
"""About how many submissions of a minute are counted until the limit of the site is reached."""

_IDS: Final = "ids"
_IDS_SECONDS: Final = 600
_MAX_IDS: Final = 50
"""How many ids an item has for a period. If a network sends more, a repeated submission may count again."""

_MAX_COUNTERS: Final = 256
"""If an item has this many counters, the addresses of its network share sixteen for each limit and period."""

_MAX_REMOVED: Final = 100
"""How many counters of past periods one update removes: an expression has at most 4 KB."""

_ADDRESS_DIGITS: Final = 8
"""How many digits of the hash of an address name its counter; above :data:`_MAX_COUNTERS`, one digit."""


class SubmissionLimits:
    """The rate limits of one submission. ``keys`` are the keys of their items, which the caller reads."""

    def __init__(
        self, client: ClientId, submission_id: str, per_minute: int, *, is_message: bool, now: datetime
    ) -> None:
        self._id = submission_id
        self._now = int(now.timestamp())
        self._address = client.address
        self._per_minute = per_minute
        self._is_message = is_message
        self._clients_key = f"tally#clients#{client.network}"
        self._site_key = f"tally#site#{self._now // _MINUTE}"
        self._site_max = per_minute * _BY_SITE_A_MINUTE
        self.keys = (self._clients_key, self._site_key)

    def check(self, records: Iterable[GuardRecord]) -> None:
        """Count the submission against the limits of its client. One UpdateItem; none if it is refused or was counted.

        ``records`` are the items with :attr:`keys` that exist.

        :raises RateLimited: a limit of the client, its network or the site is reached
        """
        items = {record.key: record for record in records}
        clients, site = items.get(self._clients_key), items.get(self._site_key)
        if self._was_counted(clients):
            return
        if site is not None and int(site.total or 0) >= self._site_max:
            raise self._error([_MINUTE])
        maxima = self._maxima(clients)
        self._refuse_reached(clients, maxima)
        if not self._count(clients, maxima):
            # Since the item was read, this submission was counted, or others have reached a limit.
            changed = next(iter(single_use.get_records([self._clients_key])), None)
            if not self._was_counted(changed):
                self._refuse_reached(changed, maxima)

    def stage(self, transaction: Transaction) -> None:
        """Count the submission against the limit of the site in the transaction that stores it, if it is in the sample.

        The transaction raises :class:`RateLimited` if the limit was reached in the meantime.
        """
        weight = max(1, self._site_max // _MAX_SAMPLE)
        if int(self._id, 16) % weight:
            return
        total = GuardRecord.total
        actions = [
            total.add(weight),
            GuardRecord.expires_at.set((self._now // _MINUTE + 1) * _MINUTE),
            GuardRecord.schema.set(1),
        ]
        has_room = total.does_not_exist() | (total < self._site_max)
        transaction.update(GuardRecord(self._site_key), actions, has_room, self._error([_MINUTE]))

    def _maxima(self, clients: GuardRecord | None) -> dict[str, int]:
        """Return the counters of the client in the current periods, each with its maximum."""
        is_crowded = clients is not None and len(clients.counters) >= _MAX_COUNTERS
        address = self._address[: 1 if is_crowded else _ADDRESS_DIGITS]
        per_minute = self._per_minute
        maxima = {
            self._name(address, _MINUTE): per_minute,
            self._name(address, _HOUR): per_minute * _BY_ADDRESS_AN_HOUR,
            # Loose, since mobile carriers share addresses.
            self._name("network", _MINUTE): per_minute * _BY_NETWORK_A_MINUTE,
        }
        if self._is_message:
            maxima[self._name(f"message-{address}", SECONDS_PER_DAY)] = per_minute * _MESSAGES_BY_ADDRESS_A_DAY
            maxima[self._name("message-network", SECONDS_PER_DAY)] = per_minute * _MESSAGES_BY_NETWORK_A_DAY
        return maxima

    def _was_counted(self, clients: GuardRecord | None) -> bool:
        return clients is not None and any(self._id in members for members in self._recent_ids(clients).values())

    def _recent_ids(self, clients: GuardRecord) -> Mapping[str, frozenset[str]]:
        """Return the ids of this period and of the one before it."""
        return {name: ids for name, ids in clients.ids.items() if _period_end(name) + _IDS_SECONDS > self._now}

    def _refuse_reached(self, clients: GuardRecord | None, maxima: Mapping[str, int]) -> None:
        counters = clients.counters if clients is not None else {}
        reached = [name for name, maximum in maxima.items() if counters.get(name, 0) >= maximum]
        if reached:
            raise self._error(_seconds(name) for name in reached)

    def _count(self, clients: GuardRecord | None, maxima: Mapping[str, int]) -> bool:
        ids, outdated = self._name(_IDS, _IDS_SECONDS), []
        if clients is not None:
            outdated = [name for name in clients.counters if _period_end(name) <= self._now]
            outdated += clients.ids.keys() - self._recent_ids(clients).keys()
        return count_once(
            self._clients_key,
            maxima,
            self._id,
            ids=ids,
            is_remembered=clients is None or len(clients.ids.get(ids, ())) < _MAX_IDS,
            outdated=outdated[:_MAX_REMOVED],
            # All periods end with the day (UTC); its last ids are used for ten minutes more.
            expires_at=(self._now // SECONDS_PER_DAY + 1) * SECONDS_PER_DAY + _IDS_SECONDS,
        )

    def _error(self, reached: Iterable[int]) -> RateLimited:
        """Return the error for limits of these periods: how long to wait until the last of them has ended."""
        wait = max(seconds - self._now % seconds for seconds in reached)
        unit = "second" if wait == 1 else "seconds"
        return RateLimited(f"rate limit exceeded; try again in {wait} {unit}", wait)

    def _name(self, counter: str, seconds: int) -> str:
        """Return the name of the attribute for a counter in the current period."""
        return f"{counter}#{seconds}#{self._now // seconds}"


def _seconds(name: str) -> int:
    return int(name.split("#")[1])


def _period_end(name: str) -> int:
    """Return the end of the period that the name of an attribute contains."""
    _, seconds, number = name.split("#")
    return (int(number) + 1) * int(seconds)
