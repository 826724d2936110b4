"""Proof of work, which makes mass submissions expensive.

The proof is ALTCHA's (https://altcha.org/docs/v2/, version 2 of its challenges): the browser searches for a number
whose derived key begins with a zero byte. It needs no third-party service and does not track readers.
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
"""Iterations per attempt. The 256 attempts (on average) take a phone a few seconds; verification takes one attempt."""

_MAX_PROOF: Final = 4_096


def create_challenge(keys: SigningKeys, *, expires_at: int) -> dict[str, Any]:
    """Create a challenge for a form. ``expires_at`` is in seconds since the epoch."""
    key = signing.derived_key(_PURPOSE, keys)
    challenge: dict[str, Any] = altcha.create_challenge(
        _ALGORITHM, _COST, expires_at=expires_at, hmac_secret=key
    ).to_dict()
    return challenge


@dataclass(frozen=True, slots=True)
class Proof:
    """A valid proof of work. ``id`` may be used once."""

    id: str
    expires_at: int


def verify(proof: str, keys: SigningKeys) -> Proof:
    """Verify a proof of work in ALTCHA's encoding.

    :raises InvalidInput: it is malformed, wrong or expired, or its challenge is not from this site
    """
    try:
        payload = altcha.Payload.from_base64(proof) if len(proof) <= _MAX_PROOF else None
        expires = payload.challenge.parameters.expires_at if payload else None
        result = _verify_solution(payload, keys) if payload else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        payload = result = expires = None
    if payload is None or result is None or not result.verified:
        is_expired = result is not None and result.expired
        raise InvalidInput(
            FieldError("altcha", "has expired; reload the form" if is_expired else "is not a valid proof of work")
        )
    signature = str(payload.challenge.signature)
    return Proof(f"proof#{sha256(signature.encode()).hexdigest()[:40]}", int(expires or time.time()) + 60)


def _verify_solution(payload: altcha.Payload, keys: SigningKeys) -> Any:
    """Return ALTCHA's result by the key that signed the challenge."""
    results = (altcha.verify_solution(payload, key) for key in signing.derived_keys(_PURPOSE, keys))
    for result in results:
        if not result.invalid_signature:
            return result
    return None
