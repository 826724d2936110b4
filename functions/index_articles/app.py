"""Index changed articles. This function consumes the stream of the Articles table."""

import re
from typing import Any, Final

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import StreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.observability import FIRST_RECORD, count, logger, metrics
from kolom.search.index_writer import update_index
from kolom.streams import read_batch

ARTICLE_ID: Final = re.compile(r"[1-9][0-9]{0,17}")


def article_id(record: StreamRecord) -> int:
    """Return the id of the article that has changed; raises an error if the record's key is not an article's id."""
    key = record.keys["key"]
    if not ARTICLE_ID.fullmatch(key):
        raise ValueError("the key is not an article's id")
    return int(key)


@logger.inject_lambda_context(correlation_id_path=FIRST_RECORD, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Handle a batch of stream records; the records of articles that could not be indexed are retried."""
    batch = read_batch(event, article_id)
    article_ids = set(batch.values.values())
    failed = update_index(article_ids)
    count("ArticlesNotIndexed", len(failed))
    count("MalformedEvents", batch.malformed)
    logger.info("articles indexed", articles=len(article_ids), failed=len(failed))
    retried = [{"itemIdentifier": sequence} for sequence, each in batch.values.items() if each in failed]
    return {"batchItemFailures": retried}
