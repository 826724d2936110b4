"""Rewrite the links of imported texts to the new URLs of other imported articles. Pure."""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from kolom.articles.names import post_number_alias
from kolom.rendering.element_ids import element_url
from kolom_cli.importers.common.article_matching import extract_host
from kolom_cli.terminal.report import NO_LINKS, LinkCounts

_LINK: Final = re.compile(r"<a\b[^<>]*>", re.IGNORECASE)
_HREF: Final = re.compile(r"(\shref\s*=\s*)(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_TAG: Final = re.compile(r"<(/?)([a-zA-Z!][\w-]*)[^<>]*>")
_URL: Final = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_AFTER_URL: Final = ".,;:!?)]}…"
_SUBPAGE: Final = re.compile(r"/(?:comment-page-\d+|amp|\d{1,3})$")
_FILE: Final = re.compile(r"/wp-content/|/files/|\.(?!html?$|php$|aspx?$)[a-z][a-z0-9]{1,4}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OldUrls:
    """Finds the imported articles by the URLs that they had in the old blog.

    ``hosts`` are those of the blog (:func:`host_key`). ``by_path`` maps the old path of each imported article
    (:func:`path_key`) to its new path. ``by_number`` maps its number in WordPress, as ``/?p=12``, to its new path.
    """

    hosts: frozenset[str]
    by_path: Mapping[str, str]
    by_number: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, url: str) -> str:
        """Return the path of the imported article to which the URL leads, with the fragment; otherwise ``url``."""
        try:
            parts = urlsplit(url.strip())
        except ValueError:
            return url
        is_relative = not parts.scheme and not parts.netloc and url.strip().startswith(("/", "?"))
        if not is_relative and not self.is_own(url):
            return url
        target = self._target(parts)
        return url if target is None else element_url(target, parts.fragment)

    def is_own(self, url: str) -> bool:
        """Return whether the URL has a host of the blog."""
        return host_key(url) in self.hosts and url.strip().lower().startswith(("http://", "https://", "//"))

    def _target(self, parts: SplitResult) -> str | None:
        if alias := post_number_alias(parse_qs(parts.query)):
            return self.by_number.get(alias)
        if not (key := path_key(parts.path)):
            return None
        return self.by_path.get(key) or self.by_path.get(_SUBPAGE.sub("", key))


@dataclass(slots=True)
class LinkRewriter:
    """Rewrites the links of a text, and counts them.

    ``replace`` returns the path of an imported article for its old URL, and other URLs unchanged. ``is_own`` returns
    whether a URL is one of the old site.
    """

    replace: Callable[[str], str]
    is_own: Callable[[str], bool]
    counts: LinkCounts = NO_LINKS

    def __call__(self, url: str) -> str:
        """Return the replacement of the URL of a link."""
        own = self.replace(url)
        if own != url:
            self.counts += LinkCounts(to_articles=1)
        elif self.is_own(url):
            self.counts += LinkCounts(to_files=1) if _FILE.search(urlsplit(url).path) else LinkCounts(to_pages=1)
        return own

    def pop_counts(self) -> LinkCounts:
        """Return the counts, and begin again with zero."""
        counts, self.counts = self.counts, NO_LINKS
        return counts

    def in_html(self, markup: str) -> str:
        """Return the HTML with its links rewritten; all else stays as it is written."""
        return _LINK.sub(lambda link: _HREF.sub(lambda href: self._attribute(href, self), link[0], count=1), markup)

    def in_comment(self, markup: str, absolute: Callable[[str], str]) -> str:
        """Return the HTML of a comment with its links rewritten, also those that are plain text.

        ``absolute`` returns the full URL of a path of this site, because links in comments must not be relative.
        """

        def replaced(url: str) -> str:
            own = self(url)
            return url if own == url else absolute(own)

        linked = _LINK.sub(
            lambda link: _HREF.sub(lambda href: self._attribute(href, replaced), link[0], count=1), markup
        )
        pieces: list[str] = []
        position = 0
        is_in_link = False
        for tag in _TAG.finditer(linked):
            text = linked[position : tag.start()]
            pieces += (text if is_in_link else self._plain(text, replaced), tag[0])
            is_in_link = not tag[1] if tag[2].lower() == "a" else is_in_link
            position = tag.end()
        return "".join((*pieces, self._plain(linked[position:], replaced)))

    @staticmethod
    def _attribute(href: re.Match[str], replace: Callable[[str], str]) -> str:
        written = href[2] or href[3] or href[4] or ""
        url = html.unescape(written)
        own = replace(url)
        return href[0] if own == url else f'{href[1]}"{html.escape(own)}"'

    @staticmethod
    def _plain(text: str, replace: Callable[[str], str]) -> str:
        def linked(match: re.Match[str]) -> str:
            shown = match[0].rstrip(_AFTER_URL)
            url = html.unescape(shown)
            own = replace(url)
            return match[0] if own == url else f'<a href="{html.escape(own)}">{shown}</a>{match[0][len(shown) :]}'

        return _URL.sub(linked, text)


def host_key(url: str) -> str:
    """Return the normalized host of a URL: without ``www.``, in ASCII (IDNA)."""
    host = extract_host(url)
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def path_key(path: str) -> str:
    """Return a normalized old path: decoded, in NFC, without extra slashes; empty for the home page."""
    decoded = unicodedata.normalize("NFC", unquote(path))
    return re.sub("//+", "/", decoded).rstrip("/")
