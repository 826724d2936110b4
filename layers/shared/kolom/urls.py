"""The URLs and paths of the site's pages, and the origins of URLs. Paths are percent-encoded and begin with a slash.

Pure, except for the site's URL.
"""

import re
from typing import Final, Protocol
from urllib.parse import quote, urlencode, urlsplit

from kolom.config import settings
from kolom.hosts import ascii_host
from kolom.labels import normalize_label

SEARCH_PATH: Final = "/search/"
_PATH_CHARACTERS: Final = "/!$&'()*+,;=:@-._~"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Located(Protocol):
    """An article with its ``path`` on this site (unescaped), and the ``url`` of its page if that is on another site."""

    @property
    def path(self) -> str:
        """The path on this site."""
        ...

    @property
    def url(self) -> str | None:
        """The URL on another site."""
        ...


def label_path(label: str) -> str:
    """Return the path of the articles with a label."""
    return f"/label/{quote(normalize_label(label), safe='')}/"


def year_path(year: int) -> str:
    """Return the path of the articles of a year."""
    return f"/{year:04d}/"


def month_path(year: int, month: int) -> str:
    """Return the path of the articles of a month."""
    return f"/{year:04d}/{month:02d}/"


def feed_path(name: str, label: str | None = None) -> str:
    """Return the path of a feed by its name, such as ``atom.xml``: of all articles, or of those with a label."""
    path = f"/feeds/{name}"
    return path if label is None else f"{path}?{urlencode({'label': normalize_label(label)}, quote_via=quote)}"


def comments_feed_path(slug: str) -> str:
    """Return the path of the feed of an article's comments."""
    return f"/feeds/comments/{quote(slug)}"


def encoded_path(path: str) -> str:
    """Return the path of an article for a link or a ``Location``. Never begins with two slashes."""
    return quote("/" + path.lstrip("/"), safe=_PATH_CHARACTERS)


def with_cursor(path: str, cursor: str | None) -> str:
    """Return the path of the page of a list that begins at the cursor."""
    return path if cursor is None else f"{path}?{urlencode({'cursor': cursor})}"


def with_query(path: str, query: str) -> str:
    """Return the path with a query string, which may be empty."""
    return f"{path}?{query}" if query else path


def absolute_url(url: str) -> str:
    """Return the full URL of a path of this site; a full URL is unchanged."""
    if re.match(r"https?://", url, re.IGNORECASE):
        return url
    if url.startswith("//"):
        return f"https:{url}"
    return settings().site_url.rstrip("/") + url


def article_href(article: Located) -> str:
    """Return the target of a link to the article: its path on this site, or the URL of its page on another site."""
    return article.url or encoded_path(article.path)


def article_url(article: Located) -> str:
    """Return the full URL of the page of the article."""
    return article.url or absolute_url(encoded_path(article.path))


def comment_url(article: Located, comment_id: str) -> str:
    """Return the full URL of a comment on the page of the article."""
    return f"{article_url(article)}#comment-{comment_id}"


def preview_url(token: str) -> str:
    """Return the full URL of the preview that a signed token allows.

    :raises ConfigurationError: the URL of the site is not known, as for the other URLs with a token
    """
    return _with_site(f"/preview/{token}")


def moderation_path(token: str) -> str:
    """Return the path of the page for one action on a comment."""
    return f"/api/moderation/{token}"


def moderation_url(token: str) -> str:
    """Return the full URL of the page for one action on a comment."""
    return _with_site(moderation_path(token))


def subscription_url(token: str) -> str:
    """Return the full URL of the page that confirms or ends a subscription to replies."""
    return _with_site(f"/api/subscription/{token}")


def origin_of(url: str) -> str | None:
    """Return the origin of a URL as browsers write it, such as ``https://xn--bcher-kva.example:8443``; None if invalid.

    Scheme and host are in lower case, the host is in ASCII, and the default port is omitted (RFC 6454, 6.2).
    """
    try:
        parts = urlsplit(url.strip())
        host, port = ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        return None
    shown = f"[{host}]" if ":" in host else host
    is_default = port is None or port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{shown}" if is_default else f"{parts.scheme}://{shown}:{port}"


def _with_site(path: str) -> str:
    return settings().need("site_url").rstrip("/") + path
