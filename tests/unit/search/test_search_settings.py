"""The owner's settings of the search are checked and encoded."""

import pytest

from kolom.errors import InvalidInput
from kolom.search.pins import find_pinned, index_pins
from kolom.search.query_parser import parse
from kolom.search.search_settings import Pin, SearchSettings, SynonymRule, check, decode, encode

SETTINGS = SearchSettings(
    (SynonymRule(("hp", "telepon genggam"), one_way=True), SynonymRule(("a", "b"))), (Pin("cara bayar", (7, 3)),)
)


def test_settings_are_the_same_after_decoding() -> None:
    assert decode(encode(SETTINGS)) == SETTINGS
    assert decode(encode(SearchSettings())) == SearchSettings()
    check(SETTINGS)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (SearchSettings((SynonymRule(("a",)),)), "synonyms 1: must have 2 to 10 words or phrases, got 1"),
        (
            SearchSettings((SynonymRule(tuple("abcdefghijk")),)),
            "synonyms 1: must have 2 to 10 words or phrases, got 11",
        ),
        (SearchSettings((SynonymRule(("Élan", "elan!")),)), "synonyms 1: has 'elan!' twice"),
        (SearchSettings((SynonymRule(("a", "…")),)), "synonyms 1: '…' has no word"),
        (
            SearchSettings((SynonymRule(("a\udcff", "b")),)),
            r"synonyms 1: 'a\udcff' has a character that is not valid Unicode",
        ),
        (
            SearchSettings(pins=(Pin("a\udcff", (1,)),)),
            r"pins 1: 'a\udcff' has a character that is not valid Unicode",
        ),
        (SearchSettings((SynonymRule(("a", "b c d e f")),)), "synonyms 1: 'b c d e f' has more than 4 words"),
        (
            SearchSettings((SynonymRule(("a", "b" * 101)),)),
            "synonyms 1: 'bbbbbbbbbbbbbbbbbbbb'… has more than 100 characters",
        ),
        (SearchSettings((SynonymRule(("a", "b")),) * 501), "synonyms: at most 500 rules are allowed, got 501"),
        (SearchSettings(pins=(Pin("a", ()),)), "pins 1: must have 1 to 5 articles, got 0"),
        (SearchSettings(pins=(Pin("a", (1, 1)),)), "pins 1: has an article twice"),
        (SearchSettings(pins=(Pin("a", (1,)), Pin("A?", (2,)))), "pins 2: the query 'A?' occurs twice"),
        (
            SearchSettings(pins=tuple(Pin(f"q{number}", (1,)) for number in range(201))),
            "pins: at most 200 queries are allowed, got 201",
        ),
    ],
    ids=lambda value: value.partition(",")[0] if isinstance(value, str) else "",
)
def test_settings_beyond_a_limit_are_refused(settings: SearchSettings, problem: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        check(settings)
    assert str(raised.value) == problem


def test_the_size_of_all_settings_is_limited() -> None:
    import hashlib

    def word(*parts: int) -> str:
        return hashlib.sha512(repr(parts).encode()).hexdigest()[:96]

    rules = tuple(SynonymRule(tuple(word(rule, each) for each in range(10))) for rule in range(500))
    with pytest.raises(InvalidInput, match="at most 64 KB are allowed, compressed"):
        check(SearchSettings(rules))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cara bayar", (7, 3)),
        ("  Cara   BÁYAR? ", (7, 3)),
        ('"cara bayar"', (7, 3)),
        ("cara membayar", ()),
        ("bayar cara", ()),
        ("cara bayar -kredit", ()),
        ('cara bayar -"kartu kredit"', ()),
    ],
)
def test_a_pin_is_for_the_words_of_a_query(text: str, found: tuple[int, ...]) -> None:
    assert find_pinned(parse(text, ("id",)), text, index_pins(SETTINGS.pins)) == found


@pytest.mark.parametrize("excluded", ["label:kredit", "author:kredit", "title:kredit"])
def test_a_query_with_an_excluded_condition_has_no_pins(excluded: str) -> None:
    index = index_pins([Pin(f"cara bayar {excluded}", (7,))])
    typed = f"cara bayar {excluded}", f"cara bayar -{excluded}"
    assert [find_pinned(parse(text, ("id",)), text, index) for text in typed] == [(7,), ()]
