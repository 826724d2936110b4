"""Each language has all messages, with its own plural categories, dates and numbers."""

import json
import re
import shutil
import subprocess
import unicodedata
from datetime import UTC, datetime
from functools import cache
from typing import Final

import pytest

from kolom.config import Settings
from kolom.i18n.locale import Locale, available_languages, find_locale, text_direction

LANGUAGES: Final = ("ar", "de", "en", "es", "fr", "id", "it", "ja", "ms", "nl", "pt", "tr", "vi", "zh")
NUMBERS: Final = (
    *range(201),
    999,
    1_000,
    1_001,
    1_234,
    10_000,
    12_345,
    999_999,
    1_000_000,
    1_000_001,
    2_000_000,
    10**9,
)

MARKUP: Final = re.compile(
    r"[*`<>&]|\b(?:https?:|title:|author:|label:|after:|before:|OR\b)|\[{site}\]|\\n|@example\.com"
)
"""The parts of a message that are not translated: Markdown, search operators, addresses and the site's name."""

SAME_AS_ENGLISH: Final[dict[str, set[str]]] = {
    "de": {"Name", "Website", "Moderation"},
    "fr": {"Articles", "Contact", "Message", "Pages", "Site", "{n} article", "{n} articles"},
    "id": {"Label"},
    "it": {"Home", "Email"},
    "ms": {"Label"},
    "nl": {"Contact", "Filters", "Home", "Label", "Labels", "Site", "Website"},
    "pt": {"Site"},
    "tr": {"Site"},
    "vi": {"Email"},
}
"""The messages of a language that are rightly equal to the English ones."""

SAME_EVERYWHERE: Final = {"RSS", "{label}: {value}", "[{site}] {subject}", "after:2024 before:2025-06"}

FRENCH_SPACES: Final = {"\u00a0", "\u202f"}
"""The spaces of French punctuation; no other message has invisible characters."""


def load(code: str) -> Locale:
    locale = find_locale(code)
    assert locale is not None
    return locale


@cache
def stems(locale_code: str) -> frozenset[str]:
    """Return the names of the messages with plural forms."""
    keys = load(locale_code).strings
    return frozenset(key.removesuffix(".other") for key in keys if key.endswith(".other") and key != "problem.other")


def names(code: str) -> set[str]:
    """Return the names of all messages; the plural forms of one have the same."""
    counted = {f"{stem}.{category}" for stem in stems(code) for category in load(code).plural_categories}
    return (load(code).strings.keys() - counted) | stems(code)


def english(key: str) -> str:
    """Return the English message that corresponds to a key of any language."""
    strings = load("en").strings
    return strings.get(key) or strings[f"{key.rpartition('.')[0]}.other"]


def numbers_of(locale: Locale, category: str) -> list[int]:
    return [number for number in NUMBERS if locale.plural_category(number) == category]


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"{\w*}", text))


