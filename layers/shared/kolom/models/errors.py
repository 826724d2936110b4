"""Storage errors: what they mean to the domain."""

from pynamodb.exceptions import PynamoDBException

from kolom import aws


def is_condition_failed(error: PynamoDBException) -> bool:
    """Whether DynamoDB refused a single write because its condition does not hold."""
    return aws.error_code(error) == "ConditionalCheckFailedException"
