"""Has articles indexed anew: marks their cards, so that the stream tells the indexer, and watches it do so."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from threading import Event
from typing import Final

from kolom.articles import repository
from kolom.articles.admin import ADMIN_STATUSES, list_by_status
from kolom.search.index_writer import is_current

PATIENCE_SECONDS: Final = 60.0
"""How long nothing may get done before the indexer is taken for dead; its first invocation is a cold start."""

_PAGE: Final = 100
_WORKERS: Final = 16
_PAUSE_SECONDS: Final = 0.5

type Done = Callable[[int], object]
"""Is told how many more articles are done."""


def article_ids() -> Iterator[int]:
    """The ids of all articles, drafts and deleted ones included: of these too something may be left in the index."""
    for shelf in ADMIN_STATUSES:
        cursor: str | None = None
        while True:
            page = list_by_status(shelf, limit=_PAGE, cursor=cursor)
            yield from (article.id for article in page.items)
            cursor = page.next_cursor
            if cursor is None:
                break


def request_reindex_all(ids: Iterable[int], mark: str, done: Done, stopped: Event) -> list[int]:
    """Mark the cards of these articles, until all are or ``stopped`` is set; the ids of those that are."""
    touched: list[int] = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        for some in batched(ids, _PAGE, strict=False):
            if stopped.is_set():
                break
            list(pool.map(lambda article_id: repository.request_reindex(article_id, mark), some))
            touched += some
            done(len(some))
    return touched


def wait_until_indexed(ids: Sequence[int], done: Done, stopped: Event) -> list[int]:
    """Wait until the index holds what these articles are now; the ids of those that are left.

    Some are left when ``stopped`` is set, or when none got done in :data:`PATIENCE_SECONDS`.
    """
    left = list(ids)
    last_progress = time.monotonic()
    with ThreadPoolExecutor(_WORKERS) as pool:
        while left and not stopped.is_set():
            # The stream keeps the order of touching, roughly: who is first in the row is done first.
            looked_at = left[:_PAGE]
            behind = [each for each, ready in zip(looked_at, pool.map(is_current, looked_at), strict=True) if not ready]
            left = behind + left[_PAGE:]
            if len(behind) < len(looked_at):
                last_progress = time.monotonic()
                done(len(looked_at) - len(behind))
            elif time.monotonic() - last_progress > PATIENCE_SECONDS:
                break
            if behind:
                stopped.wait(_PAUSE_SECONDS)
    return left
