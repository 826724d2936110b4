"""What the values of other systems' front matter mean. Nothing here refuses: what is not understood is None. Pure."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final
from zoneinfo import ZoneInfo

from kolom_cli.importers.markdown.lenient_front_matter import Value, Values

_DAY: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_CLOCK: Final = re.compile(
    r"(.*\d{4}|.*?\d{4}[-/.]\d{1,2}[-/.]\d{1,2}),?(?:[Tt]|\s+(?:at\s+)?)"
    r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d+)?)?(?:\s*([AaPp])\.?[Mm]\b\.?)?\s*(.*)",
    re.ASCII,
)
"""A day, the time on it, and what follows, which must be a time zone."""
_ZONE: Final = re.compile(
    r"(?:Z|UTC|GMT)?([+-]\d{1,2}(?::?\d{2})?)(?:\s*(?:[A-Z]{1,5}|[+-]\d{2,4}|[(\[].*[)\]]))?", re.ASCII
)
"""An offset, perhaps with the name that Go, Java and JavaScript write behind it."""
_PLACE: Final = re.compile(r"\[?([A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2})\]?", re.ASCII)
_UTC: Final = frozenset(("z", "utc", "gmt"))
_MAIL: Final = re.compile(
    r"(?:[A-Za-z]+,?\s+)?\d{1,2}[\s-][A-Za-z]+[\s-]\d{2,4}"
    r"(?:\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s+(?:[+-]\d{4}|UTC?|GMT|Z|[ECMP][SD]T))?(?:\s+\(.*\))?)?"
    r"|[A-Za-z]{3}\s+[A-Za-z]{3}\s+\d{1,2}\s+\d{1,2}:\d{2}:\d{2}\s+\d{4}",
    re.ASCII,
)
"""Dates as in mail and as C writes them."""
_WRITTEN: Final = (
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
_NAMES: Final = ("name", "title", "display_name", "displayname", "full_name", "label", "id", "slug")
_PLACES: Final = (
    *("path", "image", "src", "url", "file", "feature", "featured", "teaser", "thumbnail", "cover", "header"),
    *("overlay_image", "relative", "0"),
)


def get_text(values: Values, *keys: str) -> str:
    """The first of the keys that has a line of text; else an empty one."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, str) and (text := " ".join(html.unescape(value).split())):
            return "".join(character for character in text if character.isprintable() or character in "\u200c\u200d")
    return ""


def get_map(values: Values, *keys: str) -> Values:
    """The map below a path of keys; an empty one if there is none."""
    for key in keys:
        value = values.get(key)
        values = value if isinstance(value, dict) else {}
    return values


def get_flag(values: Values, *keys: str) -> bool | None:
    """The first of the keys that says yes or no."""
    for key in keys:
        value = values.get(key)
        word = value.strip().lower() if isinstance(value, str) else ""
        if word in _TRUE | _FALSE:
            return word in _TRUE
    return None


def get_list(values: Values, key: str, *, spaces: bool = False) -> list[str]:
    """A list of texts; of one text its parts between commas, or between spaces where the system separates so."""
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
    """The names of authors: a text, a list, a map with a name, or keys of ``known``."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and (found := known.get(each.strip().lower())):
            yield _name(found) or each
        elif name := _name(each):
            yield name


def get_image(value: Value) -> str | None:
    """The address of a picture: a text, a list that begins with one, or a map that has one."""
    for _ in range(4):
        if isinstance(value, str):
            return value.strip() or None
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = next((value[key] for key in _PLACES if value.get(key)), None)
    return None


def get_datetime(text: str, zone: tzinfo) -> datetime | None:
    """A date, or a date and time, in one of the forms that people write; without an offset it is in ``zone``."""
    text = text.strip()
    try:
        return _moment(text, zone)
    except (ValueError, OverflowError, TypeError, LookupError, StopIteration, OSError):
        return None


def _moment(text: str, zone: tzinfo) -> datetime | None:
    if _MAIL.fullmatch(text) and not any(_days(text, zone)):
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    else:
        parts = _CLOCK.fullmatch(text)
        moment = next(_days(parts[1] if parts else text, zone))
        if parts:
            moment = _at(moment, parts)
    moment.astimezone(UTC)
    return moment


def _at(day: datetime, parts: re.Match[str]) -> datetime:
    _, hour, minute, second, half, tail = parts.groups()
    hours = int(hour)
    if half:
        if hours > 12:  # noqa: PLR2004, RUF100
            raise ValueError
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    moment = day.replace(hour=hours, minute=int(minute), second=int(second or 0))
    return moment.replace(tzinfo=_zone(tail)) if tail else moment


def _zone(text: str) -> tzinfo:
    """The time zone behind a time.

    :raises ValueError: it is none, and the time may be meant in any
    """
    if offset := _ZONE.fullmatch(text):
        digits = offset[1][1:].replace(":", "")
        hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])  # noqa: PLR2004, RUF100
        east = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(east if offset[1][0] == "+" else -east)
    if text.lower() in _UTC:
        return UTC
    if place := _PLACE.fullmatch(text):
        return ZoneInfo(place[1])
    raise ValueError(text)


def _days(text: str, zone: tzinfo) -> Iterator[datetime]:
    if day := _DAY.fullmatch(text):
        yield datetime(int(day[1]), int(day[2]), int(day[3]), tzinfo=zone)
    yield from _written(text, zone)


def _written(text: str, zone: tzinfo) -> Iterator[datetime]:
    text = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text)
    for form in _WRITTEN:
        try:
            yield datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue


def _name(value: Value) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, dict):
        return next((found for key in _NAMES if (found := _name(value.get(key)))), "")
    return ""
