"""A phrase matches exactly where its words are adjacent and in order."""

from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom.search import phrase_matcher
from kolom.search.phrase_matcher import SearchedText
from kolom.search.tokenizer import tokenize

PIECES = (
    *(
        "old",
        "Harbour",
        "harbour's",
        "old'",
        "é",
        "1,000",
        "3.14",
        "U.S.A.",
        "usa",
        "a.b.cd",
        "ab",
        "1",
        "Straße",
        "men’s",
    ),
    *("東京", "京都", "東京都", "日", " ", " ", ", ", " — ", "-", "…", "\n", "™", "'"),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def forms(text: str) -> list[str]:
    """Return the normalised words of a text."""
    return [word.form for word in tokenize(text)]


def has(text: str, phrase: str) -> bool | None:
    """Return whether the text contains the phrase."""
    return SearchedText(text).has(forms(phrase))


def has_by_definition(found: Sequence[str], phrase: Sequence[str]) -> bool:
    """Return whether the text contains the phrase, by the definition."""
    return any(list(found[at : at + len(phrase)]) == list(phrase) for at in range(len(found)))


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("In the Old Harbour.", "old harbour"),
        ("the old\nharbour", "old harbour"),
        ("the old — “harbour”", "old harbour"),
        ("the old… harbour", "old harbour"),
        ("old™ harbour", "old harbour"),
        ("the U.S.A. of 1,000 men’s", "USA of 1000 men's"),
        ("über die Straße", "ÜBER DIE STRASSE"),
        ("Ｆｕｌｌ width", "full width"),
        ("東京都に行く", "京都に"),
        ("ไปภาษาไทย", "ภาษา"),
        ("x" * 200 + " y", "x" * 64 + " y"),
    ],
)
def test_a_phrase_is_found_in_any_spelling(text: str, phrase: str) -> None:
    assert has(text, phrase)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("the harbour is old", "old harbour"),
        ("an old harbourmaster", "old harbour"),
        ("the bold harbour", "old harbour"),
        ("the old harbour's lights", "old harbour"),
        ("the old stone harbour", "old harbour"),
        ("version 3.14", "version 3"),
        ("in the U.S.A.", "the u"),
        ("東京と京都", "東京都"),
        ("", "old harbour"),
    ],
)
def test_words_that_only_resemble_a_phrase_do_not_match(text: str, phrase: str) -> None:
    assert not has(text, phrase)


def test_a_frequent_phrase_is_found_after_words_that_contain_it() -> None:
    assert has("into " * 60 + "go in to town", "in to") is True


def test_a_text_with_too_many_candidate_positions_is_not_decided() -> None:
    assert has("within to " * 60, "in to") is None
    assert has("within to " * 40, "in to") is False


@given(TEXTS, TEXTS)
@example("old'harbour old harbour", "old harbour")
def test_the_fast_check_agrees_with_the_definition(text: str, phrase: str) -> None:
    wanted = forms(phrase)[:4]
    if len(wanted) > 1:
        assert SearchedText(text).has(wanted) == has_by_definition(forms(text), wanted)


@given(TEXTS, st.integers(0, 12), st.integers(2, 4))
@example("oldU.S.A.oldU.S.A. old", 3, 3)
def test_every_part_of_a_text_is_found_in_it(text: str, start: int, length: int) -> None:
    piece = forms(text)[start : start + length]
    if len(piece) > 1:
        assert SearchedText(text).has(piece)


def tokenized_characters(text: str, phrase: str) -> int:
    """Return how many characters are tokenized to search for the phrase."""
    wanted = forms(phrase)
    with patch.object(phrase_matcher, "tokenize", wraps=tokenize) as made:
        SearchedText(text).has(wanted)
    return sum(len(call.args[0]) for call in made.call_args_list)


def test_a_text_without_the_phrase_is_never_tokenized() -> None:
    assert tokenized_characters("old stone harbour, harbour old. " * 3_000, "old harbour") == 0
    assert tokenized_characters("東京と京都。" * 5_000, "東京都庁") == 0


def test_only_the_surroundings_of_a_match_are_tokenized() -> None:
    assert tokenized_characters("old stone harbour. " * 3_000 + "The old harbour.", "old harbour") == len(
        "old harbour."
    )


@pytest.mark.parametrize(
    "text", ["a " * 50_000, "a" + "-" * 100_000, "a----------" * 9_000, "a'" * 50_000, "aa" * 50_000]
)
def test_no_text_and_phrase_take_long(text: str) -> None:
    """A phrase that almost matches everywhere is tried once from each position."""
    assert not SearchedText(text).has(["a"] * 23 + ["b"])
    assert tokenized_characters(text, "a a") <= phrase_matcher._MAX_FALSE_MATCHES * 300
