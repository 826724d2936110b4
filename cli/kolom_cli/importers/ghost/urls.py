"""The URLs in a Ghost export. A URL of the site itself begins with ``__GHOST_URL__``, or is only a path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from kolom.rendering.element_ids import element_url
from kolom_cli.importers.common.article_matching import extract_host

_PLACEHOLDER: Final = re.compile(r"(?:__|%5F%5F)GHOST_URL(?:__|%5F%5F)", re.IGNORECASE)
_SIZED: Final = re.compile(r"^(/content/images/)size/[wh][\dwh]{1,10}/(?:format/\w{1,10}/)?")
_FILES: Final = "/content/"


@dataclass(slots=True)
class SiteUrls:
    """Maps the URLs in an article. ``paths`` maps each old path, without a slash at the end, to the article's path.

    ``site`` is the URL of the Ghost site if it is known: the pictures are shown from there. ``lacks_site`` becomes True
    if a file of the site remains without a host.
    """

    paths: Mapping[str, str]
    site: str = ""
    lacks_site: bool = False

    def __call__(self, url: str) -> str:
        """Return the path of an imported article, the full URL of any other page or file of the site, or ``url``."""
        own = self._own_part(url)
        if own is None:
            return url
        try:
            article = self._article(own)
        except ValueError:
            return url
        if article is not None:
            return article
        own = _SIZED.sub(r"\1", own)
        self.lacks_site |= own.startswith(_FILES) and not self.site
        return self.site + own

    def article(self, url: str) -> str:
        """Return the path of an imported article, and other URLs unchanged."""
        own = self._own_part(url)
        try:
            return (self._article(own) if own else None) or url
        except ValueError:
            return url

    def is_own(self, url: str) -> bool:
        """Return whether the URL names the old site. A path without a host does not count."""
        return not url.startswith("/") and self._own_part(url) is not None

    def _article(self, own: str) -> str | None:
        parts = urlsplit(own)
        path = self.paths.get(unquote(parts.path).rstrip("/"))
        return None if path is None else element_url(path, parts.fragment)

    def _own_part(self, url: str) -> str | None:
        """Return the part after the host if the URL is one of the site; None for other URLs."""
        if match := _PLACEHOLDER.match(url):
            return f"/{url[match.end() :].lstrip('/')}"
        if url.startswith("/") and not url.startswith("//"):
            return url
        if self.site and extract_host(url) and extract_host(url) == extract_host(self.site):
            parts = urlsplit(url)
            return parts._replace(scheme="", netloc="").geturl() or "/"
        return None
