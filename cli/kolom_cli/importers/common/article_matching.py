"""Derive, from the URL of an article in another system, the names under which Kolom may have the article. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from kolom.articles.names import path_problem
from kolom.articles.page_urls import site_of, url_pointer_keys_at
from kolom_cli.importers.common.source_ids import wordpress_origin
from kolom_cli.publishing.slugs import clean_slug

_OWN: Final = "own:"
"""The prefix of a name by which only an article of this blog is found, not a page of another site."""

_INDEX: Final = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"\.(?:html?|php|aspx?)$", re.IGNORECASE)
_PROGRAM: Final = re.compile(r"\.(?:php|aspx?|jsp|cgi|pl)$", re.IGNORECASE)
_DATED: Final = re.compile(r"\d{4}-\d{2}-\d{2}[-_](?=.)")
_NUMBERED: Final = re.compile(r"([0-9]+) (https?://\S+)")


def is_url_or_path(text: str) -> bool:
    """Return whether ``text`` is an HTTP URL or an absolute path."""
    return text.startswith("/") or text[:8].lower().startswith(("http://", "https://"))


def extract_path(url: str) -> str | None:
    """Return the path of a URL or a path, percent-decoded and without query; None if it is empty, ``/`` or invalid."""
    try:
        path = unquote(urlsplit(url.strip()).path, errors="strict")
    except ValueError:
        return None
    path = re.sub("//+", "/", path)
    return None if path in {"", "/"} else path


def extract_host(url: str) -> str:
    """Return the host of a URL without ``www.``, or an empty string if there is none."""
    try:
        return (urlsplit(url.strip()).hostname or "").lower().removeprefix("www.").rstrip(".")
    except ValueError:
        return ""


def url_names(url: str) -> list[str]:
    """Return the ``url:…`` names of a URL, by which Kolom has a page of another site; never that of a front page."""
    front_page = f"url:{site_of(url)}"
    return [] if _is_in_query(url) else [key for key in url_pointer_keys_at(url) if key != front_page]


def path_names(url: str) -> list[str]:
    """Return the ``path:…`` names of a URL.

    The first is the path itself. Its variants follow: with and without a slash or ``.html`` at the end, and without
    ``index.html``.
    """
    path = None if _is_in_query(url) else extract_path(url)
    if path is None:
        return []
    paths = dict.fromkeys(
        form for variant in _path_variants(path) for form in (variant, unicodedata.normalize("NFC", variant))
    )
    return [f"path:{each}" for each in paths if path_problem(each) is None]


def slug_names(url: str) -> list[str]:
    """Return the ``slug:…`` names of the last path segment: without ``.html``, and then also without a leading date."""
    path = None if _is_in_query(url) else extract_path(url)
    if path is None:
        return []
    segment = _EXTENSION.sub("", _INDEX.sub("", path.rstrip("/")).rpartition("/")[2])
    slugs = [clean_slug(segment), clean_slug(_DATED.sub("", segment))]
    return [f"slug:{slug}" for slug in dict.fromkeys(slugs) if slug]


def own_names(names: Iterable[str]) -> list[str]:
    """Return the names by which only articles of this blog are found.

    The last part of a URL says nothing about a page of another site: ``/docs/a/intro/`` is not ``/docs/b/intro/``.
    """
    return [f"{_OWN}{name}" for name in names]


def pointer_of(name: str) -> tuple[str, bool]:
    """Return the pointer of a name, and whether only an article of this blog is found by it."""
    return name.removeprefix(_OWN), name.startswith(_OWN)


def origin_names(identifier: str, link: str) -> list[str]:
    """Return the ``origin:…`` name of a WordPress post.

    The Disqus plugin for WordPress identifies it as ``12 https://blog.example/?p=12``.
    """
    if match := _NUMBERED.fullmatch(identifier):
        return [f"origin:{wordpress_origin(match[2], match[1])}"]
    try:
        number = parse_qs(urlsplit(link).query).get("p", [""])[0]
    except ValueError:
        return []
    return [f"origin:{wordpress_origin(link, number)}"] if re.fullmatch(r"[0-9]+", number) else []


def thread_names(link: str, identifier: str = "") -> tuple[str, ...]:
    """Return the names of the article to which a comment thread belongs, the most reliable first.

    ``link`` is the URL of the thread. ``identifier`` is the name that the blog gave it in the comment system's script:
    a URL, a path, a slug, or any other text.
    """
    numbered = _NUMBERED.fullmatch(identifier)
    named = numbered[2] if numbered else identifier
    if "/" in named and not is_url_or_path(named) and " " not in named:
        named = f"/{named}"
    names = url_names(link) + path_names(link) + origin_names(identifier, link)
    if is_url_or_path(named):
        names += path_names(named) + own_names(slug_names(link) + slug_names(named))
    else:
        names += own_names(slug_names(link) + slug_names(f"/{named}"))
    return tuple(dict.fromkeys(names))


def _is_in_query(url: str) -> bool:
    """Return whether the query identifies the article, as in ``/post.php?id=12``."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return bool(parts.query) and _PROGRAM.search(parts.path) is not None


def _path_variants(path: str) -> Iterator[str]:
    yield path
    base = path.rstrip("/")
    directory = _INDEX.sub("", base)
    bare = _EXTENSION.sub("", directory)
    yield from (f"{directory}/", directory)
    if bare == directory == base or bare != directory:
        yield from (f"{bare}.html", f"{bare}/", bare)
