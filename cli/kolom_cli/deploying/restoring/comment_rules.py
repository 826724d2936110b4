"""What the items of the running table of comments should be: those of the restored state, with exceptions.

What was erased or ended since then is not restored: the text of an erased comment, the address and the subscriptions of
its author, and subscriptions that were ended by an unsubscription. Expired items are not restored, either; a comment
that would have expired, but was approved since then, gets its status of then and a new expiry. The counts of approved
comments and of visible replies are those of then without the erased comments.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from kolom.comments.mapping import to_comment, to_record
from kolom.comments.repository import with_expiry
from kolom.comments.types import Comment
from kolom.models.comments import ADDRESS, STATS, SUBSCRIPTION, CommentRecord, address_key
from kolom_cli.deploying.restoring.item_reader import get_items, query
from kolom_cli.deploying.restoring.items import Item, Key, continue_counters, key_of, number, text
from kolom_cli.deploying.restoring.table_rules import has_expired
from kolom_cli.deploying.restoring.temporary_tables import RestoredTable

_KEY_NAMES: Final = ("article_id", "sort")
_PARTS: Final = frozenset({STATS, ADDRESS, SUBSCRIPTION})


class CommentRules:
    """Comments, counts, addresses and subscriptions have the state of then, without what was erased since."""

    key_names = _KEY_NAMES

    def __init__(self, table: RestoredTable, now: datetime) -> None:
        """Read the erased comments of the running table, and the threads that they belonged to then."""
        self._now = now
        self._erased = {key_of(item, _KEY_NAMES) for item in _erased_items(table.running)}
        self._ids = {key[1] for key in self._erased}
        then = get_items(table.temporary, self._erased, _KEY_NAMES)
        lost = {key: item for key, item in then.items() if text(item, "content")}
        self._persons = {text(item, "person") for item in lost.values()} - {""}
        addresses = get_items(table.temporary, (address_key(key[1]) for key in lost), _KEY_NAMES)
        self._emails = {text(item, "email").casefold() for item in addresses.values()}
        self._approved = Counter(key[0] for key, item in lost.items() if text(item, "status") == "approved")
        self._replies: dict[Key, int] = {}
        for article_id in {key[0] for key in lost}:
            self._replies |= _count_replies(_comments_of(table.temporary, article_id), self._erased)

    def desired(self, then: Item | None, now: Item | None) -> Item | None:
        """Return the item for a key."""
        key = key_of(then or now or {}, _KEY_NAMES)
        if then is not None and has_expired(then, self._now):
            is_kept = now is not None and key[1] not in _PARTS and not has_expired(now, self._now)
            then = self._with_expiry(_to_comment(then), now) if is_kept else None
        match key[1]:
            case "stats":
                return self._stats(key, then)
            case "address":
                return self._address(key, then, now)
            case "subscription":
                return self._subscription(then, now)
        if then is None:
            return None
        # The index that lists the erased comments may be a second behind.
        is_erased = key in self._erased or (now is not None and not text(now, "content"))
        if is_erased and text(then, "content"):
            return None if now is None else self._erased_comment(key, now)
        if now is None and text(then, "person") in self._persons and not _is_visible(then):
            return None
        if now is not None and now.get("announced", {}).get("BOOL"):
            then = {**then, "announced": {"BOOL": True}}  # Its mails were created already.
        if key in self._replies:
            then = self._with_replies(then, now, self._replies[key])
        return continue_counters(then, now)

    def _erased_comment(self, key: Key, now: Item) -> Item:
        """Return a comment without its text. Replies to it may be visible again, and it with them."""
        replies = self._replies.get(key, number(now, "replies"))
        return continue_counters(self._with_replies(now, now, replies), now)

    def title(self, item: Item) -> str:
        """Return the id of a comment."""
        return "" if text(item, "sort") in _PARTS else text(item, "sort")

    def _stats(self, key: Key, then: Item | None) -> Item | None:
        fewer = self._approved[key[0].partition("#")[2]]
        if then is None or not fewer:
            return then
        return {**then, "approved": {"N": str(max(0, number(then, "approved") - fewer))}}

    def _address(self, key: Key, then: Item | None, now: Item | None) -> Item | None:
        if key[0].partition("#")[2] in self._ids:
            return None
        return now if then is not None and text(then, "email").casefold() in self._emails else then

    def _subscription(self, then: Item | None, now: Item | None) -> Item | None:
        has_ended = now is not None and text(now, "state") == "left" and not has_expired(now, self._now)
        if has_ended or (then is not None and text(then, "subscriber") in self._persons):
            return now
        return then

    def _with_replies(self, item: Item, now: Item | None, replies: int) -> Item:
        """Return a comment with another number of visible replies, on which its own visibility may depend."""
        if number(item, "replies") == replies:
            return item
        return self._with_expiry(replace(_to_comment(item), replies=replies), now)

    def _with_expiry(self, comment: Comment, now: Item | None) -> Item:
        """Return a comment that expires when the running one does, or as if it got its status now."""
        comment = with_expiry(comment, self._now)
        if comment.expires_at is not None and now is not None:
            comment = replace(comment, expires_at=number(now, "expires_at", comment.expires_at))
        new: Item = to_record(comment).serialize()
        return new


def _erased_items(table: str) -> Iterator[Item]:
    """Yield the deleted comments without text. A tombstone of an erased comment is one, too."""
    found = query(
        table,
        IndexName="by_status",
        KeyConditionExpression="#status = :deleted",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":deleted": {"S": "deleted"}},
    )
    yield from (item for item in found if not text(item, "content"))


def _comments_of(table: str, article_id: str) -> Iterator[Item]:
    return query(table, KeyConditionExpression="article_id = :id", ExpressionAttributeValues={":id": {"S": article_id}})


def _count_replies(items: Iterable[Item], erased: set[Key]) -> Mapping[Key, int]:
    """Return the numbers of visible replies, by the keys of comments.

    The result has each erased comment, and each comment whose number is different without the erased ones. A reply is
    deeper in its thread than the comment that it replies to, so the deepest are counted first.
    """
    ordered = list(items)
    parents = {key_of(item, _KEY_NAMES): (text(item, "article_id"), text(item, "parent_id")) for item in ordered}
    replies: Counter[Key] = Counter()
    for item in sorted(ordered, key=lambda each: number(each, "depth"), reverse=True):
        key = key_of(item, _KEY_NAMES)
        is_approved = key not in erased and text(item, "status") == "approved"
        if (is_approved or replies[key] > 0) and parents[key][1]:
            replies[parents[key]] += 1
    return {
        key: replies[key]
        for item in ordered
        if (key := key_of(item, _KEY_NAMES)) in erased or replies[key] != number(item, "replies")
    }


def _to_comment(item: Item) -> Comment:
    return to_comment(CommentRecord.from_raw_data({name: dict(value) for name, value in item.items()}))


def _is_visible(item: Item) -> bool:
    return text(item, "status") == "approved" or number(item, "replies") > 0
