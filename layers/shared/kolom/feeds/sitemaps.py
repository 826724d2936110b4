"""What search engines are told: https://www.sitemaps.org/protocol.html and RFC 9309.

| document | DynamoDB requests, at most |
|---|---|
| the index | 1 |
| the home page and free pages | 1 |
| the articles of a month | 1 for each megabyte of cards, a thousand or more: 2 for a first part |
| robots.txt | 0 |

The articles of a month never move to another file, so that what search engines have read stays true.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as Xml

from kolom.articles import reading, shelves
from kolom.articles.types import Card, Shelf
from kolom.errors import NotFound
from kolom.pages import addresses
from kolom.pages.locales import machine_time

MAX_ADDRESSES: Final = 2_000
"""How many addresses a sitemap has, so that it is two megabytes of cards to read. A month with more has further parts."""

_PAGES: Final = "pages.xml"
_PLACES: Final = ("/", "/archive/", "/labels/", "/contact/")
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-([2-9]|[1-9]\d{1,2}))?\.xml", re.ASCII)
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


def index() -> str:
    """The list of all sitemaps."""
    names = [_PAGES]
    for month in reading.archive():
        name = f"{month.year:04d}-{month.month:02d}"
        names.append(f"{name}.xml")
        names += [f"{name}-{part}.xml" for part in range(2, -(-month.count // MAX_ADDRESSES) + 1)]
    return _document("sitemapindex", "sitemap", ((f"/sitemaps/{name}", None) for name in names))


def sitemap(name: str) -> str:
    """One of the documents that the index lists, by its name.

    :raises NotFound: there is nothing in it
    """
    if name == _PAGES:
        return _document("urlset", "url", [*((place, None) for place in _PLACES), *_addresses(_free_pages())])
    match = _MONTH.fullmatch(name)
    cards = _part(int(match[1]), int(match[2]), int(match[3] or 1)) if match else ()
    if not cards:
        raise NotFound(f"there is no sitemap {name!r}")
    return _document("urlset", "url", _addresses(cards))


def robots() -> str:
    """Where search engines need not look: what is for programs, and searches, of which there is no end."""
    rules = ["User-agent: *", "Disallow: /api/", "Disallow: /preview/", "Disallow: /search/?"]
    return "\n".join([*rules, "", f"Sitemap: {addresses.absolute('/sitemap.xml')}", ""])


def _free_pages() -> Iterable[Card]:
    return shelves.list_shelf("page", limit=MAX_ADDRESSES - len(_PLACES)).items


def _part(year: int, month: int, part: int) -> list[Card]:
    if not year:
        return []
    start = (part - 1) * MAX_ADDRESSES
    return reading.oldest(Shelf(year=year, month=month), start=start, limit=MAX_ADDRESSES)


def _addresses(cards: Iterable[Card]) -> Iterable[tuple[str, datetime | None]]:
    return ((addresses.encoded_path(card.path), card.updated_at) for card in cards)


def _document(root: str, entry: str, places: Iterable[tuple[str, datetime | None]]) -> str:
    document = Xml.Element(root, xmlns=_NAMESPACE)
    for path, changed_at in places:
        element = Xml.SubElement(document, entry)
        Xml.SubElement(element, "loc").text = addresses.absolute(path)
        if changed_at is not None:
            Xml.SubElement(element, "lastmod").text = machine_time(changed_at)
    return Xml.tostring(document, encoding="unicode", xml_declaration=True)
