"""The comments of a blog at Blogger."""

import html
from collections.abc import Callable, Container
from typing import Final

from kolom.comments.types import Status
from kolom.rendering.text import plain_text
from kolom_cli.importers.blogger.atom_feed import Entry
from kolom_cli.importers.common.comment_fields import RawComment, parse_datetime, to_imported_comment
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
from kolom_cli.importers.common.types import Item, Skipped

_KIND: Final = "comment"
_STATUSES: Final[dict[str, Status]] = {"LIVE": "approved", "PENDING": "pending", "EMPTIED": "deleted"}
_SPAM: Final = "SPAM"
_BLOGGER: Final = "BLOGGER"
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
    status = _STATUSES.get(entry.status, "pending")
    if entry.status == _SPAM:
        return Skipped(kind=_KIND, name=name, reason="spam there")
    if not entry.post:
        return Skipped(kind=_KIND, name=name, reason="belongs to no post", refused=True)
    if entry.is_removed or plain_text(entry.content).strip().lower() in _REMOVED_TEXTS:
        status = "deleted"
    waits = (
        () if entry.status in _STATUSES else (f"{entry.status or 'without a status'} there: waits for approval here",)
    )
    return to_imported_comment(
        RawComment(
            name=name,
            origin=origin_of(entry.id),
            article=(f"origin:{origin_of(entry.post)}",),
            thread=entry.post,
            with_article=True,
            authors=(entry.writer.name,),
            content=html_to_markdown(entry.content if entry.is_html else html.escape(entry.content)),
            created_at=parse_datetime(entry.published),
            status=status,
            parent=_parent(entry, origin_of),
            website=entry.writer.uri,
            email="" if entry.writer.email == _NOBODY else entry.writer.email,
            is_owner=_is_owner(entry, owners),
            notes=waits,
        )
    )


def _is_owner(entry: Entry, owners: Container[str]) -> bool:
    """Whether one of the blog's authors wrote it. Anybody may give their address, but not who is logged in."""
    is_known = entry.writer.type in {"", _BLOGGER}
    return is_known and bool(entry.writer.uri) and entry.writer.uri in owners


def _parent(entry: Entry, origin_of: Callable[[str], str]) -> str | None:
    """A link names the comment's number only; its id begins as this one's does."""
    parent = entry.parent
    if parent.startswith("post-"):
        parent = f"{entry.id.partition('.')[0]}.{parent}"
    return origin_of(parent) if parent and parent not in {entry.post, entry.id} else None
