"""Which words of a list a text contains."""

from itertools import product
from unittest.mock import patch

import pytest
import regex

from kolom.errors import InvalidInput
from kolom.submissions.blocked_words import MAX_DATA_BYTES, BlockedWords, check, decode, encode, without_copies

WORDS = ("slot gacor", "c++", "$$$", "a_b", "Kasino", "\u200b", "", "賭博", "don't", "café")


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
        ("cafe\u200d\u0301", ["café"]),
        ("cafe\u034f\u0301", ["café"]),
        ("anything else", []),
    ],
    ids=lambda value: ascii(value) if isinstance(value, str) else "",
)
def test_whole_words_are_found_in_any_spelling(text: str, found: list[str]) -> None:
    assert list(BlockedWords(WORDS).find(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("🎰 🎲 🃏 🎯 💎!", ["🎰 🎲 🃏 🎯", "🎲 🃏 🎯 💎"]),
        ("I won the game at home.", ["i won the game", "the game at home", "won the game at"]),
    ],
    ids=["emoji", "common words"],
)
def test_expressions_are_compiled_only_for_words_that_the_text_has(text: str, found: list[str]) -> None:
    blocked = BlockedWords(map(" ".join, product(text.casefold().strip(".!").split(), repeat=4)))
    with patch.object(regex, "search", wraps=regex.search) as search:
        assert sorted(set(blocked.find(text))) == found
    assert search.call_count <= len(found) + 1


def test_format_characters_are_not_listed() -> None:
    assert without_copies(["\ufeffca\u00adsi\u202eno\u200b", "casino", "\u202e"]) == ("casino", "\u202e")
    assert without_copies(["👩\u200d💻", "می\u200cخواهم"]) == ("👩\u200d💻", "می\u200cخواهم")


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
