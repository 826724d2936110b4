"""The authors of comments: the tokens that prove it, and their pictures."""

from collections.abc import Callable

from kolom.errors import FieldError, InvalidInput
from kolom.security import signing
from kolom.security.signing import SigningKeys

_EDIT_PURPOSE = "kolom.comment"
_AVATAR_PURPOSE = "kolom.avatar"
_BEARER = "bearer "


def create_edit_token(article_id: int, comment_id: str, secret: SigningKeys) -> str:
    """The token that proves to have written the comment: always the same one."""
    return signing.sign(_EDIT_PURPOSE, [article_id, comment_id], secret)


def read_edit_token(header: str | None, secret: Callable[[], SigningKeys]) -> tuple[int, str] | None:
    """The article and comment whose token an ``Authorization`` header bears (RFC 6750), None without a header.

    :raises Invalid: the header bears no token of this site
    """
    if header is None:
        return None
    token = header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
    payload = signing.verify(_EDIT_PURPOSE, token, secret)
    if payload is None:
        raise InvalidInput(FieldError("authorization", "must be Bearer and the edit token of a comment"))
    return int(payload[0]), str(payload[1])


def avatar_seed(comment_id: str, secret: SigningKeys) -> str:
    """The seed of a new author's picture. Not of the address: whoever typed another's would get their picture."""
    return signing.keyed_hash(_AVATAR_PURPOSE, comment_id, secret)[:12]
