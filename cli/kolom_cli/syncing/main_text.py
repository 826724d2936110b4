"""Find the main text of a page, without navigation, side notes and forms."""

from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from kolom_cli.syncing.html_tree import attribute, elements, text_of

_REMOVED: Final = frozenset(
    {
        *("nav", "aside", "footer", "script", "style", "template", "noscript", "form", "button", "input", "select"),
        *("textarea", "dialog", "svg", "canvas", "object", "embed", "link", "meta"),
    }
)
_ANCHOR_MARKS: Final = frozenset({"", "#", "¶", "§", "🔗", "⚓", "permalink", "anchor"})
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True, slots=True)
class MainText:
    """The regions of the main text. ``is_whole`` is True if they are the whole body, because nothing marks a part."""

    regions: list[Any]
    is_whole: bool = False

    def to_html(self) -> str:
        """Remove what is not text from the regions, and return their HTML."""
        for region in self.regions:
            _prune(region, with_header=self.is_whole)
        return "".join(
            etree.tostring(each, encoding="unicode", method="html", with_tail=False) for each in self.regions
        )

    @property
    def heading_ids(self) -> frozenset[str]:
        """The ids of the headings, and of elements in and around them."""
        return frozenset(
            value for region in self.regions for each in region.iter() if (value := str(each.get("id") or ""))
        )


def find_main_text(root: Any) -> MainText:
    """Return the main text, after removing the links of headings to themselves, such as ``¶``."""
    found = _find(root)
    for region in found.regions:
        _simplify_headings(region)
    return found


def _find(root: Any) -> MainText:
    """Return the elements with ``data-kolom-body``, else ``<main>`` or its only article, else the longest article."""
    marked = [each for each in root.iterfind(".//*[@data-kolom-body]") if _is_outermost(each)]
    if marked:
        return MainText(marked)
    mains = [each for each in root.iter() if each.tag == "main" or each.get("role") == "main"]
    articles = [each for each in elements(root, "article") if _is_used(each)]
    if mains:
        within = [each for each in articles if mains[0] in each.iterancestors() and _is_outermost_article(each)]
        return MainText([within[0] if len(within) == 1 else mains[0]])
    if articles:
        return MainText([max(articles, key=lambda each: len(text_of(each)))])
    body = root.find("body")
    return MainText([root if body is None else body], is_whole=True)


def _is_used(element: Any) -> bool:
    return element.get("data-kolom-ignore") is None and all(
        each.get("data-kolom-ignore") is None for each in element.iterancestors()
    )


def _is_outermost(element: Any) -> bool:
    return _is_used(element) and all(each.get("data-kolom-body") is None for each in element.iterancestors())


def _is_outermost_article(element: Any) -> bool:
    return all(each.tag != "article" for each in element.iterancestors())


def _prune(region: Any, *, with_header: bool) -> None:
    removed = [
        each
        for each in region.iterdescendants()
        if not isinstance(each.tag, str) or _is_removed(each) or (with_header and each.tag == "header")
    ]
    for each in removed:
        each.tail = f" {each.tail or ''}"  # the words around it are two
        each.drop_tree()


def _is_removed(element: Any) -> bool:
    return (
        element.tag in _REMOVED
        or element.tag.startswith("kolom-")
        or "data-kolom-ignore" in element.attrib
        or "hidden" in element.attrib
        or attribute(element, "aria-hidden").lower() == "true"
    )


def _simplify_headings(region: Any) -> None:
    """Remove the anchors and the links to themselves of headings, and give their ids to the headings.

    Some generators give the id to the section that begins with the heading instead.
    """
    for heading in list(elements(region, *HEADINGS)):
        for link in list(elements(heading, "a")):
            if attribute(link, "href")[:1] in {"", "#"} and text_of(link).lower() in _ANCHOR_MARKS:
                if identifier := link.get("id") or link.get("name"):
                    _set_id(heading, identifier)
                link.drop_tree()
        parent = heading.getparent()
        if parent is not None and parent.tag in {"section", "div"} and parent[0] is heading and parent.get("id"):
            _set_id(heading, parent.attrib.pop("id"))


def _set_id(heading: Any, identifier: str) -> None:
    if not heading.get("id"):
        heading.set("id", identifier)
