"""Factories of articles and lists to render, with defaults for all values."""

from datetime import UTC, datetime
from typing import Any

from kolom.articles.types import Article, ArticleList, ArticleSummary, Body, PublishedArticle
from kolom.comments.types import CommentPage, PublicComment

HOSTILE = """</title></script><script>alert(1)</script><img src=x onerror="alert('2')"> & "quoted" {{ 7 * 7 }} \u2028"""

_CARD: dict[str, Any] = {
    "id": 1,
    "slug": "hello",
    "path": "/hello/",
    "title": "Hello",
    "excerpt": "An excerpt.",
    "image": "/media/picture.png",
    "labels": ("Politik", "C#"),
    "language": "id",
    "author": "Sari",
    "published_at": datetime(2026, 1, 31, 20, tzinfo=UTC),
    "updated_at": datetime(2026, 1, 31, 20, tzinfo=UTC),
    "reading_minutes": 3,
}


def card(**changes: Any) -> ArticleSummary:
    """Return a summary, published on 1 February 2026 in Jakarta (31 January in UTC)."""
    return ArticleSummary(**_CARD | changes)


def card_page(*cards: ArticleSummary, total: int | None = None, next_cursor: str | None = None) -> ArticleList:
    """Return a page of a list."""
    return ArticleList(items=cards, total=len(cards) if total is None else total, next_cursor=next_cursor)


def article(**changes: Any) -> Article:
    """Return a published article."""
    own: dict[str, Any] = {
        "kind": "article",
        "status": "published",
        "month": "2026-02",
        "description": "A description.",
        "comments_open": True,
        "version": 1,
        "fingerprint": "",
        "origin": None,
        "source_format": "markdown",
        "body_version": "1",
        "body_parts": 1,
        "source_parts": 1,
    }
    return Article(**_CARD | own | changes)


def reading(
    *, body: Body | None = None, previous: Any = None, following: Any = None, **changes: Any
) -> PublishedArticle:
    """Return a published article with its body and neighbours."""
    return PublishedArticle(
        article=article(**changes),
        body=body or Body(html="<h2 id='a-b'>Part</h2><p>Text.</p>"),
        previous=previous,
        next=following,
    )


def comment(comment_id: str = "1", **changes: Any) -> PublicComment:
    """Return a comment by Budi."""
    own: dict[str, Any] = {
        "article_id": 1,
        "parent_id": None,
        "name": "Budi",
        "website": None,
        "avatar": "0123456789ab",
        "is_owner": False,
        "content_html": "<p>A comment.</p>",
        "created_at": datetime(2026, 2, 3, 4, 5, tzinfo=UTC),
        "edited_at": None,
        "deleted": False,
    }
    return PublicComment(id=comment_id, **own | changes)


def comment_page(*comments: PublicComment, total: int | None = None, next_cursor: str | None = None) -> CommentPage:
    """Return a page of an article's comments."""
    return CommentPage(items=comments, total=len(comments) if total is None else total, next_cursor=next_cursor)
