"""Pagination: page sizes, and opaque cursors for the next page."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import Final, Protocol

from kolom.errors import InvalidCursor

_DIGEST_BYTES = 8

MAX_PAGE_BYTES: Final = 500_000
"""The maximum bytes of text on a page, regardless of its limit: escaped twice, they fit into a Lambda response."""


class Item(Protocol):
    """An item of a list."""

    @property
    def size_bytes(self) -> int:
        """Return the size of the text that the page shows of the item."""
        ...


def first_page[Shown: Item](items: Iterable[Shown], limit: int) -> tuple[tuple[Shown, ...], bool]:
    """Return the items that fit on a page, at least one and at most ``limit``; and whether more follow.

    Takes at most one item more than that, so that a lazy ``items`` reads no more than necessary.
    """
    fitting: list[Shown] = []
    remaining = MAX_PAGE_BYTES
    for item in items:
        remaining -= item.size_bytes
        if fitting and (remaining < 0 or len(fitting) == limit):
            return tuple(fitting), True
        fitting.append(item)
    return tuple(fitting), False


def encode_cursor(listing: str, position: str) -> str:
    """Return the cursor that continues ``listing`` (its name and filters) after ``position``.

    The digest binds the position to its list, so that damaged cursors and those of other lists are detected. It is not
    a secret: a forged cursor can only start a public list elsewhere.
    """
    return _encode(_digest(listing, position) + position.encode())


def decode_cursor(cursor: str, listing: str) -> str:
    """Return the position that was passed to :func:`encode_cursor`.

    :raises InvalidCursor: the cursor is damaged or belongs to another list
    """
    try:
        data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = data[_DIGEST_BYTES:].decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor("the cursor is damaged") from error
    # Base64 has several spellings of the same bytes; only the original one is valid.
    if data[:_DIGEST_BYTES] != _digest(listing, position) or _encode(data) != cursor:
        raise InvalidCursor("the cursor does not belong to this list")
    return position


def _digest(listing: str, position: str) -> bytes:
    return hashlib.blake2s(f"{listing}\0{position}".encode(), digest_size=_DIGEST_BYTES).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


MAX_LIMIT = 100
"""The maximum number of items of a page that a client may request."""
