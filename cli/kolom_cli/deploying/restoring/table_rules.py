"""What the items of the running table should be: those of the restored state, with exceptions.

The exceptions keep the site consistent.
"""

from datetime import datetime
from typing import Final, Protocol

from kolom.models.articles import ARTICLE, BLOCKED_WORDS, SETTINGS, SITE, THEME
from kolom.search import search_settings
from kolom.search.search_settings import SearchSettings
from kolom.submissions import blocked_words
from kolom_cli.deploying.restoring.items import Item, continue_counters, number, text

SEQUENCE: Final = ("sequence", "article")


class TableRules(Protocol):
    """The rules of a kind of table."""

    @property
    def key_names(self) -> tuple[str, ...]:
        """The key attributes, the hash key first."""

    def desired(self, then: Item | None, now: Item | None) -> Item | None:
        """Return what the running table should have for a key; None for nothing.

        ``then`` is the restored item and ``now`` that of the running table. If nothing is to change, the result has the
        digest of ``now``.
        """

    def title(self, item: Item) -> str:
        """Return what people call the item; empty for an item that is a part of others."""


class ArticleRules:
    """Articles, their names and counts have the state of then.

    ``mark`` is written to changed articles, so that the search indexes them again.
    """

    key_names = ("key", "part")

    def __init__(self, mark: str) -> None:
        self._mark = mark

    def desired(self, then: Item | None, now: Item | None) -> Item | None:
        """Return the item.

        The sequence of ids never goes backwards, and the theme of the last deployment stays. Settings that did not
        exist become empty: if the item were deleted, the settings saved next would get a revision number that was used
        before, and running processes would keep what they have cached.
        """
        key = _article_key(then, now)
        if key in {SEQUENCE, (SITE, THEME)} and now is not None:
            if key == SEQUENCE and then is not None and number(then, "value") > number(now, "value"):
                return then
            return now
        if key[1] == SETTINGS and now is not None and then is None:
            return _without_settings(key[0], now)
        if then is None:
            return None
        if key[1] == ARTICLE:
            found = continue_counters(then, now, ignored=("touched",))
            return found if found is now else {**found, "touched": {"S": self._mark}}
        return continue_counters(then, now)

    def title(self, item: Item) -> str:
        """Return the slug of an article."""
        return text(item, "slug") if text(item, "part") == ARTICLE else ""


class MessageRules:
    """Messages have the state of then, without those that have expired since."""

    key_names = ("id",)

    def __init__(self, now: datetime) -> None:
        self._now = now

    def desired(self, then: Item | None, now: Item | None) -> Item | None:
        """Return the item.

        An expired one is never added or changed; if the running table still has it, it stays.
        """
        if then is not None and has_expired(then, self._now):
            return now
        return then

    def title(self, item: Item) -> str:
        """Return the id."""
        return text(item, "id")


def has_expired(item: Item, now: datetime) -> bool:
    """Return whether the retention period of an item is over."""
    return "expires_at" in item and number(item, "expires_at") <= now.timestamp()


def _without_settings(key: str, now: Item) -> Item:
    data = bytes(now["data"]["B"])
    if key == BLOCKED_WORDS:
        is_empty, empty = not blocked_words.decode(data), blocked_words.encode(())
    else:
        none = SearchSettings()
        is_empty, empty = search_settings.decode(data) == none, search_settings.encode(none)
    return now if is_empty else {**now, "data": {"B": empty}, "revision": {"N": str(number(now, "revision") + 1)}}


def _article_key(then: Item | None, now: Item | None) -> tuple[str, str]:
    item = then or now
    assert item is not None
    return text(item, "key"), text(item, "part")
