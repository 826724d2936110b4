"""Calling handlers as Lambda does, and looking at what they left in the tables."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.factories import Context
from tests.integration.aws import client


@dataclass(frozen=True, slots=True)
class Answered:
    """A handler's answer."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)

    @property
    def fields(self) -> set[str]:
        """The fields that a problem names."""
        assert self.headers["Content-Type"] == "application/problem+json"
        return {error["field"] for error in self.json.get("errors", ())}


def call(handler: Callable[[Any, Any], Any], event: dict[str, Any]) -> Answered:
    """Have a handler answer an event."""
    answer = handler(event, Context())
    return Answered(answer["statusCode"], answer["headers"], answer["body"])


def stored(table: str) -> list[dict[str, Any]]:
    """Everything in a table, as DynamoDB has it."""
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
