"""API schemas of comments, from which the OpenAPI document is generated."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from kolom.comments.mapping import to_author_view
from kolom.comments.posting import NewComment, PostedComment
from kolom.comments.public import RecentComment
from kolom.comments.types import Comment, CommentPage, PublicComment
from kolom.submissions import fields
from kolom.submissions.schemas import FormFields, KnownFields


class CommentIn(FormFields):
    """A new comment."""

    name: fields.Name
    content: fields.Content = Field(description="Markdown: emphasis, links, lists, quotations, code")
    email: fields.Email = Field(None, description="Never shown")
    website: fields.Website = None
    parent_id: fields.CommentId = Field(None, description="The approved comment that this one replies to")
    notify_replies: fields.Flag = False

    def draft(self) -> NewComment:
        """Convert to a new comment for the pipeline."""
        return NewComment(
            name=self.name,
            content=self.content,
            email=self.email,
            website=self.website,
            parent_id=self.parent_id,
            notify_replies=self.notify_replies,
            form=self.form(),
        )


class EditIn(KnownFields):
    """A new text for a comment."""

    content: fields.Content


class AuthorOut(BaseModel):
    """The author of a comment. ``avatar`` is a seed from which a picture can be drawn."""

    name: str
    website: str | None
    avatar: str
    is_owner: bool


class CommentOut(BaseModel):
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


class CommentListOut(BaseModel):
    """A page of an article's comments; ``total`` counts the approved ones."""

    items: list[CommentOut]
    total: int
    next_cursor: str | None

    @classmethod
    def of(cls, page: CommentPage) -> Self:
        """Convert a page."""
        return cls(items=[CommentOut.of(each) for each in page.items], total=page.total, next_cursor=page.next_cursor)


class CommentCountsOut(BaseModel):
    """The number of approved comments of articles by slug."""

    counts: dict[str, int]


class CommentedArticleOut(BaseModel):
    """The article of a comment."""

    slug: str
    title: str


class RecentCommentOut(CommentOut):
    """A comment and its article."""

    article: CommentedArticleOut

    @classmethod
    def of_recent(cls, recent: RecentComment) -> Self:
        """Convert a recent comment."""
        article = CommentedArticleOut(slug=recent.article.slug, title=recent.article.title)
        return cls(**_fields(recent.comment), article=article)


class RecentCommentListOut(BaseModel):
    """The newest comments of the site."""

    items: list[RecentCommentOut]

    @classmethod
    def of(cls, comments: list[RecentComment]) -> Self:
        """Convert the newest comments."""
        return cls(items=[RecentCommentOut.of_recent(each) for each in comments])


class PostedCommentOut(BaseModel):
    """The result of posting a comment: approved or pending. With ``edit_token`` its author may change it."""

    comment: CommentOut
    status: Literal["approved", "pending"]
    edit_token: str | None = Field(
        description="Null for a repeat without an Idempotency-Key: nothing proves that its client is the author"
    )

    @classmethod
    def of(cls, posted: PostedComment) -> Self:
        """Convert for the comment's author, to whom spam is reported as pending."""
        comment = posted.comment
        return cls(
            comment=CommentOut.of(to_author_view(comment)),
            status="approved" if comment.status == "approved" else "pending",
            edit_token=posted.edit_token,
        )


def to_author_out(comment: Comment) -> CommentOut:
    """Convert a comment in any status for its author."""
    return CommentOut.of(to_author_view(comment))


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
