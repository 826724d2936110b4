"""What every table's model has in common: its name from the settings, short timeouts, and times."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

from pynamodb.attributes import Attribute
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.constants import STRING
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model

from kolom.config import settings


class _TableMeta(type):
    """Looks the table's name up when it is needed, so that importing a model reads no environment."""

    setting: ClassVar[str]

    @property
    def table_name(cls) -> str:
        return settings().need(cls.setting)


class TableMeta(metaclass=_TableMeta):
    """The ``Meta`` of a model; a table's own names the setting that holds its table's name.

    The timeouts leave time for a retry within a function's own (PynamoDB's defaults of 15 and 30 s do not). The
    region and the endpoint are botocore's to find (``AWS_REGION``, ``AWS_ENDPOINT_URL_DYNAMODB``).
    """

    connect_timeout_seconds = 2
    read_timeout_seconds = 5
    max_retry_attempts = 3
    max_pool_connections = 32


@cache
def connection() -> Connection:
    """This process's only connection to DynamoDB. Its client is made at the first request."""
    return Connection(
        connect_timeout_seconds=TableMeta.connect_timeout_seconds,
        read_timeout_seconds=TableMeta.read_timeout_seconds,
        max_retry_attempts=TableMeta.max_retry_attempts,
        max_pool_connections=TableMeta.max_pool_connections,
    )


class Record(Model):
    """The base of all models. They share one client: a second one is the dearest thing that a cold start can add."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        shared = connection()
        if table.connection is not shared:
            # Of several models of one table, only the one with the indexes may know of them.
            known, own = shared._tables.get(table.table_name), table.get_meta_table()
            if known is None or len(_indexes(own)) > len(_indexes(known)):
                shared._tables[table.table_name] = own
            table.connection = shared
        return table


def _indexes(table: MetaTable) -> Sequence[object]:
    indexes: Sequence[object] = table.data.get("GlobalSecondaryIndexes") or ()
    return indexes


def response_code(error: PynamoDBException) -> str | None:
    """The code of DynamoDB's answer; None where there was no answer.

    PynamoDB's own ``cause_response_code`` raises there: botocore gives its errors of the connection a response of None.
    """
    response: Mapping[str, Any] = getattr(error.cause, "response", None) or {}
    code: str | None = response.get("Error", {}).get("Code")
    return code


def is_condition_failed(error: PynamoDBException) -> bool:
    """Whether DynamoDB refused a single write because its condition does not hold."""
    return response_code(error) == "ConditionalCheckFailedException"


MAX_KEY_BYTES = 2_048
"""What a hash key may have: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""


def is_key(text: str) -> bool:
    """Whether ``text`` can be a hash key at all. DynamoDB refuses to look for what cannot."""
    return 0 < len(text.encode()) <= MAX_KEY_BYTES


def timestamp(moment: datetime) -> str:
    """``moment`` (aware) as RFC 3339 in UTC to the second, ending in ``Z``: sorts as text as it does in time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


class TimestampAttribute(Attribute[datetime]):
    """An aware ``datetime`` stored as ``2024-05-16T09:30:00Z``."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        """The stored text; fractions of a second are dropped."""
        return timestamp(value)

    def deserialize(self, value: str) -> datetime:
        """The moment, in UTC."""
        return datetime.fromisoformat(value)
