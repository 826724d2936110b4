"""Feed URLs of other systems."""

import pytest

from kolom.feeds.legacy_urls import find_legacy_feed_redirect


@pytest.mark.parametrize(
    ("path", "query", "place"),
    [
        ("/feeds/posts/default", {}, "/feeds/atom.xml"),
        ("/feeds/posts/default/", {"alt": ["atom"]}, "/feeds/atom.xml"),
        ("/feeds/posts/default", {"alt": ["rss"], "max-results": ["5"]}, "/feeds/rss.xml"),
        ("/feeds/posts/summary", {"alt": ["json"]}, "/feeds/feed.json"),
        ("/feeds/posts/full", {}, "/feeds/atom.xml"),
        ("/feeds/posts/default/-/Bahasa/Budaya", {"alt": ["rss"]}, "/feeds/rss.xml?label=bahasa"),
        ("/feeds/posts/default/-/ /", {}, "/feeds/atom.xml"),
        ("/feeds/posts/default/-/Luar Negeri", {}, "/feeds/atom.xml?label=luar%20negeri"),
        ("/feeds/comments/default", {}, "/feeds/comments.xml"),
        ("/feeds/8123456789/comments/default", {"alt": ["rss"]}, "/feeds/comments.xml"),
        ("/feed/", {}, "/feeds/rss.xml"),
        ("/feed", {}, "/feeds/rss.xml"),
        ("/feed/atom/", {}, "/feeds/atom.xml"),
        ("/comments/feed/", {}, "/feeds/comments.xml"),
        ("/rss.xml", {}, "/feeds/rss.xml"),
        ("/feed.xml", {}, "/feeds/atom.xml"),
        ("/index.xml", {}, "/feeds/rss.xml"),
    ],
)
def test_a_feed_url_of_another_system_is_mapped(path: str, query: dict[str, list[str]], place: str) -> None:
    assert find_legacy_feed_redirect(path, query) == place


@pytest.mark.parametrize("path", ["/", "/feeds/", "/feeds/x", "/feedback/", "/feed/x/y", "/feeds/posts/other"])
def test_other_paths_are_not_feed_urls(path: str) -> None:
    assert find_legacy_feed_redirect(path, {}) is None
