"""A visitor's words: what is taken out of them, and how they become markup. Pure.

Comments are CommonMark without raw HTML, headings and images: what a visitor types as HTML is shown as they typed it.
markdown-it renders, and nh3 lets nothing through that is not on the list below, whatever the renderer did.
"""

import re
import unicodedata
from typing import Final

import nh3
import regex
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, link

from kolom.rendering.sanitising import clean_characters

LINK_RELATION: Final = "nofollow ugc noopener"

_MAX_NESTING: Final = 20
_TAGS: Final = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"}
_ABSOLUTE: Final = re.compile(r"https?://[^/]", re.IGNORECASE)
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    # Without an entry of its own, nh3 allows some attributes on any element.
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    url_schemes={"http", "https"},
    link_rel=LINK_RELATION,
)
# Embeddings, overrides and isolates: they would turn around what stands beside the comment.
_DIRECTIONS: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# No script stacks more marks on a letter than this; what does, paints over its neighbours.
_MAX_MARKS: Final = 8
_MARKS: Final = regex.compile(rf"(\p{{M}}{{{_MAX_MARKS}}})\p{{M}}+")
_WITHOUT_ADDRESS: Final = re.compile(r"\]\([ \t\n]*\)\Z")
_INVISIBLE: Final = {"Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": True, "maxNesting": _MAX_NESTING})
    parser.enable("linkify")
    parser.disable(["heading", "lheading", "html_block", "html_inline", "image", "reference"])
    # Other addresses stay as they were typed: a visitor has none on this site, and "javascript:" is no address.
    parser.validateLink = _ABSOLUTE.match  # type: ignore[assignment, method-assign]
    parser.inline.ruler.at("link", _link)
    assert parser.linkify is not None
    # Only whole addresses become links: "setup.py" is none.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    return parser


def _link(state: StateInline, silent: bool) -> bool:
    """CommonMark's link, but for ``[text]()``, which has no address to be checked."""
    start = state.pos
    if not link(state, True):
        return False
    has_address = not _WITHOUT_ADDRESS.search(state.src, start, state.pos)
    if silent and has_address:
        return True
    state.pos = start
    return has_address and link(state, False)


_PARSER: Final = _parser()


def clean(text: str) -> str:
    """``text`` as it is kept: NFC, without control characters, turned directions and towers of marks."""
    text = unicodedata.normalize("NFC", clean_characters(text).translate(_DIRECTIONS))
    return _MARKS.sub(r"\1", text).strip()


def is_blank(text: str) -> bool:
    """Whether there is nothing in ``text`` that anyone could see."""
    return all(unicodedata.category(character) in _INVISIBLE for character in text)


def render(content: str) -> str:
    """The sanitised HTML of a comment's Markdown; links tell search engines and the linked site nothing."""
    return str(_CLEANER.clean(_PARSER.render(clean(content)))).strip()


def count_links(html: str) -> int:
    """How many links there are in what :func:`render` gave."""
    return html.count("<a ")
