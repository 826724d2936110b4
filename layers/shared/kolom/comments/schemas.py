"""API schemas of public comments.

This module imports little, so that the Lambda functions that answer visitors start quickly.
"""

from datetime import UTC, datetime
from typing import TypedDict

from kolom.articles.types import Article
from kolom.comments.public import RecentComment
from kolom.comments.types import CommentPage, PublicComment
from kolom.config import settings
from kolom.urls import article_url


class AuthorOut(TypedDict):
    """The author of a comment. ``avatar`` is a seed from which a picture can be drawn."""

    name: str
    website: str | None
    avatar: str
    is_owner: bool


class CommentOut(TypedDict):
    """A comment. A deleted comment has no author and no content."""

    id: str
    parent_id: str | None
    author: AuthorOut
    content_html: str
    created_at: datetime
    edited_at: datetime | None
    deleted: bool


class CommentableArticleOut(TypedDict):
    """The article at a URL. ``comments_open``: whether it takes new comments."""

    slug: str
    title: str
    comments_open: bool


class CommentListOut(TypedDict):
    """A page of an article's comments; ``total`` counts the approved ones."""

    items: list[CommentOut]
    total: int
    next_cursor: str | None


class PageCommentListOut(CommentListOut):
    """A page of the comments of the article at a URL, and what a form for new ones needs to know of the article."""

    article: CommentableArticleOut


class CommentCountsOut(TypedDict):
    """The number of approved comments of each article, by the given slug or URL."""

    counts: dict[str, int]


class CommentedArticleOut(TypedDict):
    """The article of a comment. ``url`` is its page, which may be on another site."""

    slug: str
    title: str
    url: str


class RecentCommentOut(CommentOut):
    """A comment and its article."""

    article: CommentedArticleOut


class RecentCommentListOut(TypedDict):
    """The newest comments of the site."""

    items: list[RecentCommentOut]


def to_comment_out(comment: PublicComment) -> CommentOut:
    """Convert a public comment."""
    return {
        "id": comment.id,
        "parent_id": comment.parent_id,
        "author": {
            "name": comment.name,
            "website": comment.website,
            "avatar": comment.avatar,
            "is_owner": comment.is_owner,
        },
        "content_html": comment.content_html,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "deleted": comment.deleted,
    }


def to_list_out(page: CommentPage) -> CommentListOut:
    """Convert a page of comments."""
    return {
        "items": [to_comment_out(comment) for comment in page.items],
        "total": page.total,
        "next_cursor": page.next_cursor,
    }


def to_page_list_out(page: CommentPage, article: Article) -> PageCommentListOut:
    """Convert a page of comments with its article."""
    is_open = article.takes_comments(datetime.now(UTC), close_after_days=settings().comments_close_after_days)
    return {
        **to_list_out(page),
        "article": {"slug": article.slug, "title": article.title, "comments_open": is_open},
    }


def to_recent_out(comments: list[RecentComment]) -> RecentCommentListOut:
    """Convert the newest comments."""
    return {
        "items": [
            {
                **to_comment_out(recent.comment),
                "article": {
                    "slug": recent.article.slug,
                    "title": recent.article.title,
                    "url": article_url(recent.article),
                },
            }
            for recent in comments
        ]
    }
