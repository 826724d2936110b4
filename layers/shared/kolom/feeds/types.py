"""Feeds and their entries, independent of the format. Pure data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """An article or a comment.

    ``id`` is a permanent URI, even if the ``url`` changes. All URLs are absolute. ``title``, ``summary`` and ``author``
    are plain text; ``content_html`` is None if the entry has only a summary.
    """

    id: str
    url: str
    title: str
    published_at: datetime
    updated_at: datetime
    author: str = ""
    summary: str = ""
    content_html: str | None = None
    image: str | None = None
    labels: Sequence[str] = ()
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A list of entries, newest first. ``url`` is the page that the feed is about, ``feed_url`` the feed itself.

    ``author`` applies to entries without one.
    """

    title: str
    description: str
    author: str
    url: str
    feed_url: str
    language: str
    entries: Sequence[FeedEntry]

    @property
    def updated_at(self) -> datetime:
        """Return the time of the latest change of an entry; a constant time in the past for an empty feed."""
        return max((entry.updated_at for entry in self.entries), default=_NEVER)
