"""The authors of comments: the tokens that prove it, and their pictures."""

from collections.abc import Callable

from kolom.errors import FieldError, Invalid
from kolom.security import signing
from kolom.security.signing import Secret

_EDIT_PURPOSE = "kolom.comment"
_AVATAR_PURPOSE = "kolom.avatar"
_BEARER = "bearer "


def edit_token(article_id: int, comment_id: str, secret: Secret) -> str:
    """The token that proves to have written the comment: always the same one."""
    return signing.sign(_EDIT_PURPOSE, [article_id, comment_id], secret)


def read_bearer(header: str | None, secret: Callable[[], Secret]) -> tuple[int, str] | None:
    """The article and comment whose token an ``Authorization`` header bears (RFC 6750), None without a header.

    :raises Invalid: the header bears no token of this site
    """
    if header is None:
        return None
    token = header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
    payload = signing.verify(_EDIT_PURPOSE, token, secret)
    if payload is None:
        raise Invalid(FieldError("authorization", "must be Bearer and the edit token of a comment"))
    return int(payload[0]), str(payload[1])


def avatar_of(comment_id: str, secret: Secret) -> str:
    """The seed of a new author's picture. Not of the address: whoever typed another's would get their picture."""
    return signing.keyed_hash(_AVATAR_PURPOSE, comment_id, secret)[:12]
