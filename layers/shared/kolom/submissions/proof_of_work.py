"""Proof of work, which makes a thousand comments expensive.

The proof is ALTCHA's (https://altcha.org/docs/v2/, version 2 of its challenges): the browser looks for a number whose
derived key begins with a zero byte. It needs no third-party service, and no reader of the page is tracked.
"""

import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import altcha

from kolom.errors import FieldError, InvalidInput
from kolom.security import signing
from kolom.security.signing import SigningKeys

_PURPOSE: Final = "kolom.proof-of-work"
_ALGORITHM: Final = "PBKDF2/SHA-256"
_COST: Final = 2_000
"""Iterations for each number tried. The 256 tries, on average, take a phone some seconds; the check here is one."""

_MAX_PROOF: Final = 4_096


def create_challenge(secret: SigningKeys, *, expires_at: int) -> dict[str, Any]:
    """Create a challenge for a form. ``expires_at`` is in seconds since the epoch."""
    key = signing.derived_key(_PURPOSE, secret)
    challenge: dict[str, Any] = altcha.create_challenge(
        _ALGORITHM, _COST, expires_at=expires_at, hmac_secret=key
    ).to_dict()
    return challenge


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of work that holds. ``id`` is good for one use."""

    id: str
    expires_at: int


def verify(proof: str, secret: SigningKeys) -> Proof:
    """The proof of work that ``proof``, as ALTCHA encodes it, holds.

    :raises Invalid: it is none, is wrong, has expired, or answers no challenge of this site
    """
    try:
        payload = altcha.Payload.from_base64(proof) if len(proof) <= _MAX_PROOF else None
        expires = payload.challenge.parameters.expires_at if payload else None
        result = altcha.verify_solution(payload, signing.derived_key(_PURPOSE, secret)) if payload else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        payload = result = expires = None
    if payload is None or result is None or not result.verified:
        late = result is not None and result.expired
        raise InvalidInput(FieldError("altcha", "has expired: open the form again" if late else "is no proof of work"))
    signature = str(payload.challenge.signature)
    return Proof(f"proof#{sha256(signature.encode()).hexdigest()[:40]}", int(expires or time.time()) + 60)
