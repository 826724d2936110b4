"""The page at each address, and the number of DynamoDB requests that it needs."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from kolom.articles import publishing
from kolom.models.articles import ArticlesTableRecord
from kolom.pages import theme
from kolom.pages.response import HtmlResponse
from kolom.pages.router import dispatch
from kolom.pages.theme import get_theme
from kolom.search import document_table
from kolom.search.index_writer import update_index
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.sam.model import Template
from tests.factories import NOW, content
from tests.integration.pages.throttling import throttled

REQUESTS_AT_MOST = {
    "/": 2,
    "/label/c%23/": 2,
    "/2026/": 2,
    "/2026/02/": 2,
    "/labels/": 1,
    "/archive/": 1,
    "/contact/": 0,
    "/search/": 0,
    "/second/": 8,
    "/old-name/": 4,
    "/2024/05/x.html": 8,
    "/one-segment.html": 8,
    "/gone/": 3,
    "/nothing/": 3,
    "/a/b/c/": 2,
    "/caf%C3%A9/": 6,
}


class Requests:
    """Counts the DynamoDB calls."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, event_name: str, **_: Any) -> None:
        self.made.append(event_name.rsplit(".", 1)[-1])


@pytest.fixture(scope="module")
def requests(template: Template) -> Iterator[Requests]:
    """Create a blog with plain, renamed, moved, draft and deleted articles, and count the requests."""
    with mock_aws(), patch_moto():
        for table in template.tables.values():
            boto3.client("dynamodb").create_table(**table.create)
        dates = [NOW - timedelta(days=days) for days in range(1, 30)]
        for number in range(12):
            publishing.publish(content(f"a{number}", published_at=dates[number], labels=("C#",)), now=NOW)
        renamed = publishing.publish(content("old-name", published_at=dates[12]), now=NOW).article
        publishing.publish(content("second", published_at=dates[12]), now=NOW, article_id=renamed.id, force=True)
        publishing.publish(content("kept", path="/2024/05/x.html", labels=("AC/DC", "Zwölf Ä")), now=NOW)
        moved = publishing.publish(content("brought", path="/old/place.html"), now=NOW).article
        publishing.publish(content("brought", path="/new/é.html"), now=NOW, article_id=moved.id, force=True)
        publishing.publish(content("one-segment", path="/one-segment.html"), now=NOW)
        publishing.publish(content("draft", draft=True, path="/draft.html"), now=NOW)
        publishing.publish(content("gone", path="/2023/gone.html"), now=NOW)
        publishing.delete("gone", now=NOW)
        document_table.clear_cache()
        update_index(range(1, 20))
        document_table.get()
        requests = Requests()
        events = ArticlesTableRecord._get_connection().connection.client.meta.events
        events.register("before-call.dynamodb", requests)
        yield requests
        events.unregister("before-call.dynamodb", requests)


def get(path: str, **query: str) -> HtmlResponse:
    return dispatch(path, {name: [value] for name, value in query.items()})


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/second", "/second/"),
        ("/old-name/", "/second/"),
        ("/old-name", "/second/"),
        ("/kept/", "/2024/05/x.html"),
        ("/kept", "/2024/05/x.html"),
        ("/2024/05/x.html/", "/2024/05/x.html"),
        ("/2024/05/x.html//", "/2024/05/x.html"),
        ("/2024/05/%78.html", "/2024/05/x.html"),
        ("/new/e%CC%81.html", "/new/%C3%A9.html"),
        ("/NEW/%C3%A9.html", None),
        ("/brought/", "/new/%C3%A9.html"),
        ("/old/place.html", "/new/%C3%A9.html"),
        ("/labels", "/labels/"),
        ("/archive", "/archive/"),
        ("/contact", "/contact/"),
        ("/2026", "/2026/"),
        ("/2026/2", "/2026/02/"),
        ("/label/C%23/", "/label/c%23/"),
        ("/label/c%23", "/label/c%23/"),
        ("/label/AC%2FDC", "/label/ac%2Fdc/"),
        ("/label/Zw%C3%B6lf%20%C3%84/", "/label/zw%C3%B6lf%20%C3%A4/"),
    ],
)
def test_every_page_has_one_address_to_which_the_others_redirect(
    requests: Requests, path: str, location: str | None
) -> None:
    page = get(path)
    if location is None:
        assert page.status == 404
        return
    assert page.status == 301
    assert page.headers["Location"] == location
    assert page.headers["Cache-Control"] == "max-age=60"
    assert get(location).status == 200


@pytest.mark.parametrize(
    ("path", "feed"),
    [("/feed/", "/feeds/rss.xml"), ("/feed.xml", "/feeds/atom.xml"), ("/comments/feed/", "/feeds/comments.xml")],
)
def test_feed_urls_of_other_systems_redirect_to_the_feed(requests: Requests, path: str, feed: str) -> None:
    page = get(path)
    assert (page.status, page.headers["Location"]) == (301, feed)


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/", "/\\evil.example", "/%2F/evil.example/", "/label//", "/label/%20/"]
)
def test_no_address_redirects_to_another_host(requests: Requests, path: str) -> None:
    page = get(path)
    assert page.status in {301, 404}
    assert not page.headers.get("Location", "/label/").startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing/", 404),
        ("/draft/", 404),
        ("/draft.html", 404),
        ("/gone/", 410),
        ("/2023/gone.html", 410),
        ("/2026/13/", 404),
        ("/0000/", 404),
        ("/2019/", 404),
        ("/9999/12/", 404),
        ("/label/nothing/", 404),
        ("/label/" + "%CE%90" * 400, 404),
        ("/%ff%fe/", 404),
        ("/.well-known/security.txt", 404),
    ],
)
def test_a_missing_page_is_answered_with_an_error_page(requests: Requests, path: str, status: int) -> None:
    page = get(path)
    assert page.status == status
    assert "<h1" in page.html


def test_paging_shows_every_article_once(requests: Requests) -> None:
    first = get("/")
    (start,) = {part.split('"')[0] for part in first.html.split("?cursor=")[1:]}
    second = get("/", cursor=start)
    seen = re.findall(r'card__title"[^>]*><a href="([^"]+)"', first.html + second.html)
    assert len(seen) == 16
    assert len(set(seen)) == 16


@pytest.mark.parametrize("path", ["/", "/label/c%23/", "/2026/"])
def test_an_invalid_cursor_is_answered_with_an_error_page(requests: Requests, path: str) -> None:
    page = get(path, cursor="nonsense")
    assert page.status == 400
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "most"), REQUESTS_AT_MOST.items(), ids=REQUESTS_AT_MOST.keys())
def test_a_page_makes_no_more_requests_than_listed(
    requests: Requests, path: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_theme()
    monkeypatch.setattr(theme, "_cached_until", float("inf"))  # otherwise, it is read once a minute
    requests.made.clear()
    get(path)
    assert min(most, 1) <= len(requests.made) <= most
    assert set(requests.made) <= {"GetItem", "BatchGetItem", "Query"}


def test_a_throttled_page_is_answered_503_with_retry_after(requests: Requests) -> None:
    with throttled("Query"):
        page = get("/")
    assert page.status == 503
    assert page.headers["Retry-After"]
