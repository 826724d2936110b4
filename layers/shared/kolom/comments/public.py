"""Reading comments as the public may: only from the indexes that hold nothing else, and the counts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from kolom.articles import public, repository
from kolom.articles.types import Article
from kolom.comments.mapping import to_public
from kolom.comments.types import CommentPage, Order, PublicComment
from kolom.errors import InvalidCursor
from kolom.models.comments import SITE, CommentRecord, StatsRecord, stats_key
from kolom.pagination import decode_cursor, encode_cursor, first_page

MAX_COUNTED = 50
_RECENT_PAGES = 3
_POSITION = re.compile(r"[0-9A-Z]{26}")
_LAST = "~"  # after every ULID


@dataclass(frozen=True, slots=True)
class RecentComment:
    """An approved comment with the article that it belongs to."""

    comment: PublicComment
    article: Article

    @property
    def size_bytes(self) -> int:
        """How much text a list shows of it."""
        return self.comment.size_bytes


def list_comments(article_id: int, *, order: Order, limit: int, cursor: str | None = None) -> CommentPage:
    """A page of the comments of an article. Oldest first, a comment always comes before its replies.

    The page ends before ``limit`` where its comments are large (:func:`kolom.pagination.first_page`). Going on from
    ``cursor`` skips nothing and repeats nothing. Two requests: a Query of the index, the count.

    :raises InvalidCursor: ``cursor`` was not issued for this list
    """
    listing = f"comments?article={article_id}&order={order}"
    beyond = None
    if cursor is not None:
        after = decode_cursor(cursor, listing)
        if not _POSITION.fullmatch(after):
            raise InvalidCursor("this cursor is damaged")
        beyond = CommentRecord.sort > after if order == "oldest" else CommentRecord.sort < after
    records = CommentRecord.public.query(str(article_id), beyond, scan_index_forward=order == "oldest", limit=limit + 1)
    items, more = first_page(map(to_public, records), limit)
    return CommentPage(
        items=items,
        total=count_comments([article_id])[article_id],
        next_cursor=encode_cursor(listing, items[-1].id) if more else None,
    )


def list_newest(article_id: int, *, limit: int) -> list[PublicComment]:
    """The newest ``limit`` comments of an article that fit on a page, tombstones included. One Query of the index."""
    records = CommentRecord.public.query(str(article_id), scan_index_forward=False, limit=limit)
    return list(first_page(map(to_public, records), limit)[0])


def count_comments(article_ids: Sequence[int]) -> dict[int, int]:
    """How many approved comments each of at most 100 articles has. One BatchGetItem."""
    found = StatsRecord.batch_get([stats_key(article_id) for article_id in set(article_ids)])
    counts = {int(record.article_id.removeprefix("stats#")): int(record.approved) for record in found}
    return {article_id: counts.get(article_id, 0) for article_id in article_ids}


def count_by_slug(slugs: Sequence[str]) -> dict[str, int]:
    """How many approved comments the published articles of at most :data:`MAX_COUNTED` slugs have. Three requests.

    A slug that no published article has, or had, has none: a draft may have brought comments from elsewhere.
    """
    ids = repository.find_ids(set(slugs))
    published = public.get_summaries(set(ids.values()))
    counts = count_comments(list(published)) if published else {}
    return {slug: counts.get(ids.get(slug, -1), 0) for slug in slugs}


def list_recent(limit: int) -> list[RecentComment]:
    """The newest approved comments of the site that fit on a page, of articles that are published.

    Two requests; up to six where many of the newest belong to articles that are not.
    """
    found = islice(_recent(limit), limit)
    return list(first_page(found, limit)[0])


def _recent(page_length: int) -> Iterator[RecentComment]:
    """The newest comments, of which a page is read when it is needed."""
    last = _LAST
    for _ in range(_RECENT_PAGES):
        records = CommentRecord.recent.query(
            SITE, CommentRecord.sort < last, scan_index_forward=False, limit=page_length
        )
        found, more = first_page(map(to_public, records), page_length)
        cards = public.get_summaries({comment.article_id for comment in found})
        for comment in found:
            if (card := cards.get(comment.article_id)) is not None:
                yield RecentComment(comment, card)
        if not more and len(found) < page_length:
            return
        last = found[-1].id
