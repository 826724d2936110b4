"""Signed links to what is not published: whoever holds one may read that article until it expires."""

from collections.abc import Callable
from datetime import UTC, datetime

from kolom.errors import NotFound
from kolom.security import signing
from kolom.security.signing import SigningKeys

_PURPOSE = "kolom.preview"


def create_token(article_id: int, secret: SigningKeys, *, expires_at: datetime) -> str:
    """The token of a link to the article, safe in a URL, good until ``expires_at``.

    It reads ``<key id>.<payload>.<signature>``; anyone can see the article's id in it.
    """
    return signing.sign(_PURPOSE, {"article": article_id, "expires": int(expires_at.timestamp())}, secret)


def read_token(token: str, secret: Callable[[], SigningKeys], *, now: datetime) -> int:
    """The id of the article that ``token`` was signed for.

    :raises NotFound: it was not signed for this, or not by one of these keys, or has expired
    """
    payload = signing.verify(_PURPOSE, token, secret)
    if payload is None:
        raise NotFound("this link is not valid")
    if now.astimezone(UTC).timestamp() >= int(payload["expires"]):
        raise NotFound("this link has expired")
    return int(payload["article"])
