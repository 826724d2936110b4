"""The query parameters that the CDN passes on are exactly those that the routes read."""

import json
from typing import Any, Final
from urllib.parse import parse_qs

import pytest

from functions.serve_feeds import app as serve_feeds
from functions.serve_pages import app as serve_pages
from kolom.articles import publishing
from kolom.feeds import redirects
from kolom.http import query as http_query
from kolom_cli.sam.loader import load
from tests.factories import NOW, content, request
from tests.integration.handlers import call
from tests.paths import PROJECT

pytestmark = pytest.mark.usefixtures("tables")

PAGES: Final = (
    *("/", "/hello/", "/old/", "/label/news/", "/labels/", "/archive/", "/contact/", "/search/", "/2026/", "/2026/03/"),
    *("/none/", "/index.php", "/feed/", "/favicon.ico", "/robots.txt/"),
)
FEEDS: Final = (
    *("/feeds/atom.xml", "/feeds/rss.xml", "/feeds/feed.json", "/feeds/comments.xml", "/feeds/comments/hello"),
    *("/feeds/comments/old", "/feeds/posts/default", "/sitemap.xml", "/sitemaps/pages.xml", "/robots.txt"),
)
# Parameters that links from social networks, advertisements and newsletters have.
TRACKING: Final = {
    *("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id", "fbclid", "gclid", "dclid"),
    *("gbraid", "wbraid", "msclkid", "twclid", "ttclid", "igshid", "mc_cid", "mc_eid", "yclid", "_ga", "ref", "si"),
}


class Recorder(dict[str, list[str]]):
    """A query that records the names of the parameters that are read."""

    read: set[str] = set()  # noqa: RUF012 - shared by all queries of a test

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> list[str]:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)


@pytest.fixture
def read_parameters(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the names of the parameters that pages and feeds have read."""
    monkeypatch.setattr(Recorder, "read", set())
    for module in (http_query, redirects):
        monkeypatch.setattr(module, "parse_qs", lambda text, **options: Recorder(parse_qs(text, **options)))
    return Recorder.read


def kept_by_the_cdn() -> frozenset[str]:
    cdn = load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example"}).cdn
    assert cdn is not None
    assert cdn.query_parameters is not None
    return cdn.query_parameters


def test_the_cdn_keeps_the_parameters_of_all_routes_and_no_others(read_parameters: set[str]) -> None:
    publishing.publish(content("hello", labels=("News",), published_at=NOW), now=NOW)
    former = publishing.publish(content("old", published_at=NOW), now=NOW).article.id
    publishing.publish(content("new", published_at=NOW), now=NOW, article_id=former, force=True)
    for handler, paths in ((serve_pages.handler, PAGES), (serve_feeds.handler, FEEDS)):
        for path in paths:
            assert call(handler, request(path)).status < 500
    api = json.loads((PROJECT / "docs/openapi.json").read_text("utf-8"))["paths"]
    of_the_api = {
        each["name"]
        for methods in api.values()
        for operation in methods.values()
        for each in operation.get("parameters", ())
        if each["in"] == "query"
    }
    assert kept_by_the_cdn() == of_the_api | read_parameters


def test_the_cdn_removes_parameters_of_campaigns_and_trackers() -> None:
    assert not kept_by_the_cdn() & TRACKING
