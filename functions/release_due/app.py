"""Every five minutes: publish the scheduled articles whose time has come."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.articles.releasing import release_due
from kolom.observability import logger, metrics, tracer


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - the schedule says nothing
    """Answer the timer. What cannot be released now is tried again in five minutes."""
    released, failed = release_due(now=datetime.now(UTC))
    metrics.add_metric("ArticlesReleased", MetricUnit.Count, len(released))
    metrics.add_metric("ArticlesNotReleased", MetricUnit.Count, len(failed))
    for slug in released:
        logger.info("released a scheduled article", slug=slug)
    for slug in failed:
        logger.warning("could not release a scheduled article", slug=slug)
