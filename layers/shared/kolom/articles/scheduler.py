"""Publishing the scheduled articles that are due."""

from datetime import datetime

from kolom.articles.mapping import to_summary
from kolom.articles.publishing import publish_scheduled
from kolom.errors import Conflict, ServiceBusy
from kolom.models.articles import ArticlesTableRecord, ListedRecord
from kolom.timestamps import to_rfc3339

MAX_PER_RUN = 100
"""How many articles one run publishes: well within a minute. The others follow at the next run."""


def publish_due(*, now: datetime) -> tuple[list[str], list[str]]:
    """Publish what is scheduled up to ``now``, oldest first; gives the slugs published, and those that could not be.

    Safe to run twice or beside the author: each article is published by one conditional transaction.
    """
    released, failed = [], []
    due = ListedRecord.shelf_order <= f"{to_rfc3339(now)}~"
    for record in ArticlesTableRecord.by_shelf.query("scheduled", due, limit=MAX_PER_RUN):
        if isinstance(record, ListedRecord):
            card = to_summary(record)
            try:
                if publish_scheduled(card.id, now=now):
                    released.append(card.slug)
            except (Conflict, ServiceBusy):
                failed.append(card.slug)
    return released, failed
