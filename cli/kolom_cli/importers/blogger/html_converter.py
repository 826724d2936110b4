"""Convert the HTML of Blogger's editors to equivalent plain HTML, which :mod:`kolom.rendering.renderer` sanitizes.

The rules:

* ``<a name="more">`` and ``<!--more-->`` end the excerpt.
* An image is used at up to 1,600 pixels, whatever size the article showed. A link around it to the same image in
  another size is removed. ``separator`` divs with one image, and ``tr-caption-container`` tables with only images and a
  caption, become figures.
* Divs with text become paragraphs, or lines where a paragraph is not allowed. Other divs are removed unless links point
  to them or they have a language or direction. Two consecutive line breaks separate paragraphs. Empty lines are
  removed.
* Bold and italic styles become elements, and a centered div of text becomes a centered paragraph. Other styles of divs
  and inline elements are removed, as are fonts and the marks of word processors.
* Tracking pixels are removed. Old YouTube players become the current one.
* Links to the blog's own articles become relative, so that they point to the imported articles.

No word and no image is ever lost. The running time is linear in the length of the text.
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
    find_markers,
    flatten,
    is_block,
    paragraphs,
    split_ends,
    tokens_of,
    without_id,
)
from kolom_cli.importers.blogger.urls import largest
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
_CENTERED: Final = re.compile(r"text-align\s*:\s*center", re.IGNORECASE)
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
# Within these elements, a div becomes a line, not a paragraph.
_LINE_CONTAINERS: Final = _HEADINGS | names("a caption dt figcaption li p pre span summary td th")


@dataclass(slots=True)
class Converter:
    """Converts one entry's HTML to plain HTML. ``notes`` list the parts that have no equivalent.

    ``links`` returns the replacement of the target of a link. ``stored`` returns the URL of a stored image, or the
    given URL if the image is not stored.
    """

    links: Callable[[str], str] = str
    stored: Callable[[str], str] = str
    notes: list[str] = field(default_factory=list)

    def convert(self, content: str) -> str:
        """Return the content as HTML; ``<!--more-->`` stays, for the excerpt."""
        tokens = map(_with_own_size, VideoPlayers(self.notes).replace(tokenize(content)))
        nodes = _Rewriter(self.links).rewritten(balance(tokens))
        return serialize(map(self._with_stored_image, tokens_of(nodes)))

    def _with_stored_image(self, token: Token) -> Token:
        match token:
            case Start("img", attributes):
                return Start("img", attributes | {"src": escape(self.stored(unescape(attributes["src"])))})
            case _:
                return token


def _with_own_size(token: Token) -> Token:
    """Replace the displayed size of an image by its original size if Blogger recorded one; otherwise remove the size.

    Invisible images keep their size.
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
    """An element that is still open. ``kept`` are the attributes that stay if it is replaced by another element."""

    name: str
    attributes: dict[str, str]
    kept: dict[str, str]
    children: list[Node] = field(default_factory=list)

    @property
    def identifier(self) -> str:
        """The fragment by which links refer to the element."""
        return self.kept.get("id") or _identifier(self.attributes.get("name", "") if self.name == "a" else "")

    @property
    def style(self) -> str:
        return self.attributes.get("style", "")

    @property
    def contains_lines(self) -> bool:
        """Whether a div within the element becomes a line; False if the element itself will be removed."""
        if self.name == "a":
            return "href" in self.attributes
        return self.name in _LINE_CONTAINERS and (self.name != "span" or bool(self.kept))

    @property
    def is_bidirectional(self) -> bool:
        """Whether text within the element may run from right to left."""
        return self.attributes.get("dir", "").strip().lower() in {"rtl", "auto"}

    def unchanged(self) -> Element:
        return Element(self.name, self.attributes, self.children)

    def unwrapped(self) -> Group:
        """Return the children without the element; links to the element still work."""
        return Group([anchor(self.identifier), *self.children] if self.identifier else self.children)

    def emptied(self) -> Group:
        """Return only the markers of an invisible block: the end of the excerpt, and link targets.

        The group still separates the text before the block from the text after it.
        """
        return Group(find_markers(self.unwrapped().children), is_settled=True)


