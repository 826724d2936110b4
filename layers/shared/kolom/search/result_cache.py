"""Keep results in memory until any result changes, but for at most five minutes.

A visitor who types sees some articles several times: in suggestions, then on a page of results. The writer counts the
changes of results in the item that every search reads anyway (:func:`kolom.models.search.read_revisions`). A result
is read with an eventually consistent read, so it may be older than that count; five minutes limit how long.
"""

import time
from threading import Lock
from typing import Final

MAX_BYTES: Final = 16_000_000
LIFETIME_SECONDS: Final = 300


class ResultCache[Result]:
    """Results by article id; the oldest ones are dropped first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._revision: int | None = None
        self._entries: dict[int, tuple[float, int, Result]] = {}
        self._bytes = 0

    def keep_only(self, revision: int) -> None:
        """Drop the results of every other revision."""
        with self._lock:
            if revision != self._revision:
                self._clear()
                self._revision = revision

    def get(self, article_id: int) -> Result | None:
        """Return the result, if it is known."""
        entry = self._entries.get(article_id)
        return entry[2] if entry and time.monotonic() - entry[0] < LIFETIME_SECONDS else None

    @property
    def revision(self) -> int | None:
        """Return the revision of the results; None before the first."""
        return self._revision

    def put(self, article_id: int, result: Result, size_bytes: int, revision: int | None) -> None:
        """Add a result, unless the revision has changed since the result was read."""
        with self._lock:
            if revision != self._revision:
                return
            self._drop(article_id)
            self._entries[article_id] = (time.monotonic(), size_bytes, result)
            self._bytes += size_bytes
            while self._bytes > MAX_BYTES:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Drop all results."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._entries.clear()
        self._bytes = 0

    def _drop(self, article_id: int) -> None:
        if entry := self._entries.pop(article_id, None):
            self._bytes -= entry[1]
