"""API schemas of public comments. Imports little, since public functions use it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from kolom.comments.public import RecentComment
from kolom.comments.types import CommentPage, PublicComment


@dataclass(frozen=True, kw_only=True)
class AuthorOut:
    """The author of a comment. ``avatar`` is a seed from which a picture can be drawn."""

    name: str
    website: str | None
    avatar: str
    is_owner: bool


@dataclass(frozen=True, kw_only=True)
class CommentOut:
    """A comment. A deleted comment has no author and no content."""

    id: str
    parent_id: str | None
    author: AuthorOut
    content_html: str
    created_at: datetime
    edited_at: datetime | None
    deleted: bool

    @classmethod
    def of(cls, comment: PublicComment) -> Self:
        """Convert a public comment."""
        return cls(**_fields(comment))


@dataclass(frozen=True, kw_only=True)
class CommentListOut:
    """A page of an article's comments; ``total`` counts the approved ones."""

    items: list[CommentOut]
    total: int
    next_cursor: str | None

    @classmethod
    def of(cls, page: CommentPage) -> Self:
        """Convert a page."""
        return cls(items=[CommentOut.of(each) for each in page.items], total=page.total, next_cursor=page.next_cursor)


@dataclass(frozen=True, kw_only=True)
class CommentCountsOut:
    """The number of approved comments of each article, by slug."""

    counts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class CommentedArticleOut:
    """The article of a comment."""

    slug: str
    title: str


@dataclass(frozen=True, kw_only=True)
class RecentCommentOut(CommentOut):
    """A comment and its article."""

    article: CommentedArticleOut

    @classmethod
    def of_recent(cls, recent: RecentComment) -> Self:
        """Convert a recent comment."""
        article = CommentedArticleOut(slug=recent.article.slug, title=recent.article.title)
        return cls(**_fields(recent.comment), article=article)


@dataclass(frozen=True, kw_only=True)
class RecentCommentListOut:
    """The newest comments of the site."""

    items: list[RecentCommentOut]

    @classmethod
    def of(cls, comments: list[RecentComment]) -> Self:
        """Convert the newest comments."""
        return cls(items=[RecentCommentOut.of_recent(each) for each in comments])


def _fields(comment: PublicComment) -> dict[str, Any]:
    author = AuthorOut(name=comment.name, website=comment.website, avatar=comment.avatar, is_owner=comment.is_owner)
    return {
        "id": comment.id,
        "parent_id": comment.parent_id,
        "author": author,
        "content_html": comment.content_html,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "deleted": comment.deleted,
    }
