"""Publish the scheduled articles that are due."""

from datetime import datetime

from kolom.articles.mapping import to_summary
from kolom.articles.publishing import publish_scheduled
from kolom.errors import Conflict, ServiceBusy
from kolom.models.articles import ArticlesTableRecord, ListedRecord
from kolom.timestamps import to_rfc3339

MAX_PER_RUN = 100
"""The maximum number of articles per run, which takes well under a minute. The next run continues."""


def publish_due(*, now: datetime) -> tuple[list[str], list[str]]:
    """Publish articles that are due at ``now``, oldest first; return the slugs of those published, and of those failed.

    Safe to run twice or concurrently with the author: each article is published by one conditional transaction.
    """
    published, failed = [], []
    due = ListedRecord.shelf_order <= f"{to_rfc3339(now)}~"
    for record in ArticlesTableRecord.by_shelf.query("scheduled", due, limit=MAX_PER_RUN):
        if isinstance(record, ListedRecord):
            summary = to_summary(record)
            try:
                if publish_scheduled(summary.id, now=now):
                    published.append(summary.slug)
            except (Conflict, ServiceBusy):
                failed.append(summary.slug)
    return published, failed
