"""Read sitemaps and sitemap indexes: https://www.sitemaps.org/protocol.html."""

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from kolom_cli.syncing.types import SyncError

MAX_SITEMAP_BYTES: Final = 50 * 1024 * 1024
MAX_SITEMAP_URLS: Final = 50_000
"""The limits of the protocol for one sitemap."""

MAX_SITEMAPS: Final = 1_000
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """A page of a sitemap; ``modified`` is its ``lastmod``."""

    url: str
    modified: str = ""


@dataclass(frozen=True, slots=True)
class SitemapProblem:
    """A sitemap of which pages could not be read; ``reason`` says why."""

    url: str
    reason: str


def read_sitemaps(url: str, fetch: Callable[[str], bytes]) -> Iterator[SitemapEntry | SitemapProblem]:
    """Yield the pages of the sitemap at ``url``, and of the sitemaps that it names, each page once.

    ``fetch`` returns the content of a URL, or raises :class:`SyncError`. A problem of a sitemap that another one names
    is yielded, and the others are read.

    :raises SyncError: the first sitemap cannot be read
    """
    waiting, known, seen = [url], {url}, set[str]()
    while waiting:
        current = waiting.pop(0)
        try:
            for name, entry in _entries(_unpacked(fetch(current))):
                if name == "sitemap" and entry.url not in known and len(known) < MAX_SITEMAPS:
                    known.add(entry.url)
                    waiting.append(entry.url)
                elif name == "sitemap" and entry.url not in known:
                    yield SitemapProblem(entry.url, f"more than {MAX_SITEMAPS:,} sitemaps are not read")
                    break
                elif name == "url" and entry.url not in seen:
                    seen.add(entry.url)
                    yield entry
        except SyncError as error:
            if current == url and not seen:
                raise
            yield SitemapProblem(current, str(error))


def _unpacked(data: bytes) -> bytes:
    """Return the content, decompressed if it is a gzip file."""
    if not data.startswith(_GZIP):
        return data
    decompressor = zlib.decompressobj(wbits=31)
    try:
        unpacked = decompressor.decompress(data, MAX_SITEMAP_BYTES + 1)
    except zlib.error as error:
        raise SyncError("the sitemap is not a valid gzip file") from error
    if len(unpacked) > MAX_SITEMAP_BYTES:
        raise SyncError(f"the sitemap has more than {MAX_SITEMAP_BYTES >> 20} MB when it is decompressed")
    return unpacked


def _entries(data: bytes) -> Iterator[tuple[str, SitemapEntry]]:
    """Yield the entries of a sitemap, each with the name of its element, without resolving entities.

    :raises SyncError: it is not a sitemap, is damaged, or has more than :data:`MAX_SITEMAP_URLS` entries
    """
    number = 0
    events = etree.iterparse(io.BytesIO(data), events=("end",), resolve_entities=False, no_network=True, load_dtd=False)
    try:
        for _, element in events:
            name = _name(element)
            if name in {"url", "sitemap"}:
                number += 1
                if number > MAX_SITEMAP_URLS:
                    raise SyncError(f"the sitemap has more than {MAX_SITEMAP_URLS:,} entries: the others are not read")
                location = _child(element, "loc")
                if location:
                    yield name, SitemapEntry(location, _child(element, "lastmod"))
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
            elif element.getparent() is None and name not in {"urlset", "sitemapindex"}:
                raise SyncError(f"it is not a sitemap: its first element is <{name}>")
    except etree.XMLSyntaxError as error:
        raise SyncError(f"the sitemap is not valid XML: {error.msg}") from error


def _name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _child(element: Any, name: str) -> str:
    return next(("".join(each.itertext()).strip() for each in element if _name(each) == name), "")
