"""Record the DynamoDB operations of a function, as actions of an IAM policy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kolom.models.base import connection

_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

type Operation = tuple[str, str]
"""An action, and the table or ``table/index/name`` that it touches."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The recorded operations.

    ``leading_keys`` has the hash keys of the items that they read by key. ``attributes`` has, by table, the attributes
    that the last read with a projection selected.
    """

    operations: list[Operation]
    leading_keys: dict[Operation, set[str]]
    attributes: dict[str, set[str]]


@contextmanager
def recorded() -> Iterator[Recorded]:
    """Record the operations in the block, in order; a transaction is recorded as the actions that IAM requires."""
    asked = Recorded([], {}, {})

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        asked.operations.extend(_operations(model.name, params))
        for table, wanted in params.get("RequestItems", {params.get("TableName"): params}).items():
            if "ProjectionExpression" in wanted:
                names = wanted["ExpressionAttributeNames"]
                asked.attributes[table] = {names[each] for each in wanted["ProjectionExpression"].split(", ")}
        if model.name == "BatchGetItem":
            for table, wanted in params["RequestItems"].items():
                hash_key = connection()._tables[table].hash_keyname
                keys = asked.leading_keys.setdefault((f"dynamodb:{model.name}", table), set())
                keys |= {str(key[hash_key]["S"]) for key in wanted["Keys"]}
        elif model.name == "GetItem":
            hash_key = connection()._tables[params["TableName"]].hash_keyname
            keys = asked.leading_keys.setdefault(("dynamodb:GetItem", params["TableName"]), set())
            keys.add(str(params["Key"][hash_key]["S"]))

    events = connection().client.meta.events
    events.register("provide-client-params.dynamodb.*", note)
    try:
        yield asked
    finally:
        events.unregister("provide-client-params.dynamodb.*", note)


def _operations(action: str, params: dict[str, Any]) -> list[Operation]:
    if action in {"TransactWriteItems", "TransactGetItems"}:
        return [
            (f"dynamodb:{_TRANSACTED.get(kind, 'GetItem')}", write["TableName"])
            for item in params["TransactItems"]
            for kind, write in item.items()
        ]
    if action in {"BatchGetItem", "BatchWriteItem"}:
        return [(f"dynamodb:{action}", table) for table in params["RequestItems"]]
    index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
    return [(f"dynamodb:{action}", params["TableName"] + index)]
