"""The allowed markup of an article, enforced by nh3 (ammonia, html5ever).

There are two passes. :func:`normalize_html` is permissive: it gives the other passes of this package exact, canonical
HTML that may still have ``style`` and ``name`` attributes, frames of any site, and ``data:`` and ``file:`` URLs.
:func:`sanitize` is strict and always the last step.
"""

import re
from typing import Final

import nh3

from kolom.rendering.html_tokenizer import names

__all__ = [
    "ALIGNED",
    "ATTRIBUTES",
    "IMAGE_SCHEMES",
    "LINK_SCHEMES",
    "SOURCE_ATTRIBUTES",
    "SOURCE_TAGS",
    "TAGS",
    "clean_characters",
    "normalize_html",
    "sanitize",
    "scheme",
    "url",
    "without_comments",
]

LINK_SCHEMES: Final = frozenset(("http", "https", "mailto", "tel"))
IMAGE_SCHEMES: Final = frozenset(("http", "https"))

TAGS: Final = names(
    "a abbr address article aside audio b bdi bdo blockquote br caption cite code col colgroup data dd del details dfn "
    "div dl dt em figcaption figure footer h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li mark ol p picture pre q rp "
    "rt ruby s samp section small source span strong sub summary sup table tbody td tfoot th thead time tr track u ul "
    "var video wbr iframe"
)
"""The elements that are allowed in an article."""

ALIGNED: Final = names("caption col colgroup div h2 h3 h4 h5 h6 p tbody td tfoot th thead tr")
_MEDIA: Final = "controls height loop muted playsinline poster preload src width"
ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    name: names(attributes) | (names("align") if name in ALIGNED else frozenset())
    for name, attributes in {
        **dict.fromkeys(ALIGNED, ""),
        "*": "class dir id lang title",
        "a": "href hreflang rel target",
        "audio": "controls loop muted preload src",
        "blockquote": "cite",
        "col": "span",
        "colgroup": "span",
        "data": "value",
        "del": "cite datetime",
        "details": "open",
        "iframe": "allowfullscreen loading src",
        "img": "alt decoding height loading sizes src srcset width",
        "ins": "cite datetime",
        "li": "value",
        "ol": "reversed start type",
        "q": "cite",
        "source": "media sizes src srcset type",
        "td": "colspan rowspan",
        "th": "abbr colspan rowspan scope",
        "time": "datetime",
        "track": "default kind label src srclang",
        "video": _MEDIA,
    }.items()
}
"""The allowed attributes by element; those of ``*`` are allowed on any."""

SOURCE_TAGS: Final = TAGS | {"h1"}
"""The elements that are allowed in the input of the other passes."""

SOURCE_ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    **ATTRIBUTES,
    "*": ATTRIBUTES["*"] | {"style"},
    "a": ATTRIBUTES["a"] | {"name"},
    "h1": ATTRIBUTES["h2"],
}
"""The attributes that are allowed in the input of the other passes, by element; those of ``*`` on any."""

_PERMISSIVE: Final = nh3.Cleaner(
    tags=SOURCE_TAGS,
    attributes=SOURCE_ATTRIBUTES,
    url_schemes=LINK_SCHEMES | {"data", "file"},  # the caller's resolver may replace these
    strip_comments=False,
    link_rel=None,
)
_STRICT: Final = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    url_schemes=LINK_SCHEMES,
    strip_comments=False,  # :func:`sanitize` removes them
    link_rel=None,
)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)  # exact for nh3's output, where every other "<" belongs to a tag
_MAX_ROUNDS: Final = 4

# C0 except tab and line feed, DEL and C1, surrogates, U+FFFE and U+FFFF: invalid in HTML and in the XML of feeds.
_REMOVED: Final = dict.fromkeys(
    [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF]
) | dict.fromkeys(range(0xD800, 0xE000), "�")
_BROWSER_STRIPS: Final = "".join(map(chr, range(0x21)))
_BROWSER_IGNORES: Final = re.compile(r"[\t\n\r]")
_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*+):")


def clean_characters(text: str) -> str:
    """Return ``text`` without characters that HTML forbids; lone surrogates become U+FFFD, line ends become LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_REMOVED)


def normalize_html(markup: str) -> str:
    """Parse the markup with an exact HTML parser and serialize it, with only what the other passes accept."""
    return clean_characters(_PERMISSIVE.clean(markup))


def sanitize(markup: str) -> str:
    """Return markup that is safe on a page, and that browsers parse as the same tree as nh3.

    Removing an element can change how the rest is parsed, so the pass is repeated until nothing changes.
    """
    for _ in range(_MAX_ROUNDS):
        cleaned = _STRICT.clean(markup)
        if cleaned == markup:
            break
        markup = cleaned
    return without_comments(markup)


def without_comments(markup: str) -> str:
    """Return canonical markup without its comments."""
    return _COMMENT.sub("", markup)


def scheme(value: str) -> str | None:
    """Return the scheme of a URL in lower case; None if it is relative. Only :func:`url` removes ignored characters."""
    match = _SCHEME.match(value)
    return match[1].lower() if match else None


def url(value: str, schemes: frozenset[str]) -> str | None:
    """Return the URL without characters that browsers ignore; None if it is empty or its scheme is not allowed.

    Relative URLs are allowed.
    """
    value = _BROWSER_IGNORES.sub("", value.strip(_BROWSER_STRIPS))
    return value if value and scheme(value) in {None, *schemes} else None
