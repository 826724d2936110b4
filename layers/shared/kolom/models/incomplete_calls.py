"""Complete calls that DynamoDB rejected because of a concurrent write, or processed only in part.

A write of a single item is rejected while a transaction changes the item, which SDKs do not retry. A batch may come
back with unprocessed items for lack of capacity. PynamoDB would repeat reads of these at once and without a limit, and
would give up writes of these with an error that does not name the cause.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from kolom.aws import is_conflict
from kolom.errors import ServiceBusy
from kolom.models.retry import retry_on_conflict

_THROTTLE: Final[Any] = {
    "Error": {"Code": "ProvisionedThroughputExceededException", "Message": "items remain unprocessed"}
}

type Send = Callable[[str, dict[str, Any]], dict[str, Any]]


class _Incomplete(ClientError):
    """The call must be repeated, at least in part."""


def complete(
    send: Send, operation: str, arguments: dict[str, Any], response: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Repeat a call, or the unprocessed part of a batch, with jitter; return the complete response.

    ``response`` is the incomplete response of the first call, None if it was rejected.

    :raises ClientError: the last error of the service; a throttle if items remain unprocessed
    """
    found: dict[str, list[Any]] = {}

    def unprocessed(answer: Mapping[str, Any]) -> Mapping[str, Any]:
        for table, items in answer.get("Responses", {}).items():
            found.setdefault(table, []).extend(items)
        remaining: Mapping[str, Any] = answer.get("UnprocessedKeys") or answer.get("UnprocessedItems") or {}
        return remaining

    remaining = None if response is None else unprocessed(response)

    def attempt() -> dict[str, Any]:
        nonlocal remaining
        try:
            answer = send(operation, arguments if remaining is None else {**arguments, "RequestItems": remaining})
        except ClientError as error:
            if not is_conflict(error):
                raise
            raise _Incomplete(error.response, operation) from error
        remaining = unprocessed(answer)
        if remaining:
            raise _Incomplete(_THROTTLE, operation)
        return {**answer, "Responses": found} if found else answer

    try:
        return retry_on_conflict(attempt, on=_Incomplete)
    except ServiceBusy as busy:
        raise busy.__cause__ or busy from None
