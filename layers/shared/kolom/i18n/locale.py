"""Localize the site's texts: the strings, dates and numbers of ``messages/<language>.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from kolom.config import settings
from kolom.i18n.negotiation import choose_language

_DIRECTORY: Final = Path(__file__).parent / "messages"
_FALLBACK: Final = "en"
# By the usual script of the language.
_RIGHT_TO_LEFT: Final = frozenset(["ar", "arc", "ckb", "dv", "fa", "he", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"])


@dataclass(frozen=True, slots=True)
class Locale:
    """A language of the site's own texts. To add a language, add its file."""

    code: str
    months: tuple[str, ...]
    date_format: str
    month_format: str
    thousands: str
    strings: Mapping[str, str]

    def translate(self, key: str, **values: object) -> str:
        """Return the string with that key, with its ``{placeholders}`` filled. Plain text: templates escape it."""
        return self.strings[key].format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """Return a number with its noun: ``<key>.one`` for 1 if the language has it, else ``<key>.other``."""
        one = self.strings.get(f"{key}.one")
        chosen = one if number == 1 and one is not None else self.strings[f"{key}.other"]
        return chosen.format(n=self.number(number), **values)

    def number(self, number: int) -> str:
        """Return a whole number in groups of three digits."""
        return f"{number:,}".replace(",", self.thousands)

    def date(self, moment: datetime) -> str:
        """Return the day of ``moment`` in the site's time zone."""
        local = moment.astimezone(settings().zone)
        return self.date_format.format(day=local.day, month=self.months[local.month - 1], year=local.year)

    def date_and_time(self, moment: datetime) -> str:
        """Return the day and the time of ``moment`` in the site's time zone, with the zone's abbreviation.

        A zone without an abbreviation is shown as its offset from UTC: ``UTC+03``.
        """
        local = moment.astimezone(settings().zone)
        name = local.tzname() or ""
        return f"{self.date(moment)}, {local:%H:%M} {name if name.isalpha() else f'UTC{name}'}"

    def month(self, year: int, month: int) -> str:
        """Return a month with its year."""
        return self.month_format.format(month=self.months[month - 1], year=year)


def site_locale() -> Locale:
    """Return the locale of the site's own pages: the first of the site's languages that has a locale."""
    for code in settings().language_codes:
        if locale := find_locale(code):
            return locale
    return _load(_FALLBACK)


def find_locale(language: str) -> Locale | None:
    """Return the locale for a language code such as ``en`` or ``en-GB``; None if there is none."""
    code = language.split("-")[0].lower()
    return _load(code) if code in available_languages() else None


def reader_locale(headers: Mapping[str, str]) -> Locale:
    """Return the locale that a request prefers among the site's languages. Names of ``headers`` are in lower case."""
    return find_locale(choose_language(headers, settings().language_codes)) or site_locale()


@cache
def available_languages() -> frozenset[str]:
    """Return the codes of the languages with a locale."""
    return frozenset(file.stem for file in _DIRECTORY.glob("*.json"))


def text_direction(language: str) -> str:
    """Return the writing direction of the language: ``ltr`` or ``rtl``."""
    return "rtl" if language.split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


@cache
def _load(code: str) -> Locale:
    data = json.loads((_DIRECTORY / f"{code}.json").read_text(encoding="utf-8"))
    return Locale(
        code=code,
        months=tuple(data["months"]),
        date_format=data["date"],
        month_format=data["month"],
        thousands=data["thousands"],
        strings=data["strings"],
    )
