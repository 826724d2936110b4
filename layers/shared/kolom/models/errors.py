"""Storage errors: which type they have, and what to do about them."""

from collections.abc import Callable

from pynamodb.exceptions import PynamoDBException

from kolom import aws
from kolom.errors import ServiceBusy
from kolom.observability import logger

StorageError = PynamoDBException
"""The type of all errors of DynamoDB calls, for modules that must handle them."""


def is_condition_failed(error: StorageError) -> bool:
    """Return whether a single write failed because its condition does not hold."""
    return aws.error_code(error) == "ConditionalCheckFailedException"


def none_if_unavailable[Result](read: Callable[[], Result], missing: str) -> Result | None:
    """Return the result of ``read``; None if DynamoDB does not return it. For parts of a page that it can do without.

    ``missing`` names the part in the log: as a warning, or as an error if a later call would fail too.
    """
    try:
        return read()
    except (StorageError, ServiceBusy) as error:
        if isinstance(error, ServiceBusy) or aws.is_temporary(error):
            logger.warning("page rendered without a part", missing=missing, code=aws.error_code(error))
        else:
            logger.error("page rendered without a part", missing=missing, exc_info=error)
        return None
