"""Publish the scheduled articles that are due."""

from collections.abc import Callable
from datetime import datetime

from kolom.articles.mapping import to_summary
from kolom.articles.publishing import publish_scheduled
from kolom.aws import is_unavailable
from kolom.models.articles import ArticlesTableRecord, ListedRecord
from kolom.observability import logger
from kolom.timestamps import to_rfc3339

MAX_PER_RUN = 100
"""The maximum number of articles per run, which takes well under a minute. The next run continues."""


def publish_due(*, now: datetime, has_time: Callable[[], bool] = lambda: True) -> tuple[list[str], list[str]]:
    """Publish articles that are due at ``now``, oldest first; return the slugs of those published, and of those failed.

    Safe to run twice or concurrently with the author: each article is published by one conditional transaction. The
    log says why an article failed; the others are still published. The run ends early when there is no more time, or
    when DynamoDB is unavailable, since each further article would wait for it again.
    """
    published, failed = [], []
    due = ListedRecord.shelf_order <= f"{to_rfc3339(now)}~"
    for record in ArticlesTableRecord.by_shelf.query("scheduled", due, limit=MAX_PER_RUN):
        if not has_time():
            logger.warning("no time left to publish more scheduled articles")
            break
        if not isinstance(record, ListedRecord):
            continue
        try:
            summary = to_summary(record)
            if publish_scheduled(summary.id, now=now):
                published.append(summary.slug)
        except Exception as error:  # noqa: BLE001 - an error with one article must not stop the others
            logger.exception("scheduled article not published", slug=record.slug, reason=type(error).__name__)
            failed.append(record.slug)
            if is_unavailable(error):
                break
    return published, failed
