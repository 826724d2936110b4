"""Feed formats, parsed with a feed reader library."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from kolom.feeds.formats import FORMATS, render_atom, render_json_feed, render_rss
from kolom.feeds.types import Feed, FeedEntry

ATOM = "{http://www.w3.org/2005/Atom}"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(**changes: Any) -> FeedEntry:
    defaults: dict[str, Any] = {
        "id": "https://blog.example/#article-7",
        "url": "https://blog.example/rain/",
        "title": "Rain",
        "published_at": NOON,
        "updated_at": NOON + timedelta(days=1),
        "author": "Sari",
        "summary": "It rains.",
        "content_html": "<p>It <em>rains</em>.</p>",
        "labels": ("Weather", "Home & garden"),
        "language": "en",
    }
    return FeedEntry(**defaults | changes)


def feed(*entries: FeedEntry, **changes: Any) -> Feed:
    defaults: dict[str, Any] = {
        "title": "Blog",
        "description": "About the weather",
        "author": "Blog",
        "url": "https://blog.example/",
        "feed_url": "https://blog.example/feeds/atom.xml",
        "language": "id",
        "entries": entries,
    }
    return Feed(**defaults | changes)


def parsed(document: str) -> Any:
    found = feedparser.parse(document.encode(), sanitize_html=False)
    assert not found.bozo, found.bozo_exception
    return found


@pytest.mark.parametrize(("write", "version"), [(render_atom, "atom10"), (render_rss, "rss20")])
def test_a_reader_finds_all_fields_of_an_article(write: Any, version: str) -> None:
    found = parsed(write(feed(entry())))
    (item,) = found.entries
    assert (found.version, found.feed.title, found.feed.subtitle) == (version, "Blog", "About the weather")
    assert (found.feed.link, found.feed.language) == ("https://blog.example/", "id")
    assert (item.title, item.link, item.id) == ("Rain", "https://blog.example/rain/", "https://blog.example/#article-7")
    assert (item.author, item.summary) == ("Sari", "It rains.")
    assert item.content[0].value == "<p>It <em>rains</em>.</p>"
    assert [tag.term for tag in item.tags] == ["Weather", "Home & garden"]
    assert item.published_parsed[:4] == (2026, 3, 1, 12)


def test_atom_has_the_language_and_the_time_of_change() -> None:
    document = etree.fromstring(render_atom(feed(entry())).encode())
    assert document.findtext(f"{ATOM}updated") == "2026-03-02T12:00:00+00:00"
    (item,) = document.iterfind(f"{ATOM}entry")
    assert item.findtext(f"{ATOM}updated") == "2026-03-02T12:00:00+00:00"
    assert item.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


@pytest.mark.parametrize("write", [render_atom, render_rss])
def test_an_identifier_is_not_interpreted_as_a_url(write: Any) -> None:
    (item,) = parsed(write(feed(entry()))).entries
    assert item.get("guidislink", False) is False


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_feed_is_the_same_at_each_request(name: str) -> None:
    document = FORMATS[name][1](feed())
    assert FORMATS[name][1](feed()) == document
    assert str(datetime.now(UTC).year) not in document


@pytest.mark.parametrize("write", [render_atom, render_rss])
def test_an_article_without_its_text_has_its_excerpt(write: Any) -> None:
    (item,) = parsed(write(feed(entry(content_html=None)))).entries
    assert item.summary == "It rains."
    assert "content" not in item


def test_an_entry_without_an_author_has_the_site_as_author() -> None:
    found = parsed(render_atom(feed(entry(author=""))))
    assert found.feed.author == "Blog"
    assert "author" not in json.loads(render_json_feed(feed(entry(author=""))))["items"][0]


def test_json_feed_has_the_fields_of_its_specification() -> None:
    document = json.loads(
        render_json_feed(feed(entry(image="https://blog.example/media/x.png"), entry(content_html=None)))
    )
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert {"title", "home_page_url", "feed_url", "language", "authors", "items"} <= set(document)
    whole, short = document["items"]
    assert whole["content_html"] == "<p>It <em>rains</em>.</p>"
    assert whole["image"] == "https://blog.example/media/x.png"
    assert whole["tags"] == ["Weather", "Home & garden"]
    assert whole["date_modified"] == "2026-03-02T12:00:00Z"
    assert short["content_text"] == "It rains."


@given(st.text(), st.text(), st.text(st.characters(exclude_categories=["Cs"])), st.lists(st.text(), max_size=3))
def test_no_text_breaks_a_feed(title: str, author: str, summary: str, labels: list[str]) -> None:
    hostile = entry(title=title, author=author, summary=summary, labels=labels, content_html=summary)
    for write in (render_atom, render_rss):
        etree.fromstring(write(feed(hostile, title=title, description=summary)).encode())
    assert json.loads(render_json_feed(feed(hostile)))["items"][0]["title"] == title


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "A & B < C", "]]>", '"quoted"', "&amp;"])
def test_a_title_is_unchanged(title: str) -> None:
    document = etree.fromstring(render_atom(feed(entry(title=title))).encode())
    assert document.findtext(f"{ATOM}entry/{ATOM}title") == title
    document = etree.fromstring(render_rss(feed(entry(title=title))).encode())
    assert document.findtext("channel/item/title") == title


def test_an_excerpt_with_markup_is_shown_as_text() -> None:
    summary = "Use <b> & <i>"
    document = etree.fromstring(render_atom(feed(entry(summary=summary))).encode())
    assert document.findtext(f"{ATOM}entry/{ATOM}summary") == "Use &lt;b&gt; &amp; &lt;i&gt;"
