"""Convert the HTML of an imported comment to the Markdown that a visitor would have typed. Pure.

Elements that comments cannot contain (:mod:`kolom.rendering.visitor_text`) are replaced: an image by a link, a heading
by bold text, a table by its words, struck-out text by plain text. The words themselves never change.
"""

import re
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import quote

import nh3
from linkify_it import LinkifyIt
from markdownify import MarkdownConverter

from kolom.rendering.html_tokenizer import names
from kolom.rendering.renderer import render_html
from kolom_cli.importers.common.code_blocks import code_block
from kolom_cli.importers.common.emphasis import BOLD, ITALIC, SPACE, Kind, marked, written

_HEADINGS: Final = frozenset(("h2", "h3", "h4", "h5", "h6"))
_BOLD: Final = _HEADINGS | {"b", "strong"}
_ITALIC: Final = frozenset(("em", "i"))
_PLAIN_BLOCKS: Final = names(
    "address article aside audio caption dd details dl dt figcaption figure footer header hgroup iframe "
    "section summary video"
)
"""Blocks of articles without an equivalent in comments: only the boundaries of their text are kept."""
_BLOCKS: Final = _HEADINGS | _PLAIN_BLOCKS | {"blockquote", "div", "hr", "li", "ol", "p", "tr", "ul"}
_TAGS: Final = {*_BOLD, *_ITALIC, *_BLOCKS, "a", "br", "code", "img", "pre", "td", "th"}
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    attributes={"*": set(), "a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}},
    url_schemes={"http", "https"},
    link_rel=None,
    strip_comments=True,
)
_ONE_LINE: Final = frozenset(("a", "_inline"))
"""Links, and the elements that markdownify treats as inline (headings, cells), contain no line breaks."""

_MAX_DEPTH: Final = 8
"""The maximum nesting of quotations and lists: the renderer of comments drops deeper ones."""

_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_NOT_IN_LINK: Final = re.compile(r"[<>\s\\]")
_HTTP_URL: Final = re.compile(r"https?://[^/]", re.IGNORECASE)
_SAFE: Final = "%/:=&?~#+!$,;'@()*[]"
_LINKIFIER: Final = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})


def html_to_markdown(html: str) -> str:
    """Return the Markdown of a comment's HTML, which may be any string. It is empty if nothing is visible."""
    # The converter needs balanced elements and limited nesting. The renderer of articles ensures both.
    cleaned = _CLEANER.clean(render_html(html))
    return written(str(_CONVERTER.convert(f"<div>{cleaned}</div>"))).strip()


