"""Addresses of articles elsewhere, and the names under which these articles may be found here. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from kolom.articles.names import path_problem
from kolom_cli.importers.common.source_ids import wordpress_origin
from kolom_cli.publishing.slugs import clean_slug

_INDEX: Final = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"\.(?:html?|php|aspx?)$", re.IGNORECASE)
_PROGRAM: Final = re.compile(r"\.(?:php|aspx?|jsp|cgi|pl)$", re.IGNORECASE)
_DATED: Final = re.compile(r"\d{4}-\d{2}-\d{2}[-_](?=.)")
_NUMBERED: Final = re.compile(r"([0-9]+) (https?://\S+)")


def is_address(text: str) -> bool:
    """Whether ``text`` is a URL or a path that begins at the root."""
    return text.startswith("/") or text[:8].lower().startswith(("http://", "https://"))


def path_of(address: str) -> str | None:
    """The path of a URL or a path, percent-escapes decoded, without query; None if it has none to speak of."""
    try:
        path = unquote(urlsplit(address.strip()).path, errors="strict")
    except ValueError:
        return None
    path = re.sub("//+", "/", path)
    return None if path in {"", "/"} else path


def host_of(address: str) -> str:
    """The host of a URL, the same with and without ``www.``; empty if it names none."""
    try:
        return (urlsplit(address.strip()).hostname or "").lower().removeprefix("www.").rstrip(".")
    except ValueError:
        return ""


def path_names(address: str) -> list[str]:
    """``path:…`` as the address has it, and as the same article may stand elsewhere: with and without a slash or
    ``.html`` at the end, without ``index.html``."""
    path = None if _is_in_query(address) else path_of(address)
    if path is None:
        return []
    paths = dict.fromkeys(form for way in _ways(path) for form in (way, unicodedata.normalize("NFC", way)))
    return [f"path:{each}" for each in paths if path_problem(each) is None]


def slug_names(address: str) -> list[str]:
    """``slug:…`` of the last segment of the address, without ``.html`` and then also without a date before it."""
    path = None if _is_in_query(address) else path_of(address)
    if path is None:
        return []
    segment = _EXTENSION.sub("", _INDEX.sub("", path.rstrip("/")).rpartition("/")[2])
    slugs = [clean_slug(segment), clean_slug(_DATED.sub("", segment))]
    return [f"slug:{slug}" for slug in dict.fromkeys(slugs) if slug]


def origin_names(identifier: str, link: str) -> list[str]:
    """``origin:…`` of the post that WordPress's plugin for Disqus calls ``12 https://blog.example/?p=12``."""
    if match := _NUMBERED.fullmatch(identifier):
        return [f"origin:{wordpress_origin(match[2], match[1])}"]
    try:
        number = parse_qs(urlsplit(link).query).get("p", [""])[0]
    except ValueError:
        return []
    return [f"origin:{wordpress_origin(link, number)}"] if re.fullmatch(r"[0-9]+", number) else []


def thread_names(link: str, identifier: str = "") -> tuple[str, ...]:
    """The names of the article to which a thread of comments belongs, the surest first.

    ``link`` is its address, ``identifier`` what the blog called it in the comment system's script: an address too, a
    path, a slug, or anything.
    """
    numbered = _NUMBERED.fullmatch(identifier)
    named = numbered[2] if numbered else identifier
    if "/" in named and not is_address(named) and " " not in named:
        named = f"/{named}"
    names = path_names(link) + origin_names(identifier, link)
    if is_address(named):
        names += path_names(named) + slug_names(link) + slug_names(named)
    else:
        names += slug_names(link) + slug_names(f"/{named}")
    return tuple(dict.fromkeys(names))


def _is_in_query(address: str) -> bool:
    """Whether it is the query that names the article, as in ``/post.php?id=12``."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    return bool(parts.query) and _PROGRAM.search(parts.path) is not None


def _ways(path: str) -> Iterator[str]:
    yield path
    base = path.rstrip("/")
    folder = _INDEX.sub("", base)
    bare = _EXTENSION.sub("", folder)
    yield from (f"{folder}/", folder)
    if bare == folder == base or bare != folder:
        yield from (f"{bare}.html", f"{bare}/", bare)
