"""URLs of the pages of other sites: which of them identify the same page, and the pointers that lead to it. Pure.

These variants of a URL identify the same page: ``http`` or ``https``; a host with or without ``www.``, in any case, as
a name of IDNA, with the default port or a dot at its end; a path with or without slashes, ``index.html`` and ``.html``
at its end; equivalent percent-encodings and Unicode forms of the path; the fragment; the parameters that advertising
and mail add to links. Everything else distinguishes pages, such as the case of a path, a port and other parameters.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, quote_from_bytes, unquote, unquote_to_bytes, urlsplit

from kolom.articles.names import post_number_alias
from kolom.hosts import ascii_host

MAX_URL: Final = 2_000

_MAX_HOST: Final = 253
"""The maximum length of a host name in the DNS."""

_MAX_KEY: Final = 900
"""The maximum length of a normalized URL in a pointer. A longer one is replaced by its digest."""

_URL: Final = re.compile(r"https?://[!#-;=?-\[\]_a-z~]+")
_SCHEMES: Final = frozenset({"http", "https"})
_DEFAULT_PORTS: Final = frozenset({None, 80, 443})
_IN_SEGMENT: Final = "!$&'()*+,;=:@-._~"
_IN_QUERY: Final = f"{_IN_SEGMENT}/?%"
_TRACKING: Final = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|twclid|yclid|igshid|mc_cid|mc_eid)(?:=.*)?", re.IGNORECASE
)


def page_url_problem(url: str) -> str | None:
    """Return why ``url`` cannot be the URL of an external page, or None. It is in ASCII: percent-encoded."""
    if len(url) > MAX_URL:
        return f"must have at most {MAX_URL} characters, got {len(url)}"
    if not _URL.fullmatch(url) or "#" in url or normalize_url(url) is None:
        return f"must be a URL such as https://example.com/post/, percent-encoded and without fragment, not {url!r}"
    return None


def normalize_url(url: str) -> str | None:
    """Return the form that all variants of a URL have in common: host, path and query; None if it is not valid.

    >>> normalize_url("http://www.Example.com:80/a/index.html?utm_source=x&p=1#top")
    'example.com/a?p=1'
    """
    parts = _split(url)
    if parts is None:
        return None
    query = _query(parts)
    return f"{_site(parts)}{_path(parts.path)}{f'?{query}' if query else ''}"


def site_of(url: str) -> str | None:
    """Return the host and port that a URL has in common with all pages of its site, without ``www.``; None if invalid.

    >>> site_of("http://www.Example.com:80/a/")
    'example.com'
    """
    parts = _split(url)
    return None if parts is None else _site(parts)


def url_pointer_key(url: str) -> str:
    """Return the pointer of the page at a valid URL."""
    normalized = normalize_url(url) or url
    if len(normalized) > _MAX_KEY:
        normalized = f"sha256:{hashlib.sha256(normalized.encode()).hexdigest()}"
    return f"url:{normalized}"


def url_pointer_keys_at(url: str) -> Sequence[str]:
    """Return the pointers that may identify the page at ``url``, in the order of lookup; none if it is not valid.

    A query that no page has, such as that of a link from a newsletter, does not matter. But the number of a post in a
    query is never ignored.
    """
    parts = _split(url)
    if parts is None:
        return ()
    keys = [url_pointer_key(url)]
    if (query := _query(parts)) and post_number_alias(parse_qs(query)) is None:
        keys.append(url_pointer_key(parts._replace(query="").geturl()))
    return keys


def is_page_of(url: str, site_url: str) -> bool:
    """Return whether ``url`` is that of a site, or below it. A site may be a folder of a host.

    >>> is_page_of("https://www.example.com/blog/a", "http://example.com/blog/")
    True
    >>> is_page_of("https://example.com/blogs", "https://example.com/blog")
    False
    """
    page, site = normalize_url(url), normalize_url(site_url)
    return page is not None and site is not None and (page == site or page.startswith((f"{site}/", f"{site}?")))


def path_on_site(url: str, site_url: str) -> str | None:
    """Return the path (unescaped) of ``url`` if its host is that of ``site_url``, otherwise None.

    The path has a query only if that is the number of a post.
    """
    parts, site = _split(url), _split(site_url)
    if parts is None or site is None or _site(parts) != _site(site):
        return None
    return post_number_alias(parse_qs(parts.query)) or unquote(parts.path) or "/"


def _split(url: str) -> SplitResult | None:
    """Return the parts of an absolute URL, with its host in ASCII and without its fragment; None if it is not valid."""
    try:
        parts = urlsplit(url.strip())
        host, port = ascii_host((parts.hostname or "").rstrip(".")), parts.port
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES or not 0 < len(host) <= _MAX_HOST or "@" in parts.netloc:
        return None
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port in _DEFAULT_PORTS else f"{shown}:{port}"
    return parts._replace(netloc=netloc.lower(), fragment="")


def _site(parts: SplitResult) -> str:
    """Return host and port without ``www.``. A name such as ``www.example`` keeps it."""
    site = parts.netloc
    while site.startswith("www.") and "." in site.removeprefix("www."):
        site = site.removeprefix("www.")
    return site


def _path(path: str) -> str:
    """Return the path without what its variants differ in. The path of the home page is empty."""
    segments = list(map(_segment, path.split("/")[1:]))
    while segments:
        last = segments[-1]
        if last in {"", "index.html"}:
            segments.pop()
        elif last.endswith(".html") and last != ".html":
            segments[-1] = last.removesuffix(".html")
        else:
            break
    return "".join(f"/{segment}" for segment in segments)


def _segment(segment: str) -> str:
    data = unquote_to_bytes(segment)
    try:
        return quote(unicodedata.normalize("NFC", data.decode()), safe=_IN_SEGMENT)
    except UnicodeDecodeError:
        return quote_from_bytes(data, safe=_IN_SEGMENT)


def _query(parts: SplitResult) -> str:
    """Return the parameters in their order, without those that do not identify a page."""
    parameters = (each for each in parts.query.split("&") if each and not _TRACKING.fullmatch(each))
    return "&".join(quote(each, safe=_IN_QUERY) for each in parameters)
