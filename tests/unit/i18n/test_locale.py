"""The messages of the site in each language."""

import re
from datetime import UTC, datetime

import pytest

from kolom.config import Settings
from kolom.i18n.locale import Locale, available_languages, find_locale, text_direction


def load(code: str) -> Locale:
    locale = find_locale(code)
    assert locale is not None
    return locale


def stems(locale: Locale) -> set[str]:
    """Return the keys without the suffixes of plural forms, which differ between languages."""
    return {key.removesuffix(".one").removesuffix(".other") for key in locale.strings}


@pytest.mark.parametrize("code", sorted(available_languages()))
def test_every_language_has_the_same_messages(code: str) -> None:
    locale, english = load(code), load("en")
    assert stems(locale) == stems(english)
    assert len(locale.months) == 12
    for key, text in locale.strings.items():
        other = english.strings.get(key)
        assert text
        assert other is None or set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", other)), key


def test_plurals_and_numbers_follow_the_language() -> None:
    assert [load("en").count("articles", number) for number in (0, 1, 1_234)] == [
        "0 articles",
        "1 article",
        "1,234 articles",
    ]
    assert [load("id").count("articles", number) for number in (1, 1_234)] == ["1 artikel", "1.234 artikel"]


def test_a_regional_language_uses_the_messages_of_its_language() -> None:
    assert load("en-GB") is load("en")
    assert find_locale("su") is None


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Jakarta", "30 November 2026, 04:47 WIB"),
        ("America/Sao_Paulo", "29 November 2026, 18:47 UTC-03"),
        ("Asia/Kathmandu", "30 November 2026, 03:32 UTC+0545"),
        ("UTC", "29 November 2026, 21:47 UTC"),
    ],
)
def test_a_time_has_the_zone_of_the_site(zone: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolom.i18n.locale.settings", lambda: Settings(time_zone=zone))
    assert load("en").date_and_time(datetime(2026, 11, 29, 21, 47, tzinfo=UTC)) == text


def test_some_languages_are_right_to_left() -> None:
    assert [text_direction(code) for code in ("ar", "he-IL", "en", "id")] == ["rtl", "rtl", "ltr", "ltr"]
