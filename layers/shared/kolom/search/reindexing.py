"""Reindex articles: mark them, so that the table's stream triggers the indexer, and wait for it to finish."""

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
"""The time without progress after which the indexer is considered stuck; its first invocation is a cold start."""

_PAGE: Final = 100
_WORKERS: Final = 16
_PAUSE_SECONDS: Final = 0.5

type Done = Callable[[int], object]
"""A callback that receives the number of articles that were completed since the last call."""


def article_ids() -> Iterator[int]:
    """Yield the ids of all articles, including drafts and deleted ones: the index may still have entries of these."""
    for status in ADMIN_STATUSES:
        cursor: str | None = None
        while True:
            page = list_by_status(status, limit=_PAGE, cursor=cursor)
            yield from (article.id for article in page.items)
            cursor = page.next_cursor
            if cursor is None:
                break


def request_reindex_all(ids: Iterable[int], mark: str, done: Done, stopped: Event) -> list[int]:
    """Mark these articles for reindexing until all are marked or ``stopped`` is set; return the ids of those marked."""
    marked: list[int] = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        for batch in batched(ids, _PAGE, strict=False):
            if stopped.is_set():
                break
            list(pool.map(lambda article_id: repository.request_reindex(article_id, mark), batch))
            marked += batch
            done(len(batch))
    return marked


def wait_until_indexed(ids: Sequence[int], done: Done, stopped: Event) -> list[int]:
    """Wait until the index matches these articles; return the ids of those that it does not match yet.

    Some remain if ``stopped`` is set, or after :data:`PATIENCE_SECONDS` without progress.
    """
    remaining = list(ids)
    last_progress = time.monotonic()
    with ThreadPoolExecutor(_WORKERS) as pool:
        while remaining and not stopped.is_set():
            # The stream roughly preserves the order of the marks: the first articles are indexed first.
            checked = remaining[:_PAGE]
            behind = [each for each, ready in zip(checked, pool.map(is_current, checked), strict=True) if not ready]
            remaining = behind + remaining[_PAGE:]
            if len(behind) < len(checked):
                last_progress = time.monotonic()
                done(len(checked) - len(behind))
            elif time.monotonic() - last_progress > PATIENCE_SECONDS:
                break
            if behind:
                stopped.wait(_PAUSE_SECONDS)
    return remaining
