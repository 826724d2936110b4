"""Addresses that are not written to any more, because mail to them bounced for good or was complained about.

SES keeps such a list too, for the whole account; its events reach this one, which says why a mail was not sent. An
address is kept as a keyed hash.
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
    """The addresses that an event of SES says not to write to any more, and why.

    Bounces that may pass (a full mailbox, a server that is down) are none. The event is that of *Amazon SES Developer
    Guide, Contents of event data*, as EventBridge brings it in ``detail``.
    """
    kind = event.get("eventType")
    if kind == "Bounce" and event["bounce"].get("bounceType") == _PERMANENT:
        for recipient in event["bounce"].get("bouncedRecipients", ()):
            yield str(recipient["emailAddress"]), "bounce"
    elif kind == "Complaint":
        for recipient in event["complaint"].get("complainedRecipients", ()):
            yield str(recipient["emailAddress"]), "complaint"


def suppress(email: str, reason: Reason, secret: SigningKeys, *, now: datetime) -> None:
    """Write to the address no more. Twice is once."""
    SuppressionRecord(_key(pseudonym_of(email, secret)), reason=reason, created_at=now).save()


def find_reason(email: str, secret: SigningKeys) -> str | None:
    """Why the address is not written to; None if it is. One GetItem for each key that the site has."""
    for person in all_pseudonyms_of(email, secret):
        try:
            return SuppressionRecord.get(_key(person), consistent_read=True).reason
        except SuppressionRecord.DoesNotExist:
            continue
    return None


def unsuppress(email: str, secret: SigningKeys) -> bool:
    """Write to the address again; whether it was suppressed. SES's own list is another."""
    suppressed = find_reason(email, secret) is not None
    for person in all_pseudonyms_of(email, secret):
        SuppressionRecord(_key(person)).delete()
    return suppressed


def _key(person: str) -> str:
    return f"suppressed#{person}"
