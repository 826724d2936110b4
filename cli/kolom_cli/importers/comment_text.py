"""A comment's HTML from elsewhere, as the Markdown that a visitor would have typed here. Pure.

What Markdown of comments cannot say (:mod:`kolom.comments.text`) becomes the nearest thing: a picture its link, a
heading bold text, a table its words. Text stays the same to the letter.
"""

import re
from typing import Any, Final, cast
from urllib.parse import quote

import nh3
from linkify_it import LinkifyIt
from markdownify import MarkdownConverter

from kolom.rendering import render

_TAGS: Final = {
    *("a", "b", "blockquote", "br", "code", "del", "div", "em", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li"),
    *("ol", "p", "pre", "strong", "td", "th", "tr", "ul"),
}
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    attributes={"*": set(), "a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}},
    url_schemes={"http", "https"},
    link_rel=None,
    strip_comments=True,
)
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_SPECIAL: Final = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w{1,40};)")
_LINE_START: Final = re.compile(r"^\s*(?:\d{1,9}[.)]|[#>+=~-])")
_NOT_IN_LINK: Final = re.compile(r"[<>\s\\]")


def markdown_of(html: str) -> str:
    """The Markdown of a comment's HTML; any string is one. Empty if it shows nothing."""
    # The articles' renderer closes what is open and flattens what is too deep, as the converter needs.
    cleaned = _CLEANER.clean(render(html, "html").html)
    return str(_Converter().convert(f"<div>{cleaned}</div>")).strip()


class _Converter(MarkdownConverter):  # type: ignore[misc, unused-ignore]
    """markdownify for our dialect: a line end is a line break, and nothing is escaped that need not be."""

    class Options:
        bullets = "-"
        escape_asterisks = False
        escape_underscores = False
        strip_document = "strip"
        heading_style = "atx"

    def escape(self, text: str, parent_tags: set[str]) -> str:
        text = _SPACE.sub(" ", text)
        written, position = "", 0
        for address in _addresses(text):
            written += _escaped(text[position : address[0]]) + _address(text[address[0] : address[1]], parent_tags)
            position = address[1]
        return written + _escaped(text[position:])

    def convert_br(self, _el: Any, _text: str, parent_tags: set[str]) -> str:
        return " " if "_inline" in parent_tags else "\n"

    def convert_a(self, el: Any, text: str, parent_tags: set[str]) -> str:
        href = el.get("href")
        if "_noformat" in parent_tags or not href or not text.strip():
            return text
        if el.get_text().strip() == href and not _NOT_IN_LINK.search(href):
            return f"<{href}>"
        return f"[{text.strip()}]({_target(href)})"

    def convert_img(self, el: Any, _text: str, parent_tags: set[str]) -> str:
        source, alt = el.get("src"), _SPACE.sub(" ", el.get("alt") or "").strip()
        if "_noformat" in parent_tags or "a" in parent_tags or not source:
            return _escaped(alt)
        return f"[{_escaped(alt)}]({_target(source)})" if alt else f"<{quote(source, safe=_SAFE)}>"

    def convert_hN(self, _n: int, _el: Any, text: str, _tags: set[str]) -> str:  # noqa: N802 - the library's name
        return f"\n\n**{text.strip()}**\n\n" if text.strip() else ""

    def convert_td(self, _el: Any, text: str, **_: Any) -> str:
        return text.strip() + " "

    convert_th = convert_td

    def convert_tr(self, _el: Any, text: str, **_: Any) -> str:
        return text.strip() + "\n"


_SAFE: Final = "%/:=&?~#+!$,;'@()*[]"


def _addresses(text: str) -> list[tuple[int, int]]:
    if "://" not in text:
        return []
    found = cast("list[Any]", _LINKIFIER.match(text) or [])
    return [(match.index, match.last_index) for match in found if match.schema in {"http:", "https:"}]


_LINKIFIER: Final = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})


def _address(address: str, parent_tags: set[str]) -> str:
    """An address that stands in the text becomes a link, unless it is within one."""
    return _escaped(address) if "a" in parent_tags else f"<{address}>"


def _target(url: str) -> str:
    url = quote(url, safe=_SAFE)
    return f"<{url}>" if "(" in url or ")" in url else url


def _escaped(text: str) -> str:
    # What was no address there shall be none here, though the renderer might find one between two escapes.
    text = _SPECIAL.sub(lambda match: "\\" + match[0], text).replace("://", ":\\//")
    return _LINE_START.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", text)
