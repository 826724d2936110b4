"""API schemas for posting and editing comments."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

from kolom.comments.mapping import to_author_view
from kolom.comments.posting import NewComment, PostedComment
from kolom.comments.schemas import CommentOut, to_comment_out
from kolom.comments.types import Comment
from kolom.submissions import fields
from kolom.submissions.schemas import FormFields
from kolom.validation import Keywords


@dataclass(frozen=True, kw_only=True)
class CommentIn(FormFields):
    """A new comment."""

    name: Annotated[str, fields.NAME]
    content: Annotated[str, fields.CONTENT, Keywords(description="Markdown: emphasis, links, lists, quotations, code")]
    email: Annotated[str | None, fields.EMAIL, Keywords(description="Never shown")] = None
    website: Annotated[str | None, fields.WEBSITE] = None
    parent_id: Annotated[
        str | None, fields.COMMENT_ID, Keywords(description="The approved comment that this one replies to")
    ] = None
    notify_replies: bool = False

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


@dataclass(frozen=True, kw_only=True)
class EditIn:
    """A new text for a comment."""

    content: Annotated[str, fields.CONTENT]


class PostedCommentOut(TypedDict):
    """The result of posting a comment: approved or pending. With ``edit_token`` its author may change it."""

    comment: CommentOut
    status: Literal["approved", "pending"]
    edit_token: Annotated[
        str | None,
        Keywords(
            description="Null for a repeated request without an Idempotency-Key: the client may not be the author"
        ),
    ]


def to_posted_out(posted: PostedComment) -> PostedCommentOut:
    """Convert a posted comment for its author, to whom spam is reported as pending."""
    return {
        "comment": to_author_out(posted.comment),
        "status": "approved" if posted.comment.status == "approved" else "pending",
        "edit_token": posted.edit_token,
    }


def to_author_out(comment: Comment) -> CommentOut:
    """Convert a comment in any status for its author."""
    return to_comment_out(to_author_view(comment))
