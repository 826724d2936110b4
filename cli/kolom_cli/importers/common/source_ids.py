"""The permanent origin ids of imported articles. Pure."""

import hashlib
from typing import Final

MAX_BYTES: Final = 900
"""The maximum size of a name. It is part of a DynamoDB key, which has at most 2,048 bytes."""


def origin_id(system: str, name: str) -> str:
    """Return ``system:name``, where a name that is too long for a key is replaced by its digest."""
    data = name.encode()
    return f"{system}:{name if len(data) <= MAX_BYTES else hashlib.sha256(data).hexdigest()}"


def wordpress_origin(url: str, number: str) -> str:
    """Return the origin of a WordPress post. ``url`` is the URL of its ``guid``: ``https://blog.example/?p=12``."""
    return origin_id("wordpress", f"{url}#{number}")
