"""Tokenization of texts into words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.search.tokenizer import (
    MAX_WORD,
    as_one_word,
    find_characters,
    join_hyphenated,
    normalize,
    strip_accents,
    tokenize,
)

TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("aB9é'’-.,·+# \u0301\u00adก่日本ー👩\u200d\u05d0\u0648")), max_size=80
)


def forms(text: str) -> list[str]:
    """Return the normalised words of a text."""
    return [word.form for word in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The quick brown fox.", ["the", "quick", "brown", "fox"]),
        ("author's author’s", ["author's", "author's"]),
        ("e-mail buku-buku", ["e", "mail", "buku", "buku"]),
        ("U.S.A. and example.com", ["usa", "and", "example", "com"]),
        ("3.14 3,14 1,000 1.000 10.000,50 1,234.5", ["3.14", "3.14", "1000", "1000", "10000.50", "1234.5"]),
        ("3.9 39 3.9.1 0.125 1.000.000 1,00,000", ["3.9", "39", "3.9.1", "0.125", "1000000", "100000"]),
        ("16.05.2024 192.168.0.1 1000.500 2,5000", ["16.05.2024", "192.168.0.1", "1000.500", "2.5000"]),
        ("C++, C#, C and .NET", ["c++", "c#", "c", "and", ".net"]),
        (
            "F# A+ g++ C♯ Ｃ＋＋ C/C++ C++11 C#. (C++)",
            ["f#", "a+", "g++", "c#", "c++", "c", "c++", "c++", "11", "c#", "c++"],
        ),
        ("Notepad++ a+b c#x C+++ +C #C", ["notepad", "a", "b", "c", "x", "c", "c", "c"]),
        ("ASP.NET wait...net a.net", ["asp", "net", "wait", "net", "a", "net"]),
        ("日C#や.NET", ["日", "c#", "や", ".net"]),
        ("so\u00adft\u00adware anak2 teman²nya", ["software", "anak2", "teman2nya"]),
        ("COVID19 4K", ["covid19", "4k"]),
        ("Straße GRÜSSE ﬁn Ｆｕｌｌ", ["strasse", "grüsse", "fin", "full"]),
        ("cafe\u0301", ["café"]),
        ("日本語", ["日本", "本語"]),
        ("本", ["本"]),
        ("ラーメン", ["ラー", "ーメ", "メン"]),
        ("Python日本", ["python", "日本"]),
        ("ภาษาไทย"[:3], ["ภา", "าษ"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("сказка — ложь", ["сказка", "ложь"]),
        ("👩‍👩‍👧 🎉 … —", []),
        ("\0\x1f\ufeff", []),
        ("snake_case", ["snake", "case"]),
    ],
)
def test_texts_are_split_into_normalized_words(text: str, expected: list[str]) -> None:
    assert forms(text) == expected


def test_chinese_characters_of_a_run_are_found_one_by_one() -> None:
    """A run of one character is already a word; characters of other scripts are no words by themselves."""
    assert [word.form for word in find_characters("黒猫が, 猫 メン 本ー ไทย")] == ["黒", "猫", "本"]


@given(TEXTS)
def test_words_are_parts_of_the_text_in_order(text: str) -> None:
    last = 0
    for word in tokenize(text):
        assert last <= word.start < word.end <= len(text)
        assert word.form
        assert len(word.form) <= MAX_WORD
        assert word.form == normalize(text[word.start : word.end][: 2 * MAX_WORD])
        last = word.start


@given(TEXTS)
def test_normalizing_a_form_again_changes_nothing(text: str) -> None:
    for word in tokenize(text):
        assert normalize(word.form) == word.form


@given(TEXTS)
def test_stripping_accents_twice_changes_nothing_more(text: str) -> None:
    assert strip_accents(strip_accents(text)) == strip_accents(text)


def test_only_accents_and_vowel_points_are_stripped() -> None:
    assert strip_accents("café naïve שָׁלוֹם سَلَام") == "cafe naive שלום سلام"
    assert strip_accents("ก่") == "ก่"
    assert strip_accents("हिन्दी") == "हिन्दी"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("łódź", "lodz"), ("œuvre", "oeuvre"), ("æther", "aether"), ("smørrebrød", "smorrebrod"), ("đường", "duong"),
     ("ılıca", "ilica"), ("straße", "strasse"), ("þingvellir", "thingvellir"), ("ǽ", "ae"), ("ħal", "hal")],
)  # fmt: skip
def test_letters_without_a_decomposition_become_plain_letters(text: str, expected: str) -> None:
    assert strip_accents(text) == expected
    assert strip_accents(unicodedata.normalize("NFD", text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("e-mail", "email"), ("COVID-19", "covid19"), ("co‑operate", "cooperate"),
     ("buku-buku", None), ("far - off", None),
     ("well-known", "wellknown"), ("hidup-matinya", None), ("Wi-Fi", "wifi"), ("Wi－Fi", "wifi"), ("3-D", "3d"),
     ("5-10", None), ("F-16", "f16"), ("in-3.5", None)],
)  # fmt: skip
def test_a_hyphen_joins_a_short_part(text: str, expected: str | None) -> None:
    first, second = tokenize(text)
    assert join_hyphenated(first, second, text) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("wi", "fi", "wifi"), ("micro", "services", "microservices"), ("anak", "anak", "anak2"),
     ("teman", "temannya", "teman2nya"), ("anak", "anakku", "anak2ku"), ("2", "2", None), ("c++", "x", None)],
)  # fmt: skip
def test_a_hyphenated_pair_has_a_spelling_as_one_word(first: str, second: str, expected: str | None) -> None:
    assert as_one_word(first, second) == expected


@pytest.mark.parametrize(
    "piece",
    [
        "x",
        "x'",
        "1.",
        "a.",
        "日",
        "e\u0301",
        "ก่",
        "\u0301",
        "'",
        "👩\u200d",
        "x-",
        "c++",
        "c#",
        "1,000.",
        ".net",
        "x\u00ad",
    ],
)
def test_an_endless_word_is_bounded(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert all(len(word.form) <= MAX_WORD for word in tokenize(text))
