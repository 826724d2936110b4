"""Sitemaps and robots.txt for search engines: https://www.sitemaps.org/protocol.html and RFC 9309.

| document | DynamoDB requests, at most |
|---|---|
| the index | 1 |
| the home page, the archive, labels and contact pages, and the published pages | 1 for each megabyte of summaries |
| the articles of a month | the same: a megabyte holds about 250 to 1,000 articles |
| robots.txt | 0 |

A later part of a month also reads the count and the earlier parts. The oldest articles come first, so that a new
article moves no other article to another part, and cached sitemaps stay correct.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final
from xml.etree import ElementTree as Xml

from kolom import urls
from kolom.articles import public
from kolom.articles.types import ArticleFilter, ArticleSummary
from kolom.errors import NotFound
from kolom.timestamps import to_rfc3339

MAX_URLS: Final = 2_000
"""The maximum number of URLs in a sitemap. A month with more articles has several parts."""

MAX_PARTS: Final = 10
"""The maximum number of parts of a month, so that the last one is generated in time. Further articles are omitted."""

MAX_URL: Final = 2_047
"""The protocol's maximum length of a URL, escaped as XML. Articles with a longer one are omitted."""

_PAGES: Final = "pages.xml"
_PATHS: Final = ("/", "/archive/", "/labels/", "/contact/")
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-([2-9]|10))?\.xml", re.ASCII)
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


def render_index() -> str:
    """Return the list of all sitemaps."""
    names = [_PAGES]
    for month in public.list_months():
        name = f"{month.year:04d}-{month.month:02d}"
        names.append(f"{name}.xml")
        names += [f"{name}-{part}.xml" for part in range(2, _parts(month.count) + 1)]
    return _document("sitemapindex", "sitemap", ((f"/sitemaps/{name}", None) for name in names))


def render_sitemap(name: str) -> str:
    """Return a sitemap of the index by its name.

    :raises NotFound: the sitemap does not exist or is empty
    """
    if name == _PAGES:
        return _document(
            "urlset",
            "url",
            [*((path, None) for path in _PATHS), *_entries(public.list_pages(limit=MAX_URLS - len(_PATHS)))],
        )
    match = _MONTH.fullmatch(name)
    summaries = _part(int(match[1]), int(match[2]), int(match[3] or 1)) if match else ()
    if not summaries:
        raise NotFound(f"there is no sitemap {name!r}")
    return _document("urlset", "url", _entries(summaries))


def render_robots() -> str:
    """Return robots.txt, which excludes the API, previews and the unlimited number of searches."""
    rules = ["User-agent: *", "Disallow: /api/", "Disallow: /preview/", "Disallow: /search/?"]
    return "\n".join([*rules, "", f"Sitemap: {urls.absolute_url('/sitemap.xml')}", ""])


def _part(year: int, month: int, part: int) -> list[ArticleSummary]:
    month_listing = ArticleFilter(year=year, month=month)
    # A request for a missing part must not cost as much as an existing part.
    if not year or (part > 1 and part > _parts(public.count_articles(month_listing))):
        return []
    return public.list_oldest(month_listing, start=(part - 1) * MAX_URLS, limit=MAX_URLS)


def _parts(articles: int) -> int:
    return min(-(-articles // MAX_URLS), MAX_PARTS)


def _entries(summaries: Iterable[ArticleSummary]) -> Iterable[tuple[str, datetime | None]]:
    return ((urls.encoded_path(summary.path), summary.updated_at) for summary in summaries)


def _document(root: str, element_name: str, entries: Iterable[tuple[str, datetime | None]]) -> str:
    document = Xml.Element(root, xmlns=_NAMESPACE)
    for path, changed_at in entries:
        url = urls.absolute_url(path)
        if len(escape(url)) > MAX_URL:
            continue
        element = Xml.SubElement(document, element_name)
        Xml.SubElement(element, "loc").text = url
        if changed_at is not None:
            Xml.SubElement(element, "lastmod").text = to_rfc3339(changed_at)
    return Xml.tostring(document, encoding="unicode", xml_declaration=True)
