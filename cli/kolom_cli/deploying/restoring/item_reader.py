"""Read tables by pages, in DynamoDB's format."""

from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any, Final

from kolom.models.incomplete_calls import complete
from kolom_cli.deploying.account import client
from kolom_cli.deploying.restoring.items import Item, Key, key_of, to_key_item
from kolom_cli.deploying.tables import explaining

BATCH: Final = 100
"""The number of items that one call reads by their keys."""

_CANNOT_READ: Final = "cannot read the table"


def scan(table: str, key_names: tuple[str, ...], *, keys_only: bool = False) -> Iterator[list[Item]]:
    """Yield the items of a table by pages of at most 1 MB, or only their keys.

    :raises DeploymentError: the table does not exist
    """
    arguments: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
    if keys_only:
        names = {f"#k{index}": name for index, name in enumerate(key_names)}
        arguments |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
    with explaining(table, _CANNOT_READ):
        for page in client("dynamodb").get_paginator("scan").paginate(**arguments):
            yield page["Items"]


def query(table: str, **arguments: Any) -> Iterator[Item]:
    """Yield the items that a query with these arguments finds.

    :raises DeploymentError: the table does not exist
    """
    with explaining(table, _CANNOT_READ):
        for page in client("dynamodb").get_paginator("query").paginate(TableName=table, **arguments):
            yield from page["Items"]


def get_items(table: str, keys: Iterable[Key], key_names: tuple[str, ...]) -> dict[Key, Item]:
    """Return the items with these keys that the table has, with a consistent read.

    :raises DeploymentError: the table does not exist
    """
    found: dict[Key, Item] = {}
    for some in batched(keys, BATCH, strict=False):
        request = {table: {"Keys": [to_key_item(key, key_names) for key in some], "ConsistentRead": True}}
        arguments = {"RequestItems": request}
        with explaining(table, _CANNOT_READ):
            answer = _send("BatchGetItem", arguments)
            if answer.get("UnprocessedKeys"):
                answer = complete(_send, "BatchGetItem", arguments, answer)
        found |= {key_of(item, key_names): item for item in answer["Responses"].get(table, ())}
    return found


def _send(_operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client("dynamodb").batch_get_item(**arguments)
    return answer
