"""The schema numbers of stored items: which one this version writes, and which ones it reads.

An item has its number in the attribute ``schema``. An additional attribute needs no new number; docs/develop.md (Schema
numbers) has the rule for other changes. The index of the search has one number, in its item of revisions. Items without
the attribute keep their form: words and blocks of that index, and comments as an index of their table returns them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

type Item = dict[str, Any]
"""An item in DynamoDB's format."""

type Upgrades = Mapping[int, Callable[[Item], Item]]
"""For an earlier number, the function that converts items with this number to the form of the next number."""

WRITTEN: Final = 1
"""The number of the items that this version creates."""

OLDEST_READ: Final = 1
NEWEST_READ: Final = 1
"""The numbers that this version reads. A release reads the next number before another release writes it."""

ATTRIBUTE: Final = "schema"
_READ: Final = frozenset(str(number) for number in range(OLDEST_READ, NEWEST_READ + 1))


def unknown_number(item: Mapping[str, Any]) -> str | None:
    """Return the number of an item in DynamoDB's format if this version does not read it, otherwise None."""
    number = item.get(ATTRIBUTE)
    return None if number is None or number["N"] in _READ else number["N"]


def upgraded(item: Item, upgrades: Upgrades) -> Item:
    """Return the item in the form that this version writes.

    A number without an upgrade has the same form as the next number.
    """
    if ATTRIBUTE not in item:
        return item
    for number in range(int(item[ATTRIBUTE]["N"]), WRITTEN):
        item = upgrades.get(number, dict)(item) | {ATTRIBUTE: {"N": str(number + 1)}}
    return item
