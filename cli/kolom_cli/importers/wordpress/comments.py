"""The comments of a WordPress export.

Approved ones are approved here, those that waited wait here. Spam and what was thrown away stays behind, as do
pingbacks and trackbacks: they are other sites' links, not words. Nobody's IP address is read.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Final

from kolom.comments.types import Status
from kolom_cli.importers.common.autop import paragraphs
from kolom_cli.importers.common.comment_fields import RawComment, to_imported_comment
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
from kolom_cli.importers.common.types import Item, Skipped
from kolom_cli.importers.wordpress.dates import parse_local_datetime

_KIND: Final = "comment"
_STATUSES: Final[Mapping[str, Status]] = {"1": "approved", "approve": "approved", "0": "pending", "hold": "pending"}
_LEFT: Final = {
    "spam": "spam there",
    "trash": "in the bin there",
    "post-trashed": "in the bin there, with its article",
}
_PINGS: Final = frozenset(("pingback", "trackback"))
_COMMENTS: Final = frozenset(("", "comment"))


def read_comments(
    comments: list[dict[str, str]], *, article: str, title: str, owners: Container[str]
) -> Iterator[Item]:
    """The comments of one article, whose origin is ``article``; ``owners`` are the ids of the blog's authors."""
    for comment in comments:
        yield _item(comment, article, title, owners)


def _item(comment: Mapping[str, str], article: str, title: str, owners: Container[str]) -> Item:
    def get(name: str) -> str:
        return comment.get(f"wp:comment_{name}", "")

    name = f"{get('id') or '?'} on {title}"
    kind, status = get("type"), get("approved")
    if kind in _PINGS:
        return Skipped(kind=kind, name=name, reason="a link from another site, no comment")
    if kind not in _COMMENTS:
        return Skipped(kind=_KIND, name=name, reason=f"a plugin's: {kind!r}")
    if status in _LEFT:
        return Skipped(kind=_KIND, name=name, reason=_LEFT[status])
    if not get("id"):
        return Skipped(kind=_KIND, name=name, reason="has no id", refused=True)
    waits = () if status in _STATUSES else (f"{status or 'without a status'} there: waits for approval here",)
    return to_imported_comment(
        RawComment(
            name=name,
            origin=f"{article}/comment-{get('id')}",
            article=(f"origin:{article}",),
            thread=title,
            title=title,
            with_article=True,
            authors=(get("author"),),
            content=html_to_markdown(paragraphs(get("content").replace("\r\n", "\n").replace("\r", "\n"))),
            created_at=parse_local_datetime(get("date_gmt"), get("date")),
            status=_STATUSES.get(status, "pending"),
            parent=f"{article}/comment-{get('parent')}" if get("parent") not in {"", "0"} else None,
            website=get("author_url"),
            email=get("author_email"),
            is_owner=get("user_id") in owners,
            notes=waits,
        )
    )
