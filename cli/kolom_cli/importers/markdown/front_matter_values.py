"""Interpret the values of other systems' front matter. An invalid value counts as missing, and is no error. Pure."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final
from zoneinfo import ZoneInfo

from kolom.timestamps import has_date_everywhere
from kolom_cli.importers.markdown.lenient_front_matter import Value, Values

_DAY: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_CLOCK: Final = re.compile(
    r"(.*\d{4}|.*?\d{4}[-/.]\d{1,2}[-/.]\d{1,2}),?(?:[Tt]|\s+(?:at\s+)?)"
    r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d+)?)?(?:\s*([AaPp])\.?[Mm]\b\.?)?\s*(.*)",
    re.ASCII,
)
"""A date, a time, and the rest, which must be a time zone."""
_ZONE: Final = re.compile(
    r"(?:Z|UTC|GMT)?([+-]\d{1,2}(?::?\d{2})?)(?:\s*(?:[A-Z]{1,5}|[+-]\d{2,4}|[(\[].*[)\]]))?", re.ASCII
)
"""An offset, optionally followed by the zone name that Go, Java and JavaScript write."""
_LOCATION: Final = re.compile(r"\[?([A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2})\]?", re.ASCII)
_UTC: Final = frozenset(("z", "utc", "gmt"))
_MAIL: Final = re.compile(
    r"(?:[A-Za-z]+,?\s+)?\d{1,2}[\s-][A-Za-z]+[\s-]\d{2,4}"
    r"(?:\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s+(?:[+-]\d{4}|UTC?|GMT|Z|[ECMP][SD]T))?(?:\s+\(.*\))?)?"
    r"|[A-Za-z]{3}\s+[A-Za-z]{3}\s+\d{1,2}\s+\d{1,2}:\d{2}:\d{2}\s+\d{4}",
    re.ASCII,
)
"""Dates in the formats of email and of C."""
_FORMATS: Final = (
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%A, %B %d, %Y",
    "%B %d %Y",
    "%b. %d, %Y",
    "%b %d %Y",
    "%a %b %d %Y",
)
_TRUE: Final = frozenset(("true", "yes", "on", "y", "1"))
_FALSE: Final = frozenset(("false", "no", "off", "n", "0"))
_NAME_KEYS: Final = ("name", "title", "display_name", "displayname", "full_name", "label", "id", "slug")
_IMAGE_KEYS: Final = (
    *("path", "image", "src", "url", "file", "feature", "featured", "teaser", "thumbnail", "cover", "header"),
    *("overlay_image", "relative", "0"),
)


def get_text(values: Values, *keys: str) -> str:
    """Return the text of the first key that has any, on one line, or an empty string."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, str) and (text := " ".join(html.unescape(value).split())):
            return "".join(character for character in text if character.isprintable() or character in "\u200c\u200d")
    return ""


def get_map(values: Values, *keys: str) -> Values:
    """Return the map at a path of keys, or an empty map if there is none."""
    for key in keys:
        value = values.get(key)
        values = value if isinstance(value, dict) else {}
    return values


def get_flag(values: Values, *keys: str) -> bool | None:
    """Return the Boolean value of the first key that has one."""
    for key in keys:
        value = values.get(key)
        word = value.strip().lower() if isinstance(value, str) else ""
        if word in _TRUE | _FALSE:
            return word in _TRUE
    return None


def get_list(values: Values, key: str, *, spaces: bool = False) -> list[str]:
    """Return a list of texts. A single text is split at its commas.

    If it has no comma and ``spaces`` is True, it is split at white space.
    """
    value = values.get(key)
    if isinstance(value, str):
        parts = value.split(",") if "," in value or not spaces else value.split()
    elif isinstance(value, list):
        parts = [part for part in map(_name, value) if part]
    elif isinstance(value, dict):
        parts = [part for part in (_name(value),) if part]
    else:
        parts = []
    return [text for part in parts if (text := " ".join(html.unescape(part).split()))]


def get_names(value: Value, known: Values) -> Iterator[str]:
    """Yield the names of authors from a text, a map with a name, or a list of these.

    ``known`` has the site's authors by their keys in lower case. A text that is such a key yields that author's name.
    """
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and (found := known.get(each.strip().lower())):
            yield _name(found) or each
        elif name := _name(each):
            yield name


def get_image(value: Value) -> str | None:
    """Return the URL of an image from a text, a list that begins with one, or a map that contains one."""
    for _ in range(4):
        if isinstance(value, str):
            return value.strip() or None
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = next((value[key] for key in _IMAGE_KEYS if value.get(key)), None)
    return None


def get_datetime(text: str, zone: tzinfo) -> datetime | None:
    """Parse a date, or a date and time, in one of the common formats. Without an offset it is in ``zone``."""
    text = text.strip()
    try:
        return _parse(text, zone)
    except (ValueError, OverflowError, TypeError, LookupError, StopIteration, OSError):
        return None


def _parse(text: str, zone: tzinfo) -> datetime | None:
    if _MAIL.fullmatch(text) and not any(_days(text, zone)):
        parsed = parsedate_to_datetime(text)
        parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
    else:
        parts = _CLOCK.fullmatch(text)
        parsed = next(_days(parts[1] if parts else text, zone))
        if parts:
            parsed = _with_time(parsed, parts)
    return parsed if has_date_everywhere(parsed) else None


def _with_time(day: datetime, parts: re.Match[str]) -> datetime:
    _, hour, minute, second, half, tail = parts.groups()
    hours = int(hour)
    if half:
        if hours > 12:  # noqa: PLR2004, RUF100
            raise ValueError
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    parsed = day.replace(hour=hours, minute=int(minute), second=int(second or 0))
    return parsed.replace(tzinfo=_zone(tail)) if tail else parsed


def _zone(text: str) -> tzinfo:
    """Parse the time zone after a time.

    :raises ValueError: it is not a time zone, so the time is ambiguous
    """
    if offset := _ZONE.fullmatch(text):
        digits = offset[1][1:].replace(":", "")
        hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])  # noqa: PLR2004, RUF100
        east = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(east if offset[1][0] == "+" else -east)
    if text.lower() in _UTC:
        return UTC
    if location := _LOCATION.fullmatch(text):
        return ZoneInfo(location[1])
    raise ValueError(text)


def _days(text: str, zone: tzinfo) -> Iterator[datetime]:
    if day := _DAY.fullmatch(text):
        yield datetime(int(day[1]), int(day[2]), int(day[3]), tzinfo=zone)
    yield from _written(text, zone)


def _written(text: str, zone: tzinfo) -> Iterator[datetime]:
    text = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text)
    for date_format in _FORMATS:
        try:
            yield datetime.strptime(text, date_format).replace(tzinfo=zone)
        except ValueError:
            continue


def _name(value: Value) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, dict):
        return next((found for key in _NAME_KEYS if (found := _name(value.get(key)))), "")
    return ""
