"""Form tokens: signed proof of when a form was opened."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final

from kolom.errors import FieldError, InvalidInput
from kolom.security import signing
from kolom.security.signing import SigningKeys
from kolom.submissions import proof_of_work

TOKEN_HOURS: Final = 12
"""A form may be open that long. A comment is written on one day."""

_PURPOSE: Final = "kolom.form"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormToken:
    """What a page gets for its form. ``challenge`` is ALTCHA's, None where no proof of work is asked for."""

    token: str
    expires_at: datetime
    challenge: dict[str, Any] | None


def create_token(secret: SigningKeys, *, now: datetime, with_challenge: bool) -> FormToken:
    """A token for a form that is opened now."""
    expires = int(now.timestamp()) + TOKEN_HOURS * 3600
    challenge = None
    if with_challenge:
        challenge = proof_of_work.create_challenge(secret, expires_at=expires)
    token = signing.sign(_PURPOSE, [int(now.timestamp() * 1000), token_hex(8)], secret)
    return FormToken(token=token, expires_at=datetime.fromtimestamp(expires, UTC), challenge=challenge)


def age_seconds(token: str, secret: Callable[[], SigningKeys], *, now: datetime) -> float:
    """How long the form of ``token`` has been open.

    :raises Invalid: it is not a token of this site, or it has expired
    """
    payload = signing.verify(_PURPOSE, token, secret)
    if payload is None:
        raise InvalidInput(FieldError("form_token", "is not a token of this site"))
    seconds = now.timestamp() - int(payload[0]) / 1000
    if seconds > TOKEN_HOURS * 3600:
        raise InvalidInput(FieldError("form_token", "has expired: open the form again"))
    return max(0.0, seconds)
