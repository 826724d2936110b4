"""Compute what DynamoDB would bill: requests and capacity units, from the parameters and results of calls.

The rules are those of the *Amazon DynamoDB Developer Guide, Read and write capacity units*. A read unit is 4 KB; an
eventually consistent read costs half, and a Query is rounded up once for all items that it reads. A write unit is 1 KB;
a write in a transaction costs twice as much. Each index with the item adds the cost of a write without transaction. The
size of an UpdateItem or DeleteItem is that of the item before or after it, whichever is larger: both are read from
moto's tables directly. The size of any other write is that of the item in its parameters.
"""

import math
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from kolom.articles import known_ids
from kolom.models.base import connection
from kolom_cli.sam.intrinsics import ACCOUNT_ID, PSEUDO_PARAMETERS

_READ_BYTES = 4096
_WRITE_BYTES = 1024
_CHANGES = frozenset(("UpdateItem", "DeleteItem"))
_KINDS = {
    "doc#": "doc",
    "terms#": "terms",
    "words#": "vocabulary",
    "ends#": "vocabulary",
    "titles#": "titles",
    "related#": "related",
    "#": "document list",
}


@dataclass
class Bill:
    """The requests by operation and their units. ``reads`` (in half units) and ``writes`` are by kind of item."""

    requests: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)

    @property
    def total_requests(self) -> int:
        """The number of calls."""
        return sum(self.requests.values())

    @property
    def read_units(self) -> float:
        """All read units."""
        return sum(self.reads.values()) / 2

    @property
    def write_units(self) -> float:
        """All write units."""
        return float(sum(self.writes.values()))

    def read_units_of(self, kind: str) -> float:
        """Return the read units of one kind of item (see :func:`kind_of`)."""
        return self.reads[kind] / 2

    def add_request(self, operation: str, params: Mapping[str, Any]) -> None:
        """Count a call before it is made."""
        self.requests[operation] += 1
        for kind, units in _writes(operation, params):
            self.writes[kind] += units

    def add_answer(
        self, operation: str, params: Mapping[str, Any], answer: Mapping[str, Any], before: Mapping[str, Any]
    ) -> None:
        """Count the items that a call read or changed; ``before`` is the result of :func:`stored` before the call."""
        for kind, halves in _reads(operation, params, answer):
            self.reads[kind] += halves
        if operation in _CHANGES:
            self.writes[kind_of(params["Key"])] += _changed(params, before, stored(operation, params))


def kind_of(key: Mapping[str, Any]) -> str:
    """Return the kind of an item of the search table by its key; "other" for items of other tables."""
    if "part" not in key or "S" not in key["key"]:
        return "other"
    name, part = key["key"]["S"], key["part"]["S"]
    for beginning, kind in _KINDS.items():
        if name.startswith(beginning):
            return "revision" if part == "#" else kind
    return "postings" if part.removeprefix("b").isdigit() else "other"


@contextmanager
def metered() -> Iterator[Bill]:
    """Yield the bill of all calls that PynamoDB's client makes in the block.

    It is the bill of a process that has not found the articles before: it reads their pointers.
    """
    known_ids.clear_cache()
    bill, lock = Bill(), threading.Lock()

    def before(params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        context["kolom"], context["kolom_before"] = params, stored(model.name, params)
        with lock:
            bill.add_request(model.name, params)

    def after(parsed: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        with lock:
            bill.add_answer(model.name, context["kolom"], parsed, context["kolom_before"])

    events = connection().client.meta.events
    hooks = (("provide-client-params", before), ("after-call", after))
    for event, hook in hooks:
        events.register(f"{event}.dynamodb.*", hook)
    try:
        yield bill
    finally:
        for event, hook in hooks:
            events.unregister(f"{event}.dynamodb.*", hook)


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the size of an item by DynamoDB's rules: names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return math.ceil(len(str(content).strip("-")) / 2) + 1
    if kind == "B":
        return len(b64decode(content) if isinstance(content, str) else content)
    if kind == "L":
        return 3 + sum(1 + _value_bytes(entry) for entry in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_bytes(entry) for name, entry in content.items())
    if kind in {"SS", "NS", "BS"}:
        return sum(_value_bytes({kind[0]: entry}) for entry in content)
    return 1


def _backend() -> Any:
    return dynamodb_backends[ACCOUNT_ID][PSEUDO_PARAMETERS["AWS::Region"]]


def stored(operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the current state of the item that the call changes; empty for calls without a single item's key."""
    return look_up(params) if operation in _CHANGES else {}


def look_up(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the item with that table and key directly from moto's tables; empty if there is none."""
    item = _backend().get_item(params["TableName"], params["Key"])
    return {} if item is None else item.to_json()["Attributes"]


def _reads(operation: str, params: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the kinds and half read units of a call."""
    factor = 2 if params.get("ConsistentRead") else 1
    if operation == "GetItem":
        yield kind_of(params["Key"]), factor * _units(item_bytes(answer.get("Item", {})), _READ_BYTES)
    elif operation == "Query":
        items = answer.get("Items", [])
        kind = kind_of(items[-1]) if items else "nothing"
        yield kind, factor * _units(sum(map(item_bytes, items)), _READ_BYTES)
    elif operation == "BatchGetItem":
        for table, request in params["RequestItems"].items():
            found = answer["Responses"].get(table, [])
            factor = 2 if request.get("ConsistentRead") else 1
            missing = len(request["Keys"]) - len(found)
            units = missing + sum(_units(item_bytes(item), _READ_BYTES) for item in found)
            yield kind_of(request["Keys"][0]), factor * units


def _writes(operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the kinds and write units of a call that are determined by its parameters."""
    if operation == "TransactWriteItems":
        for entry in params["TransactItems"]:
            for write in entry.values():
                yield _one_write(write, 2)
    elif operation == "BatchWriteItem":
        for table, entries in params["RequestItems"].items():
            for entry in entries:
                yield _one_write({**(entry.get("PutRequest") or entry["DeleteRequest"]), "TableName": table}, 1)
    elif operation == "PutItem":
        yield _one_write(params, 1)


def _one_write(write: Mapping[str, Any], factor: int) -> tuple[str, int]:
    item = write.get("Item", {})
    units = _units(item_bytes(item), _WRITE_BYTES)
    indexes = sum(_index_key(index, item) is not None for index in _indexes(write.get("TableName")))
    return kind_of(item or write["Key"]), units * factor + units * indexes


def _changed(params: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """Return the write units of an item's change: the units of the item and of each affected index.

    An index whose key changes is written twice: the old entry is deleted and the new one added.
    """
    units = _units(max(item_bytes(before), item_bytes(after)), _WRITE_BYTES)
    writes = 1
    for index in _indexes(params["TableName"]):
        old, new = _index_key(index, before), _index_key(index, after)
        if old == new:
            writes += old is not None and before != after and index.projection["ProjectionType"] != "KEYS_ONLY"
        else:
            writes += (old is not None) + (new is not None)
    return units * writes


def _indexes(table: str | None) -> list[Any]:
    return list(_backend().tables[table].global_indexes) if table else []


def _index_key(index: Any, item: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return the key of the item in the index; None if the index does not contain it."""
    key = tuple(item.get(part["AttributeName"]) for part in index.schema)
    return None if None in key else key


def _units(size: int, unit: int) -> int:
    return max(1, math.ceil(size / unit))
