"""Send waiting mail. This function consumes the stream of the Outbox table."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.mail.delivery import send
from kolom.observability import FIRST_RECORD, count, logger, metrics, tracer

MAX_MILLISECONDS_PER_MAIL: Final = 30_000
"""The time that one mail may take, with SES and DynamoDB at their slowest."""

COUNTED: Final = {"sent", "deferred", "failed", "dropped"}
"""The outcomes that count as events. After ``not_claimed`` or ``unsettled``, another invocation counts the mail."""


@logger.inject_lambda_context(correlation_id_path=FIRST_RECORD, clear_state=True)
@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a batch of stream records.

    Records for which no time remained are retried. The Outbox itself schedules the retries of failed mail.
    """
    unprocessed: list[str] = []
    for record in DynamoDBStreamEvent(event).records:
        assert record.dynamodb
        if context.get_remaining_time_in_millis() < MAX_MILLISECONDS_PER_MAIL:
            unprocessed.append(str(record.dynamodb.sequence_number))
            continue
        mail_id = (record.dynamodb.keys or {})["id"]
        outcome = send(mail_id, partial(datetime.now, UTC))
        if outcome in COUNTED:
            count(f"Mail{outcome.capitalize()}")
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in unprocessed]}
