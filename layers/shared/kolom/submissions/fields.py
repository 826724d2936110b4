"""The texts that visitors fill into form fields, with their validation and normalization. Pure."""

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from kolom.limits import MAX_CONTENT, MAX_EMAIL, MAX_NAME, MAX_SUBJECT, MAX_WEBSITE
from kolom.rendering import visitor_text
from kolom.validation import Text

_NOT_ON_ONE_LINE: Final = {"Cc", "Cs", "Zl", "Zp"}

# The rules below as regular expressions of JSON Schema (ECMA-262 with Unicode), for the OpenAPI document. The rules of
# visible characters and of websites accept more than the regular expressions.
_ON_ONE_LINE: Final = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*"
# A visible character. Python's `re` and others do not support \p{L}, so this lists blocks that have only visible
# characters.
_VISIBLE: Final = (
    r"[!-~\u00a1-\u00ac\u00ae-\u02ff\u0391-\u03a1\u03a3-\u0481\u048a-\u052f\u0531-\u0556\u0561-\u0586"
    r"\u05d0-\u05ea\u0620-\u064a\u0671-\u06d3\u0904-\u0939\u0e01-\u0e30\u1b05-\u1b33\u1b83-\u1ba0"
    r"\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20c0\u2190-\u2426\u2500-\u2b73\u3041-\u3096"
    r"\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\ua984-\ua9b2\uac00-\ud7a3"
    "\U0001f300-\U0001f64f\U0001f680-\U0001f6d7\U0001f900-\U0001f9ff]"
)
# A host name with a dot, and nothing that could be a scheme or a user in front of it.
_HOST: Final = re.compile(r"[^\s/?#:@.]+(?:\.[^\s/?#:@.]+)+\.?(?::\d{1,5})?(?=[/?#]|$)")
_COMMENT_ID: Final = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")
_WEBSITE: Final = r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[1-9][0-9]{0,3})?([/?#][!#-;=?-\[\]_a-z~]*)?$"


def _on_one_line(value: str) -> str:
    if any(unicodedata.category(character) in _NOT_ON_ONE_LINE for character in value):
        raise ValueError("must be on one line, without control characters")
    return value


def _visible(value: str) -> str:
    cleaned = visitor_text.clean_text(value)
    if visitor_text.is_blank(cleaned):
        raise ValueError("must not be empty")
    return cleaned


def _email(value: str) -> str:
    # Imported here, since most comments have no email address: it adds 30 ms to a cold start.
    from email_validator import EmailNotValidError, validate_email

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
        raise ValueError(r'must not contain spaces, invisible characters, or any of " < > \ ^ ` { | }')
    return value


def _is_invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


def _comment_id(value: str) -> str:
    if not _COMMENT_ID.fullmatch(value):
        raise ValueError(f"String should match pattern '^{_COMMENT_ID.pattern}$'")
    return value


NAME: Final = Text(
    _on_one_line, _visible, max_length=MAX_NAME, minLength=1, pattern=f"^{_ON_ONE_LINE}{_VISIBLE}{_ON_ONE_LINE}$"
)
CONTENT: Final = Text(_visible, max_length=MAX_CONTENT, minLength=1, pattern=_VISIBLE)
SUBJECT: Final = Text(
    _on_one_line, _visible, max_length=MAX_SUBJECT, minLength=1, pattern=f"^{_ON_ONE_LINE}{_VISIBLE}{_ON_ONE_LINE}$"
)
EMAIL: Final = Text(_on_one_line, _email, max_length=MAX_EMAIL, is_trimmed=True, format="email")
"""One plain email address: without a display name, a comment or a second address."""

WEBSITE: Final = Text(_on_one_line, _website, max_length=MAX_WEBSITE, is_trimmed=True, pattern=_WEBSITE)
TOKEN: Final = Text(_on_one_line, max_length=4_096, pattern=f"^{_ON_ONE_LINE}$")
COMMENT_ID: Final = Text(_comment_id, pattern=f"^{_COMMENT_ID.pattern}$")
HONEYPOT: Final = Text(max_length=MAX_CONTENT)
