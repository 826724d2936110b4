"""The last word of a query is completed if no article has it: a search finds what was suggested."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from moto import mock_aws

from functions.search_articles.app import handler
from kolom.articles import publishing
from kolom.search import document_table, vocabulary
from kolom.search.index_writer import update_index
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.sam.loader import load
from tests.factories import NOW, Context, content, request
from tests.paths import PROJECT


def publish(slug: str, text: str, **changes: Any) -> int:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW, force=True)
    assert update_index([done.article.id]) == set()
    return done.article.id


def get(path: str, **query: Any) -> dict[str, Any]:
    """Return the body of a response."""
    answer = handler(request(path, query), Context())
    assert answer["statusCode"] == 200, answer
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def search(**query: Any) -> dict[str, Any]:
    """Return a page of results."""
    return get("/api/search", **query)


def found(**query: Any) -> list[str]:
    """Return the slugs of all results, page by page."""
    page = search(**query)
    slugs = [item["slug"] for item in page["items"]]
    while page["next_cursor"]:
        page = search(**query, cursor=page["next_cursor"])
        slugs += [item["slug"] for item in page["items"]]
    return slugs


def suggested(text: str) -> list[str]:
    """Return the slugs of the suggested articles."""
    return [item["slug"] for item in get("/api/search/suggest", q=text)["items"]]


@pytest.mark.usefixtures("tables")
class TestCompletion:
    def test_an_excluded_word_completes_nothing(self) -> None:
        publish("one", "the harbour", title="Harbour")
        assert search(q="harb")["completed"] == {"harb": ["harbour"]}
        assert search(q="harb -harbour")["completed"] == {}
        assert search(q="-harbour harb")["did_you_mean"] is None

    @pytest.mark.parametrize(
        ("query", "completed"),
        [
            ("gamel", {"gamel": ["gamelan"]}),
            ("GAMEL ", {"gamel": ["gamelan"]}),
            ("fotogr", {"fotogr": ["fotografi", "fotografer"]}),
            ("yogya", {"yogya": ["yogyakarta"]}),
            ("kopi yogya", {"yogya": ["yogyakarta"]}),
            ("yogya k", {"yogya": ["yogyakarta"]}),
            ("ela", {"ela": ["élan"]}),
            ("wif", {"wif": ["wifi"]}),
        ],
    )
    def test_an_unfinished_word_finds_the_suggested_articles(self, query: str, completed: dict[str, list[str]]) -> None:
        publish("gamelan", "Malam ini gamelan.", title="T", language="en")
        publish("foto", "kopi", title="Fotografi jalanan", language="id")
        publish("juru", "seorang fotografer", title="T", language="id")
        publish("kota", "kopi dari Yogyakarta", title="T", language="id")
        publish("vital", "un élan", title="T", language="fr")
        publish("router", "a Wi-Fi router", title="T", language="en")
        answer = search(q=query)
        assert answer["completed"] == completed
        assert answer["did_you_mean"] is None
        slugs = [item["slug"] for item in answer["items"]]
        assert slugs
        assert set(suggested(query)) <= set(slugs)
        assert all("<mark>" in item["title_html"] + item["snippet_html"] for item in answer["items"])

    def test_at_most_three_words_are_read_to_complete_a_word(self, requests: Counter[str]) -> None:
        """The typed word with another accent is none of them."""
        publish("one", "caféma cafébo cafésu cafélo", labels=("news",), language="xx")
        publish("two", "café", language="xx")
        requests.clear()
        assert search(q="cafe", label="news")["completed"] == {"cafe": ["cafébo", "cafélo", "caféma"]}
        assert requests["Query"] == 2 + 2 + 3  # the word and the label; what begins with the word; three words

    def test_a_whole_word_is_not_completed(self) -> None:
        publish("whole", "gamel")
        publish("longer", "gamelan")
        answer = search(q="gamel")
        assert ([item["slug"] for item in answer["items"]], answer["completed"]) == (["whole"], {})

    def test_a_word_that_articles_contain_suggests_only_those_articles(self) -> None:
        publish("whole", "photo", title="T")
        publish("longer", "x", title="A good photographer")
        assert suggested("photo") == found(q="photo") == ["whole"]
        assert "photographer" in get("/api/search/suggest", q="photo")["completions"]
        assert suggested("photog") == found(q="photog") == ["longer"]

    def test_a_title_is_suggested_if_the_search_finds_an_earlier_word(self) -> None:
        publish("whole", "photo", title="T")
        publish("longer", "harbour", title="A good photographer")
        assert suggested("harbour photo") == ["longer"]
        assert set(found(q="harbour photo")) == {"longer", "whole"}

    @pytest.mark.parametrize("marks", [1, 64, 500])
    def test_a_letter_with_many_accents_is_a_single_letter(self, marks: int) -> None:
        publish("one", "x", title="Anggur")
        publish("two", "x", title="Plan A")
        query = "a" + "\u0301" * marks
        assert (suggested(query), found(q=query)) == ([], ["two"])

    def test_articles_with_all_words_precede_those_with_only_the_completion(self) -> None:
        publish("some", "gamelan gamelan gamelan gamelan", title="T")
        publish("all", "kopi and a long text about the harbour of the town with a gamelan", title="T")
        publish("other", "kopi", title="T")
        assert found(q="kopi gamel")[0] == "all"
        assert set(found(q="kopi gamel")) == {"all", "some", "other"}

    def test_all_titles_with_the_prefix_are_found_on_consecutive_pages(self) -> None:
        """Titles whose words are not among the completions are found, too."""
        for number, word in enumerate(("fotogenik", "fotograf", "fotokopi", "fotomodel", "fotosintesis")):
            publish(f"n{number}", "x", title=word)
        assert search(q="foto")["completed"] == {"foto": ["fotograf", "fotokopi", "fotogenik"]}
        assert sorted(found(q="foto", limit=2)) == [f"n{number}" for number in range(5)]
        assert set(suggested("foto")) == {f"n{number}" for number in range(5)}

    def test_completions_have_different_stems_those_with_many_forms_first(self) -> None:
        """The number of forms on the site hints at the frequency of a word."""
        publish("one", "conduct conductor conical conifer condition conditions conditional", language="en")
        assert search(q="con")["completed"] == {"con": ["condition", "conduct", "conical"]}

    def test_filters_and_exclusions_apply_to_completed_results(self) -> None:
        publish("one", "Yogyakarta", labels=("Musik",), language="id")
        publish("two", "Yogyakarta susu", language="id")
        publish("three", "Yogyakarta", language="en")
        assert found(q="yogya", label="musik") == ["one"]
        assert found(q="yogya", language="en") == ["three"]
        assert set(found(q="-susu yogya")) == set(suggested("-susu yogya")) == {"one", "three"}

    def test_an_excluded_word_and_a_closed_phrase_are_not_completed(self) -> None:
        publish("one", "kopi gamelan")
        for query in ("kopi -gamel", '"kopi gamel"', "gamel.", 'kopi -"gamel"'):
            assert search(q=query)["completed"] == {}
        assert suggested("kopi -gamel") == suggested("kopi -gamel x") == []
        assert search(q="kopi -gamelan")["total"] == 0

    def test_a_word_that_begins_no_other_is_corrected(self) -> None:
        publish("one", "gamelan")
        answer = search(q="gamelxn")
        assert (answer["did_you_mean"], answer["completed"]) == ("gamelan", {})

    def test_an_unfinished_word_is_not_corrected_to_another(self) -> None:
        """The word `yoga` has one letter less than `yogya`."""
        publish("one", "yoga")
        publish("two", "Yogyakarta")
        answer = search(q="yogya")
        assert (answer["did_you_mean"], [item["slug"] for item in answer["items"]]) == (None, ["two"])

    def test_an_earlier_word_is_corrected_and_the_last_one_completed(self) -> None:
        publish("one", "strategic gamelan")
        answer = search(q="stratgic gamel")
        assert (answer["did_you_mean"], answer["completed"]) == ("strategic gamel", {"gamel": ["gamelan"]})

    def test_a_word_whose_articles_are_gone_completes_nothing(self) -> None:
        article_id = publish("one", "gamelan", title="Gamelan")
        publish("two", "kopi")
        publishing.unpublish("one", now=NOW)
        assert update_index([article_id]) == set()
        assert (search(q="gamel")["completed"], search(q="gamel")["total"]) == ({}, 0)

    def test_a_known_compound_is_not_completed(self) -> None:
        publish("one", "the wifi router")
        publish("two", "a fiasco")
        answer = search(q="wi-fi")
        assert ([item["slug"] for item in answer["items"]], answer["completed"]) == (["one"], {})

    def test_suggestions_for_a_phrase_are_completions_without_articles(self) -> None:
        """A search compares the phrase with the texts of articles."""
        publish("one", "old harbour and gamelan")
        publish("two", "harbour, old, gamelan")
        assert get("/api/search/suggest", q='"old harbour" gamel') == {
            "items": [],
            "completions": ['"old harbour" gamelan'],
        }
        assert found(q='"old harbour" gamel') == ["one"]


WORDS = (
    "kopi",
    "kopitiam",
    "koper",
    "gamelan",
    "gamelanku",
    "malam",
    "malaman",
    "Wi-Fi",
    "wifi",
    "C++",
    "3.9",
    "anak2",
)
TEMPLATE = load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example"})
ENDS = st.sampled_from(["", "", "", " ", ".", '"', "-", " x", "\u0301", "\u0301" * 100])
QUERIES = st.lists(
    st.builds(
        lambda sign, word, length, end: sign + word[:length] + end,
        st.sampled_from(["", "", "", "-", '"']),
        st.sampled_from([*WORDS, "harbour", "the"]),
        st.integers(1, 9),
        ENDS,
    ),
    min_size=1,
    max_size=4,
).map(" ".join)


@pytest.fixture(scope="module")
def site() -> Iterator[None]:
    """Publish an article for each word, with others in its text, once for all examples."""
    with mock_aws(), patch_moto():
        for table in TEMPLATE.tables.values():
            boto3.client("dynamodb").create_table(**table.create)
        vocabulary.clear_cache()
        document_table.clear_cache()
        for number, word in enumerate(WORDS):
            text = f"{WORDS[number - 3]} {WORDS[number - 5]} harbour"
            publish(f"n{number}", text, title=word, language="id" if number % 2 else "en")
        yield
    vocabulary.clear_cache()
    document_table.clear_cache()


@pytest.mark.usefixtures("site")
@given(QUERIES)
@example("-kopi gamel")
@example('"kopi malam" gamel')
@example("wi-f")
@example("the")
@example("kopi")
@example("the kopi x")
@example("gamelan gamelan")
@example("the-kopi")
@example("k" + "\u0301" * 500)
def test_a_search_finds_every_suggested_article(query: str) -> None:
    articles = suggested(query)
    if articles:
        answer = search(q=query, limit=100)
        assert set(articles) <= {item["slug"] for item in answer["items"]}
        assert answer["did_you_mean"] is None or not answer["completed"]
