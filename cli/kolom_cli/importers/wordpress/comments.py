"""Import the comments of a WordPress export.

Approved comments stay approved, comments in moderation become pending. Spam and deleted comments are skipped. So are
pingbacks and trackbacks, which are links from other sites. IP addresses are not imported.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Final

from kolom.comments.types import Status
from kolom.urls import absolute_url
from kolom_cli.importers.common.autop import paragraphs
from kolom_cli.importers.common.comment_fields import RawComment, to_imported_comment
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
from kolom_cli.importers.common.own_links import LinkRewriter
from kolom_cli.importers.common.types import Item, Skipped
from kolom_cli.importers.wordpress.dates import parse_gmt_or_local

_KIND: Final = "comment"
_STATUSES: Final[Mapping[str, Status]] = {"1": "approved", "approve": "approved", "0": "pending", "hold": "pending"}
_SKIP_REASONS: Final = {
    "spam": "marked as spam in WordPress",
    "trash": "in the trash",
    "post-trashed": "in the trash, with its article",
}
_PINGS: Final = frozenset(("pingback", "trackback"))
_COMMENTS: Final = frozenset(("", "comment"))


def read_comments(
    comments: list[dict[str, str]], *, article: str, title: str, owners: Container[str], links: LinkRewriter
) -> Iterator[Item]:
    """Yield the comments of the article with the origin ``article``.

    ``owners`` are the ids of the blog's authors. ``links`` rewrites links to the blog's articles.
    """
    for comment in comments:
        yield _item(comment, article, title, owners, links)


def _item(comment: Mapping[str, str], article: str, title: str, owners: Container[str], links: LinkRewriter) -> Item:
    def get(name: str) -> str:
        return comment.get(f"wp:comment_{name}", "")

    name = f"{get('id') or '?'} on {title}"
    kind, status = get("type"), get("approved")
    if kind in _PINGS:
        return Skipped(kind=kind, name=name, reason="a link from another site, not a comment")
    if kind not in _COMMENTS:
        return Skipped(kind=_KIND, name=name, reason=f"comment type {kind!r} of a plugin is not supported")
    if status in _SKIP_REASONS:
        return Skipped(kind=_KIND, name=name, reason=_SKIP_REASONS[status])
    if not get("id"):
        return Skipped(kind=_KIND, name=name, reason="has no id", refused=True)
    notes = () if status in _STATUSES else (f"unknown status {status!r} in WordPress: imported as pending",)
    content = paragraphs(get("content").replace("\r\n", "\n").replace("\r", "\n"))
    return to_imported_comment(
        RawComment(
            name=name,
            origin=f"{article}/comment-{get('id')}",
            article=(f"origin:{article}",),
            thread=title,
            title=title,
            with_article=True,
            authors=(get("author"),),
            content=html_to_markdown(links.in_comment(content, absolute_url)),
            created_at=parse_gmt_or_local(get("date_gmt"), get("date")),
            status=_STATUSES.get(status, "pending"),
            parent=f"{article}/comment-{get('parent')}" if get("parent") not in {"", "0"} else None,
            website=get("author_url"),
            email=get("author_email"),
            is_owner=get("user_id") in owners,
            notes=notes,
            own_links=links.pop_counts(),
        )
    )
