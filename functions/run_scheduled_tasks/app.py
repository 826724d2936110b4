"""Every five minutes: publish the scheduled articles whose time has come, and wake the mail that is due."""

from datetime import UTC, datetime
from typing import Any, Final

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom import outbox
from kolom.articles.scheduler import publish_due
from kolom.observability import count, logger, metrics, tracer

MAIL_MILLISECONDS: Final = 30_000
"""How much of the time is for the mail: an article that is busy takes four seconds."""


def release_articles(context: LambdaContext) -> None:
    """Publish what is due."""
    released, failed = publish_due(
        now=datetime.now(UTC), has_time=lambda: context.get_remaining_time_in_millis() > MAIL_MILLISECONDS
    )
    count("ArticlesReleased", len(released))
    count("ArticlesNotReleased", len(failed))
    for slug in released:
        logger.info("released a scheduled article", slug=slug)


def release_mail() -> None:
    """Wake what is due, and give up what has been due for a day."""
    released = outbox.requeue_due(now=datetime.now(UTC))
    count("MailFailed", len(released.failed))
    for mail_id in released.skipped:
        logger.warning("a mail could not be released", mail=outbox.redact_id(mail_id))
    for mail_id in released.failed:
        logger.error("a mail could not be sent for a day", mail=outbox.redact_id(mail_id))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.EVENT_BRIDGE, clear_state=True)
@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - the schedule says nothing
    """Answer the timer. What cannot be released now is tried again in five minutes."""
    try:
        release_articles(context)
    finally:  # neither keeps the other
        release_mail()
