"""An article's markup for a place that does not know which page it is from: a feed."""

from typing import Final
from urllib.parse import urljoin

import nh3

from .sanitising import ATTRIBUTES, LINK_SCHEMES, TAGS

_ADDRESSES: Final = frozenset(("cite", "href", "poster", "src"))


def with_absolute_links(markup: str, base: str) -> str:
    """Sanitised markup whose links, pictures and players are found from anywhere.

    ``base`` is the full URL of the page that the markup is from. In ``srcset``, spaces and commas of a URL are encoded,
    as the renderer writes them.
    """

    def rewritten(_element: str, attribute: str, value: str) -> str:
        if attribute in _ADDRESSES:
            return _joined(base, value)
        if attribute == "srcset":
            candidates = (candidate.partition(" ") for candidate in value.split(", "))
            return ", ".join(_joined(base, url) + space + size for url, space, size in candidates)
        return value

    cleaner = nh3.Cleaner(
        tags=TAGS, attributes=ATTRIBUTES, url_schemes=LINK_SCHEMES, link_rel=None, attribute_filter=rewritten
    )
    return str(cleaner.clean(markup))


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:  # such as "http://[", which leads nowhere
        return url
