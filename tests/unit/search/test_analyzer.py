"""Related word forms have the same stem, so that a search for one finds the others."""

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
        ("id", ["anak", "anak2", "anaknya", "anak2nya"]),
        ("id", ["teman", "teman2nya", "teman2ku"]),
        ("ms", ["orang", "orang2"]),
        ("pl", ["łódź", "lódz"]),
        ("fr", ["œuvre", "oeuvre", "œuvres"]),
        ("xx", ["kapı", "kapi"]),
        ("tr", ["kitap", "kitaplar"]),
        ("xx", ["naïve", "naive"]),
    ],
)
def test_related_word_forms_have_one_stem(language: str, same: list[str]) -> None:
    assert len({stem(word, language) for word in same}) == 1, {word: stem(word, language) for word in same}


@given(st.sampled_from([*_STEMMERS, "id", "ms", "zh", "xx", ""]), st.text(max_size=70))
def test_any_text_has_a_stem(language: str, text: str) -> None:
    assert isinstance(stem(text, language), str)


@pytest.mark.parametrize("language", [*_STEMMERS, "id", "xx"])
def test_words_with_signs_and_numbers_stay_apart(language: str) -> None:
    forms = ["c", "c++", "c#", ".net", "3.9", "39"]
    assert [stem(form, language) for form in forms] == forms


@pytest.mark.parametrize("word", ["co2", "mp3", "anak3", "covid19", "x2"])
def test_a_number_that_does_not_repeat_its_word_stays_part_of_it(word: str) -> None:
    assert stem(word, "id") == word
    assert stem("anak2", "en") == "anak2"


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
