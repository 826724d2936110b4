"""What stands beside a comment elsewhere, in the form that it has here. Pure."""

import unicodedata
from datetime import UTC, datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from kolom import fields
from kolom.comments import text

MAX_CONTENT: Final = 65_536
"""How many characters a comment from elsewhere may have: more than a visitor may write here, as others allow more."""

ANONYMOUS: Final = "Anonymous"

_WEBSITE: Final[TypeAdapter[str | None]] = TypeAdapter(fields.Website)
_EMAIL: Final[TypeAdapter[str | None]] = TypeAdapter(fields.Email)
_NOT_ON_ONE_LINE: Final = {"Cc", "Cs", "Zl", "Zp"}


def one_line(value: str) -> str:
    """``value`` without control characters, white space collapsed."""
    spaced = "".join(" " if unicodedata.category(each) in _NOT_ON_ONE_LINE else each for each in value)
    return " ".join(text.clean(spaced).split())


def author_name(*names: str) -> tuple[str, tuple[str, ...]]:
    """The first of the names that is one, and what was done to it."""
    for each in names:
        name = one_line(each)
        if text.is_blank(name):
            continue
        if len(name) <= fields.MAX_NAME:
            return name, ()
        note = f"its author's name has {len(name)} characters: cut to {fields.MAX_NAME}"
        return name[: fields.MAX_NAME - 1].rstrip() + "…", (note,)
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


def moment(value: str) -> datetime | None:
    """An ISO date and time, in UTC unless it says otherwise; None for what is none, or is before there were blogs."""
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.timestamp() > 0 else None


def moment_of_seconds(value: object) -> datetime | None:
    """A time in Unix seconds; None for what is none."""
    try:
        seconds = float(value)  # type: ignore[arg-type]
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None
