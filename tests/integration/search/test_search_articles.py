"""`search_articles` implements its HTTP contract."""

import json
from typing import Any

import pytest

from functions.search_articles.app import handler
from kolom.articles import publishing
from kolom.search.index_writer import update_index
from tests.factories import NOW, Context, content, request

pytestmark = pytest.mark.usefixtures("tables")


def publish(slug: str, text: str, **changes: Any) -> None:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW)
    assert update_index([done.article.id]) == set()


def search(status: int = 200, path: str = "/api/search", **query: Any) -> dict[str, Any]:
    """Return the body of a response."""
    answer = handler(request(path, query), Context())
    assert answer["statusCode"] == status, answer
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def found(**query: Any) -> list[str]:
    """Return the slugs of the results."""
    return [item["slug"] for item in search(**query)["items"]]


def test_articles_with_all_words_precede_those_with_some() -> None:
    publish("some", "coffee coffee coffee")
    publish("all", "coffee and a long walk through the old harbour of the town")
    assert found(q="harbour coffee") == ["all", "some"]


def test_words_match_by_stem_and_without_accents() -> None:
    publish("one", "Walking to the café")
    assert found(q="walked") == found(q="CAFE") == ["one"]


def test_a_phrase_matches_adjacent_words_in_order() -> None:
    publish("one", "the old harbour")
    publish("two", "the harbour is old")
    assert found(q='"old harbour"') == ["one"]
    assert found(q="“old harbour”") == ["one"]
    assert search(q='"old harbour"')["relaxed"] is False


def test_a_phrase_without_matches_is_relaxed_to_its_words() -> None:
    """The response says so on every page, and its total is exact."""
    publish("one", "the harbour is old")
    publish("two", "the old stone harbour")
    answer = search(q='"old harbour"', limit=1)
    assert (answer["relaxed"], answer["total"], answer["total_is_exact"]) == (True, 2, True)
    assert search(q='"old harbour"', limit=1, cursor=answer["next_cursor"])["relaxed"] is True
    assert search(q="old harbour")["relaxed"] is False


def test_a_relaxed_search_still_applies_exclusions() -> None:
    publish("one", "the harbour is old")
    publish("two", "the harbour is old and has green tea")
    publish("three", "the harbour is old and has milk")
    publish("four", "the harbour is old, and so is the tea, which is green")
    answer = search(q='"old harbour" -milk -"green tea"')
    assert (answer["relaxed"], {item["slug"] for item in answer["items"]}) == (True, {"one", "four"})


def test_a_phrase_is_relaxed_within_the_filters() -> None:
    """A text in another language does not count as a match if the search has a language filter."""
    publish("one", "the old harbour", language="en")
    publish("two", "harbour old", language="id")
    answer = search(q='"old harbour"', language="id")
    assert (answer["relaxed"], [item["slug"] for item in answer["items"]]) == (True, ["two"])


def test_a_misspelt_word_of_a_phrase_is_corrected() -> None:
    publish("one", "the old harbour")
    publish("two", "the harbour is old")
    answer = search(q='"old harbuor"')
    assert ([item["slug"] for item in answer["items"]], answer["relaxed"]) == (["one"], False)


def test_an_excluded_phrase_excludes_only_texts_that_contain_it() -> None:
    publish("one", "coffee and green tea")
    publish("two", "coffee, tea, all green")
    publish("three", "coffee")
    answer = search(q='coffee -"green tea"')
    assert {item["slug"] for item in answer["items"]} == {"two", "three"}
    assert (answer["total"], answer["total_is_exact"]) == (2, True)


def test_an_option_of_a_program_is_a_word() -> None:
    publish("one", "Use rsync with --dry-run first.")
    publish("two", "Use rsync.")
    assert found(q="rsync --dry-run") == ["one", "two"]
    assert found(q="suhu -5 derajat") == []


def test_a_search_in_one_language_uses_only_its_stems() -> None:
    """The stems of other languages would match other words."""
    publish("one", "walking", language="id")
    publish("two", "walked", language="en")
    publish("three", "walking", language="en")
    assert found(q="walking", language="id") == ["one"]
    assert set(found(q="walking", language="en")) == {"two", "three"}


def test_a_word_can_be_excluded() -> None:
    publish("one", "coffee with milk")
    publish("two", "coffee with sugar")
    assert found(q="coffee -milk") == ["two"]


def test_a_title_of_stop_words_is_found() -> None:
    publish("band", "A rock band.", title="The Who")
    assert found(q="the who") == ["band"]


