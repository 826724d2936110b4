"""``/feeds/…``, called with API Gateway events."""

import base64
import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from unittest.mock import Mock

import feedparser
import nh3
import pytest

from functions.serve_feeds import app
from functions.write_comments import app as write_comments
from kolom.articles import publishing
from kolom.articles.public import list_newest
from kolom.articles.scheduler import publish_due
from kolom.articles.types import ArticleFilter
from kolom.comments import admin, moderation, repository
from kolom.comments.types import Action
from kolom.feeds import builder
from kolom.models.articles import BodyChunk
from kolom.pages.router import dispatch
from tests.factories import NOW, comment_request, content, request
from tests.integration.conftest import RefusedCalls
from tests.integration.contracts.recorder import recorded
from tests.integration.handlers import Response, call

pytestmark = pytest.mark.usefixtures("tables")

LATER = datetime(2027, 1, 1, tzinfo=UTC)


def get(path: str, query: str | dict[str, Any] = "", *, method: str = "GET", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(app.handler, request(path, query, method=method, headers=named))


def read(path: str, query: str | dict[str, Any] = "") -> Any:
    answer = get(path, query)
    assert answer.status == 200, answer.body
    found = feedparser.parse(answer.body.encode(), response_headers={"content-type": answer.headers["Content-Type"]})
    assert not found.bozo, found.bozo_exception
    return found


def titles(feed: Any) -> list[str]:
    return [entry.title for entry in feed.entries]


def publish_days(days: int, **changes: Any) -> None:
    for day in range(days):
        date = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        publishing.publish(content(f"day-{day:02d}", published_at=date, **changes), now=NOW)


def comment(name: str, *, slug: str = "hello", action: Action | None = "approve", parent: str | None = None) -> str:
    """Post a comment by a visitor with that name, moderate it, and return its id."""
    address = f"198.51.{sum(name.encode()) % 256}.{len(name)}"
    fields: dict[str, Any] = {"content": f"*{name}* <script>", "email": f"{name}@example.com", "parent_id": parent}
    answer = call(write_comments.handler, comment_request(slug, name=f"{name} <b>", address=address, **fields))
    posted = admin.get(answer.json["comment"]["id"])
    if action is not None:
        moderation.moderate(posted.article_id, posted.id, action, by="test", now=datetime.now(UTC))
    return posted.id


class TestArticles:
    @pytest.mark.parametrize(
        ("name", "content_type"),
        [
            ("atom.xml", "application/atom+xml; charset=utf-8"),
            ("rss.xml", "application/rss+xml; charset=utf-8"),
            ("feed.json", "application/feed+json; charset=utf-8"),
        ],
    )
    def test_each_format_has_its_content_type_and_may_be_cached_for_minutes(self, name: str, content_type: str) -> None:
        publish_days(1)
        answer = get(f"/feeds/{name}")
        assert answer.headers["Content-Type"] == content_type
        caching = answer.headers["Cache-Control"]
        assert caching == "public, max-age=300, stale-while-revalidate=600, stale-if-error=86400"
        assert get(f"/feeds/{name}", if_none_match=answer.headers["ETag"]).status == 304

    @pytest.mark.parametrize("name", ["atom.xml", "rss.xml"])
    def test_the_newest_twenty_articles_have_their_complete_texts(self, name: str) -> None:
        publish_days(22)
        feed = read(f"/feeds/{name}")
        assert titles(feed) == [f"Day {day:02d}" for day in range(21, 1, -1)]
        assert feed.entries[0].content[0].value == "<p>The body of day-21.</p>"

    def test_links_and_pictures_have_absolute_urls(self) -> None:
        publishing.publish(
            content(path="/2024/05/x.html", image="/media/a.png", html='<p><a href="/x/">x</a> <a href="#n">n</a></p>'),
            now=NOW,
        )
        (entry,) = read("/feeds/atom.xml").entries
        assert entry.link == "https://blog.example/2024/05/x.html"
        assert entry.content[0].value == (
            '<p><img alt="" src="https://blog.example/media/a.png" /></p><p><a href="https://blog.example/x/">x</a> '
            '<a href="https://blog.example/2024/05/x.html#n">n</a></p>'
        )

    @pytest.mark.parametrize("image", ["/media/a.png", "https://else.example/a.png?a=1&b=2"])
    def test_a_picture_in_the_text_is_not_repeated(self, image: str) -> None:
        publishing.publish(content(image=image, html=f'<p><img src="{escape(image)}"></p>'), now=NOW)
        assert read("/feeds/atom.xml").entries[0].content[0].value.count("<img") == 1

    def test_json_feed_has_the_absolute_url_of_the_picture(self) -> None:
        publishing.publish(content(image="/media/a.png"), now=NOW)
        assert get("/feeds/feed.json").json["items"][0]["image"] == "https://blog.example/media/a.png"

    def test_a_scheduled_article_has_the_date_of_its_publication(self) -> None:
        soon = NOW + timedelta(days=5)
        publishing.publish(content("soon", published_at=soon), now=NOW)
        publish_due(now=soon)
        (item,) = get("/feeds/feed.json").json["items"]
        assert item["date_published"] == item["date_modified"] == "2026-03-06T12:00:00Z"

    def test_unpublished_articles_are_not_in_the_feed(self) -> None:
        publish_days(1)
        publishing.publish(content("draft", draft=True), now=NOW)
        publishing.publish(content("soon", published_at=datetime.now(UTC) + timedelta(hours=1)), now=NOW)
        publishing.publish(content("about", kind="page"), now=NOW)
        publishing.publish(content("gone"), now=NOW)
        publishing.delete("gone", now=NOW)
        assert titles(read("/feeds/atom.xml")) == ["Day 00"]

    def test_an_article_keeps_its_identifier_after_every_change(self) -> None:
        publishing.publish(content("old", title="Old"), now=NOW)
        (before,) = read("/feeds/atom.xml").entries
        later = NOW + timedelta(days=9)
        publishing.publish(content("new", title="New"), now=later, article_id=1, expected_version=1)
        (after,) = read("/feeds/atom.xml").entries
        assert (before.link, after.link) == ("https://blog.example/old/", "https://blog.example/new/")
        assert before.id == after.id
        assert after.updated > before.updated

    def test_a_label_feed_ignores_case(self) -> None:
        publish_days(2, labels=("Luar Negeri",))
        publishing.publish(content("other"), now=NOW)
        feed = read("/feeds/rss.xml", {"label": "luar NEGERI"})
        assert titles(feed) == ["Day 01", "Day 00"]
        assert feed.feed.title == "Blog: Luar Negeri"
        assert feed.feed.link == "https://blog.example/label/luar%20negeri/"

    def test_the_feed_of_an_unknown_label_is_empty(self) -> None:
        publish_days(1)
        assert titles(read("/feeds/atom.xml", {"label": '"><script>'})) == []

    @pytest.mark.parametrize("label", ["", " ", "\t\n"])
    def test_an_empty_label_is_ignored(self, label: str) -> None:
        publish_days(1)
        feed = read("/feeds/atom.xml", {"label": label})
        assert (feed.feed.title, titles(feed)) == ("Blog", ["Day 00"])

    def test_a_repeated_label_is_refused(self) -> None:
        answer = get("/feeds/atom.xml", "label=a&label=b")
        assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, ["label"])

    def test_unknown_parameters_are_ignored(self) -> None:
        publish_days(1)
        assert titles(read("/feeds/atom.xml", "max-results=1")) == ["Day 00"]

    def test_a_text_too_large_for_the_feed_is_not_sanitized_and_its_excerpt_is_used(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        half = builder.MAX_TEXT_BYTES // 2
        cleaner = Mock(wraps=nh3.Cleaner)
        monkeypatch.setattr(nh3, "Cleaner", cleaner)
        for number, length in enumerate((10, half, half, half)):
            date = datetime(2026, 1, 1 + number, tzinfo=UTC)
            html = f"<p>{'é' * (length // 2)}</p>"
            publishing.publish(content(f"n{number}", excerpt="In short.", html=html, published_at=date), now=NOW)
        shown = [len(entry.get("content", ())) for entry in read("/feeds/atom.xml").entries]
        assert shown == [1, 0, 0, 1]
        assert cleaner.call_count == 2

    def test_a_large_feed_is_compressed_if_the_client_accepts_it(self) -> None:
        publish_days(5, html=f"<p>{'rain ' * 1000}</p>")
        plain, packed = get("/feeds/atom.xml"), get("/feeds/atom.xml", accept_encoding="gzip, br")
        assert gzip.decompress(base64.b64decode(packed.body)).decode() == plain.body
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
        assert packed.headers["ETag"] != plain.headers["ETag"]

    @pytest.mark.parametrize("coding", ["gzip", "identity"])
    def test_head_returns_the_headers_of_get(self, coding: str) -> None:
        publish_days(3, html=f"<p>{'rain ' * 200}</p>")
        got = get("/feeds/atom.xml", accept_encoding=coding)
        head = get("/feeds/atom.xml", method="HEAD", accept_encoding=coding)
        assert (head.status, head.body, head.headers) == (200, "", got.headers)

    def test_an_article_unpublished_while_the_feed_is_read_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        publish_days(2)
        listed = list_newest(ArticleFilter(), limit=20)
        publishing.unpublish("day-01", now=NOW)
        monkeypatch.setattr("kolom.articles.public.list_newest", lambda *_, **__: listed)
        assert titles(read("/feeds/atom.xml")) == ["Day 00"]

    def test_an_article_changed_while_the_feed_is_read_is_current(self, monkeypatch: pytest.MonkeyPatch) -> None:
        publishing.publish(content("old", title="Old"), now=NOW)
        listed = list_newest(ArticleFilter(), limit=20)
        publishing.publish(content("new", title="New"), now=NOW, article_id=1, expected_version=1)
        monkeypatch.setattr("kolom.articles.public.list_newest", lambda *_, **__: listed)
        (entry,) = read("/feeds/atom.xml").entries
        assert (entry.title, entry.link) == ("New", "https://blog.example/new/")

    def test_an_article_replaced_while_the_feed_is_read_has_only_its_excerpt(self) -> None:
        publishing.publish(content(excerpt="In short."), now=NOW)
        article = publishing.get_by_slug("hello")
        BodyChunk(str(article.id), f"body#{article.body_version}#0").delete()
        (entry,) = read("/feeds/atom.xml").entries
        assert (entry.summary, "content" in entry) == ("In short.", False)

    def test_throttling_is_answered_with_retry_after(self, faults: RefusedCalls) -> None:
        publish_days(1)
        faults.throttle("Query")
        answer = get("/feeds/atom.xml")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")

    def test_a_feed_needs_one_query_for_the_list_and_one_for_each_text(self) -> None:
        publish_days(25)
        with recorded() as asked:
            read("/feeds/atom.xml")
        assert len(asked.operations) == 1 + builder.MAX_ENTRIES


@pytest.fixture
def blog(tables: None, secret: str) -> None:
    """Publish two articles with open comments."""
    publishing.publish(content("hello", path="/2024/05/hello.html"), now=NOW)
    publishing.publish(content("other", title="Other <i>"), now=NOW)


@pytest.mark.usefixtures("blog")
class TestComments:
    def test_the_newest_comments_of_the_whole_site_come_first(self) -> None:
        first, second = comment("a"), comment("bb", slug="other")
        feed = read("/feeds/comments.xml")
        assert titles(feed) == ["bb <b> mengomentari “Other <i>”", "a <b> mengomentari “Hello”"]
        assert [entry.link for entry in feed.entries] == [
            f"https://blog.example/other/#comment-{second}",
            f"https://blog.example/2024/05/hello.html#comment-{first}",
        ]
        assert feed.entries[1].content[0].value == "<p><em>a</em> &lt;script&gt;</p>"

    def test_an_articles_feed_has_only_its_comments(self) -> None:
        comment("a")
        comment("bb", slug="other")
        feed = read("/feeds/comments/hello")
        assert len(titles(feed)) == 1
        assert (feed.feed.title, feed.feed.link) == (
            "Comments on “Hello”",
            "https://blog.example/2024/05/hello.html",
        )

    @pytest.mark.parametrize(("language", "title"), [("de", "Kommentare zu „Hallo“"), ("sv", "Komentar pada “Hallo”")])
    def test_an_articles_feed_is_in_its_language(self, language: str, title: str) -> None:
        publishing.publish(content("hallo", language=language), now=NOW)
        assert read("/feeds/comments/hallo").feed.title == title

    def test_an_articles_feed_has_its_newest_twenty_comments(self) -> None:
        names = [str(number) for number in range(22)]
        for name in names:
            comment(name)
        authors = [entry.author for entry in read("/feeds/comments/hello").entries]
        assert authors == [f"{name} <b>" for name in reversed(names[2:])]

    def test_an_edited_comment_has_its_time_of_change(self) -> None:
        posted = admin.get(comment("a"))
        repository.update(1, posted.id, lambda was: replace(was, edited_at=LATER, change="edit"), now=LATER)
        (entry,) = read("/feeds/comments/hello").entries
        assert entry.updated == "2027-01-01T00:00:00+00:00"
        assert entry.published != entry.updated

    def test_an_article_with_a_slug_in_any_script_has_a_comment_feed(self) -> None:
        publishing.publish(content("hujan-雨"), now=NOW)
        assert read("/feeds/comments/hujan-%E9%9B%A8").feed.link == "https://blog.example/hujan-%E9%9B%A8/"

    @pytest.mark.parametrize("path", ["/feeds/comments.xml", "/feeds/comments/hello"])
    def test_only_visible_comments_are_in_the_feed(self, path: str) -> None:
        parent = comment("parent")
        comment("reply", parent=parent)
        comment("pending", action=None)
        comment("spam", action="spam")
        moderation.moderate(1, parent, "delete", by="test", now=datetime.now(UTC))
        answer = get(path)
        (entry,) = feedparser.parse(answer.body.encode()).entries
        assert entry.author == "reply <b>"
        assert "example.com" not in answer.body

    def test_an_old_slug_redirects_to_the_current_feed(self) -> None:
        publishing.publish(content("new"), now=NOW, article_id=1, expected_version=1)
        answer = get("/feeds/comments/hello")
        assert (answer.status, answer.headers["Location"]) == (301, "/feeds/comments/new")

    def test_a_deleted_article_is_gone_and_a_draft_not_found(self) -> None:
        publishing.delete("other", now=NOW)
        publishing.publish(content("draft", draft=True), now=NOW)
        assert get("/feeds/comments/other").status == 410
        for slug in ("draft", "none", "%00", "a" * 3000):
            answer = get(f"/feeds/comments/{slug}")
            assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


class TestOtherAddresses:
    @pytest.mark.parametrize(
        ("path", "query", "place"),
        [
            ("/feeds/posts/default", "", "/feeds/atom.xml"),
            ("/feeds/posts/default/-/Luar%20Negeri", "alt=rss", "/feeds/rss.xml?label=luar%20negeri"),
            ("/feeds/comments/default", "", "/feeds/comments.xml"),
            ("/feeds/812/comments/default", "", "/feeds/comments.xml"),
        ],
    )
    def test_blogger_feed_urls_are_redirected(self, path: str, query: str, place: str) -> None:
        answer = get(path, query)
        assert (answer.status, answer.headers["Location"]) == (301, place)

    def test_an_article_named_like_another_systems_feed_keeps_its_address(self) -> None:
        publishing.publish(content("feed"), now=NOW)
        assert dispatch("/feed/", {}).status == 200
        assert dispatch("/feed.xml", {}).status == 301

    @pytest.mark.parametrize("path", ["/feeds/", "/feeds/none.xml", "/feeds/a/b/c", "/feeds/none.xml/", "/feeds/%FF"])
    def test_an_unknown_feed_is_answered_with_a_problem(self, path: str) -> None:
        answer = get(path)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
        assert answer.headers["Cache-Control"] == "no-store"
