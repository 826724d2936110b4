"""Import comments from Commento and Comentario. They are matched to articles by the URLs of their pages.

Content that was not public does not become public. Spam and rejected comments are skipped. Comments that wait for
approval are imported as pending. A deleted comment keeps only its position in the thread.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Final

from kolom.comments.types import Status
from kolom_cli.importers.commento.export_json import Comment, Commenter, Export, State, open_export
from kolom_cli.importers.common.article_matching import is_url_or_path, thread_names
from kolom_cli.importers.common.comment_backups import refuse_backup_of_another_system
from kolom_cli.importers.common.comment_fields import (
    MAX_PAGE_URL,
    RawComment,
    page_url_problem,
    parse_datetime,
    shorten,
    to_imported_comment,
)
from kolom_cli.importers.common.comment_text import html_problem
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
from kolom_cli.importers.common.thread_map import ThreadMap
from kolom_cli.importers.common.types import Item, Skipped

_KIND: Final = "comment"
_STATUSES: Final[dict[State, Status]] = {"approved": "approved", "pending": "pending", "deleted": "deleted"}
_NO_COMMENTER: Final = Commenter(name="", email="", website="", is_moderator=False)


def read_commento(path: Path, mapping: ThreadMap | None = None) -> Iterator[Item]:
    """Yield every comment of the export. ``mapping`` takes precedence over the URLs of the pages.

    :raises SourceError: the file cannot be read, or is not an export of Commento or Comentario
    """
    refuse_backup_of_another_system(path, "commento")
    with ExitStack() as stack:
        export, comments = open_export(path, stack)
        owner = _owner(export)
        for number, comment in enumerate(comments, 1):
            yield _item(comment, number, export, owner, mapping or ThreadMap())


def _owner(export: Export) -> str | None:
    """Return the key of the owner: the only moderator, because exports do not name the owner."""
    moderators = [key for key, commenter in export.commenters.items() if commenter.is_moderator]
    return moderators[0] if len(moderators) == 1 else None


def _item(comment: Comment, number: int, export: Export, owner: str | None, mapping: ThreadMap) -> Item:
    url = _page_url(comment)
    name = f"{shorten(comment.key) or f'entry {number}'} on {url[:MAX_PAGE_URL] or 'no page'}"
    html = "" if comment.markdown.strip() else comment.html
    if comment.state in {"spam", "rejected"}:
        reason = "marked as spam in Commento" if comment.state == "spam" else "rejected in Comentario"
        return Skipped(kind=_KIND, name=name, reason=reason)
    if problem := _problem(comment, url, html):
        return Skipped(kind=_KIND, name=name, reason=problem, refused=True)
    article = mapping.find(url, comment.path)
    if article == ():
        return Skipped(kind=_KIND, name=name, reason="excluded by the mapping")
    commenter = export.commenters.get(comment.author)
    author = commenter or _NO_COMMENTER
    return to_imported_comment(
        RawComment(
            name=name,
            origin=_origin(export, comment, comment.key),
            article=article or _names(url, comment.path),
            thread=url,
            title=comment.title,
            authors=(author.name, comment.name),
            content=_content(comment, html),
            created_at=parse_datetime(comment.created_at),
            status=_STATUSES.get(comment.state, "pending"),
            parent=_origin(export, comment, comment.parent) if comment.parent else None,
            email=author.email,
            website=author.website,
            is_owner=owner is not None and comment.author == owner,
            notes=_notes(comment, is_author_known=commenter is not None),
        )
    )


def _origin(export: Export, comment: Comment, key: str) -> str:
    """Return the origin of a comment of the page. The keys of version 3 are UUIDs, and a comment may have no host."""
    host = comment.host[:200] if export.version == 1 else ""
    return f"{export.system.lower()}:{host}#{key}"


def _problem(comment: Comment, url: str, html: str) -> str | None:
    """Return why a comment is refused, or None."""
    if not comment.key:
        return "has no id"
    if not url:
        return "its page is not in the export"
    return page_url_problem(url) or (None if comment.state == "deleted" else html_problem(html))


def _page_url(comment: Comment) -> str:
    """Return the URL of the page, or what the export has of it."""
    if not comment.path or not comment.host or comment.path.startswith(("http://", "https://")):
        return comment.path
    return f"https://{comment.host}/{comment.path.removeprefix('/')}"


def _content(comment: Comment, html: str) -> str:
    if comment.state == "deleted":
        return ""
    return html_to_markdown(html) if html else comment.markdown


def _notes(comment: Comment, *, is_author_known: bool) -> tuple[str, ...]:
    notes = []
    if comment.state == "unknown":
        notes.append("its state in Commento is unknown: imported as pending")
    if comment.author and not is_author_known and comment.state != "deleted":
        notes.append("its author is not in the export")
    return tuple(notes)


@lru_cache(maxsize=256)
def _names(url: str, path: str) -> tuple[str, ...]:
    """Return the names of the article. A path that is none is the name that the site gave to the thread."""
    return thread_names(url, "" if is_url_or_path(path) else path)
