"""What a comment is: as it is kept, and as readers see it. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

type Status = Literal["pending", "approved", "spam", "deleted"]
type Action = Literal["approve", "spam", "delete", "restore"]
type Order = Literal["oldest", "newest"]

MAX_DEPTH = 60
"""How deep replies to replies go: a change of one comment may change all those above it, in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Everything that is kept of a comment but its author's e-mail address.

    ``replies`` counts the visible comments that answer it. ``person`` is a keyed hash of the address, so that a person
    can be forgotten. ``reasons`` say why it got its status. ``version`` grows with every change of the item,
    ``revision`` with every edit of the text; ``change`` names the last change. ``announced`` tells that it was approved
    once, and that whom it concerns were told. ``expires_at`` is in Unix seconds.
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
        """Whether it has a place below its article: as itself, or as a tombstone that holds its replies together."""
        return self.status == "approved" or self.replies > 0

    @property
    def is_erased(self) -> bool:
        """Whether nothing is left of what its author wrote."""
        return not self.content


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicComment:
    """A comment as readers see it; of a deleted one only its place is left."""

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
        """How much text a list shows of it."""
        return sum(len(text.encode()) for text in (self.content_html, self.name, self.website or ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentPage:
    """One page of the comments of an article; ``total`` counts the approved ones."""

    items: tuple[PublicComment, ...]
    total: int
    next_cursor: str | None
