"""Signed tokens and keyed hashes with the site's signing keys, each bound to one purpose.

A key whose time is over (:mod:`kolom.security.stored_keys`) is *retired*. Its hashes stay in use, because they are
stored: without them, suppressed addresses and erasure requests would not be recognized. It verifies only the tokens
that never expire and that can do little harm: those that unsubscribe.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from kolom.config import settings
from kolom.security.secret_cache import CachedSecret, fetch, fetch_accepted
from kolom.security.stored_keys import StoredKeys

_MAX_TOKEN = 500
# A compressed payload begins with a full stop.
_FORM = re.compile(r"(?P<key_id>[^.]+)\.(?P<signed>\.?[\w-]+\.[\w-]+)", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class SigningKeys:
    """The site's signing keys by their ids; ``current`` signs, and all that are not ``retired`` verify."""

    current: str
    keys: Mapping[str, str]
    retired: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str, now: datetime) -> "SigningKeys":
        """Return the keys of the secret's value as they are used at that time.

        :raises ConfigurationError: as :meth:`StoredKeys.parse`
        """
        stored = StoredKeys.parse(text)
        return cls(stored.signing_key(now), stored.keys, stored.retired(now))


@CachedSecret
def load_keys() -> SigningKeys:
    """Return the signing keys, which each process fetches again after five minutes."""
    return SigningKeys.parse(fetch(settings().need("secret_name")), datetime.now(UTC))


@CachedSecret
def get_origin_secrets() -> tuple[str, ...]:
    """Return the secrets that authenticate the CDN: two while they are rotated, none without a CDN."""
    name = settings().origin_secret_name
    return fetch_accepted(name) if name else ()


def sign(purpose: str, payload: object, keys: SigningKeys) -> str:
    """Return a URL-safe token that :func:`verify` decodes to ``payload`` (JSON) for the same purpose.

    Its format is ``<key id>.<payload>.<signature>``: anyone can read the payload. The same payload gives the same
    token.
    """
    return f"{keys.current}.{_serializer(purpose, keys.keys[keys.current]).dumps(payload)}"


def verify(purpose: str, token: str, keys: Callable[[], SigningKeys], *, accept_retired: bool = False) -> Any | None:
    """Return the payload of a token that was signed for ``purpose`` by one of the keys; None if it is invalid.

    A retired key verifies only with ``accept_retired``. The keys are not loaded for a string that does not have the
    format of a token.
    """
    form = _FORM.fullmatch(token) if len(token) <= _MAX_TOKEN else None
    if form is None:
        return None
    known, key_id = keys(), form["key_id"]
    if key_id not in known.keys or (key_id in known.retired and not accept_retired):
        return None
    try:
        return _serializer(purpose, known.keys[key_id]).loads(form["signed"])
    except (BadData, ValueError, RecursionError):
        return None


def derived_key(purpose: str, keys: SigningKeys) -> bytes:
    """Return a key of 32 bytes for one purpose: the HMAC-SHA-256 of the purpose with the current key."""
    return derived_keys(purpose, keys)[0]


def derived_keys(purpose: str, keys: SigningKeys) -> list[bytes]:
    """Return the keys for one purpose by every key that verifies, the current key's first."""
    return [_derive(purpose, keys.keys[key_id]) for key_id in _current_first(keys) if key_id not in keys.retired]


def keyed_hash(purpose: str, text: str, keys: SigningKeys) -> str:
    """Return a pseudonym for a ``text`` that must not be stored: 32 hexadecimal digits by the current key.

    Without the key, a guess of the text cannot be verified.
    """
    return keyed_hashes(purpose, text, keys)[0]


def keyed_hashes(purpose: str, text: str, keys: SigningKeys) -> list[str]:
    """Return the hashes of ``text`` by every key, the current key's first, to find data from before a rotation."""
    derived = (_derive(purpose, keys.keys[key_id]) for key_id in _current_first(keys))
    return [hmac.new(key, text.encode(), sha256).hexdigest()[:32] for key in derived]


def _current_first(keys: SigningKeys) -> list[str]:
    return sorted(keys.keys, key=lambda key_id: key_id != keys.current)


def _derive(purpose: str, key: str) -> bytes:
    return hmac.new(key.encode(), purpose.encode(), sha256).digest()


def _serializer(purpose: str, key: str) -> URLSafeSerializer:
    # The purpose is the salt from which the signing key is derived: a token does not verify for another purpose.
    return URLSafeSerializer(key, salt=purpose, signer_kwargs={"key_derivation": "hmac", "digest_method": sha256})
