"""Publishing the scheduled articles that are due."""

from datetime import datetime

from kolom.articles.mapping import to_card
from kolom.articles.publishing import release
from kolom.errors import Busy, Conflict
from kolom.models.articles import ArticleRecord, ShelvedRecord
from kolom.timestamps import to_rfc3339

MAX_RELEASES = 100
"""How many articles one run publishes: well within a minute. The others follow at the next run."""


def publish_due(*, now: datetime) -> tuple[list[str], list[str]]:
    """Publish what is scheduled up to ``now``, oldest first; gives the slugs published, and those that could not be.

    Safe to run twice or beside the author: each article is published by one conditional transaction.
    """
    released, failed = [], []
    due = ShelvedRecord.shelf_order <= f"{to_rfc3339(now)}~"
    for record in ArticleRecord.by_shelf.query("scheduled", due, limit=MAX_RELEASES):
        if isinstance(record, ShelvedRecord):
            card = to_card(record)
            try:
                if release(card.id, now=now):
                    released.append(card.slug)
            except (Conflict, Busy):
                failed.append(card.slug)
    return released, failed
