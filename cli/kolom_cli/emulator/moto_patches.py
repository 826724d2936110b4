"""Patch moto so that a running site sees the behavior of the real DynamoDB.

Each patch is a context manager of :data:`PATCHES`, active only within :func:`patch_moto`. Each has a test in
``tests/unit/cli/emulator/test_moto_*.py`` that fails without it. The version of moto is pinned; remove a patch
when a newer version no longer needs it.
"""

import copy
import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import moto.dynamodb.models as backend_module
import moto.dynamodb.responses as responses_module
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import (
    ERROR_TYPE_PREFIX,
    DynamodbException,
    ItemSizeTooLarge,
    ItemSizeToUpdateTooLarge,
    MockValidationException,
    TransactWriteSingleOpException,
)
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import dynamo_json_dump
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.models import DynamoDBStreamsBackend
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from kolom_cli.emulator.dynamodb_limits import (
    BATCH_WRITE_LIMIT_ITEMS,
    HASH_KEY_LIMIT_BYTES,
    ITEM_LIMIT_BYTES,
    TRANSACTION_LIMIT_BYTES,
    TRANSACTION_LIMIT_ITEMS,
    check_numbers,
    size_bytes,
)
from kolom_cli.emulator.moto_expressions import (
    remember_expressions,
    skip_passes_without_effect,
    traverse_by_type,
)
from kolom_cli.emulator.moto_shortcuts import (
    LOCK,
    add_to_sets_directly,
    disable_instance_lists,
    dispatch_directly,
    parse_directly,
    read_by_key,
    refresh_views,
    remember_methods,
    serialize_directly,
    wrap,
)

TOKEN_LIFETIME_SECONDS = 600


@contextmanager
def patch_moto() -> Iterator[None]:
    """Apply all patches, and revert them at the end of the block."""
    with ExitStack() as stack:
        for apply_patch in PATCHES:
            stack.enter_context(apply_patch())
        yield


@contextmanager
def serialize_calls() -> Iterator[None]:
    """Serialize all calls, in this process and through the server.

    moto reads and writes its tables without a lock. DynamoDB handles concurrent calls.
    """

    def locked(original: Any, *args: Any, **kwargs: Any) -> Any:
        with LOCK:
            return original(*args, **kwargs)

    with wrap(DynamoHandler, "call_action", locked), wrap(DynamoDBStreamsHandler, "call_action", locked):
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
        wrap(DynamoDBBackend, "transact_write_items", transaction),
        wrap(DynamoDBBackend, "update_item", update),
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
            refresh_views(table, hash_key, range_key)


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

    with wrap(DynamoHandler, "transact_write_items", transaction):
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
        wrap(Table, "put_item", put),
        wrap(DynamoDBBackend, "update_item", update),
    ):
        yield


@contextmanager
def enforce_limits() -> Iterator[None]:
    """Enforce DynamoDB's limits for numbers, keys of queries, batches and transactions.

    moto accepts numbers of more than 38 digits, queries for keys that are too long, transactions of more than 4 MB and
    batches of more than 25 writes, but at most 25 items in a TransactGetItems. DynamoDB refuses the others, and allows
    100 items in a TransactGetItems.
    """

    def checked(original: Any, handler: DynamoHandler) -> Any:
        check_numbers(getattr(handler, "params", {}))
        return original(handler)

    def query(original: Any, handler: DynamoHandler) -> Any:
        values = handler.body.get("ExpressionAttributeValues", {})
        for name in re.findall(r":\w+", handler.body.get("KeyConditionExpression", "")):
            if len(values.get(name, {}).get("S", "").encode()) > HASH_KEY_LIMIT_BYTES:
                raise MockValidationException(
                    "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of"
                    f" {HASH_KEY_LIMIT_BYTES} bytes"
                )
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
        wrap(DynamoHandler, "call_action", checked),
        wrap(DynamoHandler, "query", query),
        wrap(DynamoHandler, "batch_write_item", batch),
        wrap(DynamoDBBackend, "transact_write_items", transaction),
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

    with wrap(DynamoDBStreamsBackend, "get_records", get_records):
        yield


# Each patch wraps the ones before it. The rollback must enclose the limits, and the lock must enclose all calls.
# `add_to_sets_directly` comes later, because it takes the lock itself.
PATCHES = (
    read_by_key,
    measure_items,
    enforce_limits,
    roll_back_failed_writes,
    support_request_tokens,
    expire_used_iterators,
    disable_instance_lists,
    serialize_directly,
    remember_methods,
    parse_directly,
    dispatch_directly,
    remember_expressions,
    traverse_by_type,
    skip_passes_without_effect,
    serialize_calls,
    add_to_sets_directly,
)
