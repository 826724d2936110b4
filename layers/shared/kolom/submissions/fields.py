"""The types of the form fields that visitors fill in, with their validation and normalization. Pure."""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from kolom.limits import MAX_CONTENT, MAX_EMAIL, MAX_NAME, MAX_SUBJECT, MAX_WEBSITE
from kolom.rendering import visitor_text

_NOT_ON_ONE_LINE: Final = {"Cc", "Cs", "Zl", "Zp"}

# The rules below as regular expressions of JSON Schema (ECMA-262 with Unicode), for the OpenAPI document.
_ON_ONE_LINE: Final = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*"
# A visible character. Python's `re` and others do not support \p{L}, so this lists blocks that have only visible
# characters. The validators accept more.
_VISIBLE: Final = (
    r"[!-~\u00a1-\u00ac\u00ae-\u02ff\u0391-\u03a1\u03a3-\u0481\u048a-\u052f\u0531-\u0556\u0561-\u0586"
    r"\u05d0-\u05ea\u0620-\u064a\u0671-\u06d3\u0904-\u0939\u0e01-\u0e30\u1b05-\u1b33\u1b83-\u1ba0"
    r"\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20c0\u2190-\u2426\u2500-\u2b73\u3041-\u3096"
    r"\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\ua984-\ua9b2\uac00-\ud7a3"
    "\U0001f300-\U0001f64f\U0001f680-\U0001f6d7\U0001f900-\U0001f9ff]"
)
# A host name with a dot, and nothing that could be a scheme or a user in front of it.
_HOST: Final = re.compile(r"[^\s/?#:@.]+(?:\.[^\s/?#:@.]+)+\.?(?::\d{1,5})?(?=[/?#]|$)")
_WEBSITE: Final = r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[1-9][0-9]{0,3})?([/?#][!#-;=?-\[\]_a-z~]*)?$"


def _documented(**schema: Any) -> Any:
    """Return a schema for the OpenAPI document, which cannot show validators that are functions."""
    return Field(json_schema_extra=schema)


def _on_one_line(value: str) -> str:
    if any(unicodedata.category(character) in _NOT_ON_ONE_LINE for character in value):
        raise ValueError("must be on one line, without control characters")
    return value


def _visible(value: str) -> str:
    cleaned = visitor_text.clean_text(value)
    if visitor_text.is_blank(cleaned):
        raise ValueError("must not be empty")
    return cleaned


def _within(limit: int) -> Callable[[str], str]:
    """Return a validator of the length of normalized text: NFC can make a text three times as long."""

    def check(value: str) -> str:
        if len(value) > limit:
            raise ValueError(f"must have at most {limit} characters")
        return value

    return check


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, strict=True).normalized
    except EmailNotValidError as error:
        raise ValueError("must be a valid email address, such as name@example.com") from error


def _website(value: str) -> str:
    if _HOST.match(value):
        value = f"https://{value}"
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise ValueError("must be the URL of a website, such as example.com") from error
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError("must be the URL of a website, such as https://example.com")
    if any(character in '<>"\\^`{|}' or _is_invisible(character) for character in value):
        raise ValueError("must not contain spaces, quotes, brackets or invisible characters")
    return value


def _is_invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


def _none_if_empty(value: Any) -> Any:
    # A plain form sends empty fields.
    return None if isinstance(value, str) and not value.strip(" ") else value


def _trimmed(value: Any) -> Any:
    return value.strip(" ") if isinstance(value, str) else value


Name = Annotated[
    str,
    StringConstraints(max_length=MAX_NAME),
    AfterValidator(_on_one_line),
    AfterValidator(_visible),
    AfterValidator(_within(MAX_NAME)),
    _documented(minLength=1, pattern=f"^{_ON_ONE_LINE}{_VISIBLE}{_ON_ONE_LINE}$"),
]
OptionalName = Annotated[Name | None, BeforeValidator(_none_if_empty)]
Content = Annotated[
    str,
    StringConstraints(max_length=MAX_CONTENT),
    AfterValidator(_visible),
    AfterValidator(_within(MAX_CONTENT)),
    _documented(minLength=1, pattern=_VISIBLE),
]
Subject = Annotated[
    Annotated[
        str,
        StringConstraints(max_length=MAX_SUBJECT),
        AfterValidator(_on_one_line),
        AfterValidator(_visible),
        AfterValidator(_within(MAX_SUBJECT)),
        _documented(minLength=1, pattern=f"^{_ON_ONE_LINE}{_VISIBLE}{_ON_ONE_LINE}$"),
    ]
    | None,
    BeforeValidator(_none_if_empty),
]
RequiredEmail = Annotated[
    str,
    BeforeValidator(_trimmed),
    StringConstraints(max_length=MAX_EMAIL),
    AfterValidator(_on_one_line),
    AfterValidator(_email),
    _documented(format="email"),
]
"""One plain email address: without a display name, a comment or a second address."""

Email = Annotated[RequiredEmail | None, BeforeValidator(_none_if_empty)]
Website = Annotated[
    Annotated[
        str,
        BeforeValidator(_trimmed),
        StringConstraints(max_length=MAX_WEBSITE),
        AfterValidator(_on_one_line),
        AfterValidator(_website),
        AfterValidator(_within(MAX_WEBSITE)),
        _documented(pattern=_WEBSITE),
    ]
    | None,
    BeforeValidator(_none_if_empty),
]
Flag = Annotated[bool, BeforeValidator(lambda value: False if value in ("", None) else value)]
"""A checkbox: ``on`` in a form, true in JSON."""

Token = Annotated[
    Annotated[
        str,
        StringConstraints(max_length=4_096),
        AfterValidator(_on_one_line),
        _documented(pattern=f"^{_ON_ONE_LINE}$"),
    ]
    | None,
    BeforeValidator(_none_if_empty),
]
CommentId = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")] | None, BeforeValidator(_none_if_empty)
]
Honeypot = Annotated[str | None, StringConstraints(max_length=MAX_CONTENT), BeforeValidator(_none_if_empty)]
