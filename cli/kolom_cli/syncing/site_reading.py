"""Decide what each document of a site is: an unchanged page, a new or changed one, a redirect, or none of these."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from kolom.articles.page_urls import url_pointer_key
from kolom.articles.sync_manifest import ManifestEntry
from kolom.urls import origin_of
from kolom_cli.syncing.page_reader import read_page
from kolom_cli.syncing.report import PAGE, REDIRECT, SyncReport
from kolom_cli.syncing.types import Document, Excluded, Options, Page, PageError, Redirect

_MAX_STEPS: Final = 10
_WWW: Final = re.compile(r"//(?:www\.)?")


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A new or changed page: ``key`` identifies its document, and ``url_key`` the URL that it declares."""

    key: str
    url_key: str
    url: str
    document: Document


@dataclass(slots=True)
class SiteReading:
    """Sorts the documents of a site. :meth:`finish` must follow the last :meth:`add`.

    ``unchanged`` are the keys of documents that are as in the manifest, and ``unread`` those whose page could not be
    read now: neither may be removed. ``pages`` has the others by the pointers of their URLs, and ``aliases`` maps the
    pointers of other URLs to those of the pages that they lead to.
    """

    entries: Mapping[str, ManifestEntry]
    report: SyncReport
    options: Options
    zone: ZoneInfo
    unchanged: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    pages: dict[str, ReadPage] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    number: int = 0
    _names: dict[str, str] = field(default_factory=dict)
    _redirects: dict[str, tuple[Document, str]] = field(default_factory=dict)
    _found: list[ReadPage] = field(default_factory=list)
    _url_keys: dict[str, str] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        """Sort a document, and report it unless that depends on the others."""
        self.number += 1
        key = url_pointer_key(document.url)
        if self.options.excludes(document.url):
            self.report.skip(PAGE, document.name, "excluded by --exclude")
        elif document.problem is not None:
            self.unread.add(key)
            self.report.skip(PAGE, document.name, document.problem, refused=True)
        elif key in self._names:
            self._refuse_duplicate(document, self._names[key])
        else:
            self._names[key] = document.name
            if document.target is not None:
                self._redirects[key] = document, document.target
            elif self._is_unchanged(document, self.entries.get(key)):
                self.unchanged.add(key)
            else:
                self._read(key, document)

    def finish(self) -> None:
        """Resolve what depends on all documents: canonical URLs and redirects."""
        self._url_keys = {each.key: each.url_key for each in self._found}
        own = {each.key for each in self._found} | self.unchanged
        taken = {url_pointer_key(self.entries[key].url): self._names[key] for key in self.unchanged}
        for each in self._found:
            if each.url_key != each.key and each.url_key in own:
                self._redirects[each.key] = each.document, each.url
            elif each.url_key in taken:
                self.unread.add(each.key)
                self._refuse_duplicate(each.document, taken[each.url_key])
            else:
                taken[each.url_key] = each.document.name
                self.pages[each.url_key] = each
        for key, (document, _) in self._redirects.items():
            target = self._target_of(key)
            if target in taken:
                self.aliases[key] = target
            else:
                self.report.skip(REDIRECT, document.name, "it leads to no page of this site that is read")

    def _target_of(self, key: str) -> str:
        """Return the pointer of the page that a redirect leads to, after further redirects."""
        for _ in range(_MAX_STEPS):
            if key not in self._redirects:
                break
            key = url_pointer_key(self._redirects[key][1])
        if key in self.unchanged:
            return url_pointer_key(self.entries[key].url)
        return self._url_keys.get(key, key)

    def _is_unchanged(self, document: Document, entry: ManifestEntry | None) -> bool:
        if entry is None:
            return False
        return document.is_unmodified or (document.digest != "" and document.digest == entry.digest)

    def _read(self, key: str, document: Document) -> None:
        try:
            page = load_page(document, self.zone)
        except PageError as error:
            self.unread.add(key)
            self.report.skip(PAGE, document.name, str(error), refused=True)
            return
        match page:
            case Redirect(target):
                self._redirects[key] = document, target
            case Excluded(reason):
                self.report.skip(PAGE, document.name, reason)
            case Page(canonical=url):
                if _site_of(url) != _site_of(self.options.base_url):
                    self.unread.add(key)
                    self.report.skip(
                        PAGE, document.name, f"its canonical URL is on another site: {url[:200]}", refused=True
                    )
                else:
                    self._found.append(ReadPage(key, url_pointer_key(url), url, document))

    def _refuse_duplicate(self, document: Document, other: str) -> None:
        self.report.skip(PAGE, document.name, f"it has the same URL as {other}", refused=True)


def load_page(document: Document, zone: ZoneInfo) -> Page | Redirect | Excluded:
    """Read the page of a document.

    :raises PageError: it cannot be stored
    """
    assert document.load is not None
    try:
        content = document.load()
    except OSError as error:
        raise PageError(f"it cannot be read: {error.strerror or error}") from error
    return read_page(content, document.url, zone)


def _site_of(url: str) -> str:
    """Return host and port of a URL, without ``www.``."""
    return _WWW.sub("", (origin_of(url) or "").partition(":")[2], count=1)
