"""Sorted views of a moto table: by key, by each index, and of the whole table.

moto stores a table unsorted, and sorts it again for each Query. DynamoDB stores the items of a table and of its indexes
in the order of their keys, and these views do the same: they are updated at each write.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item

PAGE_BYTES = 1_000_000
WHOLE_TABLE = "#scan"
BY_KEY = "#key"
type KeyValues = tuple[Any, ...]


class Bucket:
    """The items with the same hash key, in the order of their sort key."""

    def __init__(self) -> None:
        self.order: list[KeyValues] = []
        self.items: dict[KeyValues, Item] = {}

    def put(self, key: KeyValues, item: Item) -> None:
        """Insert or replace the item with that key."""
        if key not in self.items:
            insort(self.order, key)
        self.items[key] = item

    def remove(self, key: KeyValues) -> None:
        """Remove the item with that key."""
        del self.items[key]
        del self.order[bisect_left(self.order, key)]


class SortedView:
    """The items of a table, grouped by their hash attributes and sorted by their sort attributes."""

    def __init__(self, hash_attributes: Sequence[str], sort_attributes: Sequence[str], types: dict[str, str]) -> None:
        self.hash_attributes = hash_attributes
        self.sort_attributes = sort_attributes
        self._types = types
        self._buckets: dict[KeyValues, Bucket] = {}
        self._locations: dict[KeyValues, tuple[KeyValues, KeyValues]] = {}

    def update(self, primary: KeyValues, item: Item | None) -> None:
        """Set the item with this primary key; ``None`` removes it."""
        new = self._location(item) if item is not None else None
        old = self._locations.pop(primary, None)
        if old is not None and old != new:
            bucket = self._buckets[old[0]]
            bucket.remove(old[1])
            if not bucket.order:
                del self._buckets[old[0]]
        if new is not None and item is not None:
            self._buckets.setdefault(new[0], Bucket()).put(new[1], item)
            self._locations[primary] = new

    def _location(self, item: Item) -> tuple[KeyValues, KeyValues] | None:
        values = []
        for name in (*self.hash_attributes, *self.sort_attributes):
            value = item.attrs.get(name)
            if value is None or value.type != self._types.get(name):
                return None  # A sparse index does not contain this item.
            values.append(value.cast_value)
        cut = len(self.hash_attributes)
        return tuple(values[:cut]), tuple(values[cut:])

    def page(
        self,
        hash_values: KeyValues,
        condition: tuple[str, list[Any]] | None,
        start_after: dict[str, Any] | None,
        *,
        forward: bool,
        limit: int | None,
    ) -> list[Item]:
        """Return the next items of a Query or Scan: one page and the item after it."""
        bucket = self._buckets.get(hash_values)
        if bucket is None:
            return []
        low, high = _range(bucket.order, condition)
        if start_after and all(name in start_after for name in self.sort_attributes):
            after = tuple(DynamoType(start_after[name]).cast_value for name in self.sort_attributes)
            if forward:
                low = max(low, bisect_right(bucket.order, after))
            else:
                high = min(high, bisect_left(bucket.order, after))
        positions = range(low, high) if forward else range(high - 1, low - 1, -1)
        return list(_until_full((bucket.items[bucket.order[at]] for at in positions), limit))


def _until_full(items: Iterator[Item], limit: int | None) -> Iterator[Item]:
    count = size = 0
    for item in items:
        yield item
        count, size = count + 1, size + item.size()
        if (limit is not None and count > limit) or size > PAGE_BYTES:
            return


def _range(order: list[KeyValues], condition: tuple[str, list[Any]] | None) -> tuple[int, int]:
    """Return the range of positions in ``order`` that match a condition on the range key."""
    all_positions = (0, len(order))
    if condition is None:
        return all_positions
    comparison, values = condition
    first, last = values[0], values[-1]
    if comparison == "BEGINS_WITH":
        size = len(first)

        def cut(key: KeyValues) -> Any:
            return key[0][:size]

        return bisect_left(order, first, key=cut), bisect_right(order, first, key=cut)

    def head(key: KeyValues) -> Any:
        return key[0]

    left, right = bisect_left(order, first, key=head), bisect_right(order, last, key=head)
    parts = {
        "=": (left, right),
        "BETWEEN": (left, right),
        "<": (0, left),
        "<=": (0, right),
        ">": (right, len(order)),
        ">=": (left, len(order)),
    }
    return parts.get(comparison, all_positions)


class SortedViews:
    """All views of one table: by its key, by each index, and of the whole table for a Scan."""

    def __init__(self, table: Any) -> None:
        types = {definition["AttributeName"]: definition["AttributeType"] for definition in table.attr}
        key = [table.hash_key_attr, *([table.range_key_attr] if table.range_key_attr else [])]
        self._views = {BY_KEY: SortedView(key[:1], key[1:], types), WHOLE_TABLE: SortedView([], key, types)}
        for index in table.all_indexes():
            hashes = [part["AttributeName"] for part in index.schema if part["KeyType"] == "HASH"]
            ranges = [part["AttributeName"] for part in index.schema if part["KeyType"] == "RANGE"]
            self._views[index.name] = SortedView(hashes, [*ranges, *key], types)
        for bucket in list(table.items.values()):
            for item in list(bucket.values()) if table.range_key_attr else [bucket]:
                self.update(item.hash_key, item.range_key, item)

    def __getitem__(self, name: str) -> SortedView:
        return self._views[name]

    def __contains__(self, name: str) -> bool:
        return name in self._views

    def update(self, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
        """Update every view with the item that the table has for one primary key."""
        primary = (hash_key.cast_value, range_key.cast_value if range_key else None)
        for view in self._views.values():
            view.update(primary, item)
