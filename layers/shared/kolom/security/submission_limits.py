"""Rate limits of submissions per IP address, per network, and for the whole site.

The counters of all clients of a network share one item (:mod:`kolom.security.rate_limits`). The counter of the site is
updated in the transaction that stores the submission. If its limit is high, only a sample of the submissions is
counted.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from kolom.errors import RateLimited
from kolom.models.guard import GuardRecord
from kolom.models.transaction import Transaction
from kolom.security import rate_limits
from kolom.security.client_address import ClientId
from kolom.security.rate_limits import HOUR_SECONDS, MINUTE_SECONDS, LimitItem
from kolom.timestamps import SECONDS_PER_DAY

# Factors by which the limit per minute is multiplied:
_BY_ADDRESS_AN_HOUR: Final = 10
_BY_NETWORK_A_MINUTE: Final = 20
_BY_SITE_A_MINUTE: Final = 100
_MESSAGES_BY_ADDRESS_A_DAY: Final = 2
_MESSAGES_BY_NETWORK_A_DAY: Final = 4

_MAX_SAMPLE: Final = 100
"""About how many submissions of a minute are counted until the limit of the site is reached."""

_IDS_SECONDS: Final = 600
_MAX_IDS: Final = 50

_CROWDED_FROM: Final = 24
"""From this number of current counters on, the addresses of a network share sixteen for each limit and period.

So the item never has more than 2 KB: two write units.
"""

_SHARED_BY: Final = 4
"""The limit of a shared counter is that of so many addresses."""

_ADDRESS_DIGITS: Final = 8
"""How many digits of the hash of an address name its counter. The name of a shared counter has one digit."""


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
        self._clients = LimitItem(
            f"tally#clients#{client.network}", submission_id, ids_seconds=_IDS_SECONDS, max_ids=_MAX_IDS, now=now
        )
        self._site_key = f"tally#site#{self._now // MINUTE_SECONDS}"
        self._site_max = per_minute * _BY_SITE_A_MINUTE
        self.keys = (self._clients.key, self._site_key)

    def check(self, records: Iterable[GuardRecord]) -> None:
        """Count the submission against the limits of its client. One UpdateItem; none if it is refused or was counted.

        ``records`` are the items with :attr:`keys` that exist.

        :raises RateLimited: a limit of the client, its network or the site is reached
        """
        items = rate_limits.records_by_key(records)
        clients, site = items.get(self._clients.key), items.get(self._site_key)
        maxima = self._maxima(clients)
        reached = self._clients.find_reached(clients, maxima)
        if reached is None:
            return
        if site is not None and int(site.total or 0) >= self._site_max:
            raise self._error([MINUTE_SECONDS])
        if reached := self._clients.count(clients, maxima):
            raise self._error(reached)

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
            GuardRecord.expires_at.set((self._now // MINUTE_SECONDS + 1) * MINUTE_SECONDS),
            GuardRecord.schema.keep_or_set(),
        ]
        has_room = total.does_not_exist() | (total < self._site_max)
        transaction.update(GuardRecord(self._site_key), actions, has_room, self._error([MINUTE_SECONDS]))

    def _maxima(self, clients: GuardRecord | None) -> dict[str, int]:
        """Return the counters of the client in the current periods, each with its maximum."""
        is_crowded = len(self._clients.current_counters(clients)) >= _CROWDED_FROM
        address = self._address[: 1 if is_crowded else _ADDRESS_DIGITS]
        per_minute = self._per_minute
        by_address = per_minute * (_SHARED_BY if is_crowded else 1)
        counter = self._clients.counter
        maxima = {
            counter(address, MINUTE_SECONDS): by_address,
            counter(address, HOUR_SECONDS): by_address * _BY_ADDRESS_AN_HOUR,
            # Loose, since mobile carriers share addresses.
            counter("network", MINUTE_SECONDS): per_minute * _BY_NETWORK_A_MINUTE,
        }
        if self._is_message:
            maxima[counter("message-network", SECONDS_PER_DAY)] = per_minute * _MESSAGES_BY_NETWORK_A_DAY
            if not is_crowded:
                maxima[counter(f"message-{address}", SECONDS_PER_DAY)] = per_minute * _MESSAGES_BY_ADDRESS_A_DAY
        return maxima

    def _error(self, reached: Iterable[int]) -> RateLimited:
        """Return the error for limits of these periods: how long to wait until the last of them has ended."""
        wait = max(seconds - self._now % seconds for seconds in reached)
        unit = "second" if wait == 1 else "seconds"
        return RateLimited(f"rate limit exceeded; try again in {wait} {unit}", wait)
