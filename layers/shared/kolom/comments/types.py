"""Types of comments, as stored and as public. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

type Status = Literal["pending", "approved", "spam", "deleted"]
type Action = Literal["approve", "spam", "delete", "restore"]
type Order = Literal["oldest", "newest"]

MAX_DEPTH = 60
"""The maximum depth of replies: changing one comment may change all its ancestors, in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """The stored data of a comment, except its author's email address.

    ``replies`` counts the visible replies. ``person`` is a pseudonym of the address, by which a person's comments can
    be erased. ``reasons`` explain the status. ``version`` grows with every change of the item, ``revision`` with every
    edit of the text; ``change`` identifies the last change. ``announced`` is true once the mails about its approval
    were created, or if there are none to create. ``expires_at`` is in Unix seconds.
    """

    article_id: int
    id: str
    status: Status
    name: str
    content: str
    avatar: str
    created_at: datetime
    parent_id: str | None = None
    depth: int = 0
    status_before: Status | None = None
    website: str | None = None
    person: str | None = None
    is_owner: bool = False
    edited_at: datetime | None = None
    replies: int = 0
    reasons: tuple[str, ...] = ()
    decided_by: str = "rules"
    version: int = 1
    revision: int = 1
    change: str = ""
    announced: bool = False
    expires_at: int | None = None

    @property
    def is_visible(self) -> bool:
        """Return whether the comment is shown below its article: approved, or as a tombstone with replies."""
        return self.status == "approved" or self.replies > 0

    @property
    def is_erased(self) -> bool:
        """Return whether the author's text was erased."""
        return not self.content


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicComment:
    """A comment as the public or its author sees it. For the public, a deleted one has no author and no content."""

    article_id: int
    id: str
    parent_id: str | None
    name: str
    website: str | None
    avatar: str
    is_owner: bool
    content_html: str
    created_at: datetime
    edited_at: datetime | None
    deleted: bool

    @property
    def size_bytes(self) -> int:
        """Return the size of the text that a list shows of the comment."""
        return sum(len(text.encode()) for text in (self.content_html, self.name, self.website or ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentPage:
    """A page of the comments of an article; ``total`` counts the approved ones."""

    items: tuple[PublicComment, ...]
    total: int
    next_cursor: str | None
