"""The language of a page is the reader's preferred one among those of the site."""

import time

import pytest

from kolom.i18n.negotiation import choose_language, negotiate

LANGUAGES = ("id", "en", "zh", "pt-br")
HEADERS = {
    "": "id",
    "en": "en",
    "EN-gb": "en",
    "en-GB,en;q=0.9,id;q=0.8": "en",
    "id;q=0.8,en;q=0.9": "en",
    "en;q=0.5,id;q=0.5": "en",
    "fr,de;q=0.9": "id",
    "fr;q=1,en;q=0.001": "en",
    "en;q=0,fr": "id",
    "en;q=0.000,zh;q=0.1": "zh",
    "*": "id",
    "*,en;q=0.5": "en",
    "zh-Hant-TW": "zh",
    "zh-x-en": "zh",
    "en-x": "en",
    " , en ,": "en",
    "en ; q=0.3 , zh;q=0.4": "zh",
    # Invalid headers.
    "en;q=2": "id",
    "en;q=0.1234": "id",
    "en;q=": "id",
    "en;level=1": "id",
    "english-language": "id",
    "verylonglanguage,en": "id",
    "en_GB": "id",
    "en;;": "id",
    "en/zh": "id",
    "\u00e9n,en": "id",
    "en\n": "en",
    "ен": "id",
    "eｎ": "id",
    ",".join(["fr"] * 2_000 + ["en"]): "en",
    "zh-TW-x-y": "zh",
    "pt-br-x": "pt-br",
    "pt": "id",
    "ptbr": "id",
    # As long as API Gateway accepts.
    "en" + "-a" * 4_900: "en",
    "fr" + "-a" * 4_900: "id",
    "en" + " " * 9_800 + "x": "id",
    "en;" + " " * 9_800 + "x": "id",
}
MAX_SECONDS = 0.1


@pytest.mark.parametrize("header", HEADERS)
def test_the_language_of_the_site_that_the_reader_prefers_is_chosen(header: str) -> None:
    assert negotiate(header, LANGUAGES) == HEADERS[header]


@pytest.mark.parametrize("header", HEADERS)
def test_the_time_is_linear_in_the_length_of_the_header(header: str) -> None:
    start = time.process_time()
    negotiate(header, LANGUAGES)
    assert time.process_time() - start < MAX_SECONDS


def test_the_decision_of_the_cdn_takes_precedence_if_the_site_has_that_language() -> None:
    preferred = {"accept-language": "zh"}
    assert choose_language(preferred, LANGUAGES) == "zh"
    assert choose_language(preferred | {"x-kolom-language": "en"}, LANGUAGES) == "en"
    assert choose_language(preferred | {"x-kolom-language": "<script>"}, LANGUAGES) == "zh"
