"""Handle permanent bounces and complaints that SES reports: no more mail is sent to these addresses."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from kolom.mail.suppression import read_event, suppress
from kolom.observability import count, logger, metrics
from kolom.security import signing


@logger.inject_lambda_context(correlation_id_path=correlation_paths.EVENT_BRIDGE, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """Handle an event of SES, which EventBridge may deliver twice."""
    addresses, malformed = read_event(event)
    if malformed:
        logger.error("malformed parts of an SES event skipped", malformed=malformed)
        count("MalformedEvents", malformed)
    for email, reason in addresses:
        suppress(email, reason, signing.load_keys(), now=datetime.now(UTC))
        logger.warning("email address suppressed", reason=reason)
