"""Convert the HTML of an imported comment to the Markdown that a visitor would have typed. Pure.

Elements that comments cannot contain (:mod:`kolom.rendering.visitor_text`) are replaced: an image by a link, a heading
by bold text, a table by its words, struck-out text by plain text. The words themselves never change.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import quote

import nh3
from linkify_it import LinkifyIt

from kolom.rendering.html_tokenizer import VOID, End, Start, Text, names, tokenize, unescape
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
_CELLS: Final = frozenset(("td", "th"))
_ONE_LINE: Final = _HEADINGS | _CELLS | {"a"}
"""The elements that contain no line breaks."""

_DEEPER: Final = frozenset(("blockquote", "li"))
_UNFORMATTED: Final = frozenset(("code", "pre"))
_TRIMMED: Final = _HEADINGS | _CELLS | names("article blockquote dd div dl dt li ol p section tr ul")
"""Blocks within and around which white space has no meaning."""

_TRIMMED_AROUND: Final = _TRIMMED | {"pre"}

_MAX_DEPTH: Final = 8
"""The maximum nesting of quotations and lists: the renderer of comments drops deeper ones."""

_LINES: Final = _BLOCKS | {"br"}
_WHITE_SPACE: Final = " \t\r\n"
_LINE_BREAK: Final = re.compile(r"[\t \r\n]*[\r\n][\t \r\n]*")
_SPACES: Final = re.compile(r"[\t ]+")
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_NOT_IN_LINK: Final = re.compile(r"[<>\s\\]")
_HTTP_URL: Final = re.compile(r"https?://[^/]", re.IGNORECASE)
_SAFE: Final = "%/:=&?~#+!$,;'@()*[]"
_LINKIFIER: Final = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})


def html_to_markdown(html: str) -> str:
    """Return the Markdown of a comment's HTML, which may be any string. It is empty if nothing is visible."""
    # The converter needs balanced elements and limited nesting. The renderer of articles ensures both.
    cleaned = _CLEANER.clean(render_html(html))
    return written(_converted(_parsed(cleaned), frozenset()).strip("\n")).strip()


