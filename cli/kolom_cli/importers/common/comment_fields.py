"""What a comment is elsewhere, in the form that it has here; what cannot be taken over, with the reason. Pure."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from kolom.comments.types import Status
from kolom.limits import MAX_NAME
from kolom.rendering import visitor_text
from kolom.submissions import fields
from kolom_cli.importers.common.dates import parse_iso_datetime
from kolom_cli.importers.common.types import ImportedComment, Item, Skipped

MAX_CONTENT: Final = 65_536
"""How many bytes a comment from elsewhere may have: more than a visitor may write here, as others allow more.

With the markup that it becomes, it fits into an item of DynamoDB, which has at most 400 KB."""

ANONYMOUS: Final = "Anonymous"

_WEBSITE: Final[TypeAdapter[str | None]] = TypeAdapter(fields.Website)
_EMAIL: Final[TypeAdapter[str | None]] = TypeAdapter(fields.Email)
_NOT_ON_ONE_LINE: Final = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawComment:
    """A comment as an export has it, but for its ``content``, which is Markdown already.

    ``authors`` are the names that its author may go by, the first that is one counts; ``website`` and ``email`` may be
    anything. The rest is as in :class:`ImportedComment`.
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


def to_imported_comment(found: RawComment) -> Item:
    """The comment, or why there is none. Of one that was removed there, only its place is."""
    is_deleted = found.status == "deleted"
    content = "" if is_deleted else visitor_text.clean_text(found.content)
    if found.created_at is None:
        return Skipped(kind="comment", name=found.name, reason="has no date", refused=True)
    if not is_deleted and visitor_text.is_blank(content):
        return Skipped(kind="comment", name=found.name, reason="empty")
    if (size := len(content.encode())) > MAX_CONTENT:
        reason = f"has {size:,} bytes, at most {MAX_CONTENT:,} are possible"
        return Skipped(kind="comment", name=found.name, reason=reason, refused=True)
    author, notes = ("", ()) if is_deleted else author_name(*found.authors)
    return ImportedComment(
        name=found.name,
        origin=found.origin,
        article=found.article,
        thread=found.thread,
        title=found.title,
        with_article=found.with_article,
        author=author,
        content=content,
        created_at=found.created_at,
        status=found.status,
        parent=found.parent,
        website=None if is_deleted else website(found.website),
        email=None if is_deleted else email(found.email),
        is_owner=found.is_owner,
        notes=(*found.notes, *notes),
    )


def one_line(value: str) -> str:
    """``value`` without control characters, white space collapsed."""
    spaced = "".join(" " if unicodedata.category(each) in _NOT_ON_ONE_LINE else each for each in value)
    return " ".join(visitor_text.clean_text(spaced).split())


def author_name(*names: str) -> tuple[str, tuple[str, ...]]:
    """The first of the names that is one, and what was done to it."""
    for each in names:
        name = one_line(each)
        if visitor_text.is_blank(name):
            continue
        if len(name) <= MAX_NAME:
            return name, ()
        note = f"its author's name has {len(name)} characters: cut to {MAX_NAME}"
        return name[: MAX_NAME - 1].rstrip() + "…", (note,)
    return ANONYMOUS, ()


def website(value: str) -> str | None:
    """The address of a website, or None for what is none."""
    try:
        return _WEBSITE.validate_python(value)
    except ValidationError:
        return None


def email(value: str) -> str | None:
    """The e-mail address, or None for what is none."""
    try:
        return _EMAIL.validate_python(value)
    except ValidationError:
        return None


def parse_datetime(value: str) -> datetime | None:
    """An ISO date and time, in UTC unless it says otherwise; None for what is none, or is before there were blogs."""
    found = parse_iso_datetime(value)
    return found if found and found.timestamp() > 0 else None


def parse_unix_seconds(value: object) -> datetime | None:
    """A time in Unix seconds; None for what is none."""
    try:
        seconds = float(value)  # type: ignore[arg-type]
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None
