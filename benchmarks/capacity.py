"""Counts what DynamoDB would bill: requests and capacity units, computed from what is sent and what comes back.

The rules are those of *Amazon DynamoDB Developer Guide, Read and write capacity units*: 4 KB a read unit, half of
it when eventually consistent, a Query rounded up once for all it read; 1 KB a write unit, twice that in a
transaction, and the same again for each index that holds the item.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kolom.models.articles import ArticleRecord

_READ_BYTES = 4096
_WRITE_BYTES = 1024


@dataclass
class Bill:
    """Requests by operation, and the units that they cost."""

    requests: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0

    @property
    def total_requests(self) -> int:
        """How many calls were made."""
        return sum(self.requests.values())


@contextmanager
def metered() -> Iterator[Bill]:
    """The bill of everything that PynamoDB's client asks for inside."""
    bill, consistent = Bill(), []

    def before(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        bill.requests[model.name] += 1
        consistent.append(bool(params.get("ConsistentRead")))
        bill.write_units += _write_units(model.name, params)

    def after(parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        bill.read_units += _read_units(model.name, parsed, consistent=consistent.pop())

    events = ArticleRecord._get_connection().connection.client.meta.events
    events.register("provide-client-params.dynamodb.*", before)
    events.register("after-call.dynamodb.*", after)
    try:
        yield bill
    finally:
        events.unregister("provide-client-params.dynamodb.*", before)
        events.unregister("after-call.dynamodb.*", after)


def item_bytes(item: Mapping[str, Any]) -> int:
    """The size of an item as DynamoDB counts it: names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return math.ceil(len(str(content).strip("-")) / 2) + 1
    if kind == "B":
        return len(content)
    if kind == "L":
        return 3 + sum(1 + _value_bytes(entry) for entry in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_bytes(entry) for name, entry in content.items())
    if kind in {"SS", "NS", "BS"}:
        return sum(_value_bytes({kind[0]: entry}) for entry in content)
    return 1


def _read_units(operation: str, answer: Mapping[str, Any], *, consistent: bool) -> float:
    if operation == "GetItem":
        size = item_bytes(answer.get("Item", {}))
    elif operation == "Query":
        size = sum(item_bytes(item) for item in answer.get("Items", []))
    else:
        return 0.0
    units = max(1, math.ceil(size / _READ_BYTES))
    return units if consistent else units / 2


def _write_units(operation: str, params: Mapping[str, Any]) -> float:
    if operation == "TransactWriteItems":
        return sum(_one_write(write, 2) for entry in params["TransactItems"] for write in entry.values())
    if operation == "BatchWriteItem":
        return sum(
            _one_write({"Item": entry["PutRequest"]["Item"]} if "PutRequest" in entry else {}, 1)
            for entries in params["RequestItems"].values()
            for entry in entries
        )
    return 1.0 if operation in {"UpdateItem", "PutItem", "DeleteItem"} else 0.0


def _one_write(write: Mapping[str, Any], factor: int) -> int:
    item = write.get("Item", {})
    units = max(1, math.ceil(item_bytes(item) / _WRITE_BYTES))
    return units * factor + (units if "shelf" in item else 0)
