"""The pages of a site on the web, as its sitemap lists them."""

import hashlib
import ipaddress
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from functools import partial
from pathlib import Path
from typing import Final, Self
from urllib.parse import urljoin, urlsplit

from kolom.articles.page_urls import is_page_of, normalize_url, url_pointer_key
from kolom.articles.sync_manifest import ManifestEntry
from kolom.hosts import ascii_host
from kolom.urls import origin_of
from kolom_cli.concurrency import OrderedResults, Workers
from kolom_cli.media.downloader import Address, Downloader, DownloadError, HttpResponse, is_public, resolve
from kolom_cli.syncing.folder import READER_VERSION
from kolom_cli.syncing.page_reader import find_target
from kolom_cli.syncing.sitemap import MAX_SITEMAP_BYTES, SitemapEntry, SitemapProblem, read_sitemaps
from kolom_cli.syncing.types import MAX_PAGE_BYTES, Content, Document, Options, PageError, SyncError

DEFAULT_CONNECTIONS: Final = 4
DEFAULT_DELAY_SECONDS: Final = 0.1
_MAX_REDIRECTS: Final = 5
_ATTEMPTS: Final = 4
_MAX_WAIT_SECONDS: Final = 60.0
_PERMANENT: Final = frozenset({301, 308})
_TEMPORARY_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
_PORTS: Final = {"http": 80, "https": 443}
_HEADERS: Final = {
    "User-Agent": "Kolom (sync of a site)",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9",
    "Accept-Encoding": "gzip",
}


@dataclass(slots=True)
class Pace:
    """Lets requests begin at least ``delay_seconds`` after each other, in any thread."""

    delay_seconds: float
    stopped: threading.Event
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self) -> None:
        """Wait until the next request may begin."""
        with self._lock:
            now = time.monotonic()
            begin = max(now, self._next)
            self._next = begin + self.delay_seconds
        self.pause(begin - now)

    def pause(self, seconds: float) -> None:
        """Wait, unless the work is stopped."""
        if seconds > 0:
            self.stopped.wait(seconds)


