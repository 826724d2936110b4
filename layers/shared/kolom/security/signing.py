"""Signed tokens and keyed hashes with the site's signing keys, each bound to one purpose."""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from kolom import aws
from kolom.config import settings
from kolom.errors import ConfigurationError

_FIRST_KEY = "1"
_MAX_TOKEN = 500
# A compressed payload begins with a full stop.
_FORM = re.compile(r"(?P<key_id>[^.]+)\.(?P<signed>\.?[\w-]+\.[\w-]+)", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class SigningKeys:
    """The site's signing keys by their ids; ``current`` signs, all of them verify.

    To rotate, store ``{"current": "2", "keys": {"1": "…", "2": "…"}}``. Keep key 1, unless it was disclosed.
    Without it, the links that it signed are no longer valid, and unsubscribe links should never expire. Pseudonyms that
    it created are no longer found, so suppressed addresses and erasure requests are not recognized. A secret that does
    not begin with ``{``, such as the one that the template generates, is the single key ``1``.
    """

    current: str
    keys: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> "SigningKeys":
        """Parse the value of the secret in Secrets Manager.

        :raises ConfigurationError: it has no keys, the current key is missing, or an id cannot be part of a token
        """
        if not text.lstrip().startswith("{"):
            parsed = cls(_FIRST_KEY, {_FIRST_KEY: text.strip()})
        else:
            try:
                data = json.loads(text)
                parsed = cls(str(data["current"]), {str(name): str(key) for name, key in data["keys"].items()})
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ConfigurationError("the secret must be a key, or JSON with current and keys") from error
        if not parsed.keys.get(parsed.current) or not all(parsed.keys.values()):
            raise ConfigurationError("the secret has an empty key, or its current key is missing")
        if not all(key_id and "." not in key_id for key_id in parsed.keys):
            raise ConfigurationError("the ids of keys in the secret must not be empty or have a full stop")
        return parsed


@cache
def load_keys() -> SigningKeys:
    """Return the signing keys, fetched from Secrets Manager once per process. The next call retries a failed fetch."""
    return SigningKeys.parse(_fetch(settings().need("secret_name")))


@cache
def get_origin_secret() -> str | None:
    """Return the secret that authenticates the CDN, fetched once per process; None without a CDN."""
    name = settings().origin_secret_name
    return _fetch(name) if name else None


def _fetch(name: str) -> str:
    response: Mapping[str, Any] = aws.new_client("secretsmanager").get_secret_value(SecretId=name)
    return str(response["SecretString"])


def sign(purpose: str, payload: object, keys: SigningKeys) -> str:
    """Return a URL-safe token that :func:`verify` decodes to ``payload`` (JSON) for the same purpose.

    Its format is ``<key id>.<payload>.<signature>``: anyone can read the payload. The same payload gives the same
    token.
    """
    return f"{keys.current}.{_serializer(purpose, keys.keys[keys.current]).dumps(payload)}"


def verify(purpose: str, token: str, keys: Callable[[], SigningKeys]) -> Any | None:
    """Return the payload of a token that was signed for ``purpose`` by one of the keys; None if it is invalid.

    The keys are not loaded for a string that does not have the format of a token.
    """
    form = _FORM.fullmatch(token) if len(token) <= _MAX_TOKEN else None
    key = keys().keys.get(form["key_id"]) if form else None
    if form is None or key is None:
        return None
    try:
        return _serializer(purpose, key).loads(form["signed"])
    except (BadData, ValueError, RecursionError):
        return None


def derived_key(purpose: str, keys: SigningKeys) -> bytes:
    """Return a key of 32 bytes for one purpose: the HMAC-SHA-256 of the purpose with the current key."""
    return _derive(purpose, keys.keys[keys.current])


def keyed_hash(purpose: str, text: str, keys: SigningKeys) -> str:
    """Return a pseudonym for a ``text`` that must not be stored: 32 hexadecimal digits by the current key.

    Without the key, a guess of the text cannot be verified.
    """
    return keyed_hashes(purpose, text, keys)[0]


def keyed_hashes(purpose: str, text: str, keys: SigningKeys) -> list[str]:
    """Return the hashes of ``text`` by every key, the current key's first, to find data from before a rotation."""
    names = sorted(keys.keys, key=lambda name: name != keys.current)
    return [hmac.new(_derive(purpose, keys.keys[name]), text.encode(), sha256).hexdigest()[:32] for name in names]


def _derive(purpose: str, key: str) -> bytes:
    return hmac.new(key.encode(), purpose.encode(), sha256).digest()


def _serializer(purpose: str, key: str) -> URLSafeSerializer:
    # The purpose is the salt from which the signing key is derived: a token does not verify for another purpose.
    return URLSafeSerializer(key, salt=purpose, signer_kwargs={"key_derivation": "hmac", "digest_method": sha256})
