"""Addresses by patterns: Jekyll's ``/:categories/:year/:month/:day/:title.html``, Hugo's ``/:section/:slug/``. Pure.

The rules of names are those of the systems' manuals: <https://jekyllrb.com/docs/permalinks/>,
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


def is_unfinished(address: str, date: datetime | None) -> bool:
    """Whether an address has parts like ``:year`` left, because its document has no date: it never answered there."""
    return date is None and re.search(r"/:[a-z_]+", address) is not None


def expand(pattern: str, tokens: Mapping[str, str | Callable[[str], str]]) -> str:
    """The path that a pattern makes. A token that is not known but begins with one that is, is that and some text."""

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

    return tidy(_TOKEN.sub(replace, pattern))


def tidy(path: str) -> str:
    """A path with a slash at its beginning and no empty segments."""
    return re.sub(r"/{2,}", "/", f"/{path}")


def date_tokens(moment: datetime | None) -> dict[str, str]:
    """The tokens of both systems that a date gives; none without a date."""
    if moment is None:
        return {}
    year, week, weekday = moment.isocalendar()
    month_name, day_name = _MONTHS[moment.month - 1], _WEEKDAYS[moment.weekday()]
    return {
        "year": f"{moment.year:04d}",
        "short_year": f"{moment.year % 100:02d}",
        "month": f"{moment.month:02d}",
        "i_month": str(moment.month),
        "monthname": month_name.lower(),
        "long_month": month_name,
        "short_month": month_name[:3],
        "day": f"{moment.day:02d}",
        "i_day": str(moment.day),
        "y_day": f"{moment.timetuple().tm_yday:03d}",
        "yearday": str(moment.timetuple().tm_yday),
        "week": f"{week:02d}",
        "w_year": f"{year:04d}",
        "w_day": str(weekday),
        "short_day": day_name[:3],
        "long_day": day_name,
        "weekday": str(weekday % 7),
        "weekdayname": day_name.lower(),
        "hour": f"{moment.hour:02d}",
        "minute": f"{moment.minute:02d}",
        "second": f"{moment.second:02d}",
    }


def jekyll_name(text: str, *, pretty: bool = False) -> str:
    """What Jekyll's ``slugify`` makes of a text: lower case by default; ``pretty`` keeps case and some punctuation."""
    kept = "._~!$&'()+,;=@" if pretty else ""
    characters = [
        character if character.isalnum() or unicodedata.category(character)[0] == "M" or character in kept else "-"
        for character in text
    ]
    made = re.sub("-{2,}", "-", "".join(characters)).strip("-")
    return made if pretty else made.lower()


def hugo_name(text: str, *, lower: bool = True) -> str:
    """What Hugo makes of a title or a file's name in an address."""
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
    made = "".join(pieces)
    return made.lower() if lower else made


def hugo_sections(sections: list[str]) -> Callable[[str], str]:
    """The token ``:sections``, of which ``[1:]`` (all but the first), ``[:last]``, ``[1:2]`` or ``[0]`` select."""

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
