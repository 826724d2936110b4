"""Redirect the feed URLs of other blog systems, so that existing subscriptions keep working. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from kolom.urls import feed_path

_BLOGGER_FORMATS: Final = {"rss": "rss.xml", "json": "feed.json"}
"""The values of ``alt`` in the query of a Blogger feed; the default is Atom."""

_BLOGGER: Final = re.compile(r"/feeds/posts/(?:default|full|summary)(?:/-/([^/]+)(?:/.*)?)?/?")
_BLOGGER_COMMENTS: Final = re.compile(r"/feeds/(?:\d+/)?comments/(?:default|full|summary)/?")
_WORDPRESS_FEEDS: Final = {
    "rss": "rss.xml",
    "rss2": "rss.xml",
    "rdf": "rss.xml",
    "feed": "rss.xml",
    "atom": "atom.xml",
    "comments-rss2": "comments.xml",
    "comments-atom": "comments.xml",
}
"""The values of ``feed`` in the query of a WordPress site with plain permalinks."""
_FEED_PATHS: Final = {
    # WordPress
    "/feed": "rss.xml",
    "/feed/rss": "rss.xml",
    "/feed/rss2": "rss.xml",
    "/feed/atom": "atom.xml",
    "/comments/feed": "comments.xml",
    # Jekyll, Hugo, Eleventy, Ghost; the next two also Blogger
    "/atom.xml": "atom.xml",
    "/rss.xml": "rss.xml",
    "/feed.xml": "atom.xml",
    "/index.xml": "rss.xml",
    "/rss": "rss.xml",
    "/feed.json": "feed.json",
}


def find_legacy_feed_redirect(path: str, query: Mapping[str, Sequence[str]]) -> str | None:
    """Return the path of this site's feed for a known feed ``path`` (decoded) of another system, or None.

    Blogger supports several labels that must all match; only the first is used.
    """
    if match := _BLOGGER.fullmatch(path):
        kind = next(iter(query.get("alt", ())), "")
        return feed_path(_BLOGGER_FORMATS.get(kind, "atom.xml"), (match[1] or "").strip() or None)
    if _BLOGGER_COMMENTS.fullmatch(path):
        return feed_path("comments.xml")
    if path in {"/", "/index.php"}:
        name = _WORDPRESS_FEEDS.get(next(iter(query.get("feed", ())), ""))
    else:
        name = _FEED_PATHS.get(path.removesuffix("/"))
    return None if name is None else feed_path(name)
