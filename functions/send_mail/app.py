"""The stream of the Outbox, filtered to what waits: send each mail, or note when to try again."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import StreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.mail.delivery import send
from kolom.models.base import is_key
from kolom.observability import FIRST_RECORD, count, logger, metrics, tracer
from kolom.streams import read_batch

ENOUGH_MILLISECONDS: Final = 30_000
"""How much time a mail may take, with SES and DynamoDB at their slowest."""

COUNTED: Final = {"sent", "deferred", "failed", "dropped"}
"""The outcomes that change a mail. A mail that is ``taken`` or ``left`` has its event elsewhere or later."""


def mail_id(record: StreamRecord) -> str:
    """Return the id of the mail that waits; raises an error if the record is not of waiting mail."""
    key = record.keys["id"]
    if not (isinstance(key, str) and is_key(key) and record.new_image):
        raise ValueError("the record is not of a waiting mail")
    return key


@logger.inject_lambda_context(correlation_id_path=FIRST_RECORD, clear_state=True)
@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a batch of the stream. Only what there was no time for comes again: failures have a time in the Outbox."""
    left: list[str] = []
    batch = read_batch(event, mail_id)
    count("MalformedEvents", batch.malformed)
    for sequence_number, waiting in batch.values.items():
        if context.get_remaining_time_in_millis() < ENOUGH_MILLISECONDS:
            left.append(sequence_number)
            continue
        outcome = send(waiting, partial(datetime.now, UTC))
        if outcome in COUNTED:
            count(f"Mail{outcome.capitalize()}")
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in left]}
