"""Candidates for a mistyped word, and how improbable the errors are."""

import pytest

from kolom.search.misspelling import Candidate, find_joined, find_parts, find_similar

WORDS = ("construction", "contraction", "harbour", "kapal", "kopi", "kopiah", "layer", "salah", "élan")


def similar(typed: str) -> list[tuple[str, ...]]:
    """Return the similar words, the most probable first."""
    return [each.forms for each in sorted(find_similar(typed, WORDS), key=lambda each: each.cost)]


def test_a_missing_letter_is_more_probable_than_another_letter() -> None:
    assert similar("contruction") == [("construction",), ("contraction",)]


@pytest.mark.parametrize("typed", ["arbour", "jarbour", "xharbour", "ahrbour", "habrour", "harbor", "harbourr"])
def test_one_error_may_be_at_any_position(typed: str) -> None:
    assert similar(typed) == [("harbour",)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("laye", [("layer",)]), ("kpoi", [("kopi",)]), ("kobi", []), ("kpi", []), ("elan", [("élan",)])],
)
def test_a_word_of_four_letters_may_only_lack_one_or_have_two_exchanged(
    typed: str, meant: list[tuple[str, ...]]
) -> None:
    assert similar(typed) == meant


def test_two_errors_are_allowed_from_nine_letters_on() -> None:
    assert similar("konstructin") == [("construction",)]
    assert similar("harxuor") == []


def test_the_space_between_two_words_may_be_missing() -> None:
    beginnings, ends = ("ker", "kere", "kereta", "kopi"), ("api", "setapi", "strategi")
    assert [each.forms for each in find_parts("keretaapi", beginnings, ends, 3)] == [("kereta", "api")]
    assert find_parts("kereta", beginnings, ends, 3) == []


def test_a_second_word_that_is_too_short_to_be_read_may_exist() -> None:
    assert [each.forms for each in find_parts("keretaapi", ("kereta",), (), 4)] == [("kereta", "api")]
    assert find_parts("keretaapi", ("kereta",), (), 3) == find_parts("keretaap", ("kereta",), (), 4) == []


def test_two_short_words_are_less_probable_than_two_long_ones() -> None:
    (short,) = find_parts("airapi", ("air",), ("api",), 3)
    (long,) = find_parts("keretalaut", ("kereta",), ("laut",), 3)
    assert short.cost > long.cost


def test_a_space_may_be_inside_a_word() -> None:
    assert find_joined("ker", "eta", ("kereta", "keran")) == [Candidate(("kereta",), 0.5)]
    assert find_joined("e", "lan", WORDS) == [Candidate(("élan",), 0.5)]
