"""Call handlers as Lambda does, and read the tables."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.factories import Context
from tests.integration.aws import client


@dataclass(frozen=True, slots=True)
class Response:
    """A handler's response."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """Return the parsed JSON body."""
        return json.loads(self.body)

    @property
    def fields(self) -> set[str]:
        """Return the field names in a problem."""
        assert self.headers["Content-Type"] == "application/problem+json"
        return {error["field"] for error in self.json.get("errors", ())}


def call(handler: Callable[[Any, Any], Any], event: dict[str, Any]) -> Response:
    """Call a handler with an event and return its response."""
    answer = handler(event, Context())
    return Response(answer["statusCode"], answer["headers"], answer["body"])


def stored(table: str) -> list[dict[str, Any]]:
    """Return all items of a table in DynamoDB's format."""
    pages = client("dynamodb").get_paginator("scan").paginate(TableName=f"kolom-{table}")
    return [item for page in pages for item in page["Items"]]


def strings_in(value: Any) -> Iterator[str]:
    """Yield the strings among the parameters of a DynamoDB call."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "S":
                yield inner
            else:
                yield from strings_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_in(inner)
