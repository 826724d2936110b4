"""The author's lists: what stands on each shelf, drafts and deleted articles included."""

from dataclasses import dataclass
from typing import Literal

from kolom.articles.mapping import ALL, label_shelf, shelf_order, to_article, to_card
from kolom.articles.names import label_key
from kolom.articles.types import Article, Card
from kolom.models.articles import ArticleRecord, CardRecord, ShelvedRecord
from kolom.pagination import issue_cursor, read_cursor

type ShelfName = Literal["published", "page", "draft", "scheduled", "deleted"]

SHELVES: tuple[ShelfName, ...] = ("draft", "scheduled", "published", "page", "deleted")


@dataclass(frozen=True, slots=True)
class ShelfPage[Item: Card]:
    """A page of one shelf, newest first."""

    items: tuple[Item, ...]
    next_cursor: str | None


def list_shelf(shelf: ShelfName, *, limit: int, cursor: str | None = None) -> ShelfPage[Article]:
    """At most ``limit`` articles of a shelf, newest first: published ones, free pages, drafts … One Query.

    :raises InvalidCursor: ``cursor`` was not issued for this shelf
    """
    records, next_cursor = _page(ALL if shelf == "published" else shelf, f"shelf:{shelf}", limit, cursor)
    return ShelfPage(tuple(to_article(record) for record in records if isinstance(record, CardRecord)), next_cursor)


def list_label(label: str, *, limit: int, cursor: str | None = None) -> ShelfPage[Card]:
    """At most ``limit`` published articles with that label, newest first. One Query.

    :raises InvalidCursor: ``cursor`` was not issued for this label
    """
    records, next_cursor = _page(label_shelf(label), f"shelf-label:{label_key(label)}", limit, cursor)
    return ShelfPage(tuple(to_card(record) for record in records), next_cursor)


def _page(shelf: str, listing: str, limit: int, cursor: str | None) -> tuple[list[ShelvedRecord], str | None]:
    before = None
    if cursor is not None:
        before = ShelvedRecord.shelf_order < read_cursor(cursor, listing)
    found = ArticleRecord.by_shelf.query(shelf, before, scan_index_forward=False, limit=limit + 1)
    records = [record for record in found if isinstance(record, ShelvedRecord)]
    if len(records) <= limit:
        return records, None
    records = records[:limit]
    return records, issue_cursor(listing, shelf_order(to_card(records[-1])))
