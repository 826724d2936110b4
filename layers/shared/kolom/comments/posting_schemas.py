"""API schemas for posting and editing comments."""

from typing import Literal, Self

from pydantic import BaseModel, Field

from kolom.comments.mapping import to_author_view
from kolom.comments.posting import NewComment, PostedComment
from kolom.comments.schemas import CommentOut
from kolom.comments.types import Comment
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

    def to_new_comment(self) -> NewComment:
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


class PostedCommentOut(BaseModel):
    """The result of posting a comment: approved or pending. With ``edit_token`` its author may change it."""

    comment: CommentOut
    status: Literal["approved", "pending"]
    edit_token: str | None = Field(
        description="Null for a repeated request without an Idempotency-Key: the client may not be the author"
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