@cache
def by_node() -> dict[str, dict[str, list[str]]]:
    """Return the plural category and the text of each number in each language, as `Intl` has them."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node on this machine")
    code = f"""
      const numbers = {json.dumps(NUMBERS)};
      const found = {{}};
      for (const language of {json.dumps(LANGUAGES)}) {{
        const rules = new Intl.PluralRules(language);
        const format = new Intl.NumberFormat(`${{language}}-u-nu-latn`);
        found[language] = {{
          categories: rules.resolvedOptions().pluralCategories,
          plurals: numbers.map((n) => rules.select(n)),
          texts: numbers.map((n) => format.format(n)),
        }};
      }}
      console.log(JSON.stringify(found));
    """
    result = subprocess.run([node, "--eval", code], capture_output=True, text=True, check=True)
    found: dict[str, dict[str, list[str]]] = json.loads(result.stdout)
    return found


def test_these_languages_are_available() -> None:
    assert available_languages() == set(LANGUAGES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_the_same_messages(code: str) -> None:
    assert names(code) == names("en")
    assert len(load(code).months) == 12


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_message_with_a_number_has_exactly_the_categories_of_its_language(code: str) -> None:
    keys = load(code).strings.keys()
    assert stems(code) == stems("en")
    for stem in stems(code):
        found = {key for key in keys if re.fullmatch(rf"{re.escape(stem)}\.(zero|one|two|few|many|other)", key)}
        assert found == {f"{stem}.{category}" for category in load(code).plural_categories}


@pytest.mark.parametrize("code", LANGUAGES)
def test_pages_and_elements_choose_the_same_plural_forms(code: str) -> None:
    found, locale = by_node()[code], load(code)
    assert set(found["categories"]) == set(locale.plural_categories)
    assert [locale.plural_category(number) for number in NUMBERS] == found["plurals"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_numbers_have_the_groups_of_their_language(code: str) -> None:
    assert [load(code).number(number) for number in NUMBERS] == by_node()[code]["texts"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_placeholders_and_markup_are_those_of_the_english_message(code: str) -> None:
    """Only a form for a single number, such as the Arabic dual, may leave out the number."""
    locale = load(code)
    for key, text in locale.strings.items():
        stem, _, category = key.rpartition(".")
        optional = {"{n}"} if stem in stems(code) and len(numbers_of(locale, category)) == 1 else set()
        assert placeholders(text) | optional == placeholders(english(key)) | optional, key
        assert sorted(MARKUP.findall(text)) == sorted(MARKUP.findall(english(key))), key


@pytest.mark.parametrize("code", sorted(set(LANGUAGES) - {"en"}))
def test_no_message_is_left_in_english(code: str) -> None:
    same = {text for key, text in load(code).strings.items() if text == english(key)}
    assert same - SAME_EVERYWHERE == SAME_AS_ENGLISH.get(code, set())


@pytest.mark.parametrize("code", LANGUAGES)
def test_messages_have_no_stray_spaces_or_invisible_characters(code: str) -> None:
    for key, text in load(code).strings.items():
        assert text == unicodedata.normalize("NFC", text.strip()), key
        assert "  " not in text, key
        invisible = {each for each in text if unicodedata.category(each)[0] in "CZ" and each != " "}
        assert invisible <= (FRENCH_SPACES if code == "fr" else set()), key


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_error_about_two_dates_names_the_field(code: str) -> None:
    strings = load(code).strings
    assert strings["search.to"] in strings["search.error.from"]


def test_a_french_space_before_punctuation_never_breaks_a_line() -> None:
    for key, text in load("fr").strings.items():
        assert not re.search(r" [:;?!»]|« ", text), key


def test_plurals_and_numbers_follow_the_language() -> None:
    assert [load("en").count("articles", number) for number in (0, 1, 1_234)] == [
        "0 articles",
        "1 article",
        "1,234 articles",
    ]
    assert [load("id").count("articles", number) for number in (1, 1_234)] == ["1 artikel", "1.234 artikel"]
    assert [load("es").number(number) for number in (1_234, 12_345)] == ["1234", "12.345"]
    assert [load("ar").count("comments", number) for number in (1, 2, 3, 11, 100)] == [
        "تعليق واحد",
        "تعليقان",
        "3 تعليقات",
        "11 تعليقًا",
        "100 تعليق",
    ]


def test_a_regional_language_uses_the_messages_of_its_language() -> None:
    for tag, code in {"en-GB": "en", "pt-BR": "pt", "zh_CN": "zh", "zh-Hans": "zh", "FR": "fr"}.items():
        assert find_locale(tag) is load(code)
    assert find_locale("su") is None
    assert find_locale("") is None


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


DATES: Final = {
    "ar": ("1 مارس 2026، 09:05 UTC", "مارس 2026"),
    "de": ("1. März 2026, 09:05 UTC", "März 2026"),
    "en": ("1 March 2026, 09:05 UTC", "March 2026"),
    "es": ("1 de marzo de 2026, 09:05 UTC", "marzo de 2026"),
    "fr": ("1 mars 2026 à 09:05 UTC", "mars 2026"),
    "id": ("1 Maret 2026, 09:05 UTC", "Maret 2026"),
    "it": ("1 marzo 2026, 09:05 UTC", "marzo 2026"),
    "ja": ("2026年3月1日 09:05 UTC", "2026年3月"),
    "ms": ("1 Mac 2026, 09:05 UTC", "Mac 2026"),
    "nl": ("1 maart 2026, 09:05 UTC", "maart 2026"),
    "pt": ("1 de março de 2026, 09:05 UTC", "março de 2026"),
    "tr": ("1 Mart 2026, 09:05 UTC", "Mart 2026"),
    "vi": ("1 tháng 3, 2026, 09:05 UTC", "tháng 3 năm 2026"),
    "zh": ("2026年3月1日 09:05 UTC", "2026年3月"),
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_dates_have_the_usual_form_of_the_language(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolom.i18n.locale.settings", lambda: Settings(time_zone="UTC"))
    locale = load(code)
    assert (locale.date_and_time(datetime(2026, 3, 1, 9, 5, tzinfo=UTC)), locale.month(2026, 3)) == DATES[code]


def test_some_languages_are_right_to_left() -> None:
    assert [text_direction(code) for code in ("ar", "he-IL", "fa_IR", "en", "id")] == [
        "rtl",
        "rtl",
        "rtl",
        "ltr",
        "ltr",
    ]
