"""The paths of documents: feeds, sitemaps, previews and robots.txt. Pure."""

import re
from typing import Final
from urllib.parse import quote

_DOCUMENT: Final = re.compile(
    r"/(?:feeds/(?:atom\.xml|rss\.xml|feed\.json|comments\.xml)|sitemap\.xml|sitemaps/[^/]+|robots\.txt|preview/[^/]+)"
)


def is_document_path(path: str) -> bool:
    """Return whether ``path`` (decoded) is that of a feed, sitemap, preview or robots.txt, ignoring extra slashes."""
    return _DOCUMENT.fullmatch(_bare(path)) is not None


def find_document_redirect(path: str) -> str | None:
    """Return the path of a document without extra slashes; None if ``path`` (decoded) has none, or is no document.

    >>> find_document_redirect("/robots.txt/"), find_document_redirect("/robots.txt")
    ('/robots.txt', None)
    """
    bare = _bare(path)
    return quote(bare) if bare != path and _DOCUMENT.fullmatch(bare) else None


def _bare(path: str) -> str:
    return re.sub("//+", "/", path).rstrip("/")
