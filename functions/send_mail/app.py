"""Send waiting mail. This function consumes the stream of the Outbox table."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import StreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.mail.delivery import send
from kolom.models.base import is_key
from kolom.observability import FIRST_RECORD, count, logger, metrics
from kolom.streams import read_batch

MAX_MILLISECONDS_PER_MAIL: Final = 30_000
"""The time that one mail may take, with SES and DynamoDB at their slowest."""

COUNTED: Final = {"deferred", "failed"}
"""The outcomes that have a metric. SES itself counts the mail that was sent."""


def mail_id(record: StreamRecord) -> str:
    """Return the id of the mail that waits; raises an error if the record is not of waiting mail."""
    key = record.keys["id"]
    if not (isinstance(key, str) and is_key(key) and record.new_image):
        raise ValueError("the record is not of a waiting mail")
    return key


@logger.inject_lambda_context(correlation_id_path=FIRST_RECORD, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a batch of stream records.

    Records for which no time remained are retried. The Outbox itself schedules the retries of deferred mail.
    """
    unprocessed: list[str] = []
    batch = read_batch(event, mail_id)
    count("MalformedEvents", batch.malformed)
    for sequence_number, waiting_id in batch.values.items():
        if context.get_remaining_time_in_millis() < MAX_MILLISECONDS_PER_MAIL:
            unprocessed.append(sequence_number)
            continue
        outcome = send(waiting_id, partial(datetime.now, UTC))
        if outcome in COUNTED:
            count(f"Mail{outcome.capitalize()}")
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in unprocessed]}
