"""Deliver a mail: claim it, compose it, send it with SES, and record the outcome.

SES has no idempotency key. A mail is sent twice only if SES accepts it, but its response is lost, or the process then
ends or cannot reach DynamoDB before it has recorded that. After any earlier failure, a retry sends it once.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from kolom import aws, outbox
from kolom.config import settings
from kolom.mail import digests, suppression
from kolom.mail.composer import MailObsolete, OutgoingMail, compose
from kolom.models.outbox import OutboxRecord
from kolom.observability import logger
from kolom.security import signing

type Outcome = Literal["sent", "deferred", "failed", "dropped", "left_to_digest", "not_claimed", "unsettled"]

_SEND_EMAIL: Final = "SendEmail"
_PERMANENT_ERROR: Final = "BadRequestException"
_ATTEMPTS: Final = 4


def send(mail_id: str, clock: Callable[[], datetime]) -> Outcome:
    """Send the mail if it is waiting; ``not_claimed`` if it is not, or if another process sends it.

    ``left_to_digest``: there are too many moderation mails in this hour, and a digest replaces the mail.

    Failures are recorded; temporary ones are retried later, for a day. If a failure cannot be recorded, the outcome is
    ``unsettled``: the mail is still waiting, or its lease ends, and the timer requeues it. Raises nothing.
    """
    try:
        return _send(mail_id, clock)
    except Exception:  # noqa: BLE001 - such as a stored item that cannot be read: it must not block others
        logger.exception("mail delivery interrupted", mail=outbox.redact_id(mail_id))
        return "unsettled"


def _send(mail_id: str, clock: Callable[[], datetime]) -> Outcome:
    record = outbox.claim(mail_id, now=clock())
    if record is None:
        return "not_claimed"
    prefix = ""
    try:
        if digests.apply_digest_status(record, now=clock()):
            return "left_to_digest"
        mail = compose(record, now=clock())
        for omitted, error_name in mail.omitted.items():
            logger.error("comment omitted from a digest", mail=outbox.redact_id(omitted), reason=error_name)
        if (reason := suppression.find_reason(mail.to, signing.load_keys())) is not None:
            return _fail(record, f"suppressed: {reason}")
        # After composing, so that mail that is no longer necessary does not count.
        if record.kind == "moderation" and digests.leave_to_digest(record, now=clock()):
            return "left_to_digest"
        prefix = "SES: "  # of the recorded reason: the calls above are to other services
        message_id = _send_via_ses(mail)
    except MailObsolete as error:
        outbox.mark_dropped(record, str(error))
        return "dropped"
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if error.operation_name != _SEND_EMAIL:  # such as the call that fetches the signing keys
            return _defer(record, f"{error.operation_name}: {code}", clock)
        if code == _PERMANENT_ERROR:
            return _fail(record, f"SES: {code}")
        return _defer(record, f"SES: {code}", clock)
    except BotoCoreError as error:
        return _defer(record, f"{prefix}{type(error).__name__}", clock)
    except Exception as error:  # noqa: BLE001 - an error in one mail must not block others
        logger.exception("unexpected error in mail delivery", mail=outbox.redact_id(mail_id))
        return _defer(record, type(error).__name__, clock)
    outbox.mark_sent(record, message_id, now=clock())
    return "sent"


def _defer(record: OutboxRecord, reason: str, clock: Callable[[], datetime]) -> Outcome:
    logger.warning("mail delivery deferred", mail=outbox.redact_id(record.id), reason=reason)
    outbox.defer(record, reason, now=clock())
    return "deferred"


def _fail(record: OutboxRecord, reason: str) -> Outcome:
    """Give up on the mail. Mail to the owner fails, which raises an alarm; mail to readers is dropped."""
    logger.warning("mail delivery failed permanently", mail=outbox.redact_id(record.id), reason=reason)
    if record.kind in outbox.READER_KINDS:
        outbox.mark_dropped(record, reason)
        return "dropped"
    outbox.mark_failed(record, reason)
    return "failed"


def _send_via_ses(mail: OutgoingMail) -> str:
    """Return SES's id of the mail. Only throttled calls are retried at once: those were certainly not sent."""
    retrying = Retrying(
        retry=retry_if_exception(aws.is_throttled),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        stop=stop_after_attempt(_ATTEMPTS),
        reraise=True,
    )
    return str(retrying(_client().send_email, **mail.to_request(settings().configuration_set))["MessageId"])


@cache
def _client() -> Any:
    # Without automatic retries: after a timeout it is unknown whether the mail was accepted.
    return aws.new_client("sesv2", read_timeout=8, max_attempts=1)
