"""API schemas of public comments.

This module imports little, so that the Lambda functions that answer visitors start quickly.
"""

from datetime import datetime
from typing import TypedDict

from kolom.comments.public import RecentComment
from kolom.comments.types import CommentPage, PublicComment


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


class CommentListOut(TypedDict):
    """A page of an article's comments; ``total`` counts the approved ones."""

    items: list[CommentOut]
    total: int
    next_cursor: str | None


class CommentCountsOut(TypedDict):
    """The number of approved comments of each article, by slug."""

    counts: dict[str, int]


class CommentedArticleOut(TypedDict):
    """The article of a comment."""

    slug: str
    title: str


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


def to_recent_out(comments: list[RecentComment]) -> RecentCommentListOut:
    """Convert the newest comments."""
    return {
        "items": [
            {
                **to_comment_out(recent.comment),
                "article": {"slug": recent.article.slug, "title": recent.article.title},
            }
            for recent in comments
        ]
    }
