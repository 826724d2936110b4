"""Tokenization of texts into words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.search.tokenizer import MAX_WORD, find_words, join_hyphenated, normalize, strip_accents, tokenize

TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("aB9é'’-.,· \u0301ก่日本ー👩\u200d\u05d0\u0648")), max_size=80
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
        ("3.14 1,000 10.000,50", ["314", "1000", "1000050"]),
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
def test_texts_are_split_into_the_words_that_readers_see(text: str, expected: list[str]) -> None:
    assert forms(text) == expected


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
def test_finding_a_word_uses_the_same_word_boundaries(text: str) -> None:
    assert list(find_words(text, lambda each: each)) == [(word.start, word.end, word.form) for word in tokenize(text)]


@given(TEXTS)
def test_case_is_ignored(text: str) -> None:
    for word in tokenize(text):
        assert normalize(word.form) == word.form


@given(TEXTS)
def test_folding_is_idempotent(text: str) -> None:
    assert strip_accents(strip_accents(text)) == strip_accents(text)


def test_marks_that_distinguish_words_are_kept() -> None:
    assert strip_accents("café naïve שָׁלוֹם سَلَام") == "cafe naive שלום سلام"
    assert strip_accents("ก่") == "ก่"
    assert strip_accents("हिन्दी") == "हिन्दी"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("e-mail", "email"), ("COVID-19", "covid19"), ("co‑operate", "cooperate"),
     ("buku-buku", None), ("far - off", None),
     ("well-known", "wellknown"), ("hidup-matinya", None)],
)  # fmt: skip
def test_a_hyphen_joins_a_short_part(text: str, expected: str | None) -> None:
    first, second = tokenize(text)
    assert join_hyphenated(first, second, text) == expected


@pytest.mark.parametrize("piece", ["x", "x'", "1.", "a.", "日", "e\u0301", "ก่", "\u0301", "'", "👩\u200d"])
def test_an_endless_word_is_bounded(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert all(len(word.form) <= MAX_WORD for word in tokenize(text))
