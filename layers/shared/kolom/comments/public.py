"""Public reading of comments: only from the public indexes and the counts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from kolom.articles import lookup, public
from kolom.articles.types import Article
from kolom.comments.types import CommentPage, Order, PublicComment
from kolom.errors import FieldError, InvalidCursor, InvalidInput
from kolom.models.comments import SITE, CommentRecord, StatsRecord, stats_key
from kolom.pagination import decode_cursor, encode_cursor, first_page

MAX_COUNTED = 50
_RECENT_PAGES = 3
_POSITION = re.compile(r"[0-9A-Z]{26}")
_LAST = "~"  # sorts after every ULID


@dataclass(frozen=True, slots=True)
class RecentComment:
    """An approved comment with its article."""

    comment: PublicComment
    article: Article

    @property
    def size_bytes(self) -> int:
        """Return the size of the text that a list shows of the comment."""
        return self.comment.size_bytes


def list_comments(article_id: int, *, order: Order, limit: int, cursor: str | None = None) -> CommentPage:
    """Return a page of an article's comments. In the order ``oldest``, a comment precedes its replies.

    The page ends before ``limit`` if its comments are large (:func:`kolom.pagination.first_page`). Continuing from
    ``cursor`` skips nothing and repeats nothing. Two requests: a Query of the index, the count.

    :raises InvalidCursor: ``cursor`` was not created for this list
    """
    listing = f"comments?article={article_id}&order={order}"
    beyond = None
    if cursor is not None:
        after = decode_cursor(cursor, listing)
        if not _POSITION.fullmatch(after):
            raise InvalidCursor("the cursor is damaged")
        beyond = CommentRecord.sort > after if order == "oldest" else CommentRecord.sort < after
    records = CommentRecord.public.query(str(article_id), beyond, scan_index_forward=order == "oldest", limit=limit + 1)
    items, more = first_page(map(to_public, records), limit)
    return CommentPage(
        items=items,
        total=count_comments([article_id])[article_id],
        next_cursor=encode_cursor(listing, items[-1].id) if more else None,
    )


def list_newest(article_id: int, *, limit: int) -> list[PublicComment]:
    """Return the newest ``limit`` comments of an article that fit on a page, including tombstones. One Query."""
    records = CommentRecord.public.query(str(article_id), scan_index_forward=False, limit=limit)
    return list(first_page(map(to_public, records), limit)[0])


def count_comments(article_ids: Sequence[int]) -> dict[int, int]:
    """Return the number of approved comments of each of at most 100 articles. One BatchGetItem."""
    found = StatsRecord.batch_get([stats_key(article_id) for article_id in set(article_ids)])
    counts = {int(record.article_id.removeprefix("stats#")): int(record.approved) for record in found}
    return {article_id: counts.get(article_id, 0) for article_id in article_ids}


def count_by_slug(slugs: Sequence[str], urls: Sequence[str] = ()) -> dict[str, int]:
    """Return the number of approved comments by slug, and by the URL of a page. Together at most :data:`MAX_COUNTED`.

    The count is 0 if no published article has or had the slug, or is at the URL. Drafts can have comments by import;
    these do not count. Three requests; one more if there are more than a hundred pointers, at most four for a URL.

    :raises InvalidInput: there are too many different slugs and URLs
    """
    if (given := len(set(slugs)) + len(set(urls))) > MAX_COUNTED:
        field, what = ("url", "slugs and URLs") if urls else ("slug", "slugs")
        raise InvalidInput(FieldError(field, f"at most {MAX_COUNTED} {what} are allowed, got {given}"))
    pointers = {slug: lookup.slug_pointers(slug) for slug in slugs}
    ids = lookup.find_pointed_ids(pointers | {url: public.url_pointers(url) for url in urls})
    published = public.published_ids({article_id for each in ids.values() for article_id in each})
    counts = count_comments(list(published)) if published else {}
    return {
        name: next((counts[article_id] for article_id in each if article_id in counts), 0) for name, each in ids.items()
    }


def list_recent(limit: int) -> list[RecentComment]:
    """Return the newest approved comments of published articles that fit on a page.

    Two requests; up to six if many of the newest belong to unpublished articles.
    """
    found = islice(_recent(limit), limit)
    return list(first_page(found, limit)[0])


def _recent(page_length: int) -> Iterator[RecentComment]:
    """Yield the newest comments; pages are read on demand."""
    last = _LAST
    for _ in range(_RECENT_PAGES):
        records = CommentRecord.recent.query(
            SITE, CommentRecord.sort < last, scan_index_forward=False, limit=page_length
        )
        found, more = first_page(map(to_public, records), page_length)
        articles = public.get_many_without_body({comment.article_id for comment in found})
        for comment in found:
            if (article := articles.get(comment.article_id)) is not None:
                yield RecentComment(comment, article)
        if not more and len(found) < page_length:
            return
        last = found[-1].id


def to_public(record: CommentRecord) -> PublicComment:
    """Return the public comment of an item of a public index."""
    deleted = bool(record.deleted)
    return PublicComment(
        article_id=int(record.article_id),
        id=record.sort,
        parent_id=record.parent_id,
        name=record.name or "",
        website=record.website,
        avatar="" if deleted else record.avatar,
        is_owner=not deleted and record.is_owner,
        content_html=record.content_html or "",
        created_at=record.created_at,
        edited_at=None if deleted else record.edited_at,
        deleted=deleted,
    )
