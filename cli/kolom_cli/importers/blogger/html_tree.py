"""A post's markup as a tree that is built from the inside out: what stands within an element is final when it ends.

Nothing in the tree is ever moved or looked for. An element knows what it shows as soon as it is made, and what loses
its element becomes a :class:`Group`, which its parent does not look into again. So all of this takes time in proportion
to the markup, however wide or deep that is.
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
_SEEN_WHEN_EMPTY: Final = names("audio hr iframe table video")
_BLANK: Final = re.compile(r"[\s\u00a0\u200b\ufeff]*")

type Node = Text | Comment | Element | Group


class _Parent:
    """What holds nodes: whether a block is in it, how many pictures it shows, and whether it shows anything else."""

    __slots__ = ("children", "has_blocks", "pictures", "shows_more")

    def __init__(self, children: list[Node]) -> None:
        self.children = children
        self.has_blocks = any(map(is_block, children))
        self.pictures = 0
        self.shows_more = False
        for child in children:
            if isinstance(child, _Parent):
                self.pictures += child.pictures
                self.shows_more |= child.shows_more
            elif not self.shows_more:
                self.shows_more = not is_blank(child)

    @property
    def is_seen(self) -> bool:
        """Whether it shows anything."""
        return self.shows_more or self.pictures > 0


class Element(_Parent):
    """An element with all that is in it. The values of its attributes are plain strings."""

    __slots__ = ("attributes", "name")

    def __init__(self, name: str, attributes: dict[str, str], children: list[Node]) -> None:
        super().__init__(children)
        self.name = name
        self.attributes = attributes
        self.has_blocks |= name in _BLOCKS
        self.pictures += name == "img"
        self.shows_more |= name in _SEEN_WHEN_EMPTY


class Group(_Parent):
    """Nodes without an element around them. In one that is ``settled`` no text stands loose between the blocks."""

    __slots__ = ("is_settled",)

    def __init__(self, children: list[Node], *, is_settled: bool = False) -> None:
        super().__init__(children)
        self.is_settled = is_settled
        self.has_blocks |= is_settled


def anchor(identifier: str) -> Element:
    """A place in the text that links lead to, and that shows nothing."""
    return Element("a", {"id": identifier}, [])


def is_block(node: Node) -> bool:
    """Whether it cannot stand within a paragraph."""
    return isinstance(node, _Parent) and node.has_blocks


def is_blank(node: Node) -> bool:
    """Whether it is white space, the mark that ends the excerpt, or a line's end."""
    if isinstance(node, Text):
        return _BLANK.fullmatch(unescape(node.markup) if "&" in node.markup else node.markup) is not None
    return isinstance(node, Comment) or node is BREAK or node is LINE_EDGE


BREAK: Final = Element("br", {}, [])
"""A line's end."""

LINE_EDGE: Final = Element("br", {}, [])
"""A line's end if there is anything on the line, else nothing."""

EXCERPT_END: Final = Comment(MORE)
"""The mark that ends the excerpt."""


def flatten(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes, with those of groups that are not settled in their places."""
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
    """The nodes with all that stands loose between blocks in paragraphs, which two line breaks in a row separate.

    All paragraphs get the ``attributes``, of which only the first has the ``id``.
    """
    made: list[Node] = []
    run: list[Node] = []
    breaks = 0
    for node in flatten(nodes):
        if is_block(node):
            made += [*_paragraph(run, attributes), node]
            run, breaks = [], 0
            continue
        run.append(node)
        if node is BREAK:
            breaks += 1
        elif not is_blank(node):
            breaks = 0
        if breaks > 1:
            made += _paragraph(run, attributes)
            run = []
    made += _paragraph(run, attributes)
    return _with_one_id(made) if "id" in attributes else made


def _paragraph(run: list[Node], attributes: dict[str, str]) -> list[Node]:
    """What stands loose, as a paragraph without blanks at its ends; the excerpt's end comes before or after it."""
    start, end = 0, len(run)
    while start < end and is_blank(run[start]):
        start += 1
    while end > start and is_blank(run[end - 1]):
        end -= 1
    within = Element("p", attributes, run[start:end])
    shown = [within] if within.is_seen else marks(within.children)
    return [*marks(run[:start]), *shown, *marks(run[end:])]


def _with_one_id(made: list[Node]) -> list[Node]:
    own = [node for node in made if isinstance(node, Element) and node.name == "p"]
    for paragraph in own[1:]:
        paragraph.attributes = without_id(paragraph.attributes)
    return made


def without_id(attributes: dict[str, str]) -> dict[str, str]:
    """The attributes of all but the first of several elements that one element becomes."""
    return {key: value for key, value in attributes.items() if key != "id"}


def ends_apart(nodes: Iterable[Node]) -> tuple[list[Node], list[Node], list[Node]]:
    """Nodes with blocks among them in three parts: the running text before and after, and paragraphs of all between.

    An empty line ends running text as a block does.
    """
    whole = list(flatten(nodes))
    start, end = _running(whole), len(whole) - _running(reversed(whole))
    return whole[:start], paragraphs(whole[start:end], {}), whole[end:]


def _running(nodes: Iterable[Node]) -> int:
    """How many of the nodes are running text that stands before the first block or empty line."""
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


def marks(nodes: Iterable[Node]) -> list[Node]:
    """What is left of nodes that show nothing: the mark of the excerpt's end, and places that links lead to.

    The elements around these go: an empty cell, for example, must not remain outside its row.
    """
    left: list[Node] = []
    pending = [*nodes][::-1]
    while pending:
        node = pending.pop()
        if isinstance(node, Comment):
            left.append(node)
        elif isinstance(node, Element | Group):
            if isinstance(node, Element) and "id" in node.attributes:
                left.append(anchor(node.attributes["id"]))
            pending.extend(reversed(node.children))
    return left


def tokens_of(nodes: list[Node]) -> Iterator[Token]:
    """The nodes as tokens, to be written."""
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
    """Whether nothing stands on the line once the node, or the beginning of the element, has been written."""
    if isinstance(node, Element | End):
        return node.name == "br" or node.name in _BLOCKS or (before and node.name != "img")
    return before and (not isinstance(node, Text) or is_blank(node))
