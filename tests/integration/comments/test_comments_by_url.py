"""Comments and counts by the URL of a page, for elements on pages that Kolom does not serve."""

from typing import Any

import pytest

from functions.fetch_comments import app as fetch_comments
from kolom.articles import publishing
from tests.factories import NOW, content, request
from tests.integration.comments.conftest import Blog
from tests.integration.conftest import Configure
from tests.integration.contracts.recorder import recorded
from tests.integration.handlers import Response, call

URL = "https://site.example/2024/walks.html"
OWN_URL = "https://blog.example/hello/"


@pytest.fixture
def open_blog(blog: Blog, configure: Configure) -> Blog:
    """Return a blog without moderation that has a page of another site."""
    configure(moderation_mode="none", comments_close_after_days=0)
    publishing.publish(content("walks", kind="external", url=URL, title="Walks"), now=NOW)
    return blog


def at(url: str, **query: Any) -> Response:
    return call(fetch_comments.handler, request("/api/comments", {"url": url, **query}))


def counts(*urls: str, slugs: tuple[str, ...] = ()) -> Response:
    return call(fetch_comments.handler, request("/api/comments/counts", {"slug": [*slugs], "url": [*urls]}))


def test_one_request_has_the_comments_and_the_article_of_a_page(open_blog: Blog) -> None:
    open_blog.post("First!", slug="walks")
    for url in (URL, "http://www.site.example/2024/walks/?utm_source=x#comments"):
        page = at(url).json
        assert [item["content_html"] for item in page["items"]] == ["<p>First!</p>"]
        assert (page["total"], page["next_cursor"]) == (1, None)
        assert page["article"] == {"slug": "walks", "title": "Walks", "comments_open": True}


def test_the_list_continues_under_the_url_and_under_the_slug(open_blog: Blog) -> None:
    ids = [open_blog.post_stored(f"Number {n}.", slug="walks").id for n in range(3)]
    first = at(URL, limit=2, order="newest").json
    assert [item["id"] for item in first["items"]] == ids[:0:-1]
    rest = {"order": "newest", "cursor": first["next_cursor"]}
    assert at(URL, **rest).json["items"][0]["id"] == ids[0]
    by_slug = call(fetch_comments.handler, request("/api/articles/walks/comments", rest))
    assert by_slug.json["items"][0]["id"] == ids[0]


def test_pages_of_the_blog_have_urls_too_also_former_ones(open_blog: Blog) -> None:
    open_blog.post("First!")
    former = publishing.publish(content("before"), now=NOW).article
    publishing.publish(content("after"), now=NOW, article_id=former.id, force=True)
    assert at(OWN_URL).json["article"]["slug"] == "hello"
    assert at("https://blog.example/before/").json["article"]["slug"] == "after"
    assert counts(OWN_URL, "https://blog.example/before/").json["counts"] == {
        OWN_URL: 1,
        "https://blog.example/before/": 0,
    }


def test_a_page_that_is_unknown_closed_or_deleted(open_blog: Blog, subtests: pytest.Subtests) -> None:
    closed = "https://site.example/closed"
    publishing.publish(content("closed", kind="external", url=closed, comments_open=False), now=NOW)
    publishing.delete("walks", now=NOW)
    for url, status in ((closed, 200), (URL, 404), ("https://site.example/none", 404), ("none", 404), ("", 404)):
        with subtests.test(url):
            assert at(url).status == status
    assert at(closed).json["article"]["comments_open"] is False
    assert at(URL, limit=0).fields == {"limit"}
    assert call(fetch_comments.handler, request("/api/comments")).fields == {"url"}


def test_the_comments_of_a_page_need_four_requests(open_blog: Blog) -> None:
    with recorded() as asked:
        assert at(URL).status == 200
    assert len(asked.operations) == 4


def test_counts_by_url_and_slug_are_in_one_response(open_blog: Blog) -> None:
    open_blog.post("One.", slug="walks")
    open_blog.post("Two.", slug="hello")
    with_comma = "https://site.example/a,b?c=d&e=f"
    publishing.publish(content("comma", kind="external", url=with_comma), now=NOW)
    open_blog.post("Three.", slug="comma")
    variant = "https://SITE.example/2024/walks?utm_medium=y"
    with recorded() as asked:
        found = counts(URL, variant, with_comma, "https://site.example/none", "none", slugs=("hello", "no"))
    assert found.json["counts"] == {
        "hello": 1,
        "no": 0,
        URL: 1,
        variant: 1,
        with_comma: 1,
        "https://site.example/none": 0,
        "none": 0,
    }
    assert len(asked.operations) == 3


def test_a_deleted_page_has_no_count(open_blog: Blog) -> None:
    open_blog.post("One.", slug="walks")
    publishing.delete("walks", now=NOW)
    assert counts(URL).json["counts"] == {URL: 0}


def test_counts_of_fifty_urls_need_at_most_four_requests(open_blog: Blog) -> None:
    for n in range(50):
        publishing.publish(content(f"p{n}", kind="external", url=f"https://site.example/{n}"), now=NOW)
    urls = [f"https://site.example/{n}?page=1" for n in range(50)]
    with recorded() as asked:
        assert counts(*urls).json["counts"] == dict.fromkeys(urls, 0)
    assert len(asked.operations) == 3
    own = [f"https://blog.example/{n}?page=1" for n in range(50)]
    with recorded() as asked:
        assert counts(*own).json["counts"] == dict.fromkeys(own, 0)
    assert len(asked.operations) == 2


def test_more_than_fifty_urls_and_slugs_are_rejected(open_blog: Blog) -> None:
    urls = [f"https://site.example/{n}" for n in range(49)]
    assert counts(*urls, slugs=("a",)).status == 200
    assert counts(*urls, slugs=("a", "b")).fields == {"url"}
    assert counts(*urls, *urls).status == 200
