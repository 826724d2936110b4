"""Searches understand mistyped words."""

from collections import Counter
from typing import Any

import pytest

from kolom.articles import publishing, repository
from kolom.limits import MAX_QUERY
from kolom.models.search import delete_items, find_words
from kolom.search import index_reader, vocabulary
from kolom.search.index_writer import update_index
from tests.factories import NOW, content
from tests.integration.search.searching import found, search

pytestmark = pytest.mark.usefixtures("tables")


def publish(slug: str, text: str, **changes: Any) -> int:
    """Publish an article and index it; return its id."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **{"title": "T", **changes}), now=NOW)
    assert update_index([done.article.id]) == set()
    return done.article.id


def meant(query: str) -> str | None:
    """Return the query that is offered instead."""
    offered: str | None = search(q=query)["did_you_mean"]
    return offered


@pytest.mark.parametrize("typed", ["arbour", "jarbour", "xharbour", "ahrbour", "harbuor", "harbor"])
def test_an_error_may_be_at_any_position(typed: str) -> None:
    publish("one", "the old harbour")
    answer = search(q=typed)
    assert (answer["did_you_mean"], [item["slug"] for item in answer["items"]]) == ("harbour", ["one"])


def test_a_letter_may_be_missing_from_a_word_of_five() -> None:
    publish("one", "a boundary layer")
    assert meant("ayer") == meant("laer") == "layer"


def test_an_excluded_word_is_no_correction() -> None:
    """Nor is a word whose articles all have an excluded one: the corrected search would have no results."""
    publish("one", "the old harbour")
    publish("two", "the harvest of the harbour")
    publish("three", "green tea")
    for query in ("harbuor -harbour", "harvset -harbour", "tea harbuor -harbour"):
        assert (meant(query), search(q=query)["total"]) == (None, 1 if "tea" in query else 0)
    assert meant("harvset -tea") == "harvest -tea"


def test_the_word_with_the_most_articles_is_chosen() -> None:
    """The words differ from the typed one by one letter each."""
    publish("one", "plant")
    publish("two", "blunt")
    publish("three", "blunt")
    assert meant("plunt") == "blunt"


def test_the_other_words_of_the_query_choose_the_correction() -> None:
    """The words differ from the typed one by one letter each."""
    publish("one", "blunt nose")
    publish("two", "plant")
    publish("three", "plant")
    assert meant("plunt") == "plant"
    assert meant("plunt nose") == "blunt nose"
    assert found(q="plunt nose") == ["one"]


def test_a_word_is_corrected_to_one_that_the_filters_admit() -> None:
    publish("one", "blunt", labels=("L",), author="Ana")
    publish("two", "plant")
    publish("three", "plant")
    assert found(q="plunt") == ["two", "three"]
    for query in ({"q": "plunt label:l"}, {"q": "plunt author:ana"}, {"q": "plunt", "label": "L"}):
        assert found(**query) == ["one"], query
    assert meant("plunt label:none") == "plant label:none"


def test_a_missing_letter_is_preferred_to_another_letter() -> None:
    publish("one", "construction")
    publish("two", "contraction")
    assert meant("contruction") == "construction"


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("keretaapi", "kereta api"),
        ("tiket keretaapi malam", "tiket kereta api malam"),
        ("ker eta", "kereta"),
        ("k ereta", "kereta"),
        ("peme rintah", "pemerintah"),
        ("api peme rintah", "api pemerintah"),
        ('"tiket keretaapi"', '"tiket kereta api"'),
        ('"tiket ker eta"', '"tiket kereta"'),
    ],
)
def test_a_space_may_be_missing_or_added(typed: str, corrected: str) -> None:
    publish("one", "Beli tiket kereta api malam dari pemerintah.", language="id")
    publish("two", "Pemerintah kota, etalase.", language="id")
    answer = search(q=typed)
    assert (answer["did_you_mean"], answer["completed"], answer["relaxed"]) == (corrected, {}, False)
    assert [item["slug"] for item in answer["items"]][:1] == ["one" if typed != "peme rintah" else "two"]


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("gamlan x gamlan", "gamelan x gamelan"),
        ('gamlan "old gamlan" -gamlan', 'gamelan "old gamelan" -gamlan'),
        ("gamlan -label:gamlan", "gamelan -label:gamlan"),
        ("keretaapi OR bus", '"kereta api" OR bus'),
        ("bus OR keretaapi", 'bus OR "kereta api"'),
        ("keretaapi bus", "kereta api bus"),
        ("ker eta x ker eta", "kereta x kereta"),
    ],
)
def test_each_occurrence_of_a_word_is_corrected_as_it_is_searched(typed: str, corrected: str) -> None:
    publish("one", "gamelan in kereta api, old gamelan")
    assert meant(typed) == corrected


def test_an_excluded_word_is_not_joined_with_the_next() -> None:
    publish("one", "kereta")
    assert [meant(query) for query in ("-ker eta", "ker, eta", "ker -eta", "ker-eta")] == [None] * 4


def test_a_word_is_joined_with_only_one_of_its_neighbors() -> None:
    publish("one", "etaloge")
    publish("two", "etaloge")
    publish("three", "keretal")
    assert meant("ker etal oge") == "ker etaloge"


def test_short_unknown_words_do_not_prevent_the_correction_of_long_ones() -> None:
    publish("one", "harbour")
    assert meant("xq zq harbuor") == "xq zq harbour"


def test_a_word_is_not_split_into_words_that_no_article_has_together() -> None:
    publish("one", "kereta")
    publish("two", "api")
    assert meant("keretaapi") is None


def test_a_form_that_no_article_has_is_corrected_although_its_stem_has_articles() -> None:
    """The stem of `laye` is `lay`, whose article is found as well."""
    publish("lay", "to lay", language="en")
    for number in range(12):
        publish(f"n{number}", "a thin layer of paint on walls", language="en")
    assert meant("laye") == "layer"
    assert set(found(q="laye", limit=20)) == {"lay", *(f"n{number}" for number in range(12))}


def test_each_page_has_the_same_correction_whatever_its_limit() -> None:
    words = ["lay"] * 2 + ["layer"] * 20
    pages = [content(str(number), title="T", html=f"<p>{word}</p>", language="en") for number, word in enumerate(words)]
    assert update_index([publishing.publish(page, now=NOW).article.id for page in pages]) == set()
    first = search(q="laye", limit=1)
    second = search(q="laye", limit=10, cursor=first["next_cursor"])
    assert [page["did_you_mean"] for page in (first, second)] == ["layer", "layer"]
    assert [item["slug"] for item in (*first["items"], *second["items"])] == found(q="laye", limit=11)


def test_a_form_that_no_article_has_is_not_corrected_to_a_word_as_rare_as_its_stem() -> None:
    publish("lay", "to lay", language="en")
    publish("layer", "a layer", language="en")
    assert (meant("laye"), found(q="laye")) == (None, ["lay"])


def test_a_known_word_causes_no_further_requests(requests: Counter[str]) -> None:
    """Neither a rare one, nor another form of a rare one without a much more frequent similar word."""
    publish("one", "the harbour of a town", language="en")
    for query in ("harbour", "harbour town"):
        index_reader.results.clear()
        requests.clear()
        assert meant(query) is None
        assert requests == {"GetItem": 1, "Query": len(query.split()), "BatchGetItem": 1}


def test_an_unknown_word_costs_one_request_more_than_its_beginning_and_candidates(requests: Counter[str]) -> None:
    publish("one", "harbour harbouring labour coast")
    requests.clear()
    assert meant("zarbour coast.") == "harbour coast."
    # The two words, the two parts of the vocabulary, and the stem of the candidate.
    assert requests["Query"] == 5


def test_a_number_is_not_corrected(requests: Counter[str]) -> None:
    publish("one", "harbour")
    requests.clear()
    assert meant("20261130 harbour") is None
    assert requests["Query"] == 2


def test_the_index_of_an_earlier_version_is_used_until_it_is_complete() -> None:
    """It has no words by their last letters. Indexing an article again adds those of the article."""
    article_id = publish("one", "harbour")
    delete_items([("ends#r", "ruobrah")])
    vocabulary.clear_cache()
    assert (meant("harbor"), meant("jarbour")) == ("harbour", None)
    repository.request_reindex(article_id, "again")
    update_index([article_id])
    assert (meant("harbor"), meant("jarbour")) == ("harbour", "harbour")


def test_an_interrupted_write_of_a_word_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The item for the end of a word is written last, and shows that both exist."""
    written: list[str] = []

    def put(keys: Any) -> None:
        listed = list(keys)
        if any(key.startswith("ends#") for key, _ in listed):
            raise ConnectionError
        written.extend(part for _, part in listed)

    monkeypatch.setattr(vocabulary, "put_words", put)
    with pytest.raises(ConnectionError):
        vocabulary.add_words({"harbour"})
    assert written == ["harbour"]
    monkeypatch.undo()
    vocabulary.clear_cache()
    vocabulary.add_words({"harbour"})
    assert (find_words("words#h"), find_words("ends#r")) == (["harbour"], ["ruobrah"])


def test_words_with_accents_are_found_by_their_end() -> None:
    publish("one", "un élan", language="fr")
    assert find_words("ends#n") == ["nale#élan"]
    assert meant("zélan") == "élan"


def test_a_name_with_a_value_is_not_corrected_to_an_operator() -> None:
    publish("one", "the author drinks coffee")
    answer = search(q="auhtor:coffee")
    assert answer["did_you_mean"] is None
    assert answer["total"] == 1


def test_no_offered_query_is_longer_than_a_query_may_be() -> None:
    publish("one", "the harbour of the town", title="harbour")
    assert search(q="harbor")["did_you_mean"] == "harbour"
    assert search(q="harbor " + "." * (MAX_QUERY - len("harbor ")))["did_you_mean"] is None
    typed = "." * (MAX_QUERY - len(" harb")) + " harb"
    assert search(path="/api/search/suggest", q=typed)["completions"] == []
