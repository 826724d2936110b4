"""Storage errors: which type they have, and what to do about them."""

from collections.abc import Callable

from pynamodb.exceptions import PynamoDBException

from kolom import aws
from kolom.errors import ServiceBusy

StorageError = PynamoDBException
"""The type of all errors of DynamoDB calls, for modules that must handle them."""


def is_condition_failed(error: StorageError) -> bool:
    """Return whether a single write failed because its condition does not hold."""
    return aws.error_code(error) == "ConditionalCheckFailedException"


def none_if_unavailable[Result](
    read: Callable[[], Result], report: Callable[[Exception], None] | None = None
) -> Result | None:
    """Return the result of ``read``; None if DynamoDB does not return it. ``report`` gets the reason."""
    try:
        return read()
    except (StorageError, ServiceBusy) as error:
        if report is not None:
            report(error)
        return None