class _Rewriter:
    """Builds the tree of a post; each element is replaced as soon as it is closed."""

    def __init__(self, own_links: Callable[[str], str]) -> None:
        self._own_links = own_links
        self._open = [_Open("", {}, {})]
        self._figures = 0  # the number of open elements that are figures
        self._line_containers = 0  # … that contain lines instead of paragraphs
        self._bidirectional = 0  # … that may run from right to left

    def rewritten(self, tokens: Iterable[Token]) -> list[Node]:
        """Return the nodes for balanced tokens."""
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
            self._image(attributes)
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

    def _count(self, element: _Open, step: int) -> None:
        self._figures += step * (element.name == "figure")
        self._line_containers += step * element.contains_lines
        self._bidirectional += step * element.is_bidirectional

    def _kept(self, attributes: dict[str, str]) -> dict[str, str]:
        """Return the attributes to keep. Blogger sets ``ltr`` nearly everywhere; it is kept only where it matters."""
        if not attributes:
            return {}
        kept = {
            "id": _identifier(attributes.get("id", "")),
            "lang": attributes.get("lang", "").strip(),
            "dir": attributes.get("dir", "").strip().lower(),
        }
        if kept["dir"] == "ltr" and not self._bidirectional:
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
                return _captioned(element) or element.unchanged()
            case name if name in _FORMATTING:
                return self._formatted(element)
            case name if name in _HEADINGS or name == "p":
                unchanged = element.unchanged()
                return unchanged if unchanged.is_visible else element.emptied()
            case _:
                return element.unchanged()

    def _image(self, attributes: dict[str, str]) -> None:
        """Add the image at its largest size, unless it is a tracking pixel."""
        source = attributes.get("src", "")
        if {attributes.get("width"), attributes.get("height")} <= _INVISIBLE or _TRACKER.search(source):
            return
        shown = {key: value for key, value in attributes.items() if key not in _SIZES}
        self._add(Element("img", shown | {"src": largest(source)}, []))

    def _link(self, element: _Open) -> Node:
        if _MORE.fullmatch(element.attributes.get("name", "")):
            return Group([EXCERPT_END, *element.children])
        unchanged = element.unchanged()
        if "href" not in element.attributes or not unchanged.is_visible or _links_to_own_image(element):
            return element.unwrapped()
        element.attributes["href"] = self._own_links(element.attributes["href"])
        return self._wrapped([("a", element.attributes)], element.children)

    def _formatted(self, element: _Open) -> Node:
        # Word processors wrap whole texts in <b> with the style of normal weight.
        is_not_bold = element.name in {"b", "strong"} and _NOT_BOLD.search(element.style)
        if is_not_bold or not element.unchanged().is_visible:
            return element.unwrapped()
        attributes = {key: value for key, value in element.attributes.items() if key != "style"}
        return self._wrapped([(element.name, attributes)], element.children)

    def _span(self, element: _Open) -> Node:
        wrappers: list[tuple[str, dict[str, str]]] = [("span", element.kept)] if element.kept else []
        wrappers += [("strong", {})] if _BOLD.search(element.style) else []
        wrappers += [("em", {})] if _ITALIC.search(element.style) else []
        if not wrappers or not element.unchanged().is_visible:
            return element.unwrapped()
        return self._wrapped(wrappers, element.children)

    def _wrapped(self, wrappers: list[tuple[str, dict[str, str]]], children: list[Node]) -> Node:
        """Wrap the nodes in inline elements, of which the innermost comes first.

        Blocks among the nodes split these elements: the text before the first block belongs to the preceding paragraph,
        and the text after the last block to the following one. Only the first part has the ``id``.
        """
        if self._line_containers or not any(map(is_block, children)):
            return _within(wrappers, children)
        parts: list[Node] = []
        for part in split_ends(children):
            if Group(part).is_visible:
                parts.append(_within(wrappers, part))
                wrappers = [(name, without_id(attributes)) for name, attributes in wrappers]
            else:
                parts += part
        return Group(parts)

    def _division(self, element: _Open) -> Node:
        content = Group(element.children)
        if self._is_image_separator(element, content):
            return _figure(element.kept, content)
        if content.has_blocks:
            children = paragraphs(content.children, {})
            return Element("div", element.kept, children) if element.kept else Group(children, is_settled=True)
        if self._line_containers:
            return Group([LINE_EDGE, *_line(element, content)])
        if not content.is_visible:
            return element.emptied()
        return Group(paragraphs(content.children, element.kept | _alignment(element)), is_settled=True)

    def _is_image_separator(self, element: _Open, content: Group) -> bool:
        is_separator = "separator" in element.attributes.get("class", "").split()
        return is_separator and not self._figures and content.image_count == 1 and not content.has_other_content


