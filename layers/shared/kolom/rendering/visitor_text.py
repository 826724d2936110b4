"""Clean and render the text of visitors. Pure.

Comments are CommonMark without raw HTML, headings and images: HTML is shown as typed, and an image becomes a link.
markdown-it renders, and nh3 removes everything that is not on the list below, whatever the renderer produced.

Time, size, nesting and links are bounded: text that exceeds a limit is rendered as plain paragraphs (:func:`render`).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Final

import nh3
import regex
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, link
from markdown_it.token import Token

from kolom.rendering.emphasis import new_parser
from kolom.rendering.sanitizer import clean_characters

LINK_RELATION: Final = "nofollow ugc noopener"

MAX_PARAGRAPH: Final = 10_000
"""The maximum number of characters between two blank lines. markdown-it may take time quadratic in this number."""

MAX_NESTING: Final = 20
"""The maximum number of elements that are open at once in the markup."""

MAX_LINKS: Final = 200
"""The maximum number of links in a text."""

MAX_STEPS: Final = 50_000
"""The maximum number of tokens that the parser skips to find the ends of links. Usual texts need a few hundred."""

MAX_GROWTH: Final = 6
"""The maximum bytes of markup per character, on average. Plain paragraphs never need more."""

MAX_HTML_BYTES: Final = 200_000
"""The maximum size of the markup, which is stored in the same item as the text."""

_ALLOWANCE_BYTES: Final = 2_000  # in addition to the growth: a short URL alone grows tenfold
_MAX_URL: Final = 2_000
_TAGS: Final = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"}
_ABSOLUTE: Final = re.compile(r"https?://[^/]", re.IGNORECASE)
_SCHEME: Final = re.compile(r"(?<![a-z0-9.+-])https?$", re.IGNORECASE)
_CLOSING: Final = re.compile(r"(?<!_)_++(?:\W|$)")  # the end of emphasis, which cannot occur in a host name
_BLANK_LINES: Final = re.compile(r"\n(?:[ \t]*\n)+")
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    # Without an explicit entry, nh3 allows some attributes on any element.
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    url_schemes={"http", "https"},
    link_rel=LINK_RELATION,
)
# Bidi embeddings, overrides and isolates could reorder the text around the comment.
_DIRECTIONS: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# No script stacks more marks on a letter; more marks would cover neighboring text.
_MAX_MARKS: Final = 8
_MARKS: Final = regex.compile(rf"(\p{{M}}{{{_MAX_MARKS}}})\p{{M}}+")
_WITHOUT_URL: Final = re.compile(r"\]\([ \t\n]*\)\Z")
# Sorting marks by class (NFC) takes time quadratic in their number.
_STACKED_MARKS: Final = regex.compile(r"(\p{M}{64})\p{M}+")
_INVISIBLE: Final = {"Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"}
# Letters and symbols without ink: fillers of Hangul, and the empty pattern of Braille.
_WITHOUT_INK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def _link_url(state: StateInline, silent: bool) -> bool:
    """Turn a complete URL of less than :data:`_MAX_URL` characters into a link (a markdown-it rule).

    The built-in rules read all the text before each colon, and also match incomplete URLs.
    """
    colon = state.pos
    if state.linkLevel or not state.src.startswith("://", colon):
        return False
    scheme = _SCHEME.search(state.src, max(0, colon - len("https")), colon)
    if scheme is None or not state.pending.endswith(scheme[0]):
        return False
    text = state.src[scheme.start() : scheme.start() + _MAX_URL]
    end = _url_end(state, text) or _url_end(state, _CLOSING.split(text, maxsplit=1)[0])
    if not end or end == _MAX_URL:
        return False
    url = text[:end].rstrip("*")  # asterisks end emphasis
    href = state.md.normalizeLink(url)
    if not state.md.validateLink(href):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = state.md.normalizeLinkText(url)
        state.push("link_close", "a", -1)
    state.pos += len(url) - len(scheme[0])
    return True


def _url_end(state: StateInline, text: str) -> int:
    """Return the end of the URL at the beginning of ``text``; 0 if there is none."""
    assert state.md.linkify is not None
    after_scheme = text.index("://") + 1
    length: int = state.md.linkify.test_schema_at(text, "http:", after_scheme)
    return after_scheme + length if length else 0


def _parser() -> MarkdownIt:
    # Content beyond the maximum nesting is parsed just far enough to detect it.
    parser = new_parser("commonmark", {"html": False, "breaks": True, "maxNesting": MAX_NESTING + 2})
    parser.disable(["heading", "lheading", "html_block", "html_inline", "image", "reference"])
    parser.inline.ruler.after("text", "link_url", _link_url)
    # Other URLs are shown as typed: visitors do not need relative URLs, and "javascript:" is unsafe.
    parser.validateLink = _ABSOLUTE.match  # type: ignore[assignment, method-assign]
    parser.inline.ruler.at("link", _link)
    parser.inline.ruler.before("link", "image_link", _image_link)
    parser.inline.skipToken = _counting(parser.inline.skipToken)  # type: ignore[assignment, method-assign]
    return parser


class _TooManySteps(Exception):
    """The text has too many brackets that may begin a link."""


def _counting(skip_token: Callable[[StateInline], None]) -> Callable[[StateInline], None]:
    """Return ``skip_token`` with a limit of its calls for one text.

    The parser calls it for each token between a bracket and the end of its link, and again for each bracket in it.
    """

    def skip(state: StateInline) -> None:
        steps = state.env["steps"] = state.env.get("steps", 0) + 1
        if steps > MAX_STEPS:
            raise _TooManySteps
        skip_token(state)

    return skip


def _link(state: StateInline, silent: bool) -> bool:
    """Parse a link as CommonMark does, except ``[text]()``: it has no URL to check.

    A link without text shows its URL.
    """
    start = state.pos
    if not link(state, True):
        return False
    has_url = not _WITHOUT_URL.search(state.src, start, state.pos)
    if silent and has_url:
        return True
    state.pos = start
    if not has_url or not link(state, False):
        return False
    *_, opening, closing = state.tokens
    if (opening.type, closing.type) == ("link_open", "link_close"):
        text = Token(
            "text", "", 0, content=state.md.normalizeLinkText(str(opening.attrs["href"])), level=state.level + 1
        )
        state.tokens.insert(-1, text)
    return True


def _image_link(state: StateInline, silent: bool) -> bool:
    """Turn an image into a link: an image would tell a stranger's server who reads the article.

    Inside a link, only the image's text remains.
    """
    start, first = state.pos, len(state.tokens)
    if not state.src.startswith("![", start):
        return False
    state.pos += 1
    if not _link(state, silent):
        state.pos = start
        return False
    if state.linkLevel and not silent:
        opening = next(number for number in range(first, len(state.tokens)) if state.tokens[number].type == "link_open")
        del state.tokens[opening], state.tokens[-1]
    return True


_PARSER: Final = _parser()


@dataclass(frozen=True, slots=True)
class RenderedVisitorText:
    """Rendered text: sanitized HTML, and the number of links in the source, whether or not the HTML has them."""

    html: str
    links: int


def clean_text(text: str) -> str:
    """Return ``text`` as it is stored: NFC, without control characters, bidi controls and excess marks."""
    text = _STACKED_MARKS.sub(r"\1", clean_characters(text).translate(_DIRECTIONS))
    return _MARKS.sub(r"\1", unicodedata.normalize("NFC", text)).strip()


def is_blank(text: str) -> bool:
    """Return whether ``text`` has no visible character."""
    return all(character in _WITHOUT_INK or unicodedata.category(character) in _INVISIBLE for character in text)


@lru_cache(maxsize=8)
def render(content: str) -> RenderedVisitorText:
    """Render a comment's Markdown as HTML; its links are ``nofollow ugc noopener``.

    Text with longer paragraphs, deeper nesting, more links, more open brackets or larger markup than the limits above
    is shown as typed, in plain paragraphs. The last results are cached, so that checking, storing and showing a comment
    render it once.
    """
    content = clean_text(content)
    if max(map(len, _BLANK_LINES.split(content))) > MAX_PARAGRAPH:
        return _as_typed(content)
    try:
        tokens = _PARSER.parse(content, {})
    except _TooManySteps:
        return _as_typed(content)
    links = sum(token.type == "link_open" for token in _all(tokens))
    if links <= MAX_LINKS and _depth(tokens) <= MAX_NESTING:
        html = _sanitize(_PARSER.renderer.render(tokens, _PARSER.options, {}))
        if len(html.encode()) <= min(MAX_GROWTH * len(content) + _ALLOWANCE_BYTES, MAX_HTML_BYTES):
            return RenderedVisitorText(html, links)
    # The parser has not seen all of the content that is nested too deeply.
    return _as_typed(content, links)


def _as_typed(content: str, links: int = 0) -> RenderedVisitorText:
    """Return the text in plain paragraphs, with the number of its URLs or ``links``, whichever is larger."""
    return RenderedVisitorText(_plain(content), max(links, len(_ABSOLUTE.findall(content))))


def _all(tokens: Iterable[Token]) -> Iterable[Token]:
    return (each for token in tokens for each in (token, *(token.children or ())))


def _depth(tokens: Iterable[Token]) -> int:
    """Return the maximum number of elements that are open at once."""
    return max(
        (token.level + max((child.level for child in token.children or ()), default=0) for token in tokens), default=0
    )


def _plain(content: str) -> str:
    """Return the text as typed, in paragraphs."""
    paragraphs = (escape(each, quote=False) for each in _BLANK_LINES.split(content))
    return _sanitize("".join(f"<p>{each.replace('\n', '<br>\n')}</p>\n" for each in paragraphs))


def _sanitize(markup: str) -> str:
    return str(_CLEANER.clean(markup)).strip()
