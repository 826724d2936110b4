"""The URLs in a post: images that Blogger hosts, and the blog's own articles."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from kolom.rendering.element_ids import element_url

_SIZED_PATH: Final = re.compile(r"/(?:s\d{1,4}|w\d{1,4}(?:-h\d{1,4})?|h\d{1,4})(?:-[a-z0-9-]+)?/(?=[^/]*$)")
_SIZED_END: Final = re.compile(r"=(?:s\d{1,4}|w\d{1,4}(?:-h\d{1,4})?|h\d{1,4})(?:-[a-z0-9-]+)*$")
_IMAGE_HOST: Final = re.compile(
    r"(?:[\w-]+\.)*(?:bp\.blogspot\.com|blogger\.googleusercontent\.com|ggpht\.com|googleusercontent\.com)$"
)
_BLOG_HOST: Final = re.compile(r"([\w-]+)\.blogspot\.(?:[a-z]{2,3}|com?\.[a-z]{2})")
_DATED: Final = re.compile(r"/\d{4}/\d{2}/.")
_BIGGEST: Final = "s1600"


@dataclass(frozen=True, slots=True)
class OwnLinks:
    """Rewrites links to the blog's own articles, so that they point to the imported articles.

    ``is_own_path`` returns whether a path leads to one of them; ``hosts`` are the blog's known hosts, possibly
    none.
    """

    is_own_path: Callable[[str], bool]
    hosts: frozenset[str]

    def __call__(self, url: str) -> str:
        """Return the replacement of ``url``."""
        parts = split(url)
        if parts is None or not self._is_own_host(parts) or not self.is_own_path(parts.path):
            return url
        return element_url(parts.path, parts.fragment)

    def has_known_host(self, url: str) -> bool:
        """Return whether the URL is at a known host of the blog."""
        parts = split(url)
        return parts is not None and get_host(parts) in self.hosts

    def _is_own_host(self, parts: SplitResult) -> bool:
        """Return whether the URL is on the blog's own host.

        Blogger serves a blog under one name in many country domains: ``x.blogspot.com`` is ``x.blogspot.co.id``.

        If the name is not known, as in a Takeout or for a blog with its own domain, a dated path is enough. Other blogs
        rarely have a post of the same month and file name, but many have a page ``/p/about.html``.
        """
        host, names = get_host(parts), self._names()
        blog = _BLOG_HOST.fullmatch(host)
        if blog is None:
            return host.removeprefix("www.") in {each.removeprefix("www.") for each in self.hosts}
        return blog[1] in names if names else _DATED.match(parts.path) is not None

    def _names(self) -> set[str]:
        return {match[1] for match in map(_BLOG_HOST.fullmatch, self.hosts) if match}


def image_name(url: str) -> str | None:
    """Return the file name of an image that Blogger hosts; None for other URLs, and for a name without a dot."""
    parts = split(url)
    if parts is None or not _IMAGE_HOST.fullmatch(get_host(parts)):
        return None
    name = unquote(unquote(parts.path.rpartition("/")[2]).replace("+", " "))
    return name if "." in name else None


def largest(url: str) -> str:
    """For an image that Blogger hosts, return its URL at a size of up to 1,600 pixels. Other URLs stay as they are."""
    parts = split(url)
    if parts is None or not _IMAGE_HOST.fullmatch(get_host(parts)):
        return url
    sized, number = _SIZED_PATH.subn(f"/{_BIGGEST}/", url)
    return sized if number else _SIZED_END.sub(f"={_BIGGEST}", url)


def split(url: str) -> SplitResult | None:
    """Return the parts of a URL; None if it is invalid."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def get_host(parts: SplitResult) -> str:
    """Return the host in lower case; empty if there is none."""
    try:
        return (parts.hostname or "").lower()
    except ValueError:
        return ""
