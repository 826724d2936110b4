"""Throttle DynamoDB below PynamoDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from kolom.models.base import connection


@contextmanager
def throttled(operation: str = "*", table: str = "") -> Iterator[None]:
    """Throttle every call of ``operation`` that names ``table``."""

    def refuse(params: dict[str, Any], **_: Any) -> Any:
        if table not in str(params.get("body")):
            return None
        answer = {
            "Error": {"Code": "ProvisionedThroughputExceededException", "Message": "Too many requests"},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        return SimpleNamespace(status_code=400), answer

    events = connection().client.meta.events
    events.register_first(f"before-call.dynamodb.{operation}", refuse)
    try:
        yield
    finally:
        events.unregister(f"before-call.dynamodb.{operation}", refuse)
