"""Count which queries readers use, without storing who used them.

A query has one item in each month. The key of the item is a keyed hash of the query. The item counts the searches, and
has the days on which the query was used, and a set of numbers from 0 to 15. Each visitor adds a number to the set: a
keyed hash of the query and the visitor's network. One in sixteen visitors has the same number, so it does not tell who
searched.

The text of a query is stored only when it has :data:`MIN_NETWORKS` different numbers, and was used on :data:`MIN_DAYS`
days. That is no proof of several people: one person whose address changes between many networks can be enough.

The key of the hashes is random, and new each month. It expires with the month, and so do the items of queries that are
not shown. Those of shown queries stay for a year.

Requests: one UpdateItem for each search, of one write unit; two more when a query is shown for the first time, and one
in each process and month for the key. The list of shown queries grows to 42 KB, and adding to it costs a write unit per
kilobyte. A process that has found it full does not try again in the month. At most :data:`MAX_PER_MINUTE` searches are
counted in a process and a minute. If DynamoDB is not available, the search is not counted.
"""

import hashlib
import secrets
import time
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Final

from kolom.config import settings
from kolom.models import guard
from kolom.models.errors import none_if_unavailable
from kolom.models.guard import SearchCount
from kolom.observability import logger
from kolom.search.recorded_queries import recorded_form

MIN_NETWORKS: Final = 6
"""The number of different networks after which a query is shown.

One person may be in three networks: at home, at work and on the phone. A phone may get addresses in further ones.
"""

MIN_DAYS: Final = 3
"""The number of days of the month on which a query must be used before it is shown."""

MAX_SHOWN: Final = 1_000
"""The maximum number of queries that are shown for a month."""

MAX_PER_MINUTE: Final = 60
_BUCKETS: Final = 16
_MINUTE: Final = 60.0
_SHOWN_DAYS: Final = 366
_DIGEST_BYTES: Final = 12
_SALT_BYTES: Final = 32


class _Pace:
    """Admits a number of events in each minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._began = float("-inf")
        self._number = 0

    def admits(self) -> bool:
        """Count an event, and return whether it is within the limit."""
        with self._lock:
            now = time.monotonic()
            if now - self._began >= _MINUTE:
                self._began, self._number = now, 0
            self._number += 1
            return self._number <= MAX_PER_MINUTE


_pace = _Pace()
_salts: dict[str, bytes] = {}
_full: set[str] = set()  # the prefixes of the months whose list of shown queries is full


def count(text: str, *, has_results: bool, network: str) -> None:
    """Count a search, unless its text must not be recorded. ``network`` is that of the visitor; it is not stored."""
    query = recorded_form(text)
    if query is not None and _pace.admits():
        none_if_unavailable(
            lambda: _count(query, has_results=has_results, network=network),
            lambda error: logger.warning("a search was not counted", error=type(error).__name__),
        )


def list_shown(month: str) -> list[SearchCount]:
    """Return the counts of the queries that are shown for a month (``2026-11``), the most frequent first."""
    now = datetime.now(UTC).timestamp()
    found = (item for item in guard.read_shown(f"{_prefix(month)}shown") if item.expires_at > now)
    return sorted(found, key=lambda item: (-item.searches, str(item.text)))


def today() -> date:
    """Return the day in the site's time zone."""
    return datetime.now(settings().zone).date()


def current_month() -> str:
    """Return the month in the site's time zone."""
    return f"{today():%Y-%m}"


def clear_cache() -> None:
    """Forget the keys of the hashes, and how many searches were counted."""
    global _pace
    _pace = _Pace()
    _salts.clear()
    _full.clear()


def _count(query: str, *, has_results: bool, network: str) -> None:
    day = today()
    month = f"{day:%Y-%m}"
    prefix, end = _prefix(month), _end_of(month)
    salt = _salt(prefix, end)
    key = prefix + _hash(salt, query).hex()
    visitor = _hash(salt, query, network)[0] % _BUCKETS
    item = guard.count_search(key, has_results=has_results, visitor=visitor, day=day.day, expires_at=end)
    is_popular = len(item.visitors or ()) >= MIN_NETWORKS and len(item.days or ()) >= MIN_DAYS
    if is_popular and not item.text and prefix not in _full:
        expires_at = end + _SHOWN_DAYS * 24 * 60 * 60
        if not guard.show_query(item, query, f"{prefix}shown", max_shown=MAX_SHOWN, expires_at=expires_at):
            _full.add(prefix)


def _salt(prefix: str, expires_at: int) -> bytes:
    salt = _salts.get(prefix)
    if salt is None:
        salt = guard.get_or_set_salt(f"{prefix}salt", secrets.token_bytes(_SALT_BYTES), expires_at=expires_at)
        _salts.clear()  # other threads may do the same at the same time
        _salts[prefix] = salt
    return salt


def _hash(salt: bytes, *parts: str) -> bytes:
    data = "\0".join(parts).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(data, key=salt, digest_size=_DIGEST_BYTES).digest()


def _prefix(month: str) -> str:
    return f"searches#{month}#"


def _end_of(month: str) -> int:
    """Return a moment shortly after the month, in any time zone."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    following = (first + timedelta(days=31)).replace(day=1)
    return int((following + timedelta(days=1)).timestamp())
