"""What a feed says, whatever format it is written in. Pure data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article or a comment.

    ``id`` is a URI that stays the same for ever, whatever becomes of the address ``url``. Addresses are full URLs.
    ``title``, ``summary`` and ``author`` are plain text; ``content_html`` is None where only the summary is told.
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
    """A list of entries, newest first. ``url`` is the address of what it is the feed of, ``feed_url`` its own.

    ``author`` stands for the entries that name none.
    """

    title: str
    description: str
    author: str
    url: str
    feed_url: str
    language: str
    entries: Sequence[Entry]

    @property
    def updated_at(self) -> datetime:
        """When an entry last changed. Of an empty feed it is a moment long ago, the same at each reading."""
        return max((entry.updated_at for entry in self.entries), default=_NEVER)
