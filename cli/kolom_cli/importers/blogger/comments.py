"""Import the comments of a Blogger blog."""

import html
from collections.abc import Callable, Container
from typing import Final

from kolom.comments.types import Status
from kolom.rendering.text import plain_text
from kolom.urls import absolute_url
from kolom_cli.importers.blogger.atom_feed import AtomEntry
from kolom_cli.importers.common.comment_fields import RawComment, parse_datetime, to_imported_comment
from kolom_cli.importers.common.entry_ids import SAME_ID
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
from kolom_cli.importers.common.own_links import LinkRewriter
from kolom_cli.importers.common.types import Item, Skipped

_KIND: Final = "comment"
_STATUSES: Final[dict[str, Status]] = {"LIVE": "approved", "PENDING": "pending", "EMPTIED": "deleted"}
_SPAM: Final = "SPAM"
_BLOGGER: Final = "BLOGGER"
_NO_ADDRESS: Final = "noreply@blogger.com"
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
"""The text that replaces a comment removed by its author or the blog's owner, in English and Indonesian."""


def read_comment(
    entry: AtomEntry, *, origin: str, origin_of: Callable[[str], str], owners: Container[str], links: LinkRewriter
) -> Item:
    """Return the comment, or why it is skipped.

    ``origin_of`` returns the origin for an id. ``origin``, that of the comment, differs from it if an earlier entry has
    the same id. ``owners`` are the profiles of the authors of the blog's articles. ``links`` rewrites links to the
    blog's articles.
    """
    name = f"{entry.id.rpartition('.')[2]} on {entry.post or 'no post'}"
    status = _STATUSES.get(entry.status, "pending")
    if entry.status == _SPAM:
        return Skipped(kind=_KIND, name=name, reason="marked as spam in Blogger")
    if not entry.post:
        return Skipped(kind=_KIND, name=name, reason="has no post", refused=True)
    if entry.is_removed or plain_text(entry.content).strip().lower() in _REMOVED_TEXTS:
        status = "deleted"
    notes = () if entry.status in _STATUSES else (f"unknown status {entry.status!r} in Blogger: imported as pending",)
    if origin != origin_of(entry.id):
        notes = (SAME_ID, *notes)
    notes = (*notes, *entry.repairs)
    content = entry.content if entry.is_html else html.escape(entry.content)
    return to_imported_comment(
        RawComment(
            name=name,
            origin=origin,
            article=(f"origin:{origin_of(entry.post)}",),
            thread=entry.post,
            with_article=True,
            authors=(entry.writer.name,),
            content=html_to_markdown(links.in_comment(content, absolute_url)),
            created_at=parse_datetime(entry.published),
            status=status,
            parent=_parent(entry, origin_of),
            website=entry.writer.uri,
            email="" if entry.writer.email == _NO_ADDRESS else entry.writer.email,
            is_owner=_is_owner(entry, owners),
            notes=notes,
            own_links=links.pop_counts(),
        )
    )


def _is_owner(entry: AtomEntry, owners: Container[str]) -> bool:
    """Return whether one of the blog's authors wrote the comment.

    Anonymous visitors can enter any URL as their own. So the URL is ignored if the export says that the author of the
    comment was not logged in.
    """
    is_known = entry.writer.type in {"", _BLOGGER}
    return is_known and bool(entry.writer.uri) and entry.writer.uri in owners


def _parent(entry: AtomEntry, origin_of: Callable[[str], str]) -> str | None:
    """Return the origin of the parent. A ``link`` element has only the parent's number, so the blog's id is added."""
    parent = entry.parent
    if parent.startswith("post-"):
        parent = f"{entry.id.partition('.')[0]}.{parent}"
    return origin_of(parent) if parent and parent not in {entry.post, entry.id} else None
