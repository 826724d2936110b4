"""Words with one stem find each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.search.analyzer import _STEMMERS, is_stop_word, stem, stems


@pytest.mark.parametrize(
    ("language", "same"),
    [
        ("en", ["walk", "walks", "walked", "walking"]),
        ("en-GB", ["author", "author's", "authors"]),
        ("en", ["cafe", "café", "cafés"]),
        ("id", ["bermain", "permainan", "main"]),
        ("id", ["kerjasama", "kerjasamanya"]),
        ("de", ["häuser", "hauser"]),
        ("fr", ["homme", "l'homme"]),
        ("tr", ["kitap", "kitaplar"]),
        ("xx", ["naïve", "naive"]),
    ],
)
def test_related_word_forms_have_one_stem(language: str, same: list[str]) -> None:
    assert len({stem(word, language) for word in same}) == 1, {word: stem(word, language) for word in same}


@given(st.sampled_from([*_STEMMERS, "zh", "xx", ""]), st.text(max_size=70))
def test_any_text_has_a_lower_case_stem(language: str, text: str) -> None:
    assert isinstance(stem(text, language), str)


def test_a_query_has_the_stems_of_all_languages_once() -> None:
    assert stems("walking", ["en", "id"]) == ("walk", "walking")
    assert stems("jakarta", ["en", "id"]) == ("jakarta",)


def test_stop_words_depend_on_the_language() -> None:
    assert is_stop_word("yang", "id")
    assert is_stop_word("the", "en")
    assert not is_stop_word("the", "id")
    assert is_stop_word("yang", "en", "id")
    assert not is_stop_word("fire", "en")
    assert not is_stop_word("the", "xx")
