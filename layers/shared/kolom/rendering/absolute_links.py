"""An article's markup for a place that does not know which page it is from: a feed."""

from typing import Final
from urllib.parse import urljoin

import nh3

from kolom.rendering.sanitizer import ATTRIBUTES, LINK_SCHEMES, TAGS

_ADDRESSES: Final = frozenset(("cite", "href", "publisher", "src"))


def with_absolute_links(markup: str, base: str, *, max_bytes: int) -> str | None:
    """Sanitised markup whose links, pictures and players are found from anywhere; None if it has over ``max_bytes``.

    ``base`` is the full URL of the page that the markup is from. In ``srcset``, spaces and commas of a URL are encoded,
    as the renderer writes them.
    """
    left = max_bytes - len(markup.encode())
    if left < 0:
        return None

    def rewritten(_element: str, attribute: str, value: str) -> str:
        nonlocal left
        if left < 0:
            return value
        if attribute in _ADDRESSES:
            absolute = _joined(base, value)
        elif attribute == "srcset":
            candidates = (candidate.partition(" ") for candidate in value.split(", "))
            absolute = ", ".join(_joined(base, url) + space + size for url, space, size in candidates)
        else:
            return value
        left -= len(absolute.encode()) - len(value.encode())
        return absolute

    cleaner = nh3.Cleaner(
        tags=TAGS, attributes=ATTRIBUTES, url_schemes=LINK_SCHEMES, link_rel=None, attribute_filter=rewritten
    )
    absolute = str(cleaner.clean(markup))
    return absolute if left >= 0 and len(absolute.encode()) <= max_bytes else None


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:  # such as "http://[", which leads nowhere
        return url
