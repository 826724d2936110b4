"""Build the URLs of a Pelican site from its patterns, such as ``{date:%Y}/{slug}.html``. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from kolom_cli.importers.markdown.permalinks import date_tokens, normalize_slashes

_FIELD: Final = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_DATE: Final = re.compile(r"%(-?[A-Za-z%])")
_DATE_TOKENS: Final = {
    "Y": "year",
    "y": "short_year",
    "m": "month",
    "-m": "i_month",
    "B": "long_month",
    "b": "short_month",
    "d": "day",
    "-d": "i_day",
    "j": "y_day",
    "H": "hour",
    "M": "minute",
    "S": "second",
    "A": "long_day",
    "a": "short_day",
    "V": "week",
    "G": "w_year",
    "u": "w_day",
    "w": "weekday",
}


def expand(pattern: str, tokens: Mapping[str, str], date: datetime | None) -> str | None:
    """Return the path for a pattern; None if it needs a field or a date that is unknown."""
    is_known = True

    def replace(match: re.Match[str]) -> str:
        nonlocal is_known
        name, date_format = match[1], match[2]
        if name == "date" and date is not None and date_format:
            found = _formatted(date_format, date)
        else:
            found = tokens.get(name) if not date_format else None
        is_known = is_known and found is not None
        return found or ""

    path = normalize_slashes(_FIELD.sub(replace, pattern))
    return path.removesuffix("index.html") if is_known and "{" not in path else None


def _formatted(date_format: str, date: datetime) -> str | None:
    known = {short: date_tokens(date)[name] for short, name in _DATE_TOKENS.items()} | {"%": "%"}
    pieces = _DATE.split(date_format)
    names = pieces[1::2]
    if "%" in "".join(pieces[::2]) or any(name not in known for name in names):
        return None
    return "".join(known[piece] if index % 2 else piece for index, piece in enumerate(pieces))


def slugify_like_pelican(text: str) -> str | None:
    """Return the slug that Pelican makes of a title.

    Return None if the slug is empty, or if it needs a transliteration of other scripts.
    """
    plain = unicodedata.normalize("NFKD", text)
    if any(ord(each) > 127 and each.isalpha() for each in plain):
        return None
    ascii_text = plain.encode("ascii", "ignore").decode()
    kept = re.sub(r"[^\w\s-]", "", ascii_text).strip().lower()
    return re.sub(r"[-\s]+", "-", kept) or None
