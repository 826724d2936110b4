"""Blogger editors' HTML as plain HTML that says the same. :mod:`kolom.rendering.renderer` sanitizes it afterwards.

The policy:

* ``<a name="more">`` and ``<!--more-->`` end the excerpt.
* A picture is taken at up to 1,600 pixels, whatever size the article showed; a link around it that leads to itself in
  another size goes. ``separator`` divisions with one picture and ``tr-caption-container`` tables with nothing but
  pictures and a caption become figures.
* Divisions that hold text become paragraphs, or lines where no paragraph can be; others go unless links lead to them or
  they have a language or direction; two line breaks in a row separate paragraphs; empty lines go.
* Bold and italic by style become elements, all other styles go, as do fonts and the marks of word processors.
* Counting pixels go. YouTube's old players become its present one.
* Links to the blog's own articles lose the blog's old host, so that they lead to the articles here.

No word and no picture is ever lost, and everything takes time in proportion to the text.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from kolom.rendering.html_tokenizer import VOID, End, Start, Token, escape, names, serialize, tokenize, unescape
from kolom.rendering.tag_balancer import balance
from kolom_cli.importers.blogger.html_tree import (
    BREAK,
    EXCERPT_END,
    LINE_EDGE,
    Element,
    Group,
    Node,
    anchor,
    ends_apart,
    flatten,
    is_block,
    marks,
    paragraphs,
    tokens_of,
    without_id,
)
from kolom_cli.importers.blogger.urls import OwnLinks, largest
from kolom_cli.importers.blogger.video_players import VideoPlayers

_MORE: Final = re.compile(r"\s*more\s*", re.IGNORECASE)
_TRACKER: Final = re.compile(
    r"https?://(?:[\w-]+\.)?(?:blogger\.com|blogspot\.com|googleusercontent\.com)/tracker/"
    r"|//feeds\.(?:feedburner|wordpress)\.com/(?:~[rf]|[\w.]+/)|//pixel\.quantserve",
    re.IGNORECASE,
)
_BOLD: Final = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_NOT_BOLD: Final = re.compile(r"font-weight\s*:\s*(?:normal|[1-4]00)", re.IGNORECASE)
_ITALIC: Final = re.compile(r"font-style\s*:\s*italic", re.IGNORECASE)
_CENTRED: Final = re.compile(r"text-align\s*:\s*center", re.IGNORECASE)
_MEANINGLESS: Final = re.compile(r"docs-internal-guid|OLE_LINK|_GoBack|_Hlk|goog_\d|yui_", re.IGNORECASE)
_KEPT: Final = frozenset(("id", "lang", "dir"))
_SIZES: Final = frozenset(("srcset", "sizes"))
_INVISIBLE: Final = frozenset(("0", "1"))
_LENGTH: Final = re.compile(r"[1-9]\d{0,4}", re.ASCII)

_HEADINGS: Final = names("h1 h2 h3 h4 h5 h6")
_ROWS: Final = names("thead tbody tfoot tr")
_FORMATTING: Final = names(
    "abbr b bdi bdo cite code data del dfn em i ins kbd mark q s samp small strong sub sup time u var"
)
# Within these, a division is a line and no paragraph.
_OF_LINES: Final = _HEADINGS | names("a caption dt figcaption li p pre span summary td th")


@dataclass(slots=True)
class Converter:
    """Turns one entry's HTML into plain HTML. ``notes`` then tell what had no equivalent.

    ``is_own_address`` tells whether a path is that of one of the blog's articles, ``hosts`` are the blog's.
    ``stored`` says where a picture is here, or else gives its address back.
    """

    is_own_address: Callable[[str], bool]
    hosts: frozenset[str] = frozenset()
    stored: Callable[[str], str] = str
    notes: list[str] = field(default_factory=list)

    def convert(self, content: str) -> str:
        """The content as HTML; ``<!--more-->`` stays, for the excerpt."""
        tokens = map(_with_own_size, VideoPlayers(self.notes).replaced(tokenize(content)))
        nodes = _Rewriter(OwnLinks(self.is_own_address, self.hosts)).rewritten(balance(tokens))
        return serialize(map(self._with_picture, tokens_of(nodes)))

    def _with_picture(self, token: Token) -> Token:
        match token:
            case Start("img", attributes):
                return Start("img", attributes | {"src": escape(self.stored(unescape(attributes["src"])))})
            case _:
                return token


def _with_own_size(token: Token) -> Token:
    """A picture with the size of its own, which Blogger notes beside that in which the page showed it; or with none.

    What is too small to be seen stays so.
    """
    match token:
        case Start("img", attributes) if not {attributes.get("width"), attributes.get("height")} <= _INVISIBLE:
            others = {key: value for key, value in attributes.items() if key not in {"width", "height"}}
            size = {name: attributes.get(f"data-original-{name}", "") for name in ("width", "height")}
            return Start("img", others | size if all(map(_LENGTH.fullmatch, size.values())) else others)
        case _:
            return token


@dataclass(slots=True)
class _Open:
    """An element that has not ended yet. ``kept`` are those attributes that stay if it becomes another."""

    name: str
    attributes: dict[str, str]
    kept: dict[str, str]
    children: list[Node] = field(default_factory=list)

    @property
    def identifier(self) -> str:
        """What links to it call it."""
        return self.kept.get("id") or _identifier(self.attributes.get("name", "") if self.name == "a" else "")

    @property
    def style(self) -> str:
        return self.attributes.get("style", "")

    @property
    def is_of_lines(self) -> bool:
        """Whether a division within it is a line; not if it will be gone itself."""
        if self.name == "a":
            return "href" in self.attributes
        return self.name in _OF_LINES and (self.name != "span" or bool(self.kept))

    @property
    def is_turned(self) -> bool:
        """Whether text within it may run from right to left."""
        return self.attributes.get("dir", "").strip().lower() in {"rtl", "auto"}

    def as_it_is(self) -> Element:
        return Element(self.name, self.attributes, self.children)

    def released(self) -> Group:
        """What is in it, without it; links to it still lead there."""
        return Group([anchor(self.identifier), *self.children] if self.identifier else self.children)

    def emptied(self) -> Group:
        """What is left of a block that shows nothing: it still divides what is before it from what comes after."""
        return Group(marks(self.released().children), is_settled=True)


class _Rewriter:
    """Makes the tree of a post; each element is replaced as soon as it ends."""

    def __init__(self, own: Callable[[str], str]) -> None:
        self._own = own
        self._open = [_Open("", {}, {})]
        self._figures = 0  # how many of the open elements are figures
        self._of_lines = 0  # … have lines where others have paragraphs
        self._turned = 0  # … may run from right to left

    def rewritten(self, tokens: Iterable[Token]) -> list[Node]:
        """The nodes that stand for balanced tokens."""
        for token in tokens:
            match token:
                case Start(name, attributes):
                    self._start(name, {key: unescape(value) for key, value in attributes.items()})
                case End():
                    self._end()
                case _:
                    self._add(token)
        return paragraphs(self._open[0].children, {})

    def _add(self, node: Node) -> None:
        self._open[-1].children.append(node)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "br":
            self._add(BREAK)
        elif name == "img":
            self._picture(attributes)
        elif name in VOID:
            self._add(Element(name, attributes, []))
        else:
            element = _Open(name, attributes, self._kept(attributes))
            self._open.append(element)
            self._count(element, 1)

    def _end(self) -> None:
        element = self._open.pop()
        self._count(element, -1)
        self._add(self._replaced(element))

    def _count(self, element: _Open, by: int) -> None:
        self._figures += by * (element.name == "figure")
        self._of_lines += by * element.is_of_lines
        self._turned += by * element.is_turned

    def _kept(self, attributes: dict[str, str]) -> dict[str, str]:
        """Blogger says of nearly everything that it runs from left to right: that counts where something else did."""
        if not attributes:
            return {}
        kept = {
            "id": _identifier(attributes.get("id", "")),
            "lang": attributes.get("lang", "").strip(),
            "dir": attributes.get("dir", "").strip().lower(),
        }
        if kept["dir"] == "ltr" and not self._turned:
            del kept["dir"]
        return {key: value for key, value in kept.items() if value}

    def _replaced(self, element: _Open) -> Node:
        match element.name:
            case "a":
                return self._link(element)
            case "span":
                return self._span(element)
            case "div":
                return self._division(element)
            case "table":
                return _captioned(element) or element.as_it_is()
            case name if name in _FORMATTING:
                return self._formatted(element)
            case name if name in _HEADINGS or name == "p":
                whole = element.as_it_is()
                return whole if whole.is_seen else element.emptied()
            case _:
                return element.as_it_is()

    def _picture(self, attributes: dict[str, str]) -> None:
        """At its largest, unless it only counts readers."""
        source = attributes.get("src", "")
        if {attributes.get("width"), attributes.get("height")} <= _INVISIBLE or _TRACKER.search(source):
            return
        shown = {key: value for key, value in attributes.items() if key not in _SIZES}
        self._add(Element("img", shown | {"src": largest(source)}, []))

    def _link(self, element: _Open) -> Node:
        if _MORE.fullmatch(element.attributes.get("name", "")):
            return Group([EXCERPT_END, *element.children])
        whole = element.as_it_is()
        if "href" not in element.attributes or not whole.is_seen or _leads_to_itself(element):
            return element.released()
        element.attributes["href"] = self._own(element.attributes["href"])
        return self._wrapped([("a", element.attributes)], element.children)

    def _formatted(self, element: _Open) -> Node:
        # Word processors wrap whole texts in bold that is not.
        is_none = element.name in {"b", "strong"} and _NOT_BOLD.search(element.style)
        if is_none or not element.as_it_is().is_seen:
            return element.released()
        attributes = {key: value for key, value in element.attributes.items() if key != "style"}
        return self._wrapped([(element.name, attributes)], element.children)

    def _span(self, element: _Open) -> Node:
        wrappers: list[tuple[str, dict[str, str]]] = [("span", element.kept)] if element.kept else []
        wrappers += [("strong", {})] if _BOLD.search(element.style) else []
        wrappers += [("em", {})] if _ITALIC.search(element.style) else []
        if not wrappers or not element.as_it_is().is_seen:
            return element.released()
        return self._wrapped(wrappers, element.children)

    def _wrapped(self, wrappers: list[tuple[str, dict[str, str]]], children: list[Node]) -> Node:
        """The nodes within elements of running text, the innermost of which comes first.

        Blocks among the nodes divide these elements: the text before the first block belongs to the paragraph of what
        precedes, the text after the last one to that of what follows. Only the first part has the ``id``.
        """
        if self._of_lines or not any(map(is_block, children)):
            return _within(wrappers, children)
        parts: list[Node] = []
        for part in ends_apart(children):
            if Group(part).is_seen:
                parts.append(_within(wrappers, part))
                wrappers = [(name, without_id(attributes)) for name, attributes in wrappers]
            else:
                parts += part
        return Group(parts)

    def _division(self, element: _Open) -> Node:
        content = Group(element.children)
        if self._is_for_a_picture(element, content):
            return _figure(element.kept, content)
        if content.has_blocks:
            children = paragraphs(content.children, {})
            return Element("div", element.kept, children) if element.kept else Group(children, is_settled=True)
        if self._of_lines:
            return Group([LINE_EDGE, *_line(element, content)])
        if not content.is_seen:
            return element.emptied()
        return Group(paragraphs(content.children, element.kept | _alignment(element)), is_settled=True)

    def _is_for_a_picture(self, element: _Open, content: Group) -> bool:
        is_separator = "separator" in element.attributes.get("class", "").split()
        return is_separator and not self._figures and content.pictures == 1 and not content.shows_more


def _identifier(text: str) -> str:
    """The name of a place that links may lead to; empty for what word processors and scripts leave behind."""
    text = text.strip()
    return "" if _MEANINGLESS.match(text) else text


def _alignment(element: _Open) -> dict[str, str]:
    is_centred = _CENTRED.search(element.style) or element.attributes.get("align") == "center"
    return {"align": "center"} if is_centred else {}


def _within(wrappers: Iterable[tuple[str, dict[str, str]]], children: list[Node]) -> Node:
    for name, attributes in wrappers:
        children = [Element(name, attributes, children)]
    return Group(children)


def _line(element: _Open, content: Group) -> list[Node]:
    """What a division shows that is a line, up to the line's end."""
    if not content.is_seen:
        is_empty_line = any(node is BREAK for node in flatten(content.children))
        return [*marks(element.released().children), BREAK if is_empty_line else LINE_EDGE]
    return [Element("span", element.kept, element.children) if element.kept else content, LINE_EDGE]


