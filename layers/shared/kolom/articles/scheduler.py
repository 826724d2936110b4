"""Publish the scheduled articles that are due."""

from collections.abc import Callable
from datetime import datetime

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
    # Not as records: an article of a later version, which cannot be read, must not stop the others either.
    index = ArticlesTableRecord.by_shelf.Meta.index_name
    page = ArticlesTableRecord.table_connection().query("scheduled", due, index_name=index, limit=MAX_PER_RUN)
    for found in page["Items"]:
        if not has_time():
            logger.warning("no time left to publish more scheduled articles")
            break
        article_id, slug = int(found["key"]["S"]), found["slug"]["S"]
        try:
            if publish_scheduled(article_id, now=now):
                published.append(slug)
        except Exception as error:  # noqa: BLE001 - an error with one article must not stop the others
            logger.exception("scheduled article not published", slug=slug, reason=type(error).__name__)
            failed.append(slug)
            if is_unavailable(error):
                break
    return published, failed