@dataclass(slots=True, eq=False)
class _Element:
    """An element with its content: elements, and texts without references.

    ``depth`` is the number of quotations and list items around it. ``bullet`` is for an item of a list;
    ``next_number`` is that of the next item of a numbered list.
    """

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    depth: int = 0
    bullet: str = "- "
    next_number: int = 1
    children: list["_Element | str"] = field(default_factory=list)

    def add(self, name: str, attributes: Mapping[str, str]) -> "_Element":
        """Add an element at the end of the content, and return it."""
        child = _Element(name, attributes, self.depth + (self.name in _DEEPER))
        start = attributes.get("start", "")
        child.next_number = int(start) if start.isdecimal() else 1
        if name == "li" and self.name == "ol":
            child.bullet = f"{self.next_number}. "
            self.next_number += 1
        self.children.append(child)
        return child

    def elements(self) -> Iterator["_Element"]:
        """Yield all elements within this one."""
        for child in self.children:
            if isinstance(child, _Element):
                yield child
                yield from child.elements()

    def text(self) -> str:
        """Return all text within this element."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)


def _parsed(html: str) -> _Element:
    """Return a ``<div>`` with the elements of the HTML, which must be balanced."""
    open_elements = [_Element("div")]
    for token in tokenize(html):
        if isinstance(token, Text):
            open_elements[-1].children.append(unescape(token.markup))
        elif isinstance(token, Start):
            attributes = {key: unescape(value) for key, value in token.attributes.items()}
            child = open_elements[-1].add(token.name, attributes)
            if token.name not in VOID:
                open_elements.append(child)
        elif isinstance(token, End):
            open_elements.pop()
    return open_elements[0]


def _converted(element: _Element, around: AbstractSet[str]) -> str:
    """Return the Markdown of an element with marks for emphasis; ``around`` are the names of the elements around it."""
    within = around | {element.name}
    children = _visible_children(element)
    pieces = [
        _converted_text(child, element, before, after, within) if isinstance(child, str) else _converted(child, within)
        for before, child, after in children
    ]
    text = "".join(pieces) if "pre" in within else _joined(filter(None, pieces))
    convert = _CONVERTERS.get(element.name)
    if convert is None:
        return text
    return _block(convert, element, text, around) if element.name in _BLOCKS else convert(element, text, around)


type _Sibling = _Element | str | None


def _visible_children(element: _Element) -> Iterator[tuple[_Sibling, _Element | str, _Sibling]]:
    """Yield each child between its neighbors, without white space that has no meaning."""
    children = element.children
    for before, child, after in zip((None, *children), children, (*children[1:], None), strict=False):
        if (
            isinstance(child, str)
            and not child.strip()
            and (
                (element.name in _TRIMMED and (before is None or after is None))
                or _is_trimmed_around(before)
                or _is_trimmed_around(after)
            )
        ):
            continue
        yield before, child, after


def _is_trimmed_around(sibling: _Sibling) -> bool:
    return isinstance(sibling, _Element) and sibling.name in _TRIMMED_AROUND


def _converted_text(text: str, parent: _Element, before: _Sibling, after: _Sibling, within: AbstractSet[str]) -> str:
    if "pre" not in within:
        text = _SPACES.sub(" ", _LINE_BREAK.sub("\n", text))
    if not within & _UNFORMATTED:
        text = _marked_text(text, within)
    if _is_trimmed_around(before) or (before is None and parent.name in _TRIMMED):
        text = text.lstrip(_WHITE_SPACE)
    if _is_trimmed_around(after) or (after is None and parent.name in _TRIMMED):
        text = text.rstrip()
    return text


def _joined(pieces: Iterable[str]) -> str:
    """Join the pieces; line breaks between two of them become at most one blank line."""
    joined: list[str] = []
    after = ""  # the line breaks at the end of the last piece
    for piece in pieces:
        content = piece.strip("\n")
        before = piece[: len(piece) - len(piece.lstrip("\n"))]
        if after and before:
            joined.pop()
            before = "\n" * min(2, max(len(after), len(before)))
        after = piece[len(piece.rstrip("\n")) :] if content else ""
        joined += (before, content, after)
    return "".join(joined)


def _block(
    convert: Callable[[_Element, str, AbstractSet[str]], str], element: _Element, text: str, around: AbstractSet[str]
) -> str:
    """Convert a block. An empty one still starts a new line. Where no block is allowed, its text is returned."""
    if around & _ONE_LINE:
        return f"{SPACE}{text.strip()}{SPACE}"
    if around & _UNFORMATTED:
        return f"\n{text}\n"
    if element.depth >= _MAX_DEPTH:
        return f"\n\n{text.strip()}\n\n"
    shown = convert(element, text, around)
    return shown if shown.startswith("\n") else f"\n{shown}"


def _marked_text(text: str, within: AbstractSet[str]) -> str:
    text = _SPACE.sub(" ", text)
    parts, position = [], 0
    for start, end in [] if "a" in within else _url_spans(text):
        parts.append(_marked("text", text[position:start], within))
        parts.append(_linked(text[start:end], within))
        position = end
    return "".join((*parts, _marked("text", text[position:], within)))


def _paragraph(_element: _Element, text: str, _around: AbstractSet[str]) -> str:
    text = text.strip(_WHITE_SPACE)
    return f"\n\n{text}\n\n" if text else ""


def _division(_element: _Element, text: str, _around: AbstractSet[str]) -> str:
    text = text.strip()
    return f"\n\n{text}\n\n" if text else ""


def _heading(_element: _Element, text: str, _around: AbstractSet[str]) -> str:
    return f"\n\n{text.strip()}\n\n"


def _rule(_element: _Element, _text: str, _around: AbstractSet[str]) -> str:
    return "\n\n---\n\n"


def _quotation(_element: _Element, text: str, _around: AbstractSet[str]) -> str:
    text = text.strip(_WHITE_SPACE)
    quoted = "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))
    return f"\n{quoted}\n\n" if text else "\n"


def _list(_element: _Element, text: str, around: AbstractSet[str]) -> str:
    text = text.strip()
    # A nested list needs no blank line after the text of its item, except a numbered one that does not start at 1.
    before = "\n" if "li" in around and text.startswith(("- ", "1. ")) else "\n\n"
    return f"{before}{text}\n\n" if text else ""


def _item(element: _Element, text: str, _around: AbstractSet[str]) -> str:
    text = text.strip()
    if not text:
        return "\n"
    bullet = element.bullet
    indent = " " * len(bullet)
    return bullet + "\n".join(f"{indent}{line}" if line else "" for line in text.split("\n"))[len(bullet) :] + "\n"


def _cell(_element: _Element, text: str, _around: AbstractSet[str]) -> str:
    return text.strip() + " "


def _row(_element: _Element, text: str, _around: AbstractSet[str]) -> str:
    return text.strip() + "\n"


def _line_break(_element: _Element, _text: str, around: AbstractSet[str]) -> str:
    return SPACE if around & _ONE_LINE else "\n"


def _link(element: _Element, text: str, around: AbstractSet[str]) -> str:
    href = element.attributes.get("href", "").strip()
    if around & _UNFORMATTED or not _HTTP_URL.match(href) or not text.strip():
        return text
    if element.text().strip() == href and not _NOT_IN_LINK.search(href):
        return _marked("link", f"<{href}>", around)
    inside = text.strip()
    return text.replace(inside, f"[{inside}]({_target(href)})")


def _image(element: _Element, _text: str, around: AbstractSet[str]) -> str:
    source, alt = element.attributes.get("src", ""), _SPACE.sub(" ", element.attributes.get("alt", "")).strip()
    if around & _UNFORMATTED:
        return alt
    shown = _marked("text", alt, around)
    if "a" in around or not _HTTP_URL.match(source):
        return shown
    return f"[{shown}]({_target(source)})" if alt else f"<{quote(source, safe=_SAFE)}>"


def _code(element: _Element, text: str, around: AbstractSet[str]) -> str:
    if around & _UNFORMATTED:
        return text
    has_lines = not around & _ONE_LINE and any(each.name in _LINES for each in element.elements())
    lines = text.split("\n") if has_lines else [text]
    return "\n".join(_marked("code", _SPACE.sub(" ", line), around) for line in lines)


def _preformatted(element: _Element, text: str, around: AbstractSet[str]) -> str:
    if around & (_UNFORMATTED | _ONE_LINE):
        return f"{SPACE}{_code(element, text, around)}{SPACE}"
    return code_block(text, "", "markdown") if text.strip() else "\n"


_CONVERTERS: Final[Mapping[str, Callable[[_Element, str, AbstractSet[str]], str]]] = {
    **dict.fromkeys((*_PLAIN_BLOCKS, "div"), _division),
    **dict.fromkeys(_HEADINGS, _heading),
    **dict.fromkeys(_CELLS, _cell),
    "a": _link,
    "blockquote": _quotation,
    "br": _line_break,
    "code": _code,
    "hr": _rule,
    "img": _image,
    "li": _item,
    "ol": _list,
    "p": _paragraph,
    "pre": _preformatted,
    "tr": _row,
    "ul": _list,
}
"""Convert an element whose content is converted already; it gets the names of the elements around."""


def _marked(kind: Kind, content: str, around: AbstractSet[str]) -> str:
    emphasis = (BOLD if around & _BOLD else 0) | (ITALIC if around & _ITALIC else 0)
    return marked(kind, content, emphasis)


def _linked(url: str, around: AbstractSet[str]) -> str:
    """Return the URL as a link to itself; not every URL can be written between angle brackets."""
    if _NOT_IN_LINK.search(url):
        return f"[{_marked('text', url, around)}]({_target(url)})"
    return _marked("link", f"<{url}>", around)


def _url_spans(text: str) -> list[tuple[int, int]]:
    """Return the start and end positions of the URLs in ``text``."""
    if "://" not in text:
        return []
    found = cast("list[Any]", _LINKIFIER.match(text) or [])
    return [(match.index, match.last_index) for match in found if match.schema in {"http:", "https:"}]


def _target(url: str) -> str:
    url = quote(url, safe=_SAFE)
    return f"<{url}>" if "(" in url or ")" in url else url
