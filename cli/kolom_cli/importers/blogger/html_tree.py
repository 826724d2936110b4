"""The markup of a post as a tree, built from the inside out: an element is created at its end, with all its content.

So whether an element has visible content is known from the elements in it, without another search. The children of a
removed element become a :class:`Group`. :func:`flatten` replaces a group by its children, unless it is settled.
:func:`find_markers` reads invisible nodes, which are then discarded. The running time is linear in the length of the
markup, whatever its width or depth.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from kolom.rendering.html_tokenizer import VOID, Comment, End, Start, Text, Token, escape, names, unescape
from kolom.rendering.tag_balancer import MORE

_BLOCKS: Final = names(
    "address article aside audio blockquote caption col colgroup dd details div dl dt figcaption figure footer form h1 "
    "h2 h3 h4 h5 h6 header hgroup hr iframe li nav object ol p pre section summary table tbody td tfoot th thead tr ul "
    "video"
)
_VISIBLE_WHEN_EMPTY: Final = names("audio hr iframe table video")
_BLANK: Final = re.compile(r"[\s\u00a0\u200b\ufeff]*")

type Node = Text | Comment | Element | Group


class _Parent:
    """A node with children.

    It knows whether it is or contains a block, the number of its images, and whether it has other visible content.
    """

    __slots__ = ("children", "has_blocks", "has_other_content", "image_count")

    def __init__(self, children: list[Node]) -> None:
        self.children = children
        self.has_blocks = any(map(is_block, children))
        self.image_count = 0
        self.has_other_content = False
        for child in children:
            if isinstance(child, _Parent):
                self.image_count += child.image_count
                self.has_other_content |= child.has_other_content
            elif not self.has_other_content:
                self.has_other_content = not is_blank(child)

    @property
    def is_visible(self) -> bool:
        """Whether the node has visible content."""
        return self.has_other_content or self.image_count > 0


class Element(_Parent):
    """An element with its children. The values of its attributes are unescaped strings."""

    __slots__ = ("attributes", "name")

    def __init__(self, name: str, attributes: dict[str, str], children: list[Node]) -> None:
        super().__init__(children)
        self.name = name
        self.attributes = attributes
        self.has_blocks |= name in _BLOCKS
        self.image_count += name == "img"
        self.has_other_content |= name in _VISIBLE_WHEN_EMPTY


class Group(_Parent):
    """Nodes without an element around them. If ``is_settled``, all text in it is within blocks."""

    __slots__ = ("is_settled",)

    def __init__(self, children: list[Node], *, is_settled: bool = False) -> None:
        super().__init__(children)
        self.is_settled = is_settled
        self.has_blocks |= is_settled


def anchor(identifier: str) -> Element:
    """Return an invisible target for links."""
    return Element("a", {"id": identifier}, [])


def is_block(node: Node) -> bool:
    """Return whether the node is not allowed within a paragraph."""
    return isinstance(node, _Parent) and node.has_blocks


def is_blank(node: Node) -> bool:
    """Return whether the node is white space, the end of the excerpt, or a line break."""
    if isinstance(node, Text):
        return _BLANK.fullmatch(unescape(node.markup) if "&" in node.markup else node.markup) is not None
    return isinstance(node, Comment) or node is BREAK or node is LINE_EDGE


BREAK: Final = Element("br", {}, [])
"""A line break."""

LINE_EDGE: Final = Element("br", {}, [])
"""A line break if the line is not empty, else nothing."""

EXCERPT_END: Final = Comment(MORE)
"""The marker for the end of the excerpt."""


def flatten(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield the nodes, replacing each group that is not settled by its children."""
    pending = [iter(nodes)]
    while pending:
        for node in pending[-1]:
            if isinstance(node, Group) and not node.is_settled:
                pending.append(iter(node.children))
                break
            yield node
        else:
            pending.pop()


