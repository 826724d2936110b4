"""Rate limits: counters of submissions that share a small item.

An item has a counter for each limit, with the number of its period in its name, so that one conditional update counts a
submission against all limits of the item. It also has short ids of the last submissions: one that is sent again,
because its response was lost, is not counted again. The caller reads the item first. A limit that is reached is found
in it, so that a refused submission writes nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from kolom.models.guard import GuardRecord, count_once
from kolom.timestamps import SECONDS_PER_DAY

MINUTE_SECONDS: Final = 60
HOUR_SECONDS: Final = 3_600

_IDS: Final = "ids"
_ID_DIGITS: Final = 6
"""How many digits of an id are stored, from its end: the beginning of a ULID is a time."""

_REPEATED_SECONDS: Final = 600
"""How long at least a submission that is sent again is not counted again."""

_MAX_REMOVED: Final = 100
"""How many counters of past periods one update removes: an expression has at most 4 KB."""


class LimitItem:
    """One item with the counters that a submission counts in.

    The item has at most ``max_ids`` ids of each ``ids_seconds``. If there are more submissions, a repeated one may
    count again.
    """

    def __init__(self, key: str, submission_id: str, *, ids_seconds: int, max_ids: int, now: datetime) -> None:
        self.key = key
        self._id = submission_id[-_ID_DIGITS:]
        self._now = int(now.timestamp())
        self._ids = self.counter(_IDS, ids_seconds)
        self._max_ids = max_ids

    def counter(self, name: str, seconds: int) -> str:
        """Return the name of the attribute for a counter in the current period."""
        return f"{name}#{seconds}#{self._now // seconds}"

    def current_counters(self, record: GuardRecord | None) -> Mapping[str, int]:
        """Return the counters of periods that have not ended."""
        counters = record.counters if record is not None else {}
        return {name: value for name, value in counters.items() if _period_end(name) > self._now}

    def find_reached(self, record: GuardRecord | None, maxima: Mapping[str, int]) -> list[int] | None:
        """Return the periods in seconds of the limits that are reached; None if the submission was counted before.

        ``record`` is the item, None if it does not exist. ``maxima`` are the maxima of the counters.
        """
        if self._was_counted(record):
            return None
        counters = record.counters if record is not None else {}
        return [_seconds(name) for name, maximum in maxima.items() if counters.get(name, 0) >= maximum]

    def count(self, record: GuardRecord | None, maxima: Mapping[str, int]) -> list[int]:
        """Count the submission unless it was counted before; return the periods of the limits that are reached.

        One UpdateItem, or none. If the item has changed since ``record`` was read, it is read again.
        """
        reached = self.find_reached(record, maxima)
        if reached is not None and not reached and not self._add(record, maxima):
            reached = self.find_reached(next(iter(GuardRecord.get_many([self.key])), None), maxima)
        return reached or []

    def _add(self, record: GuardRecord | None, maxima: Mapping[str, int]) -> bool:
        outdated: list[str] = []
        if record is not None:
            outdated = [name for name in record.counters if _period_end(name) <= self._now]
            outdated += record.ids.keys() - self._recent_ids(record).keys()
        return count_once(
            self.key,
            maxima,
            self._id,
            ids=self._ids,
            is_remembered=record is None or len(record.ids.get(self._ids, ())) < self._max_ids,
            outdated=outdated[:_MAX_REMOVED],
            # All periods end with the day (UTC); its last ids are used for a few minutes more.
            expires_at=(self._now // SECONDS_PER_DAY + 1) * SECONDS_PER_DAY + _REPEATED_SECONDS,
        )

    def _was_counted(self, record: GuardRecord | None) -> bool:
        return record is not None and any(self._id in members for members in self._recent_ids(record).values())

    def _recent_ids(self, record: GuardRecord) -> Mapping[str, frozenset[str]]:
        """Return the ids of this period, and those of the one before it if it has just ended."""
        return {name: ids for name, ids in record.ids.items() if _period_end(name) + _REPEATED_SECONDS > self._now}


def records_by_key(records: Iterable[GuardRecord]) -> Mapping[str, GuardRecord]:
    """Return the records by their keys."""
    return {record.key: record for record in records}


def _seconds(name: str) -> int:
    return int(name.split("#")[1])


def _period_end(name: str) -> int:
    """Return the end of the period that the name of an attribute contains."""
    _, seconds, number = name.split("#")
    return (int(number) + 1) * int(seconds)