def _leads_to_itself(link: _Open) -> bool:
    """Whether a picture in the link leads to its larger form."""
    target = largest(link.attributes["href"])
    return any(
        isinstance(child, Element) and child.name == "img" and child.attributes["src"] == target
        for child in flatten(link.children)
    )


def _captioned(table: _Open) -> Node | None:
    """The figure that a captioned table is; None if it has more in it than pictures and one caption."""
    if "tr-caption-container" not in table.attributes.get("class", "").split():
        return None
    captions: list[Element] = []
    others: list[Node] = []
    for cell in _cells(table.children):
        if isinstance(cell, Element) and _is_caption(cell):
            captions.append(cell)
        else:
            others.append(cell)
    content = Group(others)
    if content.shows_more or not content.pictures or len(captions) > 1:
        return None
    return _figure(table.kept, content, captions)


def _cells(nodes: Iterable[Node]) -> Iterator[Node]:
    """All that stands in the rows of a table."""
    for node in flatten(nodes):
        if isinstance(node, Element) and node.name in _ROWS:
            yield from _cells(node.children)
        else:
            yield node


def _is_caption(cell: Element) -> bool:
    return "tr-caption" in cell.attributes.get("class", "").split() and cell.is_seen


def _figure(attributes: dict[str, str], content: Group, captions: Iterable[Element] = ()) -> Node:
    """A figure of the pictures in ``content``, which shows nothing else; marks that were among them precede it."""
    found: list[Node] = []
    shown = _pictures(content.children, found)
    for caption in captions:
        kept = {key: value for key, value in caption.attributes.items() if key in _KEPT}
        shown.append(Element("figcaption", kept, caption.children))
    return Group([*found, Element("figure", attributes, shown)], is_settled=True)


def _pictures(content: Iterable[Node], found: list[Node]) -> list[Node]:
    """The pictures with the links around them, without all else; ``found`` gets the marks among them."""
    pictures: list[Node] = []
    for node in content:
        if not isinstance(node, Element | Group) or not node.is_seen:
            found += marks([node])
        elif isinstance(node, Element) and node.name == "img":
            pictures.append(node)
        elif isinstance(node, Element) and node.name == "a":
            pictures.append(Element("a", node.attributes, _pictures(node.children, found)))
        else:
            if isinstance(node, Element) and "id" in node.attributes:
                found.append(anchor(node.attributes["id"]))
            pictures += _pictures(node.children, found)
    return pictures
