"""Localize the site's texts: the strings, dates and numbers of ``messages/<language>.json``."""

import gettext
import json
from collections.abc import Callable, Mapping
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
    """A language of the site's own texts. To add a language, add its file.

    ``plural_rule`` is a C expression of ``n``, as in the ``Plural-Forms`` of gettext; its value is the index of one of
    ``plural_categories``, which are those of the Unicode CLDR.
    """

    code: str
    months: tuple[str, ...]
    date_format: str
    month_format: str
    date_time_format: str
    thousands: str
    minimum_grouping_digits: int
    plural_rule: str
    plural_categories: tuple[str, ...]
    strings: Mapping[str, str]

    @property
    def direction(self) -> str:
        """The writing direction of the language: ``ltr`` or ``rtl``."""
        return text_direction(self.code)

    def translate(self, key: str, **values: object) -> str:
        """Return the string with that key, with its ``{placeholders}`` filled. Plain text: templates escape it."""
        return self.strings[key].format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """Return a number with its noun: the string ``<key>.<plural category of the number>``."""
        chosen = self.strings[f"{key}.{self.plural_category(number)}"]
        return chosen.format(n=self.number(number), **values)

    def plural_category(self, number: int) -> str:
        """Return the plural category of a whole number that is not negative."""
        return self.plural_categories[_plural_function(self.plural_rule)(number)]

    def number(self, number: int) -> str:
        """Return a whole number that is not negative. Its digits are in groups of three if there are enough of them."""
        has_groups = len(str(number)) >= 3 + self.minimum_grouping_digits
        return f"{number:,}".replace(",", self.thousands) if has_groups else str(number)

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
        time = f"{local:%H:%M} {name if name.isalpha() else f'UTC{name}'}"
        return self.date_time_format.format(date=self.date(moment), time=time)

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
    """Return the locale for a language code such as ``en``, ``pt-BR`` or ``zh_CN``; None if there is none."""
    code = _primary_subtag(language)
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
    return "rtl" if _primary_subtag(language) in _RIGHT_TO_LEFT else "ltr"


def _primary_subtag(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()


@cache
def _plural_function(rule: str) -> Callable[[int], int]:
    return gettext.c2py(rule)


@cache
def _load(code: str) -> Locale:
    data = json.loads((_DIRECTORY / f"{code}.json").read_text(encoding="utf-8"))
    return Locale(
        code=code,
        months=tuple(data["months"]),
        date_format=data["date"],
        month_format=data["month"],
        date_time_format=data["date_time"],
        thousands=data["thousands"],
        minimum_grouping_digits=data["minimum_grouping_digits"],
        plural_rule=data["plural"]["rule"],
        plural_categories=tuple(data["plural"]["categories"]),
        strings=data["strings"],
    )
