"""A word that is a stop word in one language and content in another is searched for where it is content."""

from collections.abc import Iterator
from string import ascii_uppercase

import pytest

from kolom.search.function_words import MAX_UNDECIDED, content_words, is_abbreviation
from kolom.search.query_language import resolve
from kolom.search.query_parser import parse
from kolom.search.tokenizer import tokenize

LANGUAGES = ("id", "en")


def words(text: str, languages: tuple[str, ...] = LANGUAGES) -> list[str]:
    return [word.form for word in parse(text, languages).words if word.is_required]


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("tarif AS", ["tarif", "as"]),
        ("US economy", ["us", "economy"]),
        ("IT jobs in Jakarta", ["it", "jobs", "jakarta"]),
        ("apa itu WHO", ["who"]),
        ("TARIF THE FED", ["tarif", "fed"]),
        ("I love tea", ["love", "tea"]),
    ],
    ids=["as", "us", "it", "who", "all-capitals", "one-letter"],
)
def test_a_stop_word_in_capitals_is_content(text: str, forms: list[str]) -> None:
    assert words(text) == forms


def test_capitals_count_on_a_site_in_one_language() -> None:
    assert words("US economy", ("en",)) == ["us", "economy"]
    assert words("us economy", ("en",)) == ["economy"]


def test_a_query_in_capitals_is_examined_once() -> None:
    class Counted(str):
        examined = 0

        def __iter__(self) -> Iterator[str]:
            Counted.examined += len(self)
            return super().__iter__()

    text = Counted(" ".join(f"AB{a}{b}" for a in ascii_uppercase for b in ascii_uppercase))
    assert content_words(list(tokenize(text)), text, ("en",))
    assert Counted.examined <= 10 * len(text)


def test_other_stop_words_show_the_language() -> None:
    assert words("apa itu as") == ["as"]
    assert words("how to pay as a guest") == ["pay", "guest"]


def found(text: str, language: str) -> dict[str, list[int]]:
    """Return the postings of each word, if articles 1 and 2 have all of its stems, and the others ``language``."""
    query = parse(text, LANGUAGES)
    postings = {stem: {1: 1, 2: 1} if word.languages else {3: 1} for word in query.words for stem in word.stems}
    resolved, reduced = resolve(query, postings, {1: "id", 2: "en", 3: language})
    return {word.form: sorted({each for stem in word.stems for each in reduced[stem]}) for word in resolved.words}


def test_articles_with_the_other_words_show_the_language() -> None:
    """If they are Indonesian, "as" is searched for in Indonesian articles only."""
    assert found("tarif as", "id") == {"tarif": [3], "as": [1]}
    assert found("tarif as", "en") == {"tarif": [3]}


def test_few_words_are_left_to_be_decided() -> None:
    query = parse("jakarta as", LANGUAGES)
    assert [(word.form, word.is_required, word.languages) for word in query.words] == [
        ("jakarta", True, frozenset()),
        ("as", False, frozenset({"id"})),
    ]
    many = parse("jakarta as by of in to", LANGUAGES).words
    assert sum(not word.is_required for word in many) <= MAX_UNDECIDED


def test_a_query_of_stop_words_searches_for_all_of_them() -> None:
    assert words("the who") == ["the", "who"]
    assert words("as") == ["as"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tarif AS naik", True),
        ("IT", True),
        ("UU IT BUMN", True),
        ("HARGA AKAN NAIK", False),
        ("A b", False),
        ("as", False),
    ],
    ids=["word", "alone", "short-neighbors", "headline", "one-letter", "lower-case"],
)
def test_an_abbreviation_is_in_capitals_and_its_neighbors_are_not(text: str, expected: bool) -> None:
    word = next((each for each in text.split() if each in {"AS", "IT", "AKAN"}), text.split()[0])
    start = text.index(word)
    assert is_abbreviation(text, start, start + len(word)) == expected
