"""Types of a synchronization: the documents of a site, and what was read from them. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol
from urllib.parse import unquote, urlsplit

from kolom.articles.sync_manifest import ManifestEntry

MAX_PAGE_BYTES = 5 * 1024 * 1024
"""The maximum size of a page: a text may have at most 2 MB when it is rendered."""


class SyncError(Exception):
    """The site cannot be read, or not to its end; the message says why."""


class PageError(Exception):
    """A page cannot be stored; the message says why, and begins with what is wrong with "it"."""


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a page. ``charset`` is that of the response, and ``robots`` its header ``X-Robots-Tag``."""

    data: bytes
    charset: str | None = None
    robots: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file of a folder, or an address of a sitemap. ``name`` is for messages.

    ``target`` is the URL that it redirects to, ``problem`` the reason why it cannot be read, and ``is_unmodified`` is
    True if the server says that it is as in the manifest. Otherwise, unless the options exclude its URL, ``load``
    returns its content.
    """

    name: str
    url: str
    digest: str = ""
    etag: str = ""
    modified: str = ""
    updated_at: str = ""
    is_unmodified: bool = False
    target: str | None = None
    problem: str | None = None
    load: Callable[[], Content] | None = None


class Source(Protocol):
    """The documents of a site."""

    total: int | None

    @property
    def is_complete(self) -> bool:
        """Whether :meth:`documents` has found all documents, except those that it has yielded with a problem."""
        ...

    def documents(self, entries: Mapping[str, ManifestEntry]) -> Iterator[Document]:
        """Yield the documents; ``entries`` are those of the manifest, by the normalized URLs of the documents.

        :raises SyncError: the others cannot be found
        """
        ...

    def redirects(self, urls: Iterable[str]) -> Iterator[Document]:
        """Yield those of the former documents that lead permanently to another URL of the site."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page declares about itself, and its main text as HTML.

    ``canonical`` is the URL that it declares, or else its own. ``heading_ids`` are the ids in the text. ``is_whole`` is
    True if the text is that of the whole body, because nothing marks its main part.
    """

    canonical: str
    title: str
    html: str
    description: str = ""
    language: str = ""
    author: str = ""
    image: str | None = None
    labels: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    comments_open: bool = True
    heading_ids: frozenset[str] = frozenset()
    is_whole: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirect:
    """A page that leads to another URL."""

    target: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """A page that is not to be found by a search; ``reason`` says why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the caller wants.

    ``base_url`` is the URL of the site, and ``moved_from`` its former one. ``excluded`` are patterns of paths. With
    ``is_full``, all pages are read again, also unchanged ones. ``allows_removals`` lets a run remove most of the pages.
    """

    base_url: str
    language: str | None = None
    moved_from: str | None = None
    excluded: tuple[str, ...] = ()
    is_full: bool = False
    allows_removals: bool = False
    dry_run: bool = False
    concurrency: int = 1

    def excludes(self, url: str) -> bool:
        """Return whether the path of a URL, on its host or below ``base_url``, matches one of the patterns."""
        path = unquote(urlsplit(url).path)
        below = path.removeprefix(unquote(urlsplit(self.base_url).path).rstrip("/"))
        return any(fnmatchcase(each, pattern) for each in (path, below) for pattern in self.excluded)

    @property
    def of_reading(self) -> str:
        """The options that determine what is read from a page, as text."""
        return self.language or ""
