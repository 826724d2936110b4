"""The Guard table: short-lived records that make actions idempotent and limit their rate.

| ``key`` | content |
|---|---|
| ``once#…`` | the comment or message created by a submission: ``fingerprint``, ``article_id``, ``item_id`` |
| ``tally#clients#<network>`` | the counters of a network and its addresses; the last submissions (:func:`count_once`) |
| ``tally#site#<period>`` | the submissions to the whole site in a period: ``total`` |
| ``tally#copies#…`` | keyed hashes of the senders of a text on a day: ``seen`` |
| ``tally#confirmations#…`` | counters of confirmation mails by network, mailbox and site (:func:`count_once`) |
| ``sender#<comment>`` | keyed hashes of a comment's client: ``address``, ``network``; its ``submission`` |
| ``ban#…`` | a banned client |
| ``used#…`` | a used single-use token or proof of work |
| ``searches#2026-11#…`` | :class:`SearchCount`: how often a query was used in a month |
| ``searches#2026-11#salt``, ``…#shown`` | the salt of the month; the keys of the queries that the report shows |

All items expire. DynamoDB deletes late, so readers must also check ``expires_at``.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import and_
from types import MappingProxyType
from typing import Any, Self

from pynamodb.attributes import (
    BinaryAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.expressions.operand import Path

from kolom.models.base import Record, SchemaAttribute, TableMeta
from kolom.models.expiry import has_expired
from kolom.models.expressions import Action, Condition, has_room


class GuardRecord(Record):
    """Any item of the table.

    ``counters`` and ``ids`` are the attributes whose names have a ``#``: numbers, and sets of texts.
    """

    class Meta(TableMeta):
        setting = "guard_table"

    key = UnicodeAttribute(hash_key=True)
    schema = SchemaAttribute()
    expires_at = NumberAttribute()
    fingerprint = UnicodeAttribute(null=True)
    article_id = UnicodeAttribute(null=True)
    item_id = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    network = UnicodeAttribute(null=True)
    submission = UnicodeAttribute(null=True)
    seen = UnicodeSetAttribute(null=True)
    total = NumberAttribute(null=True)

    counters: Mapping[str, int] = MappingProxyType({})
    ids: Mapping[str, frozenset[str]] = MappingProxyType({})

    @classmethod
    def from_upgraded_data(cls, data: dict[str, Any]) -> Self:
        """Return the record of an item that has the form of this version."""
        record = super().from_upgraded_data(data)
        named = {name: value for name, value in data.items() if "#" in name}
        record.counters = {name: int(value["N"]) for name, value in named.items() if "N" in value}
        record.ids = {name: frozenset(value["SS"]) for name, value in named.items() if "SS" in value}
        return record

    @classmethod
    def get_many(cls, keys: Iterable[str]) -> list[Self]:
        """Return the records with these keys. One consistent BatchGetItem."""
        return list(cls.batch_get(list(keys), consistent_read=True))

    def is_unexpired(self, now: datetime) -> bool:
        """Return whether the record has not expired; DynamoDB deletes expired items late."""
        return not has_expired(self.expires_at, now)


def count_once(
    key: str,
    maxima: Mapping[str, int],
    member_id: str,
    *,
    ids: str,
    is_remembered: bool,
    outdated: Iterable[str],
    expires_at: int,
) -> bool:
    """Add 1 to the counters of an item if all are below their maxima, and the set ``ids`` lacks ``member_id``.

    Then also add ``member_id`` to the set if ``is_remembered``, and remove the attributes ``outdated``. Otherwise
    return False, and change nothing. One UpdateItem.
    """
    members = Path([ids])
    conditions: list[Condition] = [members.does_not_exist() | ~members.contains(member_id)]
    conditions += [Path([name]).does_not_exist() | (Path([name]) < maximum) for name, maximum in maxima.items()]
    actions: list[Action] = [GuardRecord.expires_at.set(expires_at), GuardRecord.schema.keep_or_set()]
    actions += [Path([name]).add(1) for name in maxima]
    if is_remembered:
        actions.append(members.add({"SS": [member_id]}))
    actions += [Path([name]).remove() for name in outdated]
    return GuardRecord(key).update_if(reduce(and_, conditions), actions)


class SearchCount(Record):
    """How often a query was used in a month. Without ``text``, the query is not known.

    ``visitors`` has a few numbers that a visitor shares with many others (:mod:`kolom.search.query_counts`). ``days``
    are those of the month. ``salt`` and ``shown`` are the attributes of the items of a month.
    """

    class Meta(TableMeta):
        setting = "guard_table"

    key = UnicodeAttribute(hash_key=True)
    schema = SchemaAttribute()
    expires_at = NumberAttribute()
    searches = NumberAttribute(default=0)
    without_results = NumberAttribute(default=0)
    visitors = NumberSetAttribute(null=True)
    days = NumberSetAttribute(null=True)
    text = UnicodeAttribute(null=True)
    salt = BinaryAttribute(null=True, legacy_encoding=False)
    shown = UnicodeSetAttribute(null=True)


def get_or_set_salt(key: str, salt: bytes, *, expires_at: int) -> bytes:
    """Return the salt of an item, which is ``salt`` if it had none. One UpdateItem."""
    item = SearchCount(key)
    actions = [SearchCount.salt.set(SearchCount.salt | salt), SearchCount.expires_at.set(expires_at)]
    item.update([*actions, SearchCount.schema.keep_or_set()])
    return bytes(item.salt)


def count_search(key: str, *, has_results: bool, visitor: int, day: int, expires_at: int) -> SearchCount:
    """Count a use of a query on a day of the month, and return its item. One UpdateItem.

    ``expires_at`` is that of a new item.
    """
    item = SearchCount(key)
    item.update(
        [
            SearchCount.searches.add(1),
            SearchCount.without_results.add(int(not has_results)),
            SearchCount.visitors.add({visitor}),
            SearchCount.days.add({day}),
            SearchCount.expires_at.set(SearchCount.expires_at | expires_at),
            SearchCount.schema.keep_or_set(),
        ]
    )
    return item


def show_query(item: SearchCount, text: str, list_key: str, *, max_shown: int, expires_at: int) -> bool:
    """Store the text of a query, and its key in the list of the month; return False if the list is full.

    Two UpdateItems: first that of the list, so that an interrupted call can be repeated.
    """
    actions = [
        SearchCount.shown.add({item.key}),
        SearchCount.expires_at.set(expires_at),
        SearchCount.schema.keep_or_set(),
    ]
    if not SearchCount(list_key).update_if(has_room(SearchCount.shown, item.key, max_shown), actions):
        return False
    item.update([SearchCount.text.set(text), SearchCount.expires_at.set(expires_at)])
    return True


def read_shown(list_key: str) -> list[SearchCount]:
    """Return the items of the queries in the list of a month. A BatchGetItem, and one for each hundred queries."""
    keys = {key for found in SearchCount.batch_get([list_key]) for key in found.shown or ()}
    return [item for item in SearchCount.batch_get(sorted(keys)) if item.text]
