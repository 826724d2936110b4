"""Create the template's tables without a deployment: in the emulated stack, or in DynamoDB Local."""

import logging
from collections.abc import Iterable
from typing import Any

from kolom_cli.sam.model import Table

_log = logging.getLogger(__name__)


def create_tables(dynamodb: Any, tables: Iterable[Table]) -> None:
    """Create the missing ``tables``; existing ones are not changed. ``dynamodb`` is a boto3 client."""
    for table in tables:
        _create(dynamodb, table)


def _create(dynamodb: Any, table: Table) -> None:
    try:
        dynamodb.create_table(**table.create)
    except dynamodb.exceptions.ResourceInUseException:
        _log.info("table %s exists and is not changed", table.name)
        return
    dynamodb.get_waiter("table_exists").wait(TableName=table.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    if table.ttl_attribute:
        dynamodb.update_time_to_live(
            TableName=table.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl_attribute},
        )
