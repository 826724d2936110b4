"""Operators of a query: labels, authors, titles, dates, and alternatives."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from kolom.articles import publishing
from kolom.search.index_writer import update_index
from tests.factories import NOW, content
from tests.integration.search.searching import found, search

pytestmark = pytest.mark.usefixtures("tables")


def publish(slug: str, text: str = "coffee", **changes: Any) -> None:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW)
    assert update_index([done.article.id]) == set()


def test_a_label_in_the_query_works_like_the_parameter() -> None:
    publish("one", labels=("Jawa Barat", "Coffee"))
    publish("two", labels=("Coffee",))
    assert found('coffee label:"jawa barat"') == found("coffee", label="jawa barat") == ["one"]
    assert set(found("coffee label:COFFEE")) == {"one", "two"}
    assert found("coffee label:coffee", label="Jawa Barat") == ["one"]
    assert found("coffee -label:coffee") == found("coffee label:unknown") == []
    assert set(found('coffee label:"jawa barat" OR label:coffee')) == {"one", "two"}


def test_the_label_parameter_may_be_repeated_to_require_several() -> None:
    publish("one", labels=("A, B", "C"))
    publish("two", labels=("C",))
    assert found("coffee", label=["a, b", "c"]) == ["one"]
    assert set(found("coffee", label=["c", "C", ""])) == {"one", "two"}
    assert "at most 8" in search(422, q="coffee", label=[f"label{n}" for n in range(9)])["errors"][0]["message"]


def test_an_author_is_found_by_the_words_of_the_name() -> None:
    publish("one", author="Budi Šantoso")
    publish("two", author="Budi Wijaya")
    publish("three", "coffee by budi", author="Ani")
    assert set(found("coffee author:budi")) == {"one", "two"}
    assert found('coffee author:"santoso, budi"') == ["one"]
    assert set(found('-author:"Budi Santoso" coffee')) == {"two", "three"}


def test_a_title_is_found_by_its_words_and_their_stems() -> None:
    publish("one", title="Walking to the harbour")
    publish("two", "walking to the harbour", title="Home")
    publish("three", "a long walk", title="The old harbour")
    assert found("title:walks") == ["one"]
    assert set(found("title:harbour")) == {"one", "three"}
    assert found('title:"old harbour"') == ["three"]
    assert found("harbour -title:harbour") == ["two"]
    assert found("title:harb") == []


def test_a_mistyped_title_is_not_corrected() -> None:
    """A correction would be offered without its results."""
    publish("one", title="The old harbour")
    answer = search(q="title:harbuor")
    assert (answer["did_you_mean"], answer["items"]) == (None, [])
    assert search(q="-title:harbuor harbuor")["did_you_mean"] == "-title:harbuor harbour"


def test_a_stop_word_of_another_language_is_found_in_titles() -> None:
    publish("one", title="Harga as roda", language="id")
    publish("two", "as roda", title="Harga", language="id")
    publish("three", "coffee", title="As tea")
    assert found("title:as") == ["one"]


def publish_pages() -> None:
    """Publish an article of the blog, and pages of two other sites and of the blog's own host."""
    publish("own")
    for slug, url in (
        ("first", "https://www.a.example/docs/first.html"),
        ("second", "http://a.example:80/second/"),
        ("third", "https://b.example/third"),
        ("fourth", "https://blog.example/docs/fourth/"),
    ):
        publish(slug, kind="external", url=url)


def test_a_site_is_found_by_its_host() -> None:
    publish_pages()
    assert set(found("coffee site:a.example")) == {"first", "second"}
    assert set(found("coffee site:www.A.example")) == {"first", "second"}
    assert set(found("coffee site:a.example OR site:b.example")) == {"first", "second", "third"}
    assert set(found("coffee -site:a.example")) == {"own", "third", "fourth"}
    assert set(found("site:a.example")) == {"first", "second"}
    assert found("coffee site:docs.a.example") == found("coffee site:c.example") == []
    assert found("site:a.example site:b.example coffee") == []


@pytest.mark.parametrize("operator", ["label", "author", "title", "site"])
def test_a_condition_that_no_article_can_meet_is_no_error(operator: str) -> None:
    publish("first")
    answer = search(200, q=f"coffee {operator}:{'a' * 4_000}.com")
    assert answer["total"] == len(answer["items"])


def test_the_own_site_has_the_articles_that_kolom_serves() -> None:
    """It also has the pages that others serve on its host."""
    publish_pages()
    assert set(found("coffee site:blog.example")) == set(found("site:www.blog.example")) == {"own", "fourth"}
    assert set(found("coffee site:blog.example OR site:b.example")) == {"own", "third", "fourth"}
    assert set(found("coffee -site:blog.example")) == {"first", "second", "third"}


def test_a_page_that_moves_to_another_site_is_found_there() -> None:
    publish_pages()
    article = publishing.get_by_slug("first")
    moved = content("first", html="<p>coffee</p>", kind="external", url="https://new.example/first/")
    publishing.publish(moved, now=NOW, article_id=article.id, force=True)
    assert update_index([article.id]) == set()
    assert (found("site:a.example"), found("site:new.example")) == (["second"], ["first"])


