"""Signed links to what is not published: whoever holds one may read that article until it expires."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

import botocore.session
from itsdangerous import BadData, URLSafeSerializer

from kolom.config import settings
from kolom.errors import ConfigurationError, NotFound

_PURPOSE = "kolom.preview"
_FIRST_KEY = "1"
_MAX_TOKEN = 500
# A payload that was compressed begins with a full stop.
_FORM = re.compile(r"(?P<key_id>[^.]+)\.(?P<signed>\.?[\w-]+\.[\w-]+)", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """The site's signing keys by their ids; ``current`` signs, all of them verify.

    To rotate, store ``{"current": "2", "keys": {"1": "…", "2": "…"}}`` and drop key 1 when its links have expired. A
    secret that is no such JSON, as the template generates it, is the one key ``1``.
    """

    current: str
    keys: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> "Secret":
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


def sign(article_id: int, secret: Secret, *, expires_at: datetime) -> str:
    """The token of a link to the article, safe in a URL, good until ``expires_at``.

    It reads ``<key id>.<payload>.<signature>``; anyone can see the article's id in it.
    """
    payload = {"article": article_id, "expires": int(expires_at.timestamp())}
    return f"{secret.current}.{_serializer(secret.keys[secret.current]).dumps(payload)}"


def verify(token: str, secret: Callable[[], Secret], *, now: datetime) -> int:
    """The id of the article that ``token`` was signed for. What is no token at all costs no look at the secret.

    :raises NotFound: it was not signed for this, or not by one of these keys, or has expired
    """
    form = _FORM.fullmatch(token) if len(token) <= _MAX_TOKEN else None
    key = secret().keys.get(form["key_id"]) if form else None
    if form is None or key is None:
        raise NotFound("this link is not valid")
    try:
        payload: dict[str, Any] = _serializer(key).loads(form["signed"])
        article_id, expires = int(payload["article"]), int(payload["expires"])
    except (BadData, KeyError, TypeError, ValueError) as error:
        raise NotFound("this link is not valid") from error
    if now.astimezone(UTC).timestamp() >= expires:
        raise NotFound("this link has expired")
    return article_id


@cache
def secret() -> Secret:
    """The site's secret, fetched from Secrets Manager once per process."""
    # botocore itself, which PynamoDB has loaded already: boto3 would lengthen every cold start.
    client: Any = botocore.session.get_session().create_client("secretsmanager")
    answer: Mapping[str, Any] = client.get_secret_value(SecretId=settings().need("secret_name"))
    return Secret.parse(str(answer["SecretString"]))


def _serializer(key: str) -> URLSafeSerializer:
    # The purpose is the salt, and the key that signs is derived from both: another purpose's token does not verify.
    return URLSafeSerializer(key, salt=_PURPOSE, signer_kwargs={"key_derivation": "hmac", "digest_method": sha256})