def test_filters_apply_to_items_and_total() -> None:
    publish("one", "coffee", labels=("Jawa",), language="id", published_at=NOW.replace(day=1))
    publish("two", "coffee", language="en", published_at=NOW.replace(month=2, day=1))
    assert found(q="coffee", label="jawa") == found(q="coffee", language="id") == ["one"]
    assert found(q="coffee", to="2026-02-01") == ["two"]
    since: dict[str, Any] = {"from": "2026-03-01"}
    assert search(q="coffee", **since)["total"] == 1
    assert found(q="coffee", sort="newest") == ["one", "two"]


def test_pages_are_consecutive_and_the_cursor_belongs_to_its_query() -> None:
    for number in range(5):
        publish(f"n{number}", "coffee " * (number + 1))
    first = search(q="coffee", limit=3)
    second = search(q="coffee", limit=3, cursor=first["next_cursor"])
    assert len({item["slug"] for item in (*first["items"], *second["items"])}) == first["total"] == 5
    assert second["next_cursor"] is None
    search(400, q="tea", cursor=first["next_cursor"])


def test_a_misspelt_word_is_corrected_to_an_indexed_one() -> None:
    publish("one", "strategic cooperation")
    answer = search(q="stratgic")
    assert (answer["did_you_mean"], [item["slug"] for item in answer["items"]]) == ("strategic", ["one"])


def test_only_highlights_are_markup() -> None:
    publish("one", "coffee &lt;script&gt;alert(1)&lt;/script&gt;", title="<b>Coffee</b> & <script>")
    (item,) = search(q="coffee script")["items"]
    assert item["title_html"] == "&lt;b&gt;<mark>Coffee</mark>&lt;/b&gt; &amp; &lt;<mark>script</mark>&gt;"
    assert "<script>" not in item["snippet_html"]


def test_equal_scores_are_ordered_by_id_and_equal_dates_by_id_descending() -> None:
    for slug in ("one", "two", "three"):
        publish(slug, "coffee", title="T")
    assert found(q="coffee") == ["one", "two", "three"]
    assert found(q="coffee", sort="newest") == ["three", "two", "one"]
    for sort in ("relevance", "newest"):
        first = search(q="coffee", sort=sort, limit=2)
        rest = search(q="coffee", sort=sort, limit=2, cursor=first["next_cursor"])
        assert [item["slug"] for item in (*first["items"], *rest["items"])] == found(q="coffee", sort=sort)


def test_unpublished_articles_are_not_found() -> None:
    publish("one", "coffee")
    assert search(q="coffee")["total"] == 1
    article = publishing.unpublish("one", now=NOW)
    update_index([article.id])
    assert search(q="coffee")["total"] == 0


@pytest.mark.parametrize("query", ["", " ", '"', "-", '" - "', "-coffee", "\0\x1f", "👩‍👩‍👧", "word " * 300])
def test_unusual_queries_are_answered(query: str) -> None:
    publish("one", "coffee")
    assert search(q=query)["items"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"from": "2024-02-30"}, 422),
        ({"from": "2024-02-02", "to": "2024-02-01"}, 422),
        ({"sort": "oldest"}, 422),
        ({"limit": 0}, 422),
        ({"cursor": "abc"}, 400),
        ({"q": "x" * 65_536}, 422),
    ],
)
def test_invalid_parameters_are_rejected(query: dict[str, Any], status: int) -> None:
    publish("one", "coffee")
    problem = search(status, **{"q": "coffee"} | query)
    assert problem["status"] == status
    assert problem["detail"]


def test_an_unknown_language_or_label_finds_nothing() -> None:
    publish("one", "coffee")
    assert found(q="coffee", language="xx", label="none") == []


def test_a_snippet_separates_a_heading_from_the_sentence_after_it() -> None:
    html = "<h2>Bahan dan alat</h2><p>Kedelai direndam semalam.</p><ul><li>ragi</li><li>daun pisang</li></ul>"
    publishing.publish(content("one", html=html, language="id"), now=NOW)
    assert update_index([1]) == set()
    (item,) = search(q="kedelai")["items"]
    assert item["snippet_html"] == "Bahan dan alat · <mark>Kedelai</mark> direndam semalam. ragi · daun pisang"


def test_a_result_names_the_labels_that_matched() -> None:
    publish("one", "Rain falls.", title="T", labels=("Kopi Jawa", "Travel"))
    publish("two", "A kopi.", title="T", labels=("Travel",))
    matched = {item["slug"]: item["matched_labels"] for item in search(q="kopi")["items"]}
    assert matched == {"one": ["Kopi Jawa"], "two": []}
    assert [item["matched_labels"] for item in search(q="rain", label="travel")["items"]] == [[]]
