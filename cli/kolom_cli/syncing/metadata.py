"""Read what a page declares about itself: JSON-LD, Open Graph, ``<meta>``, ``<time>`` and ``data-kolom-meta``."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any, Final
from zoneinfo import ZoneInfo

from kolom_cli.importers.common.dates import to_utc
from kolom_cli.syncing.html_tree import attribute, elements, one_line, text_of

_ARTICLE_TYPES: Final = frozenset(
    {
        *("Article", "BlogPosting", "NewsArticle", "TechArticle", "ScholarlyArticle", "Report", "OpinionNewsArticle"),
        *("AnalysisNewsArticle", "ReportageNewsArticle", "ReviewNewsArticle", "SocialMediaPosting", "LiveBlogPosting"),
        *("HowTo", "Recipe", "Review", "FAQPage", "QAPage", "APIReference"),
    }
)
_PAGE_TYPES: Final = frozenset({"WebPage", "AboutPage", "ContactPage", "ProfilePage", "ItemPage"})
_MAX_NODES: Final = 1_000
_MAX_DEPTH: Final = 20
_KEYS: Final = frozenset(
    {"title", "description", "date", "updated", "label", "author", "image", "language", "comments", "search"}
)
_PUBLISHED_MARKS: Final = frozenset({"dt-published", "published", "entry-date"})


@dataclass(frozen=True, slots=True)
class Metadata:
    """The declarations of a page. Each method returns the first one that is not empty, in the order of precedence."""

    own: Mapping[str, Sequence[str]]
    linked: Mapping[str, Any]
    meta: Mapping[str, Sequence[str]]
    notes: list[str] = field(default_factory=list)

    def first(self, key: str, linked: Sequence[str], meta: Sequence[str]) -> str:
        """Return the value of ``data-kolom-meta``, of a property of JSON-LD, or of a ``<meta>``; empty if none."""
        for value in self.own.get(key, ()):
            if value:
                return value
        for name in linked:
            if text := _text(self.linked.get(name)):
                return self._without_references(text)
        return next((value for name in meta for value in self.meta.get(name, ()) if value), "")

    def _without_references(self, text: str) -> str:
        """Return a text of JSON-LD without character references, such as ``&amp;``, if a ``<meta>`` has it that way.

        JSON-LD has plain text, but jekyll-seo-tag and some themes write the same HTML into it as into ``<meta>``.
        """
        plain = one_line(unescape(text))
        return plain if any(plain in values for values in self.meta.values()) else text

    def labels(self) -> tuple[str, ...]:
        """Return the labels: of ``data-kolom-meta``, else of Open Graph, else the keywords of JSON-LD."""
        if own := [label for value in self.own.get("label", ()) for label in value.split(",")]:
            return tuple(own)
        if tags := self.meta.get("article:tag"):
            return tuple(tags)
        keywords = self.linked.get("keywords")
        if isinstance(keywords, str):
            return tuple(keywords.split(","))
        return tuple(text for each in keywords if (text := _text(each))) if isinstance(keywords, list) else ()

    def moment(self, text: str, zone: ZoneInfo) -> datetime | None:
        """Return the time that ``text`` says, in the zone of the site unless it has an offset; None if invalid."""
        if not text:
            return None
        found = parse_moment(text, zone)
        if found is None:
            self.notes.append(f"its date {text[:40]!r} is not valid and not used")
        return found


def read_metadata(root: Any) -> Metadata:
    """Return the declarations of a page."""
    notes: list[str] = []
    return Metadata(own=_own(root, notes), linked=_linked(root, notes), meta=_meta(root), notes=notes)


def find_publication_time(root: Any, main: Any) -> str:
    """Return the time of publication by the elements ``<time>``: a marked one, else the first of the main text."""
    for each in elements(root, "time"):
        classes = set(attribute(each, "class").lower().split())
        is_marked = attribute(each, "itemprop") == "datePublished" or "pubdate" in each.attrib
        if attribute(each, "datetime") and (is_marked or classes & _PUBLISHED_MARKS):
            return attribute(each, "datetime")
    return next((text for each in elements(main, "time") if (text := attribute(each, "datetime"))), "")


def parse_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Return a time in ISO 8601 or RFC 5322 as UTC; one without an offset is in ``zone``. None if it is invalid."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError, TypeError, OverflowError, IndexError):
            found = parse(text.strip())
            return to_utc(found.replace(tzinfo=zone) if found.tzinfo is None else found)
    return None


def _own(root: Any, notes: list[str]) -> Mapping[str, Sequence[str]]:
    """Return the values of ``data-kolom-meta``: ``key:value``, or ``key`` for the text of the element."""
    found: dict[str, list[str]] = {}
    for each in root.iterfind(".//*[@data-kolom-meta]"):
        key, colon, value = attribute(each, "data-kolom-meta").partition(":")
        key = key.strip().lower()
        if key not in _KEYS:
            notes.append(f"data-kolom-meta has the unknown key {key[:40]!r}: known are {', '.join(sorted(_KEYS))}")
            continue
        shown = attribute(each, "datetime") or attribute(each, "content") or text_of(each)
        found.setdefault(key, []).append(one_line(value if colon else shown))
    return found


def _meta(root: Any) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for each in elements(root, "meta"):
        name = (attribute(each, "property") or attribute(each, "name")).lower()
        if name and (value := one_line(attribute(each, "content"))):
            found.setdefault(name, []).append(value)
    return found


def _linked(root: Any, notes: list[str]) -> Mapping[str, Any]:
    """Return the node of JSON-LD that describes the page: an article, else a page; empty if there is none."""
    nodes: list[Mapping[str, Any]] = []
    for script in elements(root, "script"):
        if attribute(script, "type").lower().partition(";")[0] == "application/ld+json":
            try:
                nodes += _nodes(json.loads(script.text or "", strict=False))
            except (ValueError, RecursionError):
                notes.append("its JSON-LD is not valid and not used")
    for types in (_ARTICLE_TYPES, _PAGE_TYPES):
        for node in nodes:
            if types & _types(node):
                return node
    return {}


def _nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the nodes of a document of JSON-LD, which may be in a list or a graph, and the main entities of pages."""
    waiting, seen = [value], 0
    while waiting and seen < _MAX_NODES:
        value, seen = waiting.pop(0), seen + 1
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            yield value
            waiting += [value[name] for name in ("@graph", "mainEntity") if name in value]


def _types(node: Mapping[str, Any]) -> set[str]:
    value = node.get("@type")
    names = value if isinstance(value, list) else [value]
    return {name.rpartition("/")[2] for name in names if isinstance(name, str)}


def _text(value: Any, depth: int = _MAX_DEPTH) -> str:
    """Return a value of JSON-LD as text: of a list the first, of a node its name or URL. Deeper values are ignored."""
    if depth == 0:
        return ""
    if isinstance(value, list):
        return next((text for each in value if (text := _text(each, depth - 1))), "")
    if isinstance(value, dict):
        names = ("@value", "name", "url", "@id")
        return next((text for name in names if (text := _text(value.get(name), depth - 1))), "")
    return one_line(str(value)) if isinstance(value, str | int | float) else ""
