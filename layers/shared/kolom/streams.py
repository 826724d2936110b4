"""Read the records of a DynamoDB stream. A malformed record is skipped: it would fail again until it expires."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord, StreamRecord

from kolom.observability import logger


@dataclass(frozen=True, slots=True)
class Batch[Value]:
    """The values of the well-formed records by their sequence numbers, and the number of malformed records."""

    values: Mapping[str, Value]
    malformed: int


def read_batch[Value](event: Any, parse: Callable[[StreamRecord], Value]) -> Batch[Value]:
    """Return the results of ``parse`` for each record; a record is malformed if ``parse`` raises any error.

    The log names a malformed record by its position in the batch, never by its content.
    """
    records = event.get("Records") if isinstance(event, dict) else None
    values: dict[str, Value] = {}
    malformed = 0
    for position, record in enumerate(records if isinstance(records, list) else [None]):
        try:
            sequence_number, value = _read(record, parse)
        except Exception as error:  # noqa: BLE001 - a malformed record may raise anything, and must not block others
            malformed += 1
            logger.error("malformed stream record skipped", position=position, reason=type(error).__name__)
        else:
            values[sequence_number] = value
    return Batch(values, malformed)


def _read[Value](data: Any, parse: Callable[[StreamRecord], Value]) -> tuple[str, Value]:
    record = DynamoDBRecord(data)
    _ = record.event_name  # raises an error for an unknown name
    change = record.dynamodb
    if change is None:
        raise ValueError("the record describes no change")
    # Lambda retries a record by its sequence number. For an empty number, it would retry the whole batch.
    if not isinstance(change.sequence_number, str) or not change.sequence_number:
        raise ValueError("the record has no sequence number")
    return change.sequence_number, parse(change)
