"""Expand permalink patterns: ``/:categories/:year/:title.html`` of Jekyll, ``/:section/:slug/`` of Hugo. Pure.

The tokens are documented in the systems' manuals: <https://jekyllrb.com/docs/permalinks/>,
<https://gohugo.io/configuration/permalinks/>.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

JEKYLL_STYLES: Final[Mapping[str, str]] = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}

_TOKEN: Final = re.compile(r":([a-z_]+)(\[[0-9a-z:]*\])?")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December"),
)


def is_unfinished(url_path: str, date: datetime | None) -> bool:
    """Return whether a URL still has tokens like ``:year`` because its document has no date. It is not a real URL."""
    return date is None and re.search(r"/:[a-z_]+", url_path) is not None


def expand(pattern: str, tokens: Mapping[str, str | Callable[[str], str]]) -> str:
    """Return the path for a pattern. A token such as ``:yearly`` is the known token ``:year`` and the text ``ly``."""

    def replace(match: re.Match[str]) -> str:
        name, selection = match[1], match[2] or ""
        while name and name not in tokens:
            name = name[:-1]
        if not name:
            return match[0]
        value = tokens[name]
        rest = match[1][len(name) :]
        if callable(value):
            return value(selection if not rest else "") + rest + (selection if rest else "")
        return value + rest + selection

    return normalize_slashes(_TOKEN.sub(replace, pattern))


def normalize_slashes(path: str) -> str:
    """Return a path with a leading slash and no empty segments."""
    return re.sub(r"/{2,}", "/", f"/{path}")


def date_tokens(date: datetime | None) -> dict[str, str]:
    """Return the date tokens of both systems; empty without a date."""
    if date is None:
        return {}
    year, week, weekday = date.isocalendar()
    month_name, day_name = _MONTHS[date.month - 1], _WEEKDAYS[date.weekday()]
    return {
        "year": f"{date.year:04d}",
        "short_year": f"{date.year % 100:02d}",
        "month": f"{date.month:02d}",
        "i_month": str(date.month),
        "monthname": month_name.lower(),
        "long_month": month_name,
        "short_month": month_name[:3],
        "day": f"{date.day:02d}",
        "i_day": str(date.day),
        "y_day": f"{date.timetuple().tm_yday:03d}",
        "yearday": str(date.timetuple().tm_yday),
        "week": f"{week:02d}",
        "w_year": f"{year:04d}",
        "w_day": str(weekday),
        "short_day": day_name[:3],
        "long_day": day_name,
        "weekday": str(weekday % 7),
        "weekdayname": day_name.lower(),
        "hour": f"{date.hour:02d}",
        "minute": f"{date.minute:02d}",
        "second": f"{date.second:02d}",
    }


def slugify_like_jekyll(text: str, *, pretty: bool = False) -> str:
    """Slugify a text as Jekyll does: in lower case by default; ``pretty`` keeps the case and some punctuation."""
    kept = "._~!$&'()+,;=@" if pretty else ""
    characters = [
        character if character.isalnum() or unicodedata.category(character)[0] == "M" or character in kept else "-"
        for character in text
    ]
    slug = re.sub("-{2,}", "-", "".join(characters)).strip("-")
    return slug if pretty else slug.lower()


def slugify_like_hugo(text: str, *, lower: bool = True) -> str:
    """Convert a title or a file name to its form in a URL as Hugo does."""
    pieces: list[str] = []
    gap = False
    for character in text.strip():
        if character.isalnum() or unicodedata.category(character)[0] == "M" or character in "._#+~-@/\\":
            if gap and pieces and pieces[-1] != "-" and character != "-":
                pieces.append("-")
            gap = False
            pieces.append(character)
        elif character.isspace():
            gap = True
    slug = "".join(pieces)
    return slug.lower() if lower else slug


def hugo_sections(sections: list[str]) -> Callable[[str], str]:
    """Return the function from the selection after the token ``:sections`` to its value.

    Selections are ``[1:]`` (all but the first), ``[:last]``, ``[1:2]`` and ``[0]``.
    """

    def select(selection: str) -> str:
        inner = selection.strip("[]").replace("last", "-1")
        try:
            first, colon, last = inner.partition(":")
            if selection and not colon:
                return sections[int(first)]
            end = -1 if last == "-1" else int(last) + 1 if last else None
            chosen = sections[int(first or 0) : end]
        except (ValueError, IndexError):
            chosen = [] if selection else sections
        return "/".join(chosen)

    return select
