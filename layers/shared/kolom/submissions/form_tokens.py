"""Form tokens: signed proof of the time at which a form was opened."""

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
"""How long a form may stay open."""

_PURPOSE: Final = "kolom.form"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormToken:
    """A token for a form. ``challenge`` is ALTCHA's; None if proof of work is not required."""

    token: str
    expires_at: datetime
    challenge: dict[str, Any] | None


def create_token(keys: SigningKeys, *, now: datetime, with_challenge: bool) -> FormToken:
    """Create a token for a form that is opened now."""
    expires = int(now.timestamp()) + TOKEN_HOURS * 3600
    challenge = None
    if with_challenge:
        challenge = proof_of_work.create_challenge(keys, expires_at=expires)
    token = signing.sign(_PURPOSE, [int(now.timestamp() * 1000), token_hex(8)], keys)
    return FormToken(token=token, expires_at=datetime.fromtimestamp(expires, UTC), challenge=challenge)


def age_seconds(token: str, keys: Callable[[], SigningKeys], *, now: datetime) -> float:
    """Return how long the form of ``token`` has been open.

    :raises InvalidInput: the token is invalid or has expired
    """
    payload = signing.verify(_PURPOSE, token, keys)
    if payload is None:
        raise InvalidInput(FieldError("form_token", "is not a valid form token; reload the form"))
    seconds = now.timestamp() - int(payload[0]) / 1000
    if seconds > TOKEN_HOURS * 3600:
        raise InvalidInput(FieldError("form_token", "has expired; reload the form"))
    return max(0.0, seconds)
