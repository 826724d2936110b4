"""Classify storage errors."""

from pynamodb.exceptions import PynamoDBException

from kolom import aws


def is_condition_failed(error: PynamoDBException) -> bool:
    """Return whether a single write failed because its condition does not hold."""
    return aws.error_code(error) == "ConditionalCheckFailedException"
