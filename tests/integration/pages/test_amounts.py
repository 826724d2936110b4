"""Sizes of responses: Lambda can return every response, and paging reaches all content."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from re import findall
from typing import Any
from unittest.mock import Mock
from urllib.parse import quote

import pytest
from ulid import ULID

from functions.fetch_articles import app as fetch_articles
from functions.fetch_comments import app as fetch_comments
from functions.search_articles import app as search_articles
from functions.serve_feeds import app as serve_feeds
from functions.serve_pages import app as serve_pages
from kolom import pagination
from kolom.articles import public, publishing
from kolom.articles.mapping import to_article_record
from kolom.articles.types import Body, LabelCount
from kolom.comments import mapping
from kolom.comments import public as comments
from kolom.comments.types import Comment
from kolom.models.articles import COUNTS, ArticlesTableRecord, Count
from kolom.models.comments import CommentRecord, StatsRecord, stats_key
from kolom.pages import views
from kolom.rendering.types import Heading
from kolom.search.index_writer import update_index
from tests.factories import NOW, Context, content, request

pytestmark = pytest.mark.usefixtures("tables")

LAMBDA_LIMIT_BYTES = 6 * 1024 * 1024
FORMER_HTML = "<blockquote>\n" * 9_500 + "</blockquote>\n" * 9_500
"""The HTML that an earlier version made of ten thousand ``>``."""

type Handler = Callable[[Any, Any], dict[str, Any]]


def get(handler: Handler, path: str, query: str = "") -> str:
    """Return the response to a client without compression, after checking that Lambda can return it."""
    answer = handler(request(path, query), Context())
    assert answer["statusCode"] == 200, answer["body"][:200]
    assert len(json.dumps(answer, ensure_ascii=False).encode()) < LAMBDA_LIMIT_BYTES
    body: str = answer["body"]
    return base64.b64decode(body).decode() if answer["isBase64Encoded"] else body


def store_comments(article_id: int, number: int, text: str, *, html: str | None = None, name: str = "B") -> list[str]:
    """Store approved comments with that text, one per minute, and return their ids. ``html`` is their stored markup."""
    ids = []
    with CommentRecord.batch_write() as batch:
        for minute in range(number):
            created_at = NOW + timedelta(minutes=minute)
            comment = Comment(
                article_id=article_id,
                id=str(ULID.from_datetime(created_at)),
                status="approved",
                name=name,
                content=text,
                avatar="a" * 12,
                created_at=created_at,
                website="https://a.example/" + "&" * 236,
            )
            record = mapping.to_record(comment)
            record.content_html = html or record.content_html
            batch.save(record)
            ids.append(comment.id)
    StatsRecord(*stats_key(article_id), approved=number).save()
    return ids


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_a_page_of_large_comments_ends_early_and_the_next_continues(order: str) -> None:
    article = publishing.publish(content(), now=NOW).article
    ids = store_comments(article.id, 40, ">", html=FORMER_HTML)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = json.loads(
            get(fetch_comments.handler, "/api/articles/hello/comments", f"order={order}&limit=100&cursor={cursor}")
        )
        assert page["total"] == 40
        assert page["items"]
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == (ids if order == "oldest" else ids[::-1])


@pytest.mark.parametrize("text", ["&" * 10_000, '"' * 10_000, "\U0001f600" * 10_000])
def test_a_hundred_of_the_largest_comments_fit_into_every_response(text: str) -> None:
    article = publishing.publish(content(), now=NOW).article
    ids = store_comments(article.id, 100, text, name='"' * 100)
    listed = json.loads(get(fetch_comments.handler, "/api/articles/hello/comments", "limit=100"))
    assert [item["id"] for item in listed["items"]] == ids[: len(listed["items"])]
    recent = json.loads(get(fetch_comments.handler, "/api/comments/recent", "limit=100"))
    assert [item["id"] for item in recent["items"]] == ids[::-1][: len(recent["items"])]
    page = get(serve_pages.handler, "/hello/")
    assert findall(r'<article id="comment-(\w+)"', page) == ids[: page.count('<article id="comment-')]
    for path in ("/feeds/comments.xml", "/feeds/comments/hello"):
        assert ids[-1] in get(serve_feeds.handler, path)


def test_oversized_stored_comments_leave_room_for_the_page_and_recent_comments() -> None:
    """The page links to the comments that do not fit."""
    article = publishing.publish(content(), now=NOW).article
    ids = store_comments(article.id, 40, ">", html=FORMER_HTML)
    page = get(serve_pages.handler, "/hello/")
    seen = findall(r'<article id="comment-(\w+)"', page)
    assert seen == ids[: len(seen)]
    (more,) = findall(r'href="\?comments=([^"#]+)#comments"', page)
    following = get(serve_pages.handler, "/hello/", f"comments={unescape(more)}")
    assert findall(r'<article id="comment-(\w+)"', following)[0] == ids[len(seen)]
    assert json.loads(get(fetch_comments.handler, "/api/comments/recent", "limit=100"))["items"][0]["id"] == ids[-1]
    assert ids[-1] in get(serve_feeds.handler, "/feeds/comments.xml")
    assert ids[-1] in get(serve_feeds.handler, "/feeds/comments/hello")


def test_at_most_one_more_comment_is_read_than_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    article = publishing.publish(content(), now=NOW).article
    store_comments(article.id, 10, ">", html="x" * 1_000)
    monkeypatch.setattr(pagination, "MAX_PAGE_BYTES", 2_800)
    to_shown = Mock(wraps=comments.to_public)
    monkeypatch.setattr(comments, "to_public", to_shown)
    assert len(json.loads(get(fetch_comments.handler, "/api/articles/hello/comments", "limit=100"))["items"]) == 2
    assert to_shown.call_count == 3


def test_the_largest_article_fits_together_with_its_comments() -> None:
    """What the theme adds to each code block, heading and comment is also limited."""
    html = "<pre></pre>" * (2 * 1024 * 1024 // 11)
    toc = tuple(Heading(f"section-{number}", 2, '"' * 90) for number in range(1_000))
    wanted = content(path="/" + "日" * 499, labels=tuple(f"{number}{'&' * 97}" for number in range(20)))
    wanted = content(
        **{name: getattr(wanted, name) for name in ("path", "labels")},
        title='"' * 300,
        description='"' * 1_000,
        excerpt='"' * 1_000,
        body=Body(html=html, toc=toc, source="", source_format="html"),
    )
    article = publishing.publish(wanted, now=NOW).article
    store_comments(article.id, 20, "&" * 10_000, name='"' * 100)
    assert "<pre></pre>" in get(serve_pages.handler, article.path)
    assert len(json.loads(get(fetch_articles.handler, "/api/articles/hello"))["toc"]) == 1_000


def test_a_hundred_of_the_largest_summaries_fit_into_every_response() -> None:
    largest: dict[str, Any] = {
        "title": '"' * 300,
        "excerpt": "\U0001f600" * 1_000,
        "image": "https://a.example/" + "日" * 1_900,
        "author": '"' * 100,
        "labels": tuple(f"{number:02d}{'日' * 98}" for number in range(20)),
    }
    first = publishing.publish(content("a0", **largest), now=NOW).article
    with ArticlesTableRecord.batch_write() as batch:
        for number in range(1, 100):
            record = to_article_record(first)
            slug = f"{number}{'日' * 197}"
            record.key, record.slug, record.path = str(100 + number), slug, f"/{slug}/"
            record.id = 100 + number
            record.shelf_order = f"2026-02-01T08:00:00Z#{100 + number:012d}"
            batch.save(record)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = json.loads(get(fetch_articles.handler, "/api/articles", f"limit=100&cursor={cursor}"))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [*range(199, 100, -1), first.id]
    get(serve_pages.handler, "/")
    get(serve_feeds.handler, "/sitemaps/2026-02.xml")


def test_search_results_that_do_not_fit_are_on_the_next_page(monkeypatch: pytest.MonkeyPatch) -> None:
    articles = [publishing.publish(content(f"a{number}", title="Kabar"), now=NOW).article for number in range(7)]
    update_index([article.id for article in articles])
    monkeypatch.setattr(pagination, "MAX_PAGE_BYTES", 300)
    seen: list[str] = []
    pages = 0
    cursor: str | None = ""
    while cursor is not None:
        page = json.loads(get(search_articles.handler, "/api/search", f"q=kabar&limit=100&cursor={cursor}"))
        assert page["total"] == 7
        seen += [item["slug"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert sorted(seen) == [f"a{number}" for number in range(7)]
    assert pages > 1
    monkeypatch.setattr(pagination, "MAX_PAGE_BYTES", 40)
    assert len(json.loads(get(search_articles.handler, "/api/articles/a0/related"))["items"]) == 2


def test_only_the_most_used_labels_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, label in enumerate("abcdef"):
        Count(COUNTS, f"label#{label}", articles=10 - number, label=label).save()
    assert [entry.label for entry in public.list_labels()] == list("abcdef")
    monkeypatch.setattr(public, "MAX_LABELS_BYTES", 3 * 158)
    assert [entry.label for entry in public.list_labels()] == ["a", "b", "c"]
    assert [entry.label for entry in public.list_all_labels()] == list("abcdef")


@pytest.mark.parametrize("label", ["&" * 100, '"' * 100, "\U0001f600" * 100, "ﬃ" * 100, "ΐ" * 100, "a"])
def test_a_label_takes_no_more_space_than_estimated(label: str) -> None:
    one, two = (len(views.render_labels([LabelCount(label, 12_345)] * number).html.encode()) for number in (1, 2))
    assert two - one <= public._ENTRY_BYTES + public._ENCODED * len(label.encode())


def test_the_archive_has_the_newest_months(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "MAX_MONTHS", 2)
    for month in (1, 2, 3):
        Count(COUNTS, f"month#2024-0{month}", articles=1).save()
    assert [entry.month for entry in public.list_months()] == [3, 2]


def test_an_article_that_absolute_links_make_too_large_has_its_excerpt_in_feeds() -> None:
    """Each ``#`` link becomes the absolute URL of the page."""
    links = '<a href="#a"></a>' * 20_000
    publishing.publish(content("links", html=links, path="/" + "日" * 100, excerpt="An excerpt."), now=NOW)
    publishing.publish(content("short", html="<p>Short.</p>"), now=NOW)
    entries = {entry["url"]: entry for entry in json.loads(get(serve_feeds.handler, "/feeds/feed.json"))["items"]}
    assert entries[f"https://blog.example/{quote('日' * 100)}"].get("content_text") == "An excerpt."
    assert entries["https://blog.example/short/"]["content_html"] == "<p>Short.</p>"


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml", "feed.json"])
def test_the_largest_feed_fits_into_a_response(name: str) -> None:
    """Tags are escaped in XML, quotes in JSON."""
    for number in range(3):
        html = '<b></b>"' * 60_000
        publishing.publish(content(f"a{number}", html=html, excerpt='"' * 1_000, title='"' * 300), now=NOW)
    get(serve_feeds.handler, f"/feeds/{name}")


def test_a_sitemap_omits_addresses_longer_than_the_protocol_allows() -> None:
    publishing.publish(content("long", path="/" + "日" * 300), now=NOW)
    publishing.publish(content("short"), now=NOW)
    assert findall("<loc>(.*?)</loc>", get(serve_feeds.handler, "/sitemaps/2026-02.xml")) == [
        "https://blog.example/short/"
    ]


def test_an_oversized_response_is_replaced_by_a_500_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Lambda would reject it, and the gateway would only answer with an unspecific error."""
    monkeypatch.setattr("kolom.http.caching.MAX_RESPONSE_BYTES", 100)
    publishing.publish(content(html="x" * 200), now=NOW)
    answer = fetch_articles.handler(request("/api/articles/hello"), Context())
    assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (500, "no-store")
    assert json.loads(answer["body"])["detail"] == "the response is too large"
    assert "ETag" not in answer["headers"]
    assert caplog.messages == ["response too large"]
