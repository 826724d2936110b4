"""Make the links of an article absolute, for use outside its page: in feeds."""

from typing import Final
from urllib.parse import urljoin

import nh3

from kolom.rendering.sanitizer import ATTRIBUTES, LINK_SCHEMES, TAGS

_URL_ATTRIBUTES: Final = frozenset(("cite", "href", "poster", "src"))


def with_absolute_links(markup: str, base: str, *, max_bytes: int) -> str | None:
    """Return sanitized markup with absolute URLs of links, images and players; None if it exceeds ``max_bytes``.

    ``base`` is the full URL of the article's page. In ``srcset`` of ``markup``, spaces and commas of URLs must be
    percent-encoded, as the renderer does.
    """
    remaining_bytes = max_bytes - len(markup.encode())
    if remaining_bytes < 0:
        return None

    def make_absolute(_element: str, attribute: str, value: str) -> str:
        nonlocal remaining_bytes
        if remaining_bytes < 0:
            return value
        if attribute in _URL_ATTRIBUTES:
            absolute = _joined(base, value)
        elif attribute == "srcset":
            candidates = (candidate.partition(" ") for candidate in value.split(", "))
            absolute = ", ".join(_joined(base, url) + space + size for url, space, size in candidates)
        else:
            return value
        remaining_bytes -= len(absolute.encode()) - len(value.encode())
        return absolute

    cleaner = nh3.Cleaner(
        tags=TAGS, attributes=ATTRIBUTES, url_schemes=LINK_SCHEMES, link_rel=None, attribute_filter=make_absolute
    )
    absolute = str(cleaner.clean(markup))
    return absolute if remaining_bytes >= 0 and len(absolute.encode()) <= max_bytes else None


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:  # an invalid URL such as "http://["
        return url