def _identifier(text: str) -> str:
    """Return an id that links may point to; empty for the ids that word processors and scripts generate."""
    text = text.strip()
    return "" if _MEANINGLESS.match(text) else text


def _alignment(element: _Open) -> dict[str, str]:
    is_centered = _CENTERED.search(element.style) or element.attributes.get("align") == "center"
    return {"align": "center"} if is_centered else {}


def _within(wrappers: Iterable[tuple[str, dict[str, str]]], children: list[Node]) -> Node:
    for name, attributes in wrappers:
        children = [Element(name, attributes, children)]
    return Group(children)


def _line(element: _Open, content: Group) -> list[Node]:
    """Return the content of a div that becomes a line, with the line's end."""
    if not content.is_visible:
        is_empty_line = any(node is BREAK for node in flatten(content.children))
        return [*find_markers(element.unwrapped().children), BREAK if is_empty_line else LINE_EDGE]
    return [Element("span", element.kept, element.children) if element.kept else content, LINE_EDGE]


def _links_to_own_image(link: _Open) -> bool:
    """Return whether the link around an image only points to a larger version of it."""
    target = largest(link.attributes["href"])
    return any(
        isinstance(child, Element) and child.name == "img" and child.attributes["src"] == target
        for child in flatten(link.children)
    )


def _captioned(table: _Open) -> Node | None:
    """Return a captioned table as a figure; None if it contains more than images and one caption."""
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
    if content.has_other_content or not content.image_count or len(captions) > 1:
        return None
    return _figure(table.kept, content, captions)


def _cells(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield the content of the rows of a table."""
    for node in flatten(nodes):
        if isinstance(node, Element) and node.name in _ROWS:
            yield from _cells(node.children)
        else:
            yield node


def _is_caption(cell: Element) -> bool:
    return "tr-caption" in cell.attributes.get("class", "").split() and cell.is_visible


def _figure(attributes: dict[str, str], content: Group, captions: Iterable[Element] = ()) -> Node:
    """Return a figure of the images in ``content``, which has no other visible content. Its anchors come first."""
    anchors: list[Node] = []
    shown = _images(content.children, anchors)
    for caption in captions:
        kept = {key: value for key, value in caption.attributes.items() if key in _KEPT}
        shown.append(Element("figcaption", kept, caption.children))
    return Group([*anchors, Element("figure", attributes, shown)], is_settled=True)


def _images(content: Iterable[Node], anchors: list[Node]) -> list[Node]:
    """Return only the images with the links around them; the anchors among them are appended to ``anchors``."""
    images: list[Node] = []
    for node in content:
        if not isinstance(node, Element | Group) or not node.is_visible:
            anchors += find_markers([node])
        elif isinstance(node, Element) and node.name == "img":
            images.append(node)
        elif isinstance(node, Element) and node.name == "a":
            images.append(Element("a", node.attributes, _images(node.children, anchors)))
        else:
            if isinstance(node, Element) and "id" in node.attributes:
                anchors.append(anchor(node.attributes["id"]))
            images += _images(node.children, anchors)
    return images
