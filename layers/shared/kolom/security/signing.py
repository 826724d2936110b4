"""The site's secret, and what is made with it: signed tokens and keyed hashes, each bound to one purpose."""

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
# A payload that was compressed begins with a full stop.
_FORM = re.compile(r"(?P<key_id>[^.]+)\.(?P<signed>\.?[\w-]+\.[\w-]+)", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class SigningKeys:
    """The site's signing keys by their ids; ``current`` signs, all of them verify.

    To rotate, store ``{"current": "2", "keys": {"1": "…", "2": "…"}}``. Keep key 1, unless it has become known: without
    it the links that it signed are not valid any more (those to leave a subscription by never expire), and whom its
    hashes stand for is not recognised, who is not to be written to or wants to be forgotten. A secret that is no such
    JSON, as the template generates it, is the one key ``1``.
    """

    current: str
    keys: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> "SigningKeys":
        """The keys in what Secrets Manager holds.

        :raises ConfigurationError: it holds none, or names a current key that it does not hold
        """
        if not text.lstrip().startswith("{"):
            parsed = cls(_FIRST_KEY, {_FIRST_KEY: text.strip()})
        else:
            try:
                data = json.loads(text)
                parsed = cls(str(data["current"]), {str(name): str(key) for name, key in data["keys"].items()})
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ConfigurationError("the secret is neither one key nor JSON with current and keys") from error
        if not parsed.keys.get(parsed.current) or not all(parsed.keys.values()):
            raise ConfigurationError("the secret holds no current key, or an empty one")
        return parsed


@cache
def load_keys() -> SigningKeys:
    """The site's secret, fetched from Secrets Manager once per process. What fails is tried again at the next call."""
    return SigningKeys.parse(_fetch(settings().need("secret_name")))


@cache
def get_origin_secret() -> str | None:
    """What the CDN proves itself with, fetched once per process; None where there is no CDN."""
    name = settings().origin_secret_name
    return _fetch(name) if name else None


def _fetch(name: str) -> str:
    answer: Mapping[str, Any] = aws.new_client("secretsmanager").get_secret_value(SecretId=name)
    return str(answer["SecretString"])


def sign(purpose: str, payload: object, keys: SigningKeys) -> str:
    """A token, safe in a URL, that :func:`verify` turns into ``payload`` (JSON) again for the same purpose.

    It reads ``<key id>.<payload>.<signature>``: anyone can see what is in it. The same payload gives the same token.
    """
    return f"{keys.current}.{_serializer(purpose, keys.keys[keys.current]).dumps(payload)}"


def verify(purpose: str, token: str, keys: Callable[[], SigningKeys]) -> Any | None:
    """The payload of a token that was signed for ``purpose`` by one of the keys; None for anything else.

    What is no token at all costs no look at the secret.
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
    """A key of 32 bytes for one purpose, derived from the current key (HMAC as the extractor of RFC 5869)."""
    return _derive(purpose, keys.keys[keys.current])


def keyed_hash(purpose: str, text: str, keys: SigningKeys) -> str:
    """What stands for ``text`` where the text itself must not be kept: 32 hexadecimal digits by the current key.

    Without the secret, not even one who guesses the text can tell that it is the one.
    """
    return keyed_hashes(purpose, text, keys)[0]


def keyed_hashes(purpose: str, text: str, keys: SigningKeys) -> list[str]:
    """The hashes of ``text`` by every key, the current one's first: finds what was kept before a rotation."""
    names = sorted(keys.keys, key=lambda name: name != keys.current)
    return [hmac.new(_derive(purpose, keys.keys[name]), text.encode(), sha256).hexdigest()[:32] for name in names]


def _derive(purpose: str, key: str) -> bytes:
    return hmac.new(key.encode(), purpose.encode(), sha256).digest()


def _serializer(purpose: str, key: str) -> URLSafeSerializer:
    # The purpose is the salt, and the key that signs is derived from both: another purpose's token does not verify.
    return URLSafeSerializer(key, salt=purpose, signer_kwargs={"key_derivation": "hmac", "digest_method": sha256})
