"""Change the HTML of other systems' editors as a tree of elements, before :mod:`kolom.rendering.renderer` sanitizes it.

The markup is made canonical first, so that the tree has limited depth, and building it takes linear time for any input.
"""

from collections.abc import Callable, Iterable
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from kolom.rendering.html_tokenizer import VOID, Token, names, serialize, tokenize
from kolom.rendering.sanitizer import normalize_html
from kolom.rendering.tag_balancer import balance

_BLOCKS: Final = names(
    "address article aside audio blockquote details div dl figure footer h1 h2 h3 h4 h5 h6 header hr iframe ol p pre "
    "section table ul video"
)
_ONLY_PHRASES: Final = names("a figcaption h1 h2 h3 h4 h5 h6 p span summary")
"""Elements in which a paragraph is not allowed."""

_MEDIA: Final = ["audio", "hr", "iframe", "img", "video"]


def parse(markup: str, prepare: Callable[[Iterable[Token]], Iterable[Token]] = iter) -> Tag:
    """Return the element that contains the markup. Only classes, and what an article may have, are kept.

    ``prepare`` changes the tokens before all other attributes are removed.
    """
    canonical = normalize_html(serialize(balance(prepare(tokenize(markup)))))
    # Without an element around it, BeautifulSoup may take plain text for the name of a file.
    root = BeautifulSoup(f"<div>{canonical}</div>", "html.parser").div
    assert root is not None
    return root


def inner_html(element: Tag) -> str:
    """Return the markup within the element."""
    return element.decode_contents(formatter="minimal")


def extract_text(element: Tag | None) -> str:
    """Return the text of the element on one line; empty if there is no element."""
    return " ".join(element.get_text(" ").split()) if element is not None else ""


def attribute(element: Tag | None, name: str) -> str:
    """Return the value of the attribute; empty if the element or the attribute is missing."""
    value = element.get(name) if element is not None else None
    return value.strip() if isinstance(value, str) else ""


def new(name: str, *children: PageElement | str, **attributes: str) -> Tag:
    """Return a new element."""
    element = Tag(name=name, attrs=dict(attributes), can_be_empty_element=name in VOID)
    for child in children:
        element.append(child)
    return element


def take_children(element: Tag | None) -> list[PageElement]:
    """Remove the children of the element and return them."""
    return [child.extract() for child in list(element.children)] if element is not None else []


def remove(root: Tag, selector: str) -> int:
    """Remove the elements that match; return their number."""
    found = [element for element in root.select(selector) if not element.decomposed]
    for element in found:
        if not element.decomposed:
            element.decompose()
    return len(found)


def unwrap(root: Tag, selector: str) -> None:
    """Replace the elements that match by their children."""
    for element in root.select(selector):
        element.unwrap()


def figure(images: Iterable[PageElement], caption: Tag | None) -> Tag:
    """Return a figure of the images, with the caption if it has visible content."""
    shown = new("figure", *images)
    if caption is not None and is_visible(caption):
        shown.append(new("figcaption", *take_children(caption)))
    return shown


def link_paragraph(href: str, title: str, text: str = "") -> Tag:
    """Return a paragraph with a link, and ``text`` on a second line."""
    paragraph = new("p", new("a", title or href, href=href) if href else title)
    if text and text != title:
        paragraph.extend([new("br"), text])
    return paragraph


def is_visible(element: Tag) -> bool:
    """Return whether the element has text or media."""
    return bool(element.get_text(strip=True)) or element.name in _MEDIA or element.find(_MEDIA) is not None


def rewrite_links(root: Tag, url_of: Callable[[str], str], link_of: Callable[[str], str] | None = None) -> None:
    """Replace the target of each link, and the URL of each image, audio file and video, by what ``url_of`` returns.

    ``link_of``, if given, replaces the targets of links instead.
    """
    for element in root.find_all(["a", "audio", "iframe", "img", "source", "video"]):
        name, replacement = ("href", link_of or url_of) if element.name == "a" else ("src", url_of)
        if value := attribute(element, name):
            element[name] = replacement(value)


def remove_layout_markup(root: Tag) -> None:
    """Remove what only the layout of the source needs: divisions, empty paragraphs, image sizes and unused ids.

    A division with text becomes a paragraph.
    """
    for image in root.find_all("img"):
        for name in ("srcset", "sizes"):
            image.attrs.pop(name, None)
    for source in root.find_all("source"):
        if source.parent is None or source.parent.name not in {"audio", "video"}:
            source.decompose()
    unwrap(root, "picture")
    targets = {attribute(link, "href").removeprefix("#") for link in root.select("a[href^='#']")}
    for element in root.select("[id], a[name]"):
        for name in ("id", "name"):
            if attribute(element, name) not in targets:
                element.attrs.pop(name, None)
    for element in root.find_all(True):
        _drop_style(element)
    for division in reversed(root.find_all(["div", "section"])):
        _tidy_division(division)
    _wrap_lines(root)
    for paragraph in root.find_all("p"):
        if not is_visible(paragraph) and paragraph.find(id=True) is None and not paragraph.get("id"):
            paragraph.decompose()


def _is_visible_node(node: PageElement) -> bool:
    return is_visible(node) if isinstance(node, Tag) else isinstance(node, NavigableString) and bool(node.strip())


def _wrap_lines(root: Tag) -> None:
    """Put the text and links that are not within a block into paragraphs."""
    paragraph: Tag | None = None
    for child in list(root.children):
        if _is_block(child):
            paragraph = None
        elif paragraph is not None:
            paragraph.append(child.extract())
        elif _is_visible_node(child):
            paragraph = new("p")
            child.insert_before(paragraph)
            paragraph.append(child.extract())


def _drop_style(element: Tag) -> None:
    """Remove what the renderer would ignore: classes and styles, and spans that have nothing else."""
    classes = element.get("class")
    kept = [each for each in classes if each.startswith("language-")] if isinstance(classes, list) else []
    element.attrs.pop("class", None)
    if kept:
        element["class"] = " ".join(kept)
    if "text-align" not in attribute(element, "style"):
        element.attrs.pop("style", None)
    if element.name == "span" and not element.attrs:
        element.unwrap()


def _tidy_division(division: Tag) -> None:
    has_blocks = any(_is_block(child) for child in division.children)
    text = division.get_text(strip=True)
    has_text = any(map(_is_visible_node, division.children))
    only_images = not text and division.find_parent("figure") is not None
    if has_blocks or not has_text or only_images or division.find_parent(list(_ONLY_PHRASES)) is not None:
        if text and not _is_block(division.previous_sibling):
            division.insert_before(" ")
        if text and not _is_block(division.next_sibling):
            division.insert_after(" ")
        division.unwrap()
    else:
        division.name = "p"


def _is_block(node: PageElement | None) -> bool:
    """Return whether the node separates the words before and after it: it is a block, or there is no node."""
    return node is None or (isinstance(node, Tag) and node.name in _BLOCKS)
