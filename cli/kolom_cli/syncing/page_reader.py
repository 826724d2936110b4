"""Read a page: what it declares about itself, and its main text."""

import re
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit
from zoneinfo import ZoneInfo

from kolom.articles.input import MAX_IMAGE, is_image_url
from kolom.articles.page_urls import MAX_URL, normalize_url, page_url_problem
from kolom.hosts import ascii_host
from kolom_cli.syncing.html_tree import attribute, elements, parse_page, text_of
from kolom_cli.syncing.main_text import HEADINGS, MainText, find_main_text
from kolom_cli.syncing.metadata import Metadata, find_publication_time, read_metadata
from kolom_cli.syncing.types import Content, Excluded, Page, PageError, Redirect

_REFRESH: Final = re.compile(
    r"\s*(\d{1,9})(?:\.\d*)?(?:\s*[;,]\s*|\s+)(?:url\s*=\s*)?[\"']?\s*([^\"'\s][^\"']*)", re.IGNORECASE
)
_MAX_REFRESH_SECONDS: Final = 10
_MAX_REFRESH: Final = MAX_URL + 100
"""The number of characters of a ``<meta http-equiv=refresh>`` that are read: more would only cost time."""

_NO_INDEX: Final = frozenset({"noindex", "none"})
_ROBOTS: Final = ("robots", "googlebot")
_NO: Final = frozenset({"false", "no", "off", "closed", "0"})
_SEPARATOR: Final = "[-–—|·•:»«/~]{1,2}"
"""What titles of pages have between the title and the name of the site."""

_SITE_NAMES: Final = ("og:site_name", "application-name")
_SAFE: Final = "!#$%&'()*+,/:;=?@[]~"


def read_page(content: Content, url: str, zone: ZoneInfo) -> Page | Redirect | Excluded:
    """Read the page at ``url``. Times without an offset are in ``zone``.

    :raises PageError: it cannot be stored
    """
    root = parse_page(content)
    base = _base(root, url)
    if (target := _refresh_target(root, base)) is not None:
        return Redirect(target)
    metadata = read_metadata(root)
    if reason := _why_excluded(root, content, metadata):
        return Excluded(reason)
    main = find_main_text(root)
    title = metadata.first("title", ("headline", "name"), ("og:title",)) or _title(root, main, metadata, base)
    if not title:
        raise PageError("it has no title")
    _mark_title(main, title)
    language = metadata.first("language", (), ()) or attribute(root, "lang")
    published = metadata.first(
        "date", ("datePublished", "dateCreated"), ("article:published_time", "date", "dc.date", "dcterms.created")
    )
    updated = metadata.first("updated", ("dateModified",), ("article:modified_time", "og:updated_time"))
    image, note = _image(metadata, base)
    if note:
        metadata.notes.append(note)
    return Page(
        canonical=_canonical(root, base, url),
        title=title,
        description=metadata.first("description", ("description",), ("og:description", "description")),
        language=language or metadata.first("language", ("inLanguage",), ("og:locale",)),
        author=metadata.first("author", ("author", "creator"), ("author",)),
        image=image,
        labels=metadata.labels(),
        published_at=metadata.moment(published or find_publication_time(root, main.regions[0]), zone),
        updated_at=metadata.moment(updated, zone),
        comments_open=metadata.first("comments", (), ()).lower() not in _NO,
        heading_ids=main.heading_ids,
        is_whole=main.is_whole,
        html=_absolute(main, base),
        notes=tuple(metadata.notes),
    )


def find_target(content: Content, url: str) -> str | None:
    """Return the URL that the page at ``url`` leads to, or declares as its canonical one; None if that is its own.

    :raises PageError: it cannot be read
    """
    root = parse_page(content)
    base = _base(root, url)
    target = _refresh_target(root, base) or _canonical(root, base, url)
    return None if normalize_url(target) == normalize_url(url) else target


def absolute_page_url(base: str, reference: str) -> str:
    """Return the absolute URL of a link on a page, percent-encoded and without its fragment; unchanged if invalid."""
    try:
        parts = urlsplit(urljoin(base, reference.strip()).partition("#")[0])
        user, at, address = parts.netloc.rpartition("@")
        host, colon, port = address.partition(":") if not address.isascii() else (address, "", "")
        netloc = f"{user}{at}{ascii_host(host)}{colon}{port}"
    except ValueError:
        return reference
    return parts._replace(
        netloc=netloc, path=quote(parts.path or "/", safe=_SAFE), query=quote(parts.query, safe=_SAFE)
    ).geturl()


def _base(root: Any, url: str) -> str:
    found = next((attribute(each, "href") for each in elements(root, "base") if attribute(each, "href")), "")
    try:
        return urljoin(url, found)
    except ValueError:
        return url


