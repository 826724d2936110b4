"""Run every five minutes: publish the scheduled articles that are due, and requeue the mail that is due."""

from datetime import UTC, datetime
from typing import Any, Final

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom import outbox
from kolom.articles.scheduler import publish_due
from kolom.observability import count, logger, metrics

MAIL_MILLISECONDS: Final = 30_000
"""The time that is reserved for mail: if less remains, no further article is published.

Publishing one article takes up to four seconds, if its writes conflict with others.
"""


def publish_articles(context: LambdaContext) -> None:
    """Publish the scheduled articles that are due."""
    published, failed = publish_due(
        now=datetime.now(UTC), has_time=lambda: context.get_remaining_time_in_millis() > MAIL_MILLISECONDS
    )
    count("ArticlesNotReleased", len(failed))
    for slug in published:
        logger.info("scheduled article published", slug=slug)


def requeue_mail() -> None:
    """Requeue the mail that is due, and give up on mail that has been retried for a day."""
    result = outbox.requeue_due(now=datetime.now(UTC))
    count("MailFailed", len(result.failed))
    for mail_id in result.skipped:
        logger.warning("mail not requeued", mail=outbox.redact_id(mail_id))
    for mail_id in result.failed:
        logger.error("mail failed after a day of retries", mail=outbox.redact_id(mail_id))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.EVENT_BRIDGE, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - the event has no data
    """Handle the timer's event. The next run retries what failed, except mail that is given up."""
    try:
        publish_articles(context)
    finally:  # an error in one task must not prevent the other
        requeue_mail()
