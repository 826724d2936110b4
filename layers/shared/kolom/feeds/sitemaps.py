"""What search engines are told: https://www.sitemaps.org/protocol.html and RFC 9309.

| document | DynamoDB requests, at most |
|---|---|
| the index | 1 |
| the home page and free pages | 1 |
| the articles of a month | 1 for each megabyte of cards, which is some 250 to 1,000 of them |
| robots.txt | 0 |

A later part of a month reads the count and the earlier parts too. Articles never move to another file, so that what
search engines have read stays true.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final
from xml.etree import ElementTree as Xml

from kolom import urls
from kolom.articles import admin, public
from kolom.articles.types import ArticleFilter, ArticleSummary
from kolom.errors import NotFound
from kolom.timestamps import to_rfc3339

MAX_ADDRESSES: Final = 2_000
"""How many addresses a sitemap has. A month with more articles has further parts."""

MAX_PARTS: Final = 10
"""How many parts a month has at most, so that the last one can be answered in time. Further articles are in none."""

MAX_ADDRESS: Final = 2_047
"""How long an address is at most, escaped as XML; the protocol says so. An article with a longer one is in none."""

_PAGES: Final = "pages.xml"
_PLACES: Final = ("/", "/archive/", "/labels/", "/contact/")
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-([2-9]|10))?\.xml", re.ASCII)
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


def index() -> str:
    """The list of all sitemaps."""
    names = [_PAGES]
    for month in public.list_months():
        name = f"{month.year:04d}-{month.month:02d}"
        names.append(f"{name}.xml")
        names += [f"{name}-{part}.xml" for part in range(2, _parts(month.count) + 1)]
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
    return "\n".join([*rules, "", f"Sitemap: {urls.absolute_url('/sitemap.xml')}", ""])


def _free_pages() -> Iterable[ArticleSummary]:
    return admin.list_by_status("page", limit=MAX_ADDRESSES - len(_PLACES)).items


def _part(year: int, month: int, part: int) -> list[ArticleSummary]:
    month_shelf = ArticleFilter(year=year, month=month)
    # A part that is not there must not cost what it would if it were.
    if not year or (part > 1 and part > _parts(public.count_articles(month_shelf))):
        return []
    return public.list_oldest(month_shelf, start=(part - 1) * MAX_ADDRESSES, limit=MAX_ADDRESSES)


def _parts(articles: int) -> int:
    return min(-(-articles // MAX_ADDRESSES), MAX_PARTS)


def _addresses(cards: Iterable[ArticleSummary]) -> Iterable[tuple[str, datetime | None]]:
    return ((urls.encoded_path(card.path), card.updated_at) for card in cards)


def _document(root: str, entry: str, places: Iterable[tuple[str, datetime | None]]) -> str:
    document = Xml.Element(root, xmlns=_NAMESPACE)
    for path, changed_at in places:
        address = urls.absolute_url(path)
        if len(escape(address)) > MAX_ADDRESS:
            continue
        element = Xml.SubElement(document, entry)
        Xml.SubElement(element, "loc").text = address
        if changed_at is not None:
            Xml.SubElement(element, "lastmod").text = to_rfc3339(changed_at)
    return Xml.tostring(document, encoding="unicode", xml_declaration=True)