def _refresh_target(root: Any, base: str) -> str | None:
    """Return the URL to which the page leads within ten seconds, without the reader's doing, or None."""
    for each in elements(root, "meta"):
        if attribute(each, "http-equiv").lower() == "refresh":
            match = _REFRESH.match(attribute(each, "content")[:_MAX_REFRESH])
            if match and int(match[1]) <= _MAX_REFRESH_SECONDS:
                return absolute_page_url(base, match[2])
    return None


def _why_excluded(root: Any, content: Content, metadata: Metadata) -> str | None:
    values = [content.robots, *(value for name in _ROBOTS for value in metadata.meta.get(name, ()))]
    if any(_NO_INDEX & set(re.split(r"[\s,:]+", value.lower())) for value in values):
        return "it has noindex"
    ignored = [root, *(each for each in (root.find("body"),) if each is not None)]
    if any("data-kolom-ignore" in each.attrib for each in ignored):
        return "it has data-kolom-ignore"
    if metadata.first("search", (), ()).lower() in _NO:
        return "it has data-kolom-meta with search:off"
    return None


def _title(root: Any, main: MainText, metadata: Metadata, base: str) -> str:
    """Return the first ``<h1>`` of the main text; without one, its first heading if ``<title>`` adds the site to it.

    Otherwise return ``<title>``. In some themes, the ``<h1>`` is the name of the site.
    """
    found = ((each.tag, text_of(each)) for region in main.regions for each in elements(region, *HEADINGS))
    headings = [(tag, text) for tag, text in found if text]
    if first := next((text for tag, text in headings if tag == "h1"), ""):
        return first
    title = text_of(next(elements(root, "title"), None))
    heading = headings[0][1] if headings else ""
    added = _addition(title, heading).casefold() if heading else ""
    return heading if added and added in _site_names(root, metadata, base) else title


def _mark_title(main: MainText, title: str) -> None:
    """Make the first heading of a text without ``<h1>`` one if it is the title, so that the text does not repeat it."""
    headings = [each for region in main.regions for each in elements(region, *HEADINGS)]
    if headings and text_of(headings[0]) == title and all(each.tag != "h1" for each in headings):
        headings[0].tag = "h1"


def _addition(title: str, text: str) -> str:
    """Return what ``title`` has besides ``text`` and a separator: ``Site`` in ``Text | Site``; empty if nothing."""
    if title.startswith(text) and (match := re.fullmatch(rf"\s?{_SEPARATOR}\s(.+)", title[len(text) :])):
        return match[1]
    if title.endswith(text) and (match := re.fullmatch(rf"(.+?)\s?{_SEPARATOR}\s", title[: -len(text)])):
        return match[1]
    return ""


def _site_names(root: Any, metadata: Metadata, base: str) -> set[str]:
    """Return what may be the name of the site, in lower case: declared, in an ``<h1>`` or in a link to the site."""
    declared = (name for key in _SITE_NAMES for name in metadata.meta.get(key, ()))
    shown = (text_of(each) for each in elements(root, "h1", "a") if each.tag == "h1" or _leads_to_site(each, base))
    return {name.casefold() for name in (*declared, *shown)}


def _leads_to_site(link: Any, base: str) -> bool:
    """Return whether a link leads to the front page of the site."""
    href = attribute(link, "href")
    if not href or href.startswith("#"):
        return False
    return "home" in attribute(link, "rel").lower().split() or absolute_page_url(base, href) == urljoin(base, "/")


def _canonical(root: Any, base: str, url: str) -> str:
    found = [
        absolute_page_url(base, attribute(each, "href"))
        for each in elements(root, "link")
        if "canonical" in attribute(each, "rel").lower().split() and attribute(each, "href")
    ]
    if len({normalize_url(each) for each in found}) > 1:
        raise PageError(f"it has {len(found)} canonical URLs: {', '.join(found[:3])}")
    if not found:
        return url
    if page_url_problem(found[0]):
        raise PageError(f"its canonical URL is not valid: {found[0][:200]!r}")
    return found[0]


def _image(metadata: Metadata, base: str) -> tuple[str | None, str]:
    declared = metadata.first("image", ("image", "thumbnailUrl"), ("og:image", "og:image:url", "twitter:image"))
    if not declared:
        return None, ""
    image = absolute_page_url(base, declared)
    if len(image) > MAX_IMAGE or not is_image_url(image):
        return None, f"its image {declared[:80]!r} is not valid and not used"
    return image, ""


def _absolute(main: MainText, base: str) -> str:
    """Return the HTML of the main text, with absolute URLs of links and pictures, except links within the page."""
    for region in main.regions:
        for each in region.iter():
            for name in ("href", "src", "poster"):
                value = str(each.get(name) or "").strip()
                if value and not value.startswith(("#", "data:")):
                    try:
                        each.set(name, urljoin(base, value))
                    except ValueError:
                        del each.attrib[name]
    return main.to_html()
