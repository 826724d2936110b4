"""Further forms of words: compounds, identifiers, versions, abbreviations and Chinese characters."""

import time
from itertools import chain, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kolom.search.tokenizer import find_characters, join_hyphenated, normalize, tokenize
from kolom.search.word_forms import find_forms, find_parts, find_spellings

TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("aBv9_.é'’-·+# \u0301\u00adก่日本ー👩\u200d\u05d0\u05b7\u05f4\"\u0648")),
    max_size=80,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call getUserById()", ["get", "user", "by", "id"]),
        ("XMLHttpRequest.open", ["xml", "http", "request"]),
        ("utf8Decode parseHTML5 macOS", ["utf8", "decode", "parse", "html5", "mac", "os"]),
        ("my_getUser", ["get", "user"]),
        ("JavaScript YouTube McDonald WordPress DevOps", []),
        ("iPhone eBay getX PhD dGhpcyBpcyBh", []),
        ("USER getuser éUser getUserÉ", []),
        ("get" + "User" * 16, []),
    ],
)
def test_an_identifier_is_split_into_its_words(text: str, expected: list[str]) -> None:
    """Names of two words, and words with a part of one letter, are no identifiers."""
    assert [word.form for word in find_parts(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("get_user_by_id MAX_VALUE", [("getuserbyid", "get_user_by_id"), ("maxvalue", "MAX_VALUE")]),
        ("__init__ _os__path_", [("ospath", "os__path")]),
        ("1_000 é_a os.path", []),
        ("v2.0 V3.9.1", [("2.0", "v2.0"), ("3.9.1", "V3.9.1")]),
        ("v2 2.0 av2.0 v2.0x v2.", []),
        ('צה"ל צה״ל', [("צהל", 'צה"ל'), ("צהל", "צה״ל")]),
        ('ג׳ירפה "שלום"', [("גירפה", "ג׳ירפה")]),
    ],
)
def test_another_spelling_is_one_word(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(word.form, text[word.start : word.end]) for word in find_spellings(text)] == expected


@given(TEXTS)
@example("wi-fi")
@example("a-b-c a- b")
@example("0-㐀 t-シャツ 本-b")
@example("getUserById a_b v2.0")
def test_finding_forms_uses_the_words_of_the_tokenizer_and_adds_others(text: str) -> None:
    words = list(tokenize(text))
    compounds = [
        (first.start, second.end, compound)
        for first, second in pairwise(words)
        if (compound := join_hyphenated(first, second, text))
    ]
    further = chain(words, find_characters(text), find_parts(text), find_spellings(text))
    found = list(find_forms(text))
    assert sorted(found) == sorted([*compounds, *((word.start, word.end, word.form) for word in further)])
    assert [start for start, _, _ in found] == sorted(start for start, _, _ in found)


@given(TEXTS)
def test_further_forms_are_normalized(text: str) -> None:
    for word in (*find_parts(text), *find_spellings(text)):
        assert 0 <= word.start < word.end <= len(text)
        assert word.form
        assert normalize(word.form) == word.form


@given(st.lists(TEXTS, max_size=5).map(" ".join))
def test_the_forms_between_spaces_are_those_of_the_whole_text(text: str) -> None:
    """No form depends on the text beyond a space, so the forms between two spaces can be cached."""
    found, position = [], 0
    for piece in text.split(" "):
        found += [(position + start, position + end, form) for start, end, form in find_forms(piece)]
        position += len(piece) + 1
    assert found == list(find_forms(text))


@pytest.mark.parametrize("piece", ["a_", "aA", "v1.", "Aa", 'א"', "_"])
def test_forms_of_an_endless_word_are_found_in_linear_time(piece: str) -> None:
    text = piece * 50_000 + "é"
    start = time.process_time()
    assert len(list(chain(find_parts(text), find_spellings(text)))) <= 1
    assert time.process_time() - start < 1
