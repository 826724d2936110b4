"""Index changed articles. This function consumes the stream of the Articles table."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.observability import FIRST_RECORD, count, logger, metrics, tracer
from kolom.search.index_writer import update_index


@logger.inject_lambda_context(correlation_id_path=FIRST_RECORD, clear_state=True)
@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Handle a batch of stream records; the records of articles that could not be indexed are retried."""
    ids_by_record = {
        str(record.dynamodb.sequence_number): int(record.dynamodb.keys["key"])
        for record in DynamoDBStreamEvent(event).records
        if record.dynamodb and record.dynamodb.keys
    }
    article_ids = set(ids_by_record.values())
    failed = update_index(article_ids)
    count("ArticlesIndexed", len(article_ids - failed))
    count("ArticlesNotIndexed", len(failed))
    logger.info("articles indexed", articles=len(article_ids), failed=len(failed))
    retried = [{"itemIdentifier": sequence} for sequence, article_id in ids_by_record.items() if article_id in failed]
    return {"batchItemFailures": retried}
