"""Form tokens, which tell how long a form was open, and proof of work, which makes a thousand comments dear.

The proof is ALTCHA's (https://altcha.org/docs/v2/, version 2 of its challenges): the browser looks for a number whose
derived key begins with a zero byte. It needs nobody else's service, and tells nobody who reads the page.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final

import altcha

from kolom.errors import FieldError, Invalid
from kolom.security import signing
from kolom.security.signing import Secret

TOKEN_HOURS: Final = 12
"""A form may be open that long. A comment is written on one day."""

_PURPOSE: Final = "kolom.form"
_PROOF_PURPOSE: Final = "kolom.proof-of-work"
_ALGORITHM: Final = "PBKDF2/SHA-256"
_COST: Final = 2_000
"""Iterations for each number tried. The 256 tries, on average, take a phone some seconds; the check here is one."""

_MAX_PROOF: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class FormToken:
    """What a page gets for its form. ``challenge`` is ALTCHA's, None where no proof of work is asked for."""

    token: str
    expires_at: datetime
    challenge: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of work that holds. ``id`` is good for one use."""

    id: str
    expires_at: int


def issue(secret: Secret, *, now: datetime, with_challenge: bool) -> FormToken:
    """A token for a form that is opened now."""
    expires = int(now.timestamp()) + TOKEN_HOURS * 3600
    challenge = None
    if with_challenge:
        challenge = altcha.create_challenge(
            _ALGORITHM, _COST, expires_at=expires, hmac_secret=signing.derived_key(_PROOF_PURPOSE, secret)
        ).to_dict()
    token = signing.sign(_PURPOSE, [int(now.timestamp() * 1000), token_hex(8)], secret)
    return FormToken(token=token, expires_at=datetime.fromtimestamp(expires, UTC), challenge=challenge)


def seconds_open(token: str, secret: Callable[[], Secret], *, now: datetime) -> float:
    """How long the form of ``token`` has been open.

    :raises Invalid: it is not a token of this site, or it has expired
    """
    payload = signing.verify(_PURPOSE, token, secret)
    if payload is None:
        raise Invalid(FieldError("form_token", "is not a token of this site"))
    seconds = now.timestamp() - int(payload[0]) / 1000
    if seconds > TOKEN_HOURS * 3600:
        raise Invalid(FieldError("form_token", "has expired: open the form again"))
    return max(0.0, seconds)


def check_proof(proof: str, secret: Secret) -> Proof:
    """The proof of work that ``proof``, as ALTCHA encodes it, holds.

    :raises Invalid: it is none, is wrong, has expired, or answers no challenge of this site
    """
    try:
        payload = altcha.Payload.from_base64(proof) if len(proof) <= _MAX_PROOF else None
        expires = payload.challenge.parameters.expires_at if payload else None
        result = altcha.verify_solution(payload, signing.derived_key(_PROOF_PURPOSE, secret)) if payload else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        payload = result = expires = None
    if payload is None or result is None or not result.verified:
        late = result is not None and result.expired
        raise Invalid(FieldError("altcha", "has expired: open the form again" if late else "is no proof of work"))
    signature = str(payload.challenge.signature)
    return Proof(f"proof#{sha256(signature.encode()).hexdigest()[:40]}", int(expires or time.time()) + 60)
