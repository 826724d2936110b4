"""The suppression list: addresses that get no more mail after a permanent bounce or a complaint.

SES has its own list for the whole account; its events update this one, which records why a mail was not sent. An
address is stored as a keyed hash.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal

from kolom.models.outbox import SuppressionRecord
from kolom.security.pseudonyms import all_pseudonyms_of, pseudonym_of
from kolom.security.signing import SigningKeys

type Reason = Literal["bounce", "complaint"]

_PERMANENT: Final = "Permanent"


def addresses_to_suppress(event: Mapping[str, Any]) -> Iterator[tuple[str, Reason]]:
    """Yield the addresses to suppress because of an SES event, and the reason.

    Temporary bounces (a full mailbox, an unavailable server) are ignored. The event has the format of *Amazon SES
    Developer Guide, Contents of event data*, as EventBridge delivers it in ``detail``.
    """
    kind = event.get("eventType")
    if kind == "Bounce" and event["bounce"].get("bounceType") == _PERMANENT:
        for recipient in event["bounce"].get("bouncedRecipients", ()):
            yield str(recipient["emailAddress"]), "bounce"
    elif kind == "Complaint":
        for recipient in event["complaint"].get("complainedRecipients", ()):
            yield str(recipient["emailAddress"]), "complaint"


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
