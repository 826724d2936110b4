"""Patch moto's DynamoDB so that it behaves like the real one under a running site.

Each patch is a context manager of :data:`PATCHES`, active only within :func:`patch_moto`. Each has a test in
``tests/unit/cli/emulator/test_moto_patches.py`` that fails without it. The version of moto is pinned; remove a patch
when a newer version no longer needs it.
"""

import copy
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import moto.core.responses as core_responses
import moto.dynamodb.models as backend_module
import moto.dynamodb.responses as responses_module
from botocore.awsrequest import AWSPreparedRequest
from botocore.model import StructureShape
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.responses import ActionResult
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.exceptions import (
    ERROR_TYPE_PREFIX,
    DynamodbException,
    ItemSizeTooLarge,
    ItemSizeToUpdateTooLarge,
    MockValidationException,
    TransactWriteSingleOpException,
)
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import dynamo_json_dump
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.models import DynamoDBStreamsBackend, ShardIterator
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from kolom_cli.emulator.dynamodb_limits import (
    BATCH_WRITE_LIMIT_ITEMS,
    ITEM_LIMIT_BYTES,
    TRANSACTION_LIMIT_BYTES,
    TRANSACTION_LIMIT_ITEMS,
    check_numbers,
    size_bytes,
)
from kolom_cli.emulator.sorted_views import BY_KEY, WHOLE_TABLE, SortedViews
from kolom_cli.sam.intrinsics import ACCOUNT_ID

TOKEN_LIFETIME_SECONDS = 600
_lock = threading.RLock()


@contextmanager
def patch_moto() -> Iterator[None]:
    """Apply all patches, and revert them at the end of the block."""
    with ExitStack() as stack:
        for apply_patch in PATCHES:
            stack.enter_context(apply_patch())
        yield


