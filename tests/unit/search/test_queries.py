"""What a reader types is understood, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.search.queries import MAX_EXCLUSIONS, MAX_PHRASES, MAX_STEMS, Query, parse

TYPED = st.text(st.one_of(st.characters(), st.sampled_from("ab \"-“”'’日本é")), max_size=120)


def words(text: str, *languages: str) -> list[str]:
    """The forms that are looked for."""
    return [word.form for word in parse(text, languages or ("en",)).words]


def test_words_phrases_and_exclusions_are_told_apart() -> None:
    query = parse('river "old harbour" -coffee -"green tea"', ["en"])
    assert [word.form for word in query.words] == ["river", "old", "harbour"]
    assert query.phrases == (("old", "harbour"),)
    assert query.excluded == (("coffe",),)
    assert query.excluded_phrases == (("green", "tea"),)


def test_stop_words_are_left_out_unless_there_is_nothing_else() -> None:
    assert words("the river of my youth") == ["river", "youth"]
    assert words("the who") == ["the", "who"]


def test_a_repeated_word_counts_as_often_as_it_stands_there() -> None:
    (word,) = parse("coffee Coffee COFFEE", ["en"]).words
    assert word.count == 3


def test_a_hyphen_inside_a_word_excludes_nothing() -> None:
    query = parse("e-mail", ["en"])
    assert [(word.form, word.is_required) for word in query.words] == [("e", True), ("mail", True), ("email", False)]
    assert query.excluded == ()


@pytest.mark.parametrize("text", ["", '"', '""', "-", "--", '-"', "“", ' " - ', "\0", "👩‍👩‍👧"])
def test_signs_alone_ask_nothing(text: str) -> None:
    assert parse(text, ["en", "id"]) == Query()


@pytest.mark.parametrize("text", ['"old harbour', 'old" harbour', "“old harbour"])
def test_a_quote_that_is_not_closed_is_ignored(text: str) -> None:
    assert words(text) == ["old", "harbour"]
    assert parse(text, ["en"]).phrases == ()


def test_a_long_query_keeps_the_longest_words() -> None:
    text = " ".join("abcdefghijklmnopqrstuvwxyz"[:length] for length in range(1, 27))
    kept = words(text, "xx")
    assert len(kept) == MAX_STEMS
    assert min(map(len, kept)) == 11


@given(TYPED, st.lists(st.sampled_from(["en", "id", "fr", "zh"]), min_size=1, unique=True))
def test_every_query_is_bounded(text: str, languages: list[str]) -> None:
    query = parse(text, languages)
    assert len(query.stems) <= MAX_STEMS
    assert len(query.excluded) <= MAX_EXCLUSIONS
    assert len(query.phrases) <= MAX_PHRASES
    assert all(text[word.start : word.end] for word in query.words)


def test_three_hundred_words_are_bounded() -> None:
    assert len(parse(" ".join(f"word{n} -not{n}" for n in range(300)), ["en", "id"]).stems) <= MAX_STEMS
