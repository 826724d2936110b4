"""The comments of a blog at Blogger."""

import html
from collections.abc import Callable, Container
from typing import Final

from kolom.comments.types import Status
from kolom.rendering import plain_text
from kolom_cli.importers import ImportedComment, Item, Skipped
from kolom_cli.importers.blogger.feed import Entry
from kolom_cli.importers.comment_fields import MAX_CONTENT, author_name, email, moment, website
from kolom_cli.importers.comment_text import markdown_of

_KIND: Final = "comment"
_STATUSES: Final[dict[str, Status]] = {"LIVE": "approved", "PENDING": "pending", "EMPTIED": "deleted"}
_SPAM: Final = "SPAM"
_NOBODY: Final = "noreply@blogger.com"
_REMOVED_TEXTS: Final = frozenset(
    (
        "this comment has been removed by the author.",
        "this comment has been removed by a blog administrator.",
        "this post has been removed by the author.",
        "this post has been removed by a blog administrator.",
        "komentar ini telah dihapus oleh pengarang.",
        "komentar ini telah dihapus oleh administrator blog.",
    )
)
"""What Blogger puts in place of a comment that its author or the blog's owner removed, in our users' languages."""


def read_comment(entry: Entry, *, origin_of: Callable[[str], str], owners: Container[str]) -> Item:
    """The comment, or why there is none. ``owners`` are the profiles of those who wrote the blog's articles."""
    name = f"{entry.id.rpartition('.')[2]} on {entry.post or 'no post'}"
    created_at = moment(entry.published)
    content = markdown_of(entry.content if entry.is_html else html.escape(entry.content))
    status = _STATUSES.get(entry.status, "pending")
    if entry.status == _SPAM:
        return Skipped(kind=_KIND, name=name, reason="spam there")
    if created_at is None or not entry.post:
        lacking = "a date" if created_at is None else "a post"
        return Skipped(kind=_KIND, name=name, reason=f"has not {lacking}", refused=True)
    if entry.is_removed or plain_text(entry.content).strip().lower() in _REMOVED_TEXTS:
        status = "deleted"
    if status == "deleted":
        content = ""
    elif not content:
        return Skipped(kind=_KIND, name=name, reason="empty")
    if len(content) > MAX_CONTENT:
        reason = f"has {len(content):,} characters, at most {MAX_CONTENT:,} are possible"
        return Skipped(kind=_KIND, name=name, reason=reason, refused=True)
    author, notes = author_name(entry.writer.name)
    if entry.status not in _STATUSES:
        notes = (*notes, f"{entry.status} there: waits for approval here")
    return ImportedComment(
        name=name,
        origin=origin_of(entry.id),
        article=(f"origin:{origin_of(entry.post)}",),
        thread=entry.post,
        author=author,
        content=content,
        created_at=created_at,
        status=status,
        parent=_parent(entry, origin_of),
        website=website(entry.writer.uri),
        email=None if entry.writer.email == _NOBODY else email(entry.writer.email),
        is_owner=bool(entry.writer.uri) and entry.writer.uri in owners,
        notes=notes,
    )


def _parent(entry: Entry, origin_of: Callable[[str], str]) -> str | None:
    """A link names the comment's number only; its id begins as this one's does."""
    parent = entry.parent
    if parent.startswith("post-"):
        parent = f"{entry.id.partition('.')[0]}.{parent}"
    return origin_of(parent) if parent and parent not in {entry.post, entry.id} else None
