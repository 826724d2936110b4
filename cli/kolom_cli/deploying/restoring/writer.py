"""Write the differences of a comparison to the running table, each only if its item is as it was compared."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import batched, groupby
from threading import Event
from typing import Any, Final

from kolom_cli.concurrency import OrderedResults, Workers
from kolom_cli.deploying.account import client
from kolom_cli.deploying.restoring.comparison import ACTIONS, Comparison, Difference
from kolom_cli.deploying.restoring.item_reader import BATCH, get_items
from kolom_cli.deploying.restoring.items import Item, digest, to_key_item, unchanged_condition
from kolom_cli.deploying.restoring.table_rules import TableRules

_CONCURRENCY: Final = 8


def write_differences(
    comparison: Comparison, rules: TableRules, on_done: Callable[[int], object], stopped: Event
) -> list[Difference]:
    """Write the differences until all are written or ``stopped`` is set; return those in conflict with others.

    A conflict is an item that somebody has changed since it was compared. It is left as it is.
    """
    conflicts: list[Difference] = []
    with Workers(_CONCURRENCY, stopped) as workers:
        for some in _batches(comparison.differences):
            if stopped.is_set():
                break
            keys = [each.key for each in some]
            then = get_items(comparison.table.temporary, keys, rules.key_names)
            now = get_items(comparison.table.running, keys, rules.key_names)
            results: OrderedResults[tuple[Difference, bool]] = OrderedResults(workers)
            for each in some:
                task = partial(_write, comparison, rules, each, then.get(each.key), now.get(each.key))
                results.add(partial(workers.call, task))
            done = list(results.finished())
            conflicts += [each for each, is_written in done if not is_written]
            on_done(len(done))
    return conflicts


def _batches(differences: Sequence[Difference]) -> Iterator[tuple[Difference, ...]]:
    """Yield the differences in batches that are written one after another.

    The parts of an article are added before the article, and removed after it.
    """

    def step(difference: Difference) -> tuple[int, bool]:
        return ACTIONS.index(difference.action), difference.is_main == (difference.action != "remove")

    for _, group in groupby(sorted(differences, key=step), step):
        yield from batched(group, BATCH, strict=False)


def _write(
    comparison: Comparison, rules: TableRules, difference: Difference, then: Item | None, now: Item | None
) -> tuple[Difference, bool]:
    """Write a difference; return it, and whether the item is now what it should be."""
    if then is None and now is None:  # It was to be removed, and is.
        return difference, True
    desired = rules.desired(then, now)
    seen = b"" if now is None else digest(now)
    wanted = b"" if desired is None else digest(desired)
    if seen == wanted:  # An earlier attempt, or another run, has written it.
        return difference, True
    if seen != difference.seen or (desired is None) != (difference.action == "remove"):
        return difference, False  # Nothing is removed that was not shown as such.
    table, names = comparison.table.running, rules.key_names
    arguments: dict[str, Any] = {
        "TableName": table,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **unchanged_condition(now, desired or (), names[0]),
    }
    dynamodb = client("dynamodb")
    try:
        if desired is None:
            dynamodb.delete_item(Key=to_key_item(difference.key, names), **arguments)
        else:
            dynamodb.put_item(Item=desired, **arguments)
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        # The response of an earlier attempt may have been lost.
        stored = error.response.get("Item")
        return difference, (b"" if not stored else digest(stored)) == wanted
    return difference, True
