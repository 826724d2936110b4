"""Signed preview links: anyone with the link may read an unpublished article until the link expires."""

from collections.abc import Callable
from datetime import UTC, datetime

from kolom.errors import NotFound
from kolom.security import signing
from kolom.security.signing import SigningKeys

_PURPOSE = "kolom.preview"


def create_token(article_id: int, secret: SigningKeys, *, expires_at: datetime) -> str:
    """Return a URL-safe token for the article, valid until ``expires_at``.

    Its format is ``<key id>.<payload>.<signature>``; anyone can read the article's id in it.
    """
    return signing.sign(_PURPOSE, {"article": article_id, "expires": int(expires_at.timestamp())}, secret)


def read_token(token: str, secret: Callable[[], SigningKeys], *, now: datetime) -> int:
    """Return the id of the article that ``token`` was created for.

    :raises NotFound: the token is invalid or has expired
    """
    payload = signing.verify(_PURPOSE, token, secret)
    if payload is None:
        raise NotFound("this link is not valid")
    if now.astimezone(UTC).timestamp() >= int(payload["expires"]):
        raise NotFound("this link has expired")
    return int(payload["article"])
