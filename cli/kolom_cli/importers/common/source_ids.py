"""The permanent origin ids of imported articles. Pure."""

import hashlib
from typing import Final

MAX_BYTES: Final = 900
"""The maximum size of a name. It is part of a DynamoDB key, which has at most 2,048 bytes."""


def origin_id(system: str, name: str) -> str:
    """Return ``system:name``, where a name that is too long for a key is replaced by its digest."""
    data = name.encode()
    return f"{system}:{name if len(data) <= MAX_BYTES else hashlib.sha256(data).hexdigest()}"


def file_origin(location: str) -> str:
    """Return the origin of a Markdown or HTML file, without the digest of its site."""
    return origin_id("markdown", location)


def site_file_origin(location: str, site: str) -> str:
    """Return the origin of a file of a site: :func:`file_origin`, and a digest of ``site`` if it is not empty.

    ``site`` is the URL and the title of the site.
    """
    origin = file_origin(location)
    return f"{origin}#{hashlib.sha256(site.encode()).hexdigest()[:16]}" if site else origin


def wordpress_origin(url: str, number: str) -> str:
    """Return the origin of a WordPress post.

    ``url`` is its ``guid`` (``https://blog.example/?p=12``), or its link if it has none. ``number`` is its post ID, or
    a digest of ``url`` if it has none.
    """
    return origin_id("wordpress", f"{url}#{number}")
