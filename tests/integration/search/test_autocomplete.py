"""Autocomplete of titles and words, and related articles."""

import json
from typing import Any

import pytest

from functions.search_articles.app import handler
from kolom.articles import publishing
from kolom.search import index_reader
from kolom.search.index_writer import update_index
from tests.factories import NOW, Context, content, request

pytestmark = pytest.mark.usefixtures("tables")


def publish(slug: str, text: str = "x", **changes: Any) -> int:
    """Publish an article and index it."""
    done = publishing.publish(content(slug, html=f"<p>{text}</p>", **changes), now=NOW, force=True)
    assert update_index([done.article.id]) == set()
    return done.article.id


def get(path: str, status: int = 200, **query: Any) -> dict[str, Any]:
    """Return the body of a response."""
    answer = handler(request(path, query), Context())
    assert answer["statusCode"] == status, answer
    body: dict[str, Any] = json.loads(answer["body"] or "{}")
    return body


def suggested(text: str) -> list[str]:
    """Return the suggested slugs."""
    return [item["slug"] for item in get("/api/search/suggest", q=text)["items"]]


def completions(text: str) -> list[str]:
    """Return the suggested texts for the search box."""
    return list(get("/api/search/suggest", q=text)["completions"])


def test_the_last_word_is_matched_as_a_prefix() -> None:
    publish("one", "coffee", title="Old harbours")
    answer = get("/api/search/suggest", q="old har")
    assert answer["items"] == [
        {
            "slug": "one",
            "title": "Old harbours",
            "title_html": "<mark>Old</mark> <mark>harbours</mark>",
            "url": "https://blog.example/one/",
        }
    ]
    assert answer["completions"] == ["old harbours"]


def test_a_single_letter_after_a_word_is_ignored() -> None:
    publish("one", "x", title="Harbour lights")
    assert suggested("harb l") == suggested("harb") == ["one"]
    assert suggested("l") == []


def test_matches_in_titles_precede_matches_in_texts() -> None:
    publish("text", "harbour harbour harbour harbour", title="Coffee")
    publish("title", "coffee", title="The harbour at night")
    assert suggested("harb") == ["title", "text"]


def test_a_title_is_found_among_many_words_with_the_prefix() -> None:
    publish("words", " ".join(f"ca{a}{b}" for a in "bcdfghkl" for b in "aeiouxyz"), title="Words")
    publish("title", "x", title="Cathedral")
    assert suggested("ca")[0] == "title"
    assert "cathedral" in completions("ca")


def test_accents_and_case_are_ignored() -> None:
    publish("one", "x", title="Élan vital", language="fr")
    assert suggested("ela") == suggested("ÉLA") == ["one"]
    assert completions("ela") == ["élan"]


def test_all_words_before_the_last_are_required() -> None:
    publish("one", "night", title="Harbour")
    publish("two", "morning", title="Harbour lights")
    assert suggested("night harb") == ["one"]
    assert suggested("nothing harb") == []


@pytest.mark.parametrize("text", ["", " ", "h", "-", '"', "\0", "👩‍👩‍👧", "x" * 4_000, "nothing " * 500])
def test_unusual_prefixes_are_answered(text: str) -> None:
    publish("one", "x", title="Harbour")
    assert get("/api/search/suggest", q=text)["completions"] == []


def test_all_excluded_words_are_read_although_there_are_too_many_postings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_reader, "MAX_POSTINGS", 0)
    publish("one", "a b c d e f g h i", title="Market")
    publish("two", title="Market day")
    assert suggested("-y -z -a -b -c -d -e -f -g -h -i mark") == ["two"]


def test_a_new_title_replaces_the_old_one() -> None:
    publish("one", "x", title="Harbour")
    publish("one", "x", title="Cathedral")
    assert suggested("harb") == []
    assert suggested("cath") == ["one"]


def test_unpublished_articles_are_not_suggested() -> None:
    article_id = publish("one", "coffee", title="Harbour")
    publishing.unpublish("one", now=NOW)
    update_index([article_id])
    assert get("/api/search/suggest", q="harb") == {"items": [], "completions": []}
    assert completions("coff") == []


def test_a_title_in_chinese_is_suggested() -> None:
    publish("one", "x", title="東京都の夜", language="ja")
    assert suggested("東京") == ["one"]


def test_hostile_titles_are_escaped() -> None:
    publish("one", "x", title="<script>alert(1)</script>")
    (item,) = get("/api/search/suggest", q="script")["items"]
    assert item["title_html"] == "&lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt;"


def test_related_articles_share_rare_words_and_labels() -> None:
    publish("one", "the coffee of Java, coffee and mountains", labels=("Jawa",))
    publish("near", "coffee grows on mountains")
    publish("labelled", "rain", labels=("Jawa",))
    publish("far", "stock exchange")
    items = get("/api/articles/one/related")["items"]
    assert {item["slug"] for item in items} == {"near", "labelled"}
    assert "snippet_html" not in items[0]
    assert len(get("/api/articles/one/related", limit=1)["items"]) == 1


def test_texts_without_spaces_have_related_articles() -> None:
    publish("one", "黒猫が庭にいる。黒猫はミルクを飲む。", language="ja")
    publish("two", "白猫もミルクを飲みたい。", language="ja")
    publish("three", "その犬は家にいる。", language="ja")
    assert [item["slug"] for item in get("/api/articles/one/related")["items"]] == ["two"]


def test_related_articles_need_the_current_slug_of_a_published_article() -> None:
    publish("one", "coffee")
    get("/api/articles/none/related", status=404)
    publishing.publish(content("two"), now=NOW, article_id=1, force=True)
    answer = handler(request("/api/articles/one/related"), Context())
    assert (answer["statusCode"], answer["headers"]["Location"]) == (301, "/api/articles/two/related")
    publishing.delete("two", now=NOW)
    get("/api/articles/two/related", status=410)


def test_an_article_that_is_not_indexed_yet_has_no_related_articles() -> None:
    publishing.publish(content("one"), now=NOW)
    assert get("/api/articles/one/related") == {"items": []}
