"""Convert the fields of an exported comment, or reject the comment with a reason. Pure."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from kolom.comments.types import Status
from kolom.limits import MAX_NAME
from kolom.rendering import visitor_text
from kolom.submissions import fields
from kolom_cli.importers.common.dates import parse_iso_datetime
from kolom_cli.importers.common.types import ImportedComment, Item, Skipped
from kolom_cli.terminal.report import NO_LINKS, LinkCounts

MAX_CONTENT: Final = 65_536
"""The maximum size of an imported comment in bytes. It is larger than the limit for visitors, because other systems
allow longer comments. With its rendered markup, the comment fits into a DynamoDB item (400 KB)."""

MAX_PAGE_URL: Final = 8_192
"""The maximum length of the URL of a comment's page. Readers keep the URLs of many pages in memory."""

_MAX_SHOWN: Final = 100
"""The number of characters of a value of an export that a message shows."""

ANONYMOUS: Final = "Anonymous"

_NOT_ON_ONE_LINE: Final = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawComment:
    """A comment as read from an export, unchecked. ``content`` is already converted to Markdown.

    ``authors`` are candidates for the author's name; the first valid one is used. ``website`` and ``email`` may be any
    text. The other fields are those of :class:`ImportedComment`.
    """

    name: str
    origin: str
    article: tuple[str, ...]
    thread: str
    authors: tuple[str, ...]
    content: str
    created_at: datetime | None
    status: Status
    title: str = ""
    with_article: bool = False
    parent: str | None = None
    website: str = ""
    email: str = ""
    is_owner: bool = False
    notes: tuple[str, ...] = ()
    own_links: LinkCounts = NO_LINKS


def to_imported_comment(raw: RawComment) -> Item:
    """Return the comment, or why it is skipped.

    A comment deleted at the source keeps only its position in the thread.
    """
    is_deleted = raw.status == "deleted"
    content = "" if is_deleted else visitor_text.clean_text(raw.content)
    if raw.created_at is None:
        return Skipped(kind="comment", name=raw.name, reason="has no date", refused=True)
    if not is_deleted and visitor_text.is_blank(content):
        return Skipped(kind="comment", name=raw.name, reason="empty")
    if (size := len(content.encode())) > MAX_CONTENT:
        reason = f"has {size:,} bytes, the maximum is {MAX_CONTENT:,}"
        return Skipped(kind="comment", name=raw.name, reason=reason, refused=True)
    author, notes = ("", ()) if is_deleted else author_name(*raw.authors)
    return ImportedComment(
        name=raw.name,
        origin=raw.origin,
        article=raw.article,
        thread=raw.thread,
        title=raw.title,
        with_article=raw.with_article,
        author=author,
        content=content,
        created_at=raw.created_at,
        status=raw.status,
        parent=raw.parent,
        website=None if is_deleted else website(raw.website),
        email=None if is_deleted else email(raw.email),
        is_owner=raw.is_owner,
        notes=(*raw.notes, *notes),
        own_links=raw.own_links,
    )


def page_url_problem(url: str) -> str | None:
    """Return why a comment on the page at ``url`` is refused, or None."""
    if len(url) > MAX_PAGE_URL:
        return f"its page has a URL of {len(url):,} characters, the maximum is {MAX_PAGE_URL:,}"
    return None


def shorten(value: str) -> str:
    """Return a value of an export for a message: on one line, and cut if it is long."""
    line = to_single_line(value)
    return line if len(line) <= _MAX_SHOWN else f"{line[: _MAX_SHOWN - 1]}…"


def to_text(value: object) -> str:
    """Return ``value`` with lone surrogates replaced if it is a string, else an empty string."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def to_single_line(value: str) -> str:
    """Return ``value`` on one line, without control characters and with white space collapsed."""
    spaced = "".join(" " if unicodedata.category(each) in _NOT_ON_ONE_LINE else each for each in value)
    return " ".join(visitor_text.clean_text(spaced).split())


def author_name(*names: str) -> tuple[str, tuple[str, ...]]:
    """Return the first name that is not blank, cut to the maximum length, and the notes about the change."""
    for each in names:
        name = to_single_line(each)
        if visitor_text.is_blank(name):
            continue
        if len(name) <= MAX_NAME:
            return name, ()
        note = f"its author's name has {len(name)} characters: cut to the maximum of {MAX_NAME}"
        return name[: MAX_NAME - 1].rstrip() + "…", (note,)
    return ANONYMOUS, ()


@lru_cache(maxsize=1024)
def website(value: str) -> str | None:
    """Return the URL of a website, or None if it is invalid."""
    try:
        return fields.WEBSITE.parse_optional(value)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def email(value: str) -> str | None:
    """Return the email address, or None if it is invalid."""
    try:
        return fields.EMAIL.parse_optional(value)
    except ValueError:
        return None


def parse_datetime(value: str) -> datetime | None:
    """Parse an ISO date and time, in UTC unless it has an offset; None if it is invalid or not after 1970-01-01."""
    raw = parse_iso_datetime(value)
    return raw if raw and raw.timestamp() > 0 else None


def parse_unix_seconds(value: object) -> datetime | None:
    """Convert Unix seconds; None if they are invalid or not positive."""
    try:
        seconds = float(value)  # type: ignore[arg-type]
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None
