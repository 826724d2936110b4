"""Authors of comments: their edit tokens and avatars."""

import hashlib
from collections.abc import Callable

from kolom.errors import InvalidCredentials
from kolom.security import signing
from kolom.security.signing import SigningKeys

_EDIT_PURPOSE = "kolom.comment"
_AVATAR_PURPOSE = "kolom.avatar"
_OWNER = "owner"
_SEED_LENGTH = 12
_BEARER = "bearer "


def create_edit_token(article_id: int, comment_id: str, secret: SigningKeys) -> str:
    """Return the edit token that proves the authorship of the comment: every call returns the same token."""
    return signing.sign(_EDIT_PURPOSE, [article_id, comment_id], secret)


def read_edit_token(header: str | None, secret: Callable[[], SigningKeys]) -> tuple[int, str] | None:
    """Return the article and comment of the token in an ``Authorization`` header (RFC 6750); None without a header.

    :raises InvalidCredentials: the header has no edit token of this site
    """
    if header is None:
        return None
    token = header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
    payload = signing.verify(_EDIT_PURPOSE, token, secret)
    if payload is None:
        raise InvalidCredentials("the Authorization header must be Bearer with a valid edit token")
    return int(payload[0]), str(payload[1])


def avatar_seed(comment_id: str, secret: SigningKeys) -> str:
    """Return the seed of a new author's avatar. The email address has no effect, since anyone can enter it."""
    return signing.keyed_hash(_AVATAR_PURPOSE, comment_id, secret)[:_SEED_LENGTH]


def owner_avatar_seed(secret: SigningKeys) -> str:
    """Return the seed of the owner's avatar: the same for replies and imported comments.

    It is made with the oldest key, so a rotation does not change it.
    """
    return avatar_seed(_OWNER, SigningKeys(next(iter(secret.keys)), secret.keys))


def imported_avatar_seed(name: str, website: str | None) -> str:
    """Return the seed of an imported author's avatar.

    The same name and website give the same avatar, but visitors cannot get it by entering them.
    """
    return hashlib.sha256(f"{name}\n{website or ''}".encode("utf-8", "backslashreplace")).hexdigest()[:_SEED_LENGTH]
