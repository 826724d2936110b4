"""Lists for the author: all articles by status, and published ones by label."""

from dataclasses import dataclass
from typing import Literal

from kolom.articles.mapping import ALL_ARTICLES, label_listing_key, listing_order, to_article, to_summary
from kolom.articles.names import label_key
from kolom.articles.types import Article, ArticleSummary
from kolom.models.articles import ArticleRecord, ArticlesTableRecord, ListedRecord
from kolom.pagination import decode_cursor, encode_cursor

type AdminStatus = Literal["published", "page", "external", "draft", "scheduled", "deleted"]
"""The status of an article, except that a published page or external article has its kind instead."""

ADMIN_STATUSES: tuple[AdminStatus, ...] = ("draft", "scheduled", "published", "page", "external", "deleted")


@dataclass(frozen=True, slots=True)
class AdminArticleList[Item: ArticleSummary]:
    """A page of a list, newest first."""

    items: tuple[Item, ...]
    next_cursor: str | None


def list_by_status(status: AdminStatus, *, limit: int, cursor: str | None = None) -> AdminArticleList[Article]:
    """Return at most ``limit`` articles with that status, newest first. One Query.

    :raises InvalidCursor: ``cursor`` was not created for this list
    """
    records, next_cursor = _page(ALL_ARTICLES if status == "published" else status, f"shelf:{status}", limit, cursor)
    return AdminArticleList(
        tuple(to_article(record) for record in records if isinstance(record, ArticleRecord)), next_cursor
    )


def list_by_label(label: str, *, limit: int, cursor: str | None = None) -> AdminArticleList[ArticleSummary]:
    """Return at most ``limit`` published articles with that label, newest first. One Query.

    :raises InvalidCursor: ``cursor`` was not created for this list
    """
    records, next_cursor = _page(label_listing_key(label), f"shelf-label:{label_key(label)}", limit, cursor)
    return AdminArticleList(tuple(to_summary(record) for record in records), next_cursor)


def _page(listing: str, scope: str, limit: int, cursor: str | None) -> tuple[list[ListedRecord], str | None]:
    before = None
    if cursor is not None:
        before = ListedRecord.shelf_order < decode_cursor(cursor, scope)
    found = ArticlesTableRecord.by_shelf.query(listing, before, scan_index_forward=False, limit=limit + 1)
    records = [record for record in found if isinstance(record, ListedRecord)]
    if len(records) <= limit:
        return records, None
    records = records[:limit]
    return records, encode_cursor(scope, listing_order(to_summary(records[-1])))
