"""Record the DynamoDB operations of a function, as actions of an IAM policy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kolom.models.base import connection
from tests.iam import enforcement
from tests.iam.dynamodb_requests import place_of, requests_of
from tests.iam.policies import Request

type Operation = tuple[str, str]
"""An action, and the table or ``table/index/name`` that it touches."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The recorded operations, and those requests among them that a function made, not the test itself.

    ``attributes`` has, by table, the attributes that the last read with a projection selected.
    """

    operations: list[Operation]
    by_functions: list[Request]
    attributes: dict[str, set[str]]


@contextmanager
def recorded() -> Iterator[Recorded]:
    """Record the operations in the block, in order; a transaction is recorded as the actions that IAM requires."""
    asked = Recorded([], [], {})

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        requests = list(requests_of(model.name, params, enforcement.hash_keys()))
        asked.operations.extend((each.action, place_of(each.resource)) for each in requests)
        if enforcement.running_function():
            asked.by_functions.extend(requests)
        for table, wanted in params.get("RequestItems", {params.get("TableName"): params}).items():
            if "ProjectionExpression" in wanted:
                names = wanted["ExpressionAttributeNames"]
                asked.attributes[table] = {names[each] for each in wanted["ProjectionExpression"].split(", ")}

    events = connection().client.meta.events
    events.register("provide-client-params.dynamodb.*", note)
    try:
        yield asked
    finally:
        events.unregister("provide-client-params.dynamodb.*", note)