class RemoteSite:
    """Fetches the pages of a sitemap from its host only: politely, and again only if they have changed.

    Changed pages are kept in a temporary folder until the context is left.
    """

    def __init__(
        self,
        sitemap_url: str,
        options: Options,
        stopped: threading.Event,
        *,
        connections: int = DEFAULT_CONNECTIONS,
        delay_seconds: float = DEFAULT_DELAY_SECONDS,
        addresses_of: Callable[[str, int], list[str]] = resolve,
    ) -> None:
        self.total: int | None = None
        self.problems: list[SitemapProblem] = []
        self._sitemap_url = sitemap_url
        self._stopped = stopped
        self._options = options
        self._connections = connections
        self._pace = Pace(delay_seconds, stopped)
        self._download = Downloader(_allowed_by(sitemap_url, addresses_of), addresses_of)
        self._spool = tempfile.TemporaryDirectory(prefix="kolom-sync-")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.cleanup()

    @property
    def is_complete(self) -> bool:
        """Whether all sitemaps could be read."""
        return not self.problems

    def documents(self, entries: Mapping[str, ManifestEntry]) -> Iterator[Document]:
        """Yield the pages in the order of the sitemap. Those that the server says are unmodified are not downloaded.

        :raises SyncError: the sitemap cannot be read
        """
        with Workers(self._connections, self._stopped) as workers:
            results: OrderedResults[Document] = OrderedResults(workers)
            for entry in read_sitemaps(self._sitemap_url, self._fetch_sitemap):
                if workers.is_stopped:
                    break
                if isinstance(entry, SitemapProblem):
                    self.problems.append(entry)
                elif self._options.excludes(entry.url):
                    results.add_result(Document(name=entry.url, url=entry.url))
                elif problem := self._why_refused(entry.url):
                    results.add_result(Document(name=entry.url, url=entry.url, problem=problem))
                else:
                    known = entries.get(url_pointer_key(entry.url))
                    results.add(partial(self._fetch_page, entry, known))
                yield from results.finished(max_pending=4 * self._connections)
            yield from results.finished()

    def redirects(self, urls: Iterable[str]) -> Iterator[Document]:
        """Yield those of the former pages that lead permanently to another URL: by the response, or by the page."""
        with Workers(self._connections, self._stopped) as workers:
            results: OrderedResults[Document] = OrderedResults(workers)
            for url in urls:
                if not self._why_refused(url):
                    results.add(partial(self._fetch_former_page, url))
                yield from (each for each in results.finished(max_pending=4 * self._connections) if each.target)
            yield from (each for each in results.finished() if each.target)

    def _why_refused(self, url: str) -> str | None:
        """Return why a URL is not fetched, or None."""
        if origin_of(url) is None or len(url) > 2_000:
            return "its URL is not valid"
        if not _is_same_host(url, self._sitemap_url):
            return f"its host {urlsplit(url).netloc} is not that of the sitemap"
        if not is_page_of(url, self._options.base_url):
            return f"it is not below {self._options.base_url}"
        return None

    def _fetch_sitemap(self, url: str) -> bytes:
        if not _is_same_host(url, self._sitemap_url):
            raise SyncError(f"the sitemap {url} is on another host")
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                response = self._request(url, {}, MAX_SITEMAP_BYTES)
                if (target := response.location) is None:
                    break
                url = urljoin(url, target)
                if not _is_same_host(url, self._sitemap_url):
                    raise SyncError(f"the sitemap redirects to another host: {url[:200]}")
            if response.status != 200:
                raise SyncError(f"the sitemap {url} has the status {response.status}")
            return _decoded(response, MAX_SITEMAP_BYTES)
        except (DownloadError, ValueError) as error:
            raise SyncError(f"the sitemap {url} cannot be read: {error}") from error

    def _fetch_page(self, entry: SitemapEntry, known: ManifestEntry | None) -> Document:
        """Return the document at the URL of the entry. Runs in several threads at once."""
        url = entry.url
        document = Document(name=url, url=url, updated_at=entry.modified)
        headers = {}
        if known is not None and known.digest.startswith(self._option_digest()):
            headers = {"If-None-Match": known.etag} if known.etag else {}
            headers |= {"If-Modified-Since": known.modified} if known.modified else {}
        problem = f"it has more than {_MAX_REDIRECTS} redirects"
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                response = self._request(url, headers, MAX_PAGE_BYTES)
                if (target := response.location) is None:
                    return self._received(document, response, is_conditional=bool(headers))
                url = urljoin(url, target)
                if not _is_same_host(url, self._sitemap_url):
                    problem = f"it redirects to another host: {url[:200]}"
                    break
                if normalize_url(url) != normalize_url(entry.url):
                    if response.status not in _PERMANENT:
                        problem = f"it redirects, but not permanently: {url[:200]}"
                        break
                    return Document(name=entry.url, url=entry.url, target=url)
        except DownloadError as error:
            problem = str(error)
        except ValueError:  # of urljoin, or of http.client
            problem = f"its URL, or that of a redirect, is not valid: {url[:200]}"
        return Document(name=entry.url, url=entry.url, problem=problem)

    def _fetch_former_page(self, url: str) -> Document:
        """Return the document at the URL of a former page. Runs in several threads at once."""
        document = self._fetch_page(SitemapEntry(url), None)
        if document.load is None:
            return document
        try:
            return replace(document, target=find_target(document.load(), url))
        except PageError:
            return document

    def _received(self, document: Document, response: HttpResponse, *, is_conditional: bool) -> Document:
        name, url, updated_at = document.name, document.url, document.updated_at
        if response.status == 304 and is_conditional:
            return Document(name=name, url=url, updated_at=updated_at, is_unmodified=True)
        if response.status != 200:
            raise DownloadError(f"the response has the status {response.status}")
        kind = Message()
        kind["Content-Type"] = response.headers.get("Content-Type", "text/html")
        if kind.get_content_type() not in {"text/html", "application/xhtml+xml"}:
            raise DownloadError(f"it is not HTML but {kind.get_content_type()}")
        data = _decoded(response, MAX_PAGE_BYTES)
        path = Path(self._spool.name, hashlib.blake2s(url.encode()).hexdigest())
        path.write_bytes(data)
        charset = kind.get_content_charset()
        return Document(
            name=name,
            url=url,
            updated_at=updated_at,
            digest=self._option_digest() + hashlib.blake2s(data, digest_size=8).hexdigest(),
            etag=response.headers.get("ETag", ""),
            modified=response.headers.get("Last-Modified", ""),
            load=lambda: Content(path.read_bytes(), charset, response.headers.get("X-Robots-Tag", "")),
        )

    def _request(self, url: str, headers: Mapping[str, str], max_bytes: int) -> HttpResponse:
        """Send a request; if the server is busy or has failed, again after a pause."""
        for attempt in range(_ATTEMPTS):
            self._pace.wait()
            response = self._download.get(url, {**_HEADERS, **headers}, max_bytes=max_bytes)
            if response.status not in _TEMPORARY_STATUSES or attempt + 1 == _ATTEMPTS or self._stopped.is_set():
                return response
            after = response.headers.get("Retry-After", "")
            seconds = float(after) if after.isdecimal() else 2.0**attempt
            self._pace.pause(min(seconds, _MAX_WAIT_SECONDS))
        return response

    def _option_digest(self) -> str:
        """Return a digest of the reader's version and its options.

        If it differs from the stored one, an unmodified page has to be read again.
        """
        return hashlib.blake2s(f"{READER_VERSION}\n{self._options.of_reading}".encode(), digest_size=4).hexdigest()


def _allowed_by(sitemap_url: str, addresses_of: Callable[[str, int], list[str]]) -> Callable[[Address], bool]:
    """Return which addresses may be connected to: public ones, or only those of the sitemap's host.

    The second applies if one of the host's addresses is not public.

    :raises SyncError: the host has no address
    """
    parts = urlsplit(sitemap_url)
    try:
        host, port = ascii_host(parts.hostname or ""), parts.port or _PORTS[parts.scheme]
        found = addresses_of(host, port)
    except (DownloadError, ValueError) as error:
        raise SyncError(f"the sitemap {sitemap_url} cannot be read: {error}") from error
    own = {ipaddress.ip_address(each.partition("%")[0]) for each in found}
    if all(map(is_public, own)):
        return is_public
    return lambda address: address in own


def _is_same_host(url: str, other: str) -> bool:
    """Return whether two URLs have the same host and port, whatever their schemes.

    The default ports of HTTP and HTTPS count as equal.
    """
    first, second = origin_of(url), origin_of(other)
    return first is not None and second is not None and first.partition(":")[2] == second.partition(":")[2]


def _decoded(response: HttpResponse, max_bytes: int) -> bytes:
    """Return the content without the compression of the transfer.

    :raises DownloadError: it is not valid, or too large
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return response.content
    if encoding not in {"gzip", "x-gzip"}:
        raise DownloadError(f"its encoding {encoding[:40]!r} is unknown")
    decompressor = zlib.decompressobj(wbits=31)
    try:
        data = decompressor.decompress(response.content, max_bytes + 1)
    except zlib.error as error:
        raise DownloadError("its compression is not valid") from error
    if len(data) > max_bytes:
        raise DownloadError(f"it has more than {max_bytes >> 20} MB when it is decompressed")
    if not decompressor.eof:
        raise DownloadError("its compressed content is not complete")
    return data
