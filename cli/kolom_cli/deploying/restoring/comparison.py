"""Find the differences between a running table and its restored state.

Only one page of a table is in memory at a time, never the whole table.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from threading import Event
from typing import Final, Literal

from kolom_cli.deploying.restoring.item_reader import BATCH, get_items, scan
from kolom_cli.deploying.restoring.items import Item, Key, digest, key_of
from kolom_cli.deploying.restoring.table_rules import TableRules
from kolom_cli.deploying.restoring.temporary_tables import RestoredTable

type Action = Literal["add", "change", "remove"]

ACTIONS: Final[tuple[Action, ...]] = ("add", "change", "remove")
_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be done with a key. ``seen`` is the digest of the running item; empty if there was none.

    ``is_main`` is true for an item with a title: not a part of another.
    """

    action: Action
    key: Key
    seen: bytes
    is_main: bool


@dataclass(slots=True)
class Comparison:
    """The differences of a table.

    ``title_counts`` are the numbers of items with titles, by the action, and ``titles`` are some of these titles.
    ``now_count`` is the number of items of the running table.
    """

    table: RestoredTable
    differences: list[Difference] = field(default_factory=list)
    now_count: int = 0
    title_counts: Counter[Action] = field(default_factory=Counter)
    titles: defaultdict[Action, list[str]] = field(default_factory=lambda: defaultdict(list))

    def count(self, action: Action) -> int:
        """Return the number of items, with those that are parts of others."""
        return sum(each.action == action for each in self.differences)


def compare(table: RestoredTable, rules: TableRules, on_read: Callable[[int], object], stopped: Event) -> Comparison:
    """Compare a running table with its restored state. It is incomplete if ``stopped`` is set."""
    found = Comparison(table)
    for key, then, now in _pairs(table, rules, found, on_read, stopped):
        desired = rules.desired(then, now)
        seen = b"" if now is None else digest(now)
        if (b"" if desired is None else digest(desired)) == seen:
            continue
        action: Action = "add" if now is None else "remove" if desired is None else "change"
        title = rules.title(desired or now or {})
        found.differences.append(Difference(action, key, seen, bool(title)))
        if title:
            found.title_counts[action] += 1
            if len(found.titles[action]) < _EXAMPLES:
                found.titles[action].append(title)
    return found


def _pairs(
    table: RestoredTable, rules: TableRules, found: Comparison, on_read: Callable[[int], object], stopped: Event
) -> Iterator[tuple[Key, Item | None, Item | None]]:
    """Yield each key of either table with the items of then and now."""
    names = rules.key_names
    for page in scan(table.temporary, names):
        for some in batched(page, BATCH, strict=False):
            if stopped.is_set():
                return
            then = {key_of(item, names): item for item in some}
            now = get_items(table.running, then, names)
            yield from ((key, item, now.get(key)) for key, item in then.items())
            on_read(len(some))
    for page in scan(table.running, names, keys_only=True):
        for some in batched(page, BATCH, strict=False):
            if stopped.is_set():
                return
            keys = [key_of(item, names) for item in some]
            then = get_items(table.temporary, keys, names)
            new = [key for key in keys if key not in then]
            found.now_count += len(some)
            yield from ((key, None, item) for key, item in get_items(table.running, new, names).items())
            on_read(len(some))