def paragraphs(nodes: Iterable[Node], attributes: dict[str, str]) -> list[Node]:
    """Return the nodes with all text between blocks in paragraphs, split at two consecutive line breaks.

    All paragraphs get the ``attributes``, but only the first has the ``id``.
    """
    blocks: list[Node] = []
    run: list[Node] = []
    breaks = 0
    for node in flatten(nodes):
        if is_block(node):
            blocks += [*_paragraph(run, attributes), node]
            run, breaks = [], 0
            continue
        run.append(node)
        if node is BREAK:
            breaks += 1
        elif not is_blank(node):
            breaks = 0
        if breaks > 1:
            blocks += _paragraph(run, attributes)
            run = []
    blocks += _paragraph(run, attributes)
    return _with_one_id(blocks) if "id" in attributes else blocks


def _paragraph(run: list[Node], attributes: dict[str, str]) -> list[Node]:
    """Return inline nodes as a trimmed paragraph. Markers in the blank nodes that are trimmed stay, outside of it."""
    start, end = 0, len(run)
    while start < end and is_blank(run[start]):
        start += 1
    while end > start and is_blank(run[end - 1]):
        end -= 1
    within = Element("p", attributes, run[start:end])
    visible = [within] if within.is_visible else find_markers(within.children)
    return [*find_markers(run[:start]), *visible, *find_markers(run[end:])]


def _with_one_id(blocks: list[Node]) -> list[Node]:
    own = [node for node in blocks if isinstance(node, Element) and node.name == "p"]
    for paragraph in own[1:]:
        paragraph.attributes = without_id(paragraph.attributes)
    return blocks


def without_id(attributes: dict[str, str]) -> dict[str, str]:
    """Return the attributes for the second and later parts of an element that is split."""
    return {key: value for key, value in attributes.items() if key != "id"}


def split_ends(nodes: Iterable[Node]) -> tuple[list[Node], list[Node], list[Node]]:
    """Split nodes into three parts: the inline nodes at the start, paragraphs and blocks, the inline nodes at the end.

    One of the nodes must be a block. An empty line ends inline text as a block does.
    """
    flat = list(flatten(nodes))
    start, end = _count_inline(flat), len(flat) - _count_inline(reversed(flat))
    return flat[:start], paragraphs(flat[start:end], {}), flat[end:]


def _count_inline(nodes: Iterable[Node]) -> int:
    """Return the number of inline nodes before the first block or empty line, without blank nodes at their end."""
    count = breaks = 0
    for number, node in enumerate(nodes, 1):
        if node is BREAK:
            breaks += 1
        elif is_block(node):
            break
        elif not is_blank(node):
            count, breaks = number, 0
        if breaks > 1:
            break
    return count


def find_markers(nodes: Iterable[Node]) -> list[Node]:
    """Return the markers in invisible nodes: the end of the excerpt, and link targets.

    The elements around them are removed: an empty cell, for example, must not remain outside its row.
    """
    markers: list[Node] = []
    pending = [*nodes][::-1]
    while pending:
        node = pending.pop()
        if isinstance(node, Comment):
            markers.append(node)
        elif isinstance(node, Element | Group):
            if isinstance(node, Element) and "id" in node.attributes:
                markers.append(anchor(node.attributes["id"]))
            pending.extend(reversed(node.children))
    return markers


def tokens_of(nodes: list[Node]) -> Iterator[Token]:
    """Yield the nodes as tokens for serialization."""
    pending: list[Node | End] = [*reversed(nodes)]
    is_line_empty = True
    while pending:
        node = pending.pop()
        if node is LINE_EDGE and is_line_empty:
            continue
        is_line_empty = _is_line_empty(node, before=is_line_empty)
        if isinstance(node, Element):
            yield Start(node.name, {key: escape(value) for key, value in node.attributes.items()})
            if node.name not in VOID:
                pending.append(End(node.name))
                pending.extend(reversed(node.children))
        elif isinstance(node, Group):
            pending.extend(reversed(node.children))
        else:
            yield node


def _is_line_empty(node: Node | End, *, before: bool) -> bool:
    """Return whether the line is empty after the node, or after the start of the element, has been written."""
    if isinstance(node, Element | End):
        return node.name == "br" or node.name in _BLOCKS or (before and node.name != "img")
    return before and (not isinstance(node, Text) or is_blank(node))