class _Converter(MarkdownConverter):  # type: ignore[misc, unused-ignore]
    """Converts to the Markdown of comments: a newline is a line break; inline content is marked for emphasis."""

    class Options:
        bullets = "-"
        strip_document = "strip"

    def get_conv_fn(self, tag_name: str) -> Callable[..., str] | None:
        name = "div" if tag_name in _PLAIN_BLOCKS else tag_name
        convert: Callable[..., str] | None = super().get_conv_fn(name)  # type: ignore[misc, unused-ignore]
        return _as_block(convert) if convert and tag_name in _BLOCKS else convert

    def escape(self, text: str, parent_tags: set[str]) -> str:
        text = _SPACE.sub(" ", text)
        parts, position = [], 0
        for start, end in [] if "a" in parent_tags else _url_spans(text):
            parts.append(_marked("text", text[position:start], parent_tags))
            parts.append(_linked(text[start:end], parent_tags))
            position = end
        return "".join((*parts, _marked("text", text[position:], parent_tags)))

    def convert_b(self, _el: Any, text: str, **_: Any) -> str:
        return text

    convert_strong = convert_i = convert_em = convert_b

    def convert_br(self, _el: Any, _text: str, parent_tags: set[str]) -> str:
        return SPACE if parent_tags & _ONE_LINE else "\n"

    def convert_a(self, el: Any, text: str, parent_tags: set[str]) -> str:
        href = (el.get("href") or "").strip()
        if "_noformat" in parent_tags or not _HTTP_URL.match(href) or not text.strip():
            return text
        if el.get_text().strip() == href and not _NOT_IN_LINK.search(href):
            return _marked("link", f"<{href}>", parent_tags)
        inside = text.strip()
        return text.replace(inside, f"[{inside}]({_target(href)})")

    def convert_img(self, el: Any, _text: str, parent_tags: set[str]) -> str:
        source, alt = el.get("src"), _SPACE.sub(" ", el.get("alt") or "").strip()
        if "_noformat" in parent_tags:
            return alt
        shown = _marked("text", alt, parent_tags)
        if "a" in parent_tags or not _HTTP_URL.match(source or ""):
            return shown
        return f"[{shown}]({_target(source)})" if alt else f"<{quote(source, safe=_SAFE)}>"

    def convert_code(self, el: Any, text: str, parent_tags: set[str]) -> str:
        if "_noformat" in parent_tags:
            return text
        has_lines = el.find(["br", *_BLOCKS]) and not parent_tags & _ONE_LINE
        lines = text.split("\n") if has_lines else [text]
        return "\n".join(_marked("code", _SPACE.sub(" ", line), parent_tags) for line in lines)

    def convert_pre(self, el: Any, text: str, parent_tags: set[str]) -> str:
        if "_noformat" in parent_tags or parent_tags & _ONE_LINE:
            return f"{SPACE}{self.convert_code(el, text, parent_tags)}{SPACE}"
        return code_block(text, "", "markdown") if text.strip() else "\n"

    def convert_hN(self, _n: int, _el: Any, text: str, _tags: set[str]) -> str:  # noqa: N802 - the library's name
        return f"\n\n{text.strip()}\n\n"

    def convert_td(self, _el: Any, text: str, **_: Any) -> str:
        return text.strip() + " "

    convert_th = convert_td

    def convert_tr(self, _el: Any, text: str, **_: Any) -> str:
        return text.strip() + "\n"

    def convert_ul(self, _el: Any, text: str, parent_tags: set[str]) -> str:
        text = text.strip()
        # A nested list needs no blank line after the text of its item, except a numbered one that does not start at 1.
        before = "\n" if "li" in parent_tags and text.startswith(("- ", "1. ")) else "\n\n"
        return f"{before}{text}\n\n" if text else ""

    convert_ol = convert_ul


_CONVERTER: Final = _Converter()


def _as_block(convert: Callable[..., str]) -> Callable[..., str]:
    """Wrap ``convert``: an empty block still starts a new line; where no block is allowed, its text is returned."""

    def as_block(el: Any, text: str, parent_tags: set[str]) -> str:
        if parent_tags & _ONE_LINE:
            return f"{SPACE}{text.strip()}{SPACE}"
        if "_noformat" in parent_tags:
            return f"\n{text}\n"
        if sum(parent.name in {"blockquote", "li"} for parent in el.parents) >= _MAX_DEPTH:
            return f"\n\n{text.strip()}\n\n"
        shown = convert(el, text, parent_tags=parent_tags)
        return shown if shown.startswith("\n") else f"\n{shown}"

    return as_block


def _marked(kind: Kind, content: str, parent_tags: set[str]) -> str:
    emphasis = (BOLD if parent_tags & _BOLD else 0) | (ITALIC if parent_tags & _ITALIC else 0)
    return marked(kind, content, emphasis)


def _linked(url: str, parent_tags: set[str]) -> str:
    """Return the URL as a link to itself; not every URL can be written between angle brackets."""
    if _NOT_IN_LINK.search(url):
        return f"[{_marked('text', url, parent_tags)}]({_target(url)})"
    return _marked("link", f"<{url}>", parent_tags)


def _url_spans(text: str) -> list[tuple[int, int]]:
    """Return the start and end positions of the URLs in ``text``."""
    if "://" not in text:
        return []
    found = cast("list[Any]", _LINKIFIER.match(text) or [])
    return [(match.index, match.last_index) for match in found if match.schema in {"http:", "https:"}]


def _target(url: str) -> str:
    url = quote(url, safe=_SAFE)
    return f"<{url}>" if "(" in url or ")" in url else url