def _wrap(owner: type, name: str, wrapper: Callable[..., Any]) -> Any:
    """Replace a method by ``wrapper(original, *args, **kwargs)``."""
    original = getattr(owner, name)

    def replacement(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    return patch.object(owner, name, replacement)


@contextmanager
def serialize_calls() -> Iterator[None]:
    """Serialize all calls, in this process and through the server.

    moto reads and writes its tables without a lock. DynamoDB handles concurrent calls.
    """

    def locked(original: Any, *args: Any, **kwargs: Any) -> Any:
        with _lock:
            return original(*args, **kwargs)

    with _wrap(DynamoHandler, "call_action", locked), _wrap(DynamoDBStreamsHandler, "call_action", locked):
        yield


@contextmanager
def roll_back_failed_writes() -> Iterator[None]:
    """Copy the affected items before a write, and restore them if it fails.

    moto copies a whole table for each item of a transaction, and a refused update leaves the item partly changed.
    In DynamoDB the cost does not depend on the size of the table, and a failed write changes nothing.
    """

    def deepcopy(value: Any, *rest: Any) -> Any:
        return value if isinstance(value, Table) else copy.deepcopy(value, *rest)

    def transaction(original: Any, backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        with _rolled_back_on_failure(backend, _transaction_keys(backend, transact_items)):
            original(backend, transact_items)

    def update(
        original: Any, backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *rest: Any, **kw: Any
    ) -> Any:
        with _rolled_back_on_failure(backend, [(table_name, key)]):
            return original(backend, table_name, key, *rest, **kw)

    with (
        patch.object(backend_module, "copy", SimpleNamespace(deepcopy=deepcopy)),
        _wrap(DynamoDBBackend, "transact_write_items", transaction),
        _wrap(DynamoDBBackend, "update_item", update),
    ):
        yield


def _transaction_keys(
    backend: DynamoDBBackend, operations: Iterable[dict[str, Any]]
) -> list[tuple[str, dict[str, Any]]]:
    keys = []
    for operation in operations:
        if len(operation) != 1:
            raise TransactWriteSingleOpException
        (details,) = operation.values()
        table = backend.get_table(details["TableName"])
        source = details.get("Key") or details["Item"]
        keys.append((details["TableName"], {name: source[name] for name in table.table_key_attrs if name in source}))
    return keys


@contextmanager
def _rolled_back_on_failure(backend: DynamoDBBackend, keys: list[tuple[str, dict[str, Any]]]) -> Iterator[None]:
    before = []
    recorded = {}
    for table_name, key in keys:
        table = backend.get_table(table_name)
        if table.stream_shard is not None:
            recorded[table.name] = (table.stream_shard, len(table.stream_shard.items))
        hash_key, range_key = backend.get_keys_value(table, key)
        before.append((table, hash_key, range_key, copy.deepcopy(table.get_item(hash_key, range_key))))
    try:
        yield
    except BaseException:
        for table, hash_key, range_key, item in before:
            _restore_item(table, hash_key, range_key, item)
        for shard, length in recorded.values():
            del shard.items[length:]
        raise
    finally:
        for table, hash_key, range_key, _ in before:
            _refresh(table, hash_key, range_key)


def _restore_item(table: Table, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
    if range_key is None:
        if item is None:
            table.items.pop(hash_key, None)
        else:
            table.items[hash_key] = item  # type: ignore[assignment]  # moto keeps items with and without range key in one dictionary.
    elif item is None:
        table.items[hash_key].pop(range_key, None)
    else:
        table.items[hash_key][range_key] = item


def _views(table: Table) -> SortedViews:
    """Return the table's sorted views, which are created on first use and updated by :func:`_refresh`."""
    views: SortedViews | None = table.__dict__.get("_kolom_views")
    if views is None:
        views = table.__dict__["_kolom_views"] = SortedViews(table)
    return views


def _refresh(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> None:
    if "_kolom_views" in table.__dict__:
        _views(table).update(hash_key, range_key, table.get_item(hash_key, range_key))


@contextmanager
def read_by_key() -> Iterator[None]:
    """Give Query and Scan only the page of items that they can return.

    moto's Query and Scan read and sort the whole table. DynamoDB reads only the requested range of keys.
    """

    def all_items(original: Any, table: Table) -> list[Item]:
        page: list[Item] | None = table.__dict__.pop("_kolom_page", None)
        return original(table) if page is None else page

    def put(original: Any, table: Table, *args: Any, **kw: Any) -> Item:
        item: Item = original(table, *args, **kw)
        _refresh(table, item.hash_key, item.range_key)
        return item

    def delete(original: Any, table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Any:
        item = original(table, hash_key, range_key)
        _refresh(table, hash_key, range_key)
        return item

    def update(
        original: Any, backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **kw: Any
    ) -> Any:
        item = original(backend, table_name, key, *args, **kw)
        _refresh(backend.get_table(table_name), item.hash_key, item.range_key)
        return item

    with (
        _wrap(Table, "all_items", all_items),
        _wrap(Table, "put_item", put),
        _wrap(Table, "delete_item", delete),
        _wrap(Table, "query", _query),
        _wrap(Table, "scan", _scan),
        _wrap(DynamoDBBackend, "update_item", update),
        _wrap(DynamoDBBackend, "update_table_global_indexes", _forget_views),
    ):
        yield


def _forget_views(original: Any, backend: DynamoDBBackend, table: Table, *args: Any) -> None:
    table.__dict__.pop("_kolom_views", None)
    original(backend, table, *args)


def _query(  # noqa: PLR0913, RUF100 (moto's signature)
    original: Any,
    table: Table,
    hash_key: DynamoType,
    comparison: str | None,
    range_values: list[DynamoType],
    limit: int | None,
    start: dict[str, Any] | None,
    forward: bool,
    projection: Any,
    index_name: str | None = None,
    consistent_read: bool = False,
    filter_expression: Any = None,
    hash_key_conditions: list[tuple[str, DynamoType]] | None = None,
    range_key_conditions: list[Any] | None = None,
    **legacy_filters: Any,
) -> Any:
    name = index_name or BY_KEY
    given = {attribute: value.cast_value for attribute, value in hash_key_conditions or []}
    simple = len(range_key_conditions or []) <= 1 and not legacy_filters
    if simple and name in _views(table) and set(given) == set(_views(table)[name].hash_attributes):
        view = _views(table)[name]
        condition = (comparison.upper(), [value.cast_value for value in range_values]) if comparison else None
        table.__dict__["_kolom_page"] = view.page(
            tuple(given[attribute] for attribute in view.hash_attributes),
            condition,
            start,
            forward=forward is not False,
            limit=limit,
        )
    try:
        return original(
            table,
            hash_key,
            comparison,
            range_values,
            limit,
            start,
            forward,
            projection,
            index_name,
            consistent_read,
            filter_expression,
            hash_key_conditions,
            range_key_conditions,
            **legacy_filters,
        )
    finally:
        table.__dict__.pop("_kolom_page", None)


def _scan(
    original: Any,
    table: Table,
    filters: dict[str, Any],
    limit: int | None,
    start: dict[str, Any] | None,
    filter_expression: Any = None,
    index_name: str | None = None,
    *rest: Any,
    segments: Any = (None, None),
    **kw: Any,
) -> Any:
    if not index_name and not filters and segments == (None, None):
        table.__dict__["_kolom_page"] = _views(table)[WHOLE_TABLE].page((), None, start, forward=True, limit=limit)
    try:
        return original(table, filters, limit, start, filter_expression, index_name, *rest, segments=segments, **kw)
    finally:
        table.__dict__.pop("_kolom_page", None)


@contextmanager
def support_request_tokens() -> Iterator[None]:
    """Make transactions with a ``ClientRequestToken`` idempotent.

    moto ignores the token and executes a repeated transaction again. In DynamoDB, a repetition within ten minutes
    succeeds without effect, and a different request with the same token fails.
    """

    def transaction(original: Any, handler: DynamoHandler) -> Any:
        token = handler.body.get("ClientRequestToken")
        if not token:
            return original(handler)
        tokens: dict[str, tuple[float, str]] = handler.dynamodb_backend.__dict__.setdefault("_kolom_tokens", {})
        now = time.monotonic()
        while tokens and now - tokens[oldest := next(iter(tokens))][0] > TOKEN_LIFETIME_SECONDS:
            del tokens[oldest]
        request = hashlib.sha256(_canonical(handler.body["TransactItems"])).hexdigest()
        if token in tokens:
            if tokens[token][1] != request:
                raise DynamodbException(
                    ERROR_TYPE_PREFIX + "IdempotentParameterMismatchException",
                    "The request uses the same client token as a previous, but non-identical request.",
                )
            return ActionResult({"ConsumedCapacity": [], "ItemCollectionMetrics": {}})
        answer = original(handler)
        tokens[token] = (now, request)
        return answer

    with _wrap(DynamoHandler, "transact_write_items", transaction):
        yield


def _canonical(value: Any) -> bytes:
    return json.dumps(json.loads(dynamo_json_dump(value)), sort_keys=True).encode()


@contextmanager
def measure_items() -> Iterator[None]:
    """Measure items by DynamoDB's rules, and enforce its limit of 400 KB.

    moto counts each base64 character and each digit as a byte, and ignores the elements of an updated set. DynamoDB
    counts the decoded bytes, two digits as one byte, and every element.
    """

    def put(original: Any, table: Table, item_attrs: dict[str, Any], *args: Any, **kw: Any) -> Item:
        if sum(len(name.encode()) + DynamoType(value).size() for name, value in item_attrs.items()) > ITEM_LIMIT_BYTES:
            raise ItemSizeTooLarge
        return original(table, item_attrs, *args, **kw)  # type: ignore[no-any-return]

    def update(
        original: Any, backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **kw: Any
    ) -> Any:
        item: Item = original(backend, table_name, key, *args, **kw)
        if item.size() > ITEM_LIMIT_BYTES:
            raise ItemSizeToUpdateTooLarge
        return item

    with (
        patch.object(DynamoType, "size", size_bytes),
        patch.object(LimitedSizeDict, "__setitem__", dict.__setitem__),
        _wrap(Table, "put_item", put),
        _wrap(DynamoDBBackend, "update_item", update),
    ):
        yield


@contextmanager
def enforce_limits() -> Iterator[None]:
    """Enforce DynamoDB's limits for numbers, batches and transactions.

    moto accepts numbers of more than 38 digits, transactions of more than 4 MB and batches of more than 25 writes, but
    at most 25 items in a TransactGetItems. DynamoDB refuses the first three, and allows 100 items in a
    TransactGetItems.
    """

    def checked(original: Any, handler: DynamoHandler) -> Any:
        check_numbers(getattr(handler, "params", {}))
        return original(handler)

    def batch(original: Any, handler: DynamoHandler) -> Any:
        if sum(map(len, handler.body["RequestItems"].values())) > BATCH_WRITE_LIMIT_ITEMS:
            raise MockValidationException("Too many items requested for the BatchWriteItem call")
        return original(handler)

    def transaction(original: Any, backend: DynamoDBBackend, operations: list[dict[str, Any]]) -> None:
        original(backend, operations)
        items = [backend.get_item(table_name, key) for table_name, key in _transaction_keys(backend, operations)]
        if sum(item.size() for item in items if item) > TRANSACTION_LIMIT_BYTES:
            raise MockValidationException("Transaction request cannot be larger than 4 MB")

    with (
        patch.object(responses_module, "TRANSACTION_MAX_ITEMS", TRANSACTION_LIMIT_ITEMS),
        _wrap(DynamoHandler, "call_action", checked),
        _wrap(DynamoHandler, "batch_write_item", batch),
        _wrap(DynamoDBBackend, "transact_write_items", transaction),
    ):
        yield


@contextmanager
def expire_used_iterators() -> Iterator[None]:
    """Discard a shard iterator after its use.

    moto keeps every shard iterator forever, so each poll uses more memory. In DynamoDB, iterators expire.
    """

    def get_records(original: Any, backend: DynamoDBStreamsBackend, iterator_arn: str, limit: int) -> Any:
        answer = original(backend, iterator_arn, limit)
        backend.shard_iterators.pop(iterator_arn, None)
        return answer

    with _wrap(DynamoDBStreamsBackend, "get_records", get_records):
        yield


@contextmanager
def add_to_sets_directly() -> Iterator[None]:
    """Execute an update that only adds elements to a number set directly, if its table has no stream.

    moto needs milliseconds for each update, and indexing an article makes hundreds of them. DynamoDB executes such
    updates concurrently; the result is the same.
    """

    def process(original: Any, stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
        target: object = request.headers.get("X-Amz-Target")
        region = _DYNAMODB_URL.fullmatch(request.url)
        if region and target == b"DynamoDB_20120810.UpdateItem":
            body = json.loads(cast("bytes", request.body))
            with _lock:
                if _add_to_set(dynamodb_backends[ACCOUNT_ID][region[1]], body):
                    return 200, {}, b"{}"
        return original(stubber, request)

    with _wrap(BotocoreStubber, "process_request", process):
        yield


_DYNAMODB_URL = re.compile(r"https://dynamodb\.([a-z0-9-]+)\.amazonaws\.com/")
_PLAIN_ADD = re.compile(r"ADD (#\w+) (:\w+)")
_PLAIN_UPDATE = {"TableName", "Key", "UpdateExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}
_MAX_DIRECT_ELEMENTS = 10_000  # the size of a set with this number of elements is far below 400 KB


def _add_to_set(backend: DynamoDBBackend, body: dict[str, Any]) -> bool:
    """Execute the update directly if it has the simple form; return whether it was executed."""
    expression = _PLAIN_ADD.fullmatch(str(body.get("UpdateExpression")))
    table = backend.tables.get(str(body.get("TableName")))
    names, values = body.get("ExpressionAttributeNames") or {}, body.get("ExpressionAttributeValues") or {}
    if (
        not expression
        or body.keys() - {"ReturnConsumedCapacity"} != _PLAIN_UPDATE
        or table is None
        or table.stream_shard is not None
    ):
        return False
    name, added = str(names.get(expression[1])), values.get(expression[2], {}).get("NS")
    if len(names) != 1 or len(values) != 1 or not added or name in table.table_key_attrs:
        return False
    if body["Key"].keys() != set(table.table_key_attrs) or not all(number.isdigit() for number in added):
        return False
    hash_key, range_key = backend.get_keys_value(table, body["Key"])
    item = table.get_item(hash_key, range_key)
    if item is None:
        table.put_item({**body["Key"], name: {"NS": list(dict.fromkeys(added))}})
        return True
    present = item.attrs.get(name)
    elements = dict.fromkeys([*(present.value if present else ()), *added])
    if (present and not present.is_set()) or len(elements) > _MAX_DIRECT_ELEMENTS:
        return False
    item.attrs[name] = DynamoType({"NS": list(elements)})
    return True


@contextmanager
def serialize_values_directly() -> Iterator[None]:
    """Return responses that are already in DynamoDB's format as they are.

    moto looks for all possible members of each structure, and each of them in several spellings. That took a third of
    the time of all calls.
    """

    def structure(
        original: Any, serializer: Any, serialized: dict[str, Any], value: Any, shape: StructureShape, key: str
    ) -> None:
        if shape.name == "AttributeValue" and _is_plain(value):
            serialized[key] = value
        elif type(value) is dict and key and value.keys() <= shape.members.keys():
            present = serialized[key] = {}
            for name, member in value.items():
                if member is not None:
                    serializer._serialize(present, member, shape.members[name], name)  # noqa: SLF001 (moto has no public way)
        else:
            original(serializer, serialized, value, shape, key)

    with _wrap(BaseJSONSerializer, "_serialize_type_structure", structure):
        yield


def _is_plain(value: Any) -> bool:
    """Return whether a value has the form of DynamoDB's responses and needs no encoding, as binary values do."""
    if type(value) is not dict or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    if kind in {"S", "N"}:
        return isinstance(content, str)
    if kind in {"SS", "NS"}:
        return isinstance(content, list) and all(isinstance(element, str) for element in content)
    return kind in {"BOOL", "NULL"} and isinstance(content, bool)


@contextmanager
def remember_methods() -> Iterator[None]:
    """Look up the methods of a service's class once, and not for each call."""
    with patch.object(core_responses, "method_names_from_class", cache(method_names_from_class)):
        yield


@contextmanager
def disable_instance_lists() -> Iterator[None]:
    """Disable moto's lists of instances.

    moto keeps every item and iterator object in a list, so their memory is never freed. DynamoDB runs outside of this
    process and uses none of its memory.
    """
    with (
        patch.object(Item, "instances_tracked", _EmptyList()),
        patch.object(ShardIterator, "instances_tracked", _EmptyList()),
    ):
        yield


class _EmptyList(list[Any]):
    """A list that remains empty."""

    def append(self, value: Any) -> None:
        """Ignore the value."""


# Each patch wraps the ones before it: the rollback must enclose the limits, and the lock everything.
PATCHES = (
    read_by_key,
    measure_items,
    enforce_limits,
    roll_back_failed_writes,
    support_request_tokens,
    expire_used_iterators,
    disable_instance_lists,
    serialize_values_directly,
    remember_methods,
    serialize_calls,
    add_to_sets_directly,
)
