"""The suppression list: addresses that get no more mail after a permanent bounce or a complaint.

SES has a list of its own for the whole account. Its events update this list, so that Kolom can tell why a mail was not
sent. An address is stored as a keyed hash.
"""

from datetime import datetime
from typing import Any, Final, Literal

from kolom.models.outbox import SuppressionRecord
from kolom.security.pseudonyms import all_pseudonyms_of, pseudonym_of
from kolom.security.signing import SigningKeys

type Reason = Literal["bounce", "complaint"]

_PERMANENT: Final = "Permanent"
_OTHER_EVENTS: Final = (
    *("Click", "Delivery", "DeliveryDelay", "Open", "Reject", "Rendering Failure", "Send", "Subscription"),
)


def read_event(event: Any) -> tuple[list[tuple[str, Reason]], int]:
    """Return the addresses to suppress after an SES event, each with the reason; and the number of malformed parts.

    Temporary bounces (a full mailbox, an unavailable server) are ignored. The event has the format of *Amazon SES
    Developer Guide, Contents of event data*, as EventBridge delivers it in ``detail``.
    """
    try:
        detail = event["detail"]
        match detail["eventType"]:
            case "Bounce":
                permanent = detail["bounce"]["bounceType"] == _PERMANENT
                recipients = detail["bounce"]["bouncedRecipients"] if permanent else []
                return _read_recipients(recipients, "bounce")
            case "Complaint":
                return _read_recipients(detail["complaint"]["complainedRecipients"], "complaint")
            case kind:
                return [], int(kind not in _OTHER_EVENTS)
    except (LookupError, TypeError):
        return [], 1


def _read_recipients(recipients: Any, reason: Reason) -> tuple[list[tuple[str, Reason]], int]:
    if not isinstance(recipients, list):
        return [], 1
    emails = [each.get("emailAddress") if isinstance(each, dict) else None for each in recipients]
    valid = [email for email in emails if isinstance(email, str) and "@" in email and email.isprintable()]
    return [(email, reason) for email in valid], len(emails) - len(valid)


def suppress(email: str, reason: Reason, secret: SigningKeys, *, now: datetime) -> None:
    """Send no more mail to the address. Idempotent."""
    SuppressionRecord(_key(pseudonym_of(email, secret)), reason=reason, created_at=now).save()


def find_reason(email: str, secret: SigningKeys) -> str | None:
    """Return why the address is suppressed, or None. One GetItem for each key of the site."""
    for person in all_pseudonyms_of(email, secret):
        try:
            return SuppressionRecord.get(_key(person), consistent_read=True).reason
        except SuppressionRecord.DoesNotExist:
            continue
    return None


def unsuppress(email: str, secret: SigningKeys) -> bool:
    """Remove the address from the list; return whether it was on it. SES's own list is separate."""
    suppressed = find_reason(email, secret) is not None
    for person in all_pseudonyms_of(email, secret):
        SuppressionRecord(_key(person)).delete()
    return suppressed


def _key(person: str) -> str:
    return f"suppressed#{person}"
