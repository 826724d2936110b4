"""The authors of comments: the tokens that prove it, and the hashes that stand for their e-mail addresses."""

from collections.abc import Callable

from kolom import signing
from kolom.errors import FieldError, Invalid
from kolom.signing import Secret

_EDIT_PURPOSE = "kolom.comment"
_PERSON_PURPOSE = "kolom.person"
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


def person_of(email: str, secret: Secret) -> str:
    """What stands for an e-mail address in a comment: a keyed hash, whatever the address's case."""
    return signing.keyed_hash(_PERSON_PURPOSE, email.strip().casefold(), secret)


def persons_of(email: str, secret: Secret) -> list[str]:
    """All that may stand for an e-mail address, by every key that the site has had."""
    return signing.keyed_hashes(_PERSON_PURPOSE, email.strip().casefold(), secret)


def avatar_of(comment_id: str, secret: Secret) -> str:
    """The seed of a new author's picture. Not of the address: whoever typed another's would get their picture."""
    return signing.keyed_hash(_AVATAR_PURPOSE, comment_id, secret)[:12]
