"""Replace slow parts of moto by faster ones with the same result.

DynamoDB answers in milliseconds, whatever the size of a table or a response. :func:`.moto_patches.patch_moto` applies
these context managers together with its own.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from secrets import token_hex
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import moto.core.responses as core_responses
from botocore.awsrequest import AWSPreparedRequest
from botocore.model import StructureShape
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.parse import BaseJSONParser
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import dynamo_json_dump
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.models import ShardIterator
from werkzeug.exceptions import HTTPException

from kolom_cli.emulator.sorted_views import BY_KEY, WHOLE_TABLE, SortedViews
from kolom_cli.sam.intrinsics import ACCOUNT_ID

LOCK = threading.RLock()
"""Held during each call, because moto reads and writes its tables without a lock."""


def wrap(owner: type, name: str, wrapper: Callable[..., Any]) -> Any:
    """Replace a method by ``wrapper(original, *args, **kwargs)``."""
    original = getattr(owner, name)

    def replacement(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    return patch.object(owner, name, replacement)


def _views(table: Table) -> SortedViews:
    """Return the table's sorted views, which are created on first use and updated by :func:`refresh_views`."""
    views: SortedViews | None = table.__dict__.get("_kolom_views")
    if views is None:
        views = table.__dict__["_kolom_views"] = SortedViews(table)
    return views


def refresh_views(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> None:
    """Update the table's sorted views, if it has any, after a change of an item."""
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
        refresh_views(table, item.hash_key, item.range_key)
        return item

    def delete(original: Any, table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Any:
        item = original(table, hash_key, range_key)
        refresh_views(table, hash_key, range_key)
        return item

    def update(
        original: Any, backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *args: Any, **kw: Any
    ) -> Any:
        item = original(backend, table_name, key, *args, **kw)
        refresh_views(backend.get_table(table_name), item.hash_key, item.range_key)
        return item

    with (
        wrap(Table, "all_items", all_items),
        wrap(Table, "put_item", put),
        wrap(Table, "delete_item", delete),
        wrap(Table, "query", _query),
        wrap(Table, "scan", _scan),
        wrap(DynamoDBBackend, "update_item", update),
        wrap(DynamoDBBackend, "update_table_global_indexes", _forget_views),
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
def add_to_sets_directly() -> Iterator[None]:
    """Bypass moto for an update that only adds elements to a number set, in a table without a stream.

    moto needs milliseconds for each update, and indexing an article makes hundreds of them. DynamoDB executes such
    updates concurrently; the result is the same.
    """

    def process(original: Any, stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
        target: object = request.headers.get("X-Amz-Target")
        region = _DYNAMODB_URL.fullmatch(request.url)
        if region and target == b"DynamoDB_20120810.UpdateItem":
            body = json.loads(cast("bytes", request.body))
            with LOCK:
                item = _add_to_set(dynamodb_backends[ACCOUNT_ID][region[1]], body)
                if item is not None:
                    return 200, {}, dynamo_json_dump(item.to_json() if "ReturnValues" in body else {})
        return original(stubber, request)

    with wrap(BotocoreStubber, "process_request", process):
        yield


_DYNAMODB_URL = re.compile(r"https://dynamodb\.([a-z0-9-]+)\.amazonaws\.com/")
_PLAIN_ADD = re.compile(r"ADD (#\w+) (:\w+)")
_PLAIN_UPDATE = {"TableName", "Key", "UpdateExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}
_MAX_DIRECT_ELEMENTS = 10_000  # the size of a set with this number of elements is far below 400 KB


def _add_to_set(backend: DynamoDBBackend, body: dict[str, Any]) -> Item | None:
    """Execute the update directly if it has the simple form, and return the new item; otherwise return None."""
    expression = _PLAIN_ADD.fullmatch(str(body.get("UpdateExpression")))
    table = backend.tables.get(str(body.get("TableName")))
    names, values = body.get("ExpressionAttributeNames") or {}, body.get("ExpressionAttributeValues") or {}
    if (
        not expression
        or body.keys() - {"ReturnConsumedCapacity", "ReturnValues"} != _PLAIN_UPDATE
        or body.get("ReturnValues", "ALL_NEW") != "ALL_NEW"
        or table is None
        or table.stream_shard is not None
    ):
        return None
    name, added = str(names.get(expression[1])), values.get(expression[2], {}).get("NS")
    if len(names) != 1 or len(values) != 1 or not added or name in table.table_key_attrs:
        return None
    if body["Key"].keys() != set(table.table_key_attrs) or not all(number.isdigit() for number in added):
        return None
    hash_key, range_key = backend.get_keys_value(table, body["Key"])
    item = table.get_item(hash_key, range_key)
    if item is None:
        return table.put_item({**body["Key"], name: {"NS": list(dict.fromkeys(added))}})
    present = item.attrs.get(name)
    elements = dict.fromkeys([*(present.value if present else ()), *added])
    if (present and not present.is_set()) or len(elements) > _MAX_DIRECT_ELEMENTS:
        return None
    item.attrs[name] = DynamoType({"NS": list(elements)})
    return item


@contextmanager
def serialize_directly() -> Iterator[None]:
    """Do not convert responses that are already in DynamoDB's format.

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

    with wrap(BaseJSONSerializer, "_serialize_type_structure", structure):
        yield


def _is_plain(value: Any) -> bool:
    """Return whether a value is a scalar or a set in DynamoDB's format, and not binary, which needs encoding."""
    if type(value) is not dict or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    if kind in {"S", "N"}:
        return isinstance(content, str)
    if kind in {"SS", "NS"}:
        return isinstance(content, list) and all(isinstance(element, str) for element in content)
    return kind in {"BOOL", "NULL"} and isinstance(content, bool)


@contextmanager
def parse_directly() -> Iterator[None]:
    """Do not convert the values of a request that are already in moto's format.

    moto looks for all possible members of each value.
    """

    def structure(original: Any, parser: Any, shape: StructureShape, value: Any) -> Any:
        return value if shape.name == "AttributeValue" and _is_plain(value) else original(parser, shape, value)

    with wrap(BaseJSONParser, "_parse_structure", structure):
        yield


@contextmanager
def dispatch_directly() -> Iterator[None]:
    """Give a call of a client in this process to moto's handler, without an HTTP request in between.

    moto compares the URL with those of all services, builds a WSGI environment, parses the body as a form, and looks
    for an XML element in the response. That took a third of the time of a call.
    """

    def process(original: Any, stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
        region = _DYNAMODB_URL.fullmatch(request.url)
        if not region or not isinstance(request.body, bytes):
            return original(stubber, request)
        handler: Any = DynamoHandler()
        headers = {name: request.headers[name] for name in ("X-Amz-Target", "Content-Type")}
        handler.headers = {
            name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()
        }
        handler.region = region[1]
        handler.current_account = ACCOUNT_ID
        handler.querystring = handler.uri_match = {}
        handler.response_headers = {"server": "amazon.com"}
        try:
            handler.parse_parameters(
                SimpleNamespace(
                    method="POST",
                    values={},
                    headers=handler.headers,
                    data=request.body,
                    path="/",
                    content_type=handler.headers["Content-Type"],
                )
            )
            return handler.call_action()
        except HTTPException as error:
            return error.code, error.get_headers(), error.get_body()

    def enrich(headers: dict[str, str], body: str) -> tuple[dict[str, str], str]:
        return headers | {"x-amzn-requestid": token_hex(26)}, body

    with (
        wrap(BotocoreStubber, "process_request", process),
        patch.object(DynamoHandler, "_enrich_response", staticmethod(enrich)),
    ):
        yield


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
