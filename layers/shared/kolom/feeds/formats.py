"""Write feeds as Atom 1.0 (RFC 4287), RSS 2.0 with full text, or JSON Feed 1.1. Pure."""

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from feedgenerator import Atom1Feed, Rss201rev2Feed

from kolom.feeds.types import Feed, FeedEntry
from kolom.rendering.sanitizer import clean_characters
from kolom.timestamps import to_rfc3339

ATOM: Final = "application/atom+xml"

_CONTENT: Final = "http://purl.org/rss/1.0/modules/content/"


def render_atom(feed: Feed) -> str:
    """Return the feed as Atom."""
    return _serialize(_Atom, feed)


def render_rss(feed: Feed) -> str:
    """Return the feed as RSS, with the content module for the text.

    See https://www.rssboard.org/rss-profile#namespace-elements-content.
    """
    return _serialize(_Rss, feed)


def render_json_feed(feed: Feed) -> str:
    """Return the feed as JSON Feed, see https://www.jsonfeed.org/version/1.1/."""
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "home_page_url": feed.url,
            "feed_url": feed.feed_url,
            "language": feed.language,
            "authors": [{"name": feed.author}],
            **({"description": feed.description} if feed.description else {}),
            "items": [_json_item(entry) for entry in feed.entries],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


FORMATS: Final[Mapping[str, tuple[str, Callable[[Feed], str]]]] = {
    "atom.xml": (ATOM, render_atom),
    "rss.xml": ("application/rss+xml", render_rss),
    "feed.json": ("application/feed+json", render_json_feed),
}
"""The formats of article feeds by file name: the media type and the function that writes it."""


class _Dated:
    """Uses the time of the latest change of an entry; for a feed without entries, a constant, not the current time."""

    feed: dict[str, Any]

    def latest_post_date(self) -> Any:
        return self.feed["updated_at"]


class _Atom(_Dated, Atom1Feed):  # type: ignore[misc]
    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        return {"xml:lang": item["language"]}


class _Rss(_Dated, Rss201rev2Feed):  # type: ignore[misc]
    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:content": _CONTENT}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["content"] is not None:
            handler.addQuickElement("content:encoded", item["content"])


def _serialize(kind: type[Any], feed: Feed) -> str:
    document = kind(
        title=clean_characters(feed.title),
        link=feed.url,
        description=clean_characters(feed.description),
        language=feed.language,
        feed_url=feed.feed_url,
        feed_guid=feed.feed_url,
        author_name=clean_characters(feed.author),
        updated_at=feed.updated_at,
    )
    for entry in feed.entries:
        document.add_item(
            title=clean_characters(entry.title),
            link=entry.url,
            description=escape(clean_characters(entry.summary), quote=False) if entry.summary else None,
            content=None if entry.content_html is None else clean_characters(entry.content_html),
            author_name=clean_characters(entry.author) or None,
            pubdate=entry.published_at,
            updateddate=entry.updated_at,
            unique_id=entry.id,
            unique_id_is_permalink=False,
            categories=[clean_characters(label) for label in entry.labels],
            language=entry.language,
        )
    return str(document.writeString("utf-8"))


def _json_item(entry: FeedEntry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "date_published": to_rfc3339(entry.published_at),
        "date_modified": to_rfc3339(entry.updated_at),
        "language": entry.language,
    }
    if entry.content_html is None:
        item["content_text"] = entry.summary
    else:
        item["content_html"] = entry.content_html
    optional: dict[str, Any] = {"summary": entry.summary, "image": entry.image, "tags": list(entry.labels)}
    if entry.author:
        optional["authors"] = [{"name": entry.author}]
    return item | {name: value for name, value in optional.items() if value}
