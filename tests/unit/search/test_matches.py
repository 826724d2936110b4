"""The words of a query are counted."""

import pytest

from kolom.search.matches import count_words
from kolom.search.query_parser import parse
from kolom.search.search_settings import SynonymRule
from kolom.search.synonyms import SynonymIndex, expand

SYNONYMS = SynonymIndex([SynonymRule(("car", "automobile", "vehicle"))], ("en",))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("red car", 2),
        ("red car bus wheel", 4),
        ("wi-fi router", 2),
        ("e-mail wi-fi router", 3),
        ("a-b-c", 1),
        ("get_user_by_id python", 2),
        ("get_user get_user_name python", 2),
        ("v2.0 python release", 3),
        ("tea OR coffee cake", 2),
    ],
)
def test_compounds_and_the_sides_of_or_count_as_one_word(text: str, number: int) -> None:
    expanded = expand(parse(text, ("en",)), text, SYNONYMS)
    assert count_words(expanded.query) == number
