"""Queries are expanded with the owner's synonyms."""

import pytest

from kolom.search.query_language import resolve
from kolom.search.query_parser import MAX_STEMS, parse
from kolom.search.search_settings import SynonymRule
from kolom.search.synonyms import MAX_SYNONYM_STEMS, MAX_SYNONYMS, ExpandedQuery, SynonymIndex, expand

LANGUAGES = ("en",)


def expanded(text: str, *rules: SynonymRule, languages: tuple[str, ...] = LANGUAGES) -> ExpandedQuery:
    """Return the expansion of a query."""
    return expand(parse(text, languages), text, SynonymIndex(rules, languages))


def synonyms(text: str, *rules: SynonymRule, languages: tuple[str, ...] = LANGUAGES) -> list[tuple[str, str]]:
    """Return the synonyms of a query, each with the words that it stands for."""
    words = expanded(text, *rules, languages=languages).query.words
    return [(" ".join(word.parts), word.form.rpartition(":")[2]) for word in words if word.form.startswith("synonym:")]


CAR = SynonymRule(("car", "automobile"))
TRAIN = SynonymRule(("train", "iron horse", "railway carriage"))
PHONE = SynonymRule(("phone", "mobile"), one_way=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("red car", [("car", "automobile")]),
        ("automobiles", [("automobiles", "car")]),
        ("CARS!", [("cars", "automobile")]),
        ("an iron horse", [("iron horse", "train"), ("iron horse", "railway carriage")]),
        ("iron-horse", [("iron horse", "train"), ("iron horse", "railway carriage")]),
        ("iron, horse", []),
        ("horse iron", []),
        ("train", [("train", "iron horse"), ("train", "railway carriage")]),
        ("phone", [("phone", "mobile")]),
        ("mobile", []),
        ('"iron horse"', []),
        ('"iron horse" car', [("car", "automobile")]),
        ("road -car", []),
        ("bus", []),
        ('"car"', []),
        ('"red car" OR bus', []),
        ('"red car" car', [("car", "automobile")]),
        ("title:car", []),
        ("label:car bus", []),
        ("car automobile", []),
    ],
)
def test_words_and_phrases_of_a_query_get_their_synonyms(text: str, found: list[tuple[str, str]]) -> None:
    assert synonyms(text, CAR, TRAIN, PHONE) == found


def test_synonyms_have_none_of_their_own() -> None:
    assert synonyms("car", CAR, SynonymRule(("automobile", "vehicle"))) == [("car", "automobile")]


USA = SynonymRule(("AS", "Amerika Serikat"))
IT = SynonymRule(("IT", "information technology"), one_way=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("IT jobs", [("it", "information technology")]),
        ("it", [("it", "information technology")]),
        ("how it works", []),
        ("harga -as", []),
        ("label:as", []),
        ("how to pay as a guest", []),
        ("harga as", [("as", "amerika serikat")]),
    ],
)
def test_a_stop_word_has_synonyms_where_it_is_content(text: str, found: list[tuple[str, str]]) -> None:
    assert synonyms(text, USA, IT, languages=("id", "en")) == found


def test_the_synonyms_of_a_word_are_dropped_if_it_turns_out_to_be_a_stop_word() -> None:
    query = expanded("guest as", USA, languages=("id", "en")).query
    resolved, _ = resolve(query, {"guest": {1: 1}, "as": {2: 1}}, {1: "en", 2: "id"})
    assert [word.form for word in resolved.words] == ["guest"]


def test_a_stem_is_scored_once() -> None:
    rule = SynonymRule(("walk", "walking", "walks", "stroll"))
    for text in ("walk bridge", "stroll bridge"):
        for languages in (("en",), ("en", "id")):
            scored = [stem for word in expanded(text, rule, languages=languages).query.words for stem in word.stems]
            assert len(scored) == len(set(scored))
            assert {"walk", "stroll", "bridg"} <= set(scored)


def test_a_synonym_of_several_words_of_a_query_stands_for_all() -> None:
    rules = (SynonymRule(("car", "vehicle")), SynonymRule(("lorry", "vehicles")))
    assert synonyms("car lorry", *rules) == [("car lorry", "vehicle")]


def test_two_forms_of_a_synonym_stand_for_the_same_word_only() -> None:
    rules = (CAR, SynonymRule(("bus", "coach", "coaches")))
    assert synonyms("car bus", *rules) == [("car", "automobile"), ("bus", "coach")]


def test_words_are_compared_in_each_language_of_the_site() -> None:
    rule = SynonymRule(("makan", "meals"))
    assert synonyms("makanan", rule, languages=("id", "en")) == [("makanan", "meals")]
    assert synonyms("meal", rule, languages=("id", "en")) == [("meal", "makan")]


def test_synonyms_of_several_words_match_articles_with_all_of_them() -> None:
    found = expanded("train", TRAIN)
    assert found.terms(found.query.stems) == ["train", "railway", "carriag", "iron", "hors"]
    read = {"train": {1: 9}, "iron": {1: 5, 2: 3, 3: 1}, "hors": {2: 7, 3: 1}, "railway": {4: 1}, "carriag": {}}
    combined = found.combine(read)
    assert combined["synonym:iron horse"] == {2: 3, 3: 1}
    assert combined["synonym:railway carriage"] == {}
    assert "synonym:iron horse" not in found.combine({"train": {}, "iron": {1: 1}})


def test_articles_with_any_form_of_a_word_have_it() -> None:
    found = expanded("x", SynonymRule(("x", "lari pagi")), languages=("id", "en"))
    (stems,) = found.combined.values()
    read = {stem: {number: number} for number, stem in enumerate(found.terms(found.query.stems), 1)}
    read[stems[0][0]] = {7: 1}
    read[stems[1][0]] = {7: 4}
    assert found.combine(read)["synonym:lari pagi"][7] == 1


def test_marks_show_the_words_of_synonyms() -> None:
    found = expanded("train", TRAIN)
    marked = [word.stems for word in found.for_marks(found.query).words]
    assert marked == [("train",), ("iron", "hors"), ("railway", "carriag")]


def test_the_number_of_synonyms_and_stems_is_limited() -> None:
    letters = "abcdefghij"
    rules = [SynonymRule(("car", *(f"{letters[n]}word{letters[m]}" for m in range(9)))) for n in range(9)]
    assert len(synonyms("car", *rules)) == MAX_SYNONYMS
    phrases = [SynonymRule(("car", *(f"{a}one {a}two {a}three {a}four" for a in letters[:9])))]
    found = expanded("car", *phrases)
    assert len(found.terms(found.query.stems)) == 1 + MAX_SYNONYM_STEMS
    long = " ".join(["car", *(f"{a}{b}word" for a in letters for b in letters)])
    found = expanded(long, *rules)
    assert len(found.terms(found.query.stems)) <= MAX_STEMS
