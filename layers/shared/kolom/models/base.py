"""Shared by all table models: table names from the settings, one connection, timestamps."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Self

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session
from pynamodb.attributes import Attribute, NumberAttribute
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.constants import NULL, STRING
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model

from kolom import aws
from kolom.config import settings
from kolom.errors import UnknownSchema
from kolom.models import schema
from kolom.models.endpoint import OneEndpointLoader
from kolom.models.errors import is_condition_failed
from kolom.models.expressions import Action, Condition
from kolom.models.responses import ItemParserFactory
from kolom.timestamps import to_rfc3339


class _TableMeta(type):
    """Reads the table's name when it is needed, so that importing a model does not read the environment."""

    setting: ClassVar[str]

    @property
    def table_name(cls) -> str:
        return settings().need(cls.setting)


class TableMeta(metaclass=_TableMeta):
    """The ``Meta`` of a model. ``setting`` in a subclass names the setting that has the table's name.

    PynamoDB's connection options have no effect here: :func:`connection` configures the client.
    """


class _SharedConnection(Connection):
    """The connection of all models.

    It repeats calls that DynamoDB rejected because of a concurrent write, or processed in part.
    """

    @property
    def session(self) -> Session:
        """Return the session of the client, set up to do no more for a call than DynamoDB needs."""
        session: Session = super().session
        session.register_component("response_parser_factory", ItemParserFactory())
        session.register_component("data_loader", OneEndpointLoader())
        # Otherwise botocore would compose the same text twice for every call, which is a seventh of its time.
        session.set_default_client_config(Config(user_agent=session.user_agent()))
        return session

    def register(self, table: MetaTable) -> None:
        """Register the schema of a table. Of several models of one table, the one with the indexes is registered."""
        registered = self._tables.get(table.table_name)
        if registered is None or len(_indexes(table)) > len(_indexes(registered)):
            self._tables[table.table_name] = table

    def _make_api_call(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        send = super()._make_api_call
        try:
            response: dict[str, Any] | None = send(operation_name, operation_kwargs)
        except ClientError as error:
            if not aws.is_conflict(error):
                raise
            response = None
        if response is not None and not (response.get("UnprocessedKeys") or response.get("UnprocessedItems")):
            return response
        # Imported here, since reads almost never come here: tenacity adds 70 ms to a cold start.
        from kolom.models.incomplete_calls import complete

        return complete(send, operation_name, operation_kwargs, response)


@cache
def connection() -> _SharedConnection:
    """Return this process's only connection to DynamoDB. Its client is created at the first request.

    botocore determines the region and the endpoint (``AWS_REGION``, ``AWS_ENDPOINT_URL_DYNAMODB``).
    """
    return _SharedConnection(
        connect_timeout_seconds=aws.CONNECT_TIMEOUT_SECONDS,
        read_timeout_seconds=aws.read_timeout_seconds(),
        retry_configuration=aws.retries(),
        max_pool_connections=32,
    )


class Record(Model):
    """The base of all models. They share one client, because a second one would lengthen every cold start.

    An item with a schema number that this version does not read (:mod:`kolom.models.schema`) never becomes a record:
    reading it raises :class:`UnknownSchema`. An item with an earlier number is upgraded whenever it is read. The new
    form is not saved at once, but when something else saves the item. An update would change the item in its earlier
    form, so a model with upgrades cannot be updated, only saved.
    """

    upgrades: ClassVar[schema.Upgrades] = MappingProxyType({})

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> Self:
        """Return the record of an item in DynamoDB's format."""
        refuse_unknown_schema(data)
        return cls.from_upgraded_data(schema.upgraded(data, cls.upgrades))

    @classmethod
    def from_upgraded_data(cls, data: dict[str, Any]) -> Self:
        """Return the record of an item that has the form of this version.

        PynamoDB would set all defaults twice, and each value through a descriptor.
        """
        record_class = cls._get_discriminator_class(data) or cls
        if not issubclass(record_class, cls):
            return super().from_raw_data(data)  # raises a ValueError that names both classes
        record: Self = record_class(_user_instantiated=False)
        for name, attribute in record_class.get_attributes().items():
            value = data.get(attribute.attr_name)
            if value and NULL not in value:
                record.attribute_values[name] = attribute.deserialize(attribute.get_value(value))
        return record

    def deserialize(self, attribute_values: dict[str, dict[str, Any]]) -> None:
        """Replace the attributes of this record by those of the item, which was read again or updated."""
        refuse_unknown_schema(attribute_values)
        super().deserialize(schema.upgraded(attribute_values, self.upgrades))

    def update(
        self, actions: list[Action], condition: Condition | None = None, *, add_version_condition: bool = True
    ) -> Any:
        """Update the item and this record."""
        self.check_can_be_updated()
        return super().update(actions, condition, add_version_condition=add_version_condition)

    @classmethod
    def check_can_be_updated(cls) -> None:
        """Refuse updates of a model with upgrades.

        :raises TypeError: the model has upgrades
        """
        if cls.upgrades:
            raise TypeError(f"{cls.__name__} has upgrades: save whole items, or give the new form other keys")

    @classmethod
    def table_connection(cls) -> TableConnection:
        """Return the connection to the table. It returns items in DynamoDB's format, not models."""
        return cls._get_connection()

    def save_if(self, condition: Condition) -> bool:
        """Put the item if the condition holds; return whether it did."""
        return write_conditionally(lambda: self.save(condition))

    def update_if(self, condition: Condition, actions: Sequence[Action]) -> bool:
        """Update the item and this record if the condition holds; return whether it did."""
        return write_conditionally(lambda: self.update(actions=list(actions), condition=condition))

    def delete_if(self, condition: Condition) -> bool:
        """Delete the item if the condition holds; return whether it did."""
        return write_conditionally(lambda: self.delete(condition))

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        shared = connection()
        if table.connection is not shared:
            shared.register(table.get_meta_table())
            table.connection = shared
        return table


def _indexes(table: MetaTable) -> Sequence[object]:
    indexes: Sequence[object] = table.data.get("GlobalSecondaryIndexes") or ()
    return indexes


def write_conditionally(write: Callable[[], object]) -> bool:
    """Make a conditional write; return whether its condition held."""
    try:
        write()
    except PynamoDBException as error:
        if is_condition_failed(error):
            return False
        raise
    return True


MAX_KEY_BYTES = 2_048
"""The limit of a hash key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""


def is_key(text: str) -> bool:
    """Return whether ``text`` can be a hash key. DynamoDB rejects requests with an invalid key."""
    return 0 < len(text.encode()) <= MAX_KEY_BYTES


def refuse_unknown_schema(item: Mapping[str, Any]) -> None:
    """Refuse an item in DynamoDB's format that another version wrote, and that this one cannot read.

    :raises UnknownSchema: its schema number is not one that this version reads
    """
    if (number := schema.unknown_number(item)) is not None:
        raise UnknownSchema(
            f"another version of Kolom stored an item with the schema number {number}; this version reads "
            f"{schema.OLDEST_READ} to {schema.NEWEST_READ}: use the version that is deployed, or deploy the latest one"
        )


class SchemaAttribute(NumberAttribute):
    """The schema number of an item. A new item has that of this version, and an existing one keeps its own."""

    def __init__(self) -> None:
        super().__init__(default=schema.WRITTEN)

    def keep_or_set(self) -> Action:
        """Return the action of an update that may create the item."""
        action: Action = self.set(self | schema.WRITTEN)
        return action


class TimestampAttribute(Attribute[datetime]):
    """An aware ``datetime`` stored as ``2024-05-16T09:30:00Z``."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        """Return the stored text; fractions of a second are dropped."""
        return to_rfc3339(value)

    def deserialize(self, value: str) -> datetime:
        """Return the time in UTC."""
        return datetime.fromisoformat(value)
