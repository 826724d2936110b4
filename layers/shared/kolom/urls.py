"""The addresses of the site's pages. Paths are percent-encoded and begin with a slash.

Pure but for the site's URL and the names of its files.
"""

import re
from typing import Final
from urllib.parse import quote, urlencode

from kolom.config import settings
from kolom.labels import normalize_label

_PATH_CHARACTERS: Final = "/!$&'()*+,;=:@-._~"


def label_path(label: str) -> str:
    """Where the articles with a label are listed."""
    return f"/label/{quote(normalize_label(label), safe='')}/"


def year_path(year: int) -> str:
    """Where the articles of a year are listed."""
    return f"/{year:04d}/"


def month_path(year: int, month: int) -> str:
    """Where the articles of a month are listed."""
    return f"/{year:04d}/{month:02d}/"


def feed_path(name: str, label: str | None = None) -> str:
    """A feed of the site, by its name such as ``atom.xml``: of all articles, or of those with a label."""
    path = f"/feeds/{name}"
    return path if label is None else f"{path}?{urlencode({'label': normalize_label(label)}, quote_via=quote)}"


def comments_feed_path(slug: str) -> str:
    """The feed of the comments of an article."""
    return f"/feeds/comments/{quote(slug)}"


def encoded_path(path: str) -> str:
    """The path of an article as it stands in a link or a ``Location``. Never begins with two slashes."""
    return quote("/" + path.lstrip("/"), safe=_PATH_CHARACTERS)


def with_cursor(path: str, cursor: str | None) -> str:
    """The page of a list that begins at the cursor."""
    return path if cursor is None else f"{path}?{urlencode({'cursor': cursor})}"


def absolute_url(address: str) -> str:
    """The full URL of a path of this site; a URL stays as it is."""
    if re.match(r"https?://", address, re.IGNORECASE):
        return address
    if address.startswith("//"):
        return f"https:{address}"
    return settings().site_url.rstrip("/") + address


def article_url(path: str) -> str:
    """The full URL of the article at ``path`` (unescaped)."""
    return absolute_url(encoded_path(path))


def comment_url(path: str, comment_id: str) -> str:
    """The full URL of a comment on the page of the article at ``path`` (unescaped)."""
    return f"{article_url(path)}#comment-{comment_id}"
