"""Which words of a list a text contains."""

import pytest

from kolom.errors import InvalidInput
from kolom.submissions.blocked_words import MAX_DATA_BYTES, BlockedWords, check, decode, encode, without_copies

WORDS = ("slot gacor", "c++", "$$$", "a_b", "Kasino", "\u200b", "", "賭博", "don't")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Slot   GACOR!", ["slot gacor"]),
        ("slot, gacor", []),
        ("slots gacor", []),
        ("I like c++", ["c++"]),
        ("I like c", []),
        ("win $$$ now", ["$$$"]),
        ("win a$$$b", []),
        ("x a_b_c", ["a_b"]),
        ("ka\u00adsino_", ["Kasino"]),
        ("線上 賭博", ["賭博"]),
        ("Don't", ["don't"]),
        ("anything else", []),
    ],
    ids=lambda value: ascii(value) if isinstance(value, str) else "",
)
def test_whole_words_are_found_in_any_spelling(text: str, found: list[str]) -> None:
    assert list(BlockedWords(WORDS).find(text)) == found


def test_words_that_differ_in_case_or_spacing_are_listed_once() -> None:
    assert without_copies([" slot  gacor", "", "SLOT GACOR", "a"]) == ("slot gacor", "a")


def test_a_list_that_is_too_large_is_refused() -> None:
    words = tuple("".join(chr(0x4E00 + (n * k * 7919) % 20_000) for k in range(1, 90)) for n in range(1, 900))
    assert len(encode(words)) > MAX_DATA_BYTES
    with pytest.raises(InvalidInput, match="64 KB"):
        check(words)


def test_an_encoded_list_is_decoded() -> None:
    check(WORDS[:5])
    assert decode(encode(WORDS[:5])) == WORDS[:5]
