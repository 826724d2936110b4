"""What names an article of an export here, for good. Pure."""

import hashlib
from typing import Final

MAX_BYTES: Final = 900
"""A name is a part of a key, which has room for 2,048 bytes."""


def origin_id(system: str, name: str) -> str:
    """``system`` and what the article is called there; a digest in place of a name that is too long for a key."""
    data = name.encode()
    return f"{system}:{name if len(data) <= MAX_BYTES else hashlib.sha256(data).hexdigest()}"


def wordpress_origin(address: str, number: str) -> str:
    """The origin of the post of that number, whose address is that of its ``guid``: ``https://blog.example/?p=12``."""
    return origin_id("wordpress", f"{address}#{number}")