def test_dates_limit_the_time_of_publication() -> None:
    for year in (2022, 2023, 2024):
        publish(f"of-{year}", published_at=datetime(year, 1, 1, tzinfo=UTC))
    assert found("coffee after:2023 before:2024") == ["of-2023"]
    assert set(found("coffee after:2023")) == {"of-2023", "of-2024"}
    assert set(found("coffee before:2024", **{"from": "2023-01-01"})) == {"of-2023"}
    assert found("coffee after:2024 before:2023") == []


def test_conditions_without_words_list_the_newest_articles_first() -> None:
    for year in (2023, 2024, 2022):
        publish(f"of-{year}", labels=("News",), published_at=datetime(year, 1, 1, tzinfo=UTC))
    assert found("label:news") == ["of-2024", "of-2023", "of-2022"]
    assert found("after:2023") == ["of-2024", "of-2023"]
    first = search(q="label:news -label:other", limit=2)
    assert (first["total"], len(first["items"])) == (3, 2)
    assert found("label:news -label:other", limit=2, cursor=first["next_cursor"]) == ["of-2022"]
    assert found("-label:news") == found("", label="news") == []


def test_a_cursor_belongs_to_the_operators_of_its_query() -> None:
    for number in range(3):
        publish(f"number-{number}", labels=("A", "B"))
    cursor = search(q="coffee label:a", limit=1)["next_cursor"]
    assert len(found("coffee label:a", limit=1, cursor=cursor)) == 1
    search(400, q="coffee label:b", limit=1, cursor=cursor)
    cursor = search(q="coffee", label=["a", "b"], limit=1)["next_cursor"]
    assert len(found("coffee", label=["a", "b"], limit=1, cursor=cursor)) == 1
    search(400, q="coffee", label="a", limit=1, cursor=cursor)


def test_an_article_with_one_side_of_an_or_counts_as_having_both() -> None:
    publish("both-sides", "coffee tea")
    publish("one-side", "tea sugar")
    publish("no-side", "sugar sugar sugar")
    assert found("sugar coffee OR tea")[0] == "one-side"
    assert found("sugar coffee tea")[0] != "no-side"


def test_a_phrase_may_be_one_side_of_an_or(requests: Counter[str]) -> None:
    publish("phrase", "the green tea")
    publish("words", "tea that is green")
    publish("other", "coffee")
    answer = search(q='"green tea" OR coffee')
    assert ({item["slug"] for item in answer["items"]}, answer["relaxed"]) == ({"phrase", "other"}, False)


def test_suggestions_do_not_ignore_conditions() -> None:
    """They show no articles that the search might not find."""
    publish("harbour", labels=("News",))
    assert search(path="/api/search/suggest", q="harb")["items"]
    answer = search(path="/api/search/suggest", q="label:other harb")
    assert (answer["items"], answer["completions"]) == ([], ["label:other harbour"])
    assert search(path="/api/search/suggest", q="label:harb")["completions"] == []


@pytest.mark.parametrize(
    "q",
    [
        *("label:a", "author:a", "title:word", "title:word OR title:other", "-label:a -author:b -title:cc"),
        *("site:a.example", "-site:a.example site:b.example"),
    ],
)
def test_each_condition_costs_a_query(q: str, requests: Counter[str]) -> None:
    publish("one", "coffee", labels=("A",))
    search(q="coffee zebra")
    requests.clear()
    search(q="coffee coffee")
    plain = requests["Query"]
    requests.clear()
    search(q=f"coffee {q}")
    titles = len([each for each in q.split() if each.startswith("title:")])  # each word is also searched for
    assert requests["Query"] - plain <= len(q.replace(" OR ", " ").split()) + titles + 8 * bool(titles)


def test_the_own_site_costs_two_queries(requests: Counter[str]) -> None:
    publish_pages()
    search(q="coffee zebra")
    requests.clear()
    search(q="coffee")
    plain = requests["Query"]
    requests.clear()
    search(q="coffee site:blog.example")
    assert requests["Query"] == plain + 2


def test_the_most_conditions_cost_a_bounded_number_of_queries(requests: Counter[str]) -> None:
    publish("one")
    requests.clear()
    search(q=" ".join(f'author:"a{n} b{n} c{n} d{n} e{n}" title:"aa{n} bb{n} cc{n} dd{n} ee{n}"' for n in range(9)))
    assert requests["Query"] <= 8 * 4 + 32 + 2 * 7 + 2


def test_the_value_of_a_condition_is_not_joined_with_a_word() -> None:
    publish("one", "a garden", labels=("Gar",))
    answer = search(q="gar den")
    assert answer["did_you_mean"] == "garden"
    assert search(q="label:gar den")["did_you_mean"] is None


def test_a_mistyped_word_of_an_or_is_corrected() -> None:
    publish("one", "coffee from the harbour")
    answer = search(q="zebra OR harbuor")
    assert (answer["did_you_mean"], [item["slug"] for item in answer["items"]]) == ("zebra OR harbour", ["one"])
    answer = search(q='tea OR "from the harbuor"')
    assert (answer["relaxed"], [item["slug"] for item in answer["items"]]) == (False, ["one"])
