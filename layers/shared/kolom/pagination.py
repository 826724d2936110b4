"""Pages of a list: how much is on one, and cursors that say where the list goes on, opaque to the client."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import Annotated, Final, Protocol

from pydantic import Field

from kolom.errors import InvalidCursor

_DIGEST_BYTES = 8

Cursor = Annotated[str, Field(json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"})]
"""A cursor as the OpenAPI document describes it; :func:`decode_cursor` says whether it is one."""
MAX_PAGE_BYTES: Final = 500_000
"""How many bytes of text a page of a list has, whatever its limit: escaped twice, they fit into a Lambda answer."""


class Item(Protocol):
    """What a list shows."""

    @property
    def size_bytes(self) -> int:
        """How much text it has."""
        ...


def first_page[Shown: Item](found: Iterable[Shown], limit: int) -> tuple[tuple[Shown, ...], bool]:
    """The items of ``found`` that fit on a page, at least one and at most ``limit``; and whether others follow.

    Takes at most one item more than that, so that a lazy ``found`` reads no more than it has to.
    """
    page: list[Shown] = []
    left = MAX_PAGE_BYTES
    for item in found:
        left -= item.size_bytes
        if page and (left < 0 or len(page) == limit):
            return tuple(page), True
        page.append(item)
    return tuple(page), False


def encode_cursor(listing: str, position: str) -> str:
    """The cursor that continues ``listing`` (its name and filters) after ``position``.

    The digest binds the position to its list, so that a damaged cursor or another list's is noticed. It is no
    secret: whoever forges one can only begin a public list elsewhere.
    """
    return _encode(_digest(listing, position) + position.encode())


def decode_cursor(cursor: str, listing: str) -> str:
    """The position that :func:`encode_cursor` was given.

    :raises InvalidCursor: the cursor is damaged or belongs to another list
    """
    try:
        data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = data[_DIGEST_BYTES:].decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor("this cursor is damaged") from error
    # Base64 has several spellings of the same bytes; only the one that was issued is taken.
    if data[:_DIGEST_BYTES] != _digest(listing, position) or _encode(data) != cursor:
        raise InvalidCursor("this cursor does not belong to this list")
    return position


def _digest(listing: str, position: str) -> bytes:
    return hashlib.blake2s(f"{listing}\0{position}".encode(), digest_size=_DIGEST_BYTES).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


MAX_LIMIT = 100
