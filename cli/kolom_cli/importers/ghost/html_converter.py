"""Convert the HTML of Ghost's editor to plain HTML: its cards become standard elements.

| card | becomes |
|---|---|
| image, gallery | figure with its caption |
| bookmark, file, button | paragraph with a link |
| product | image, title and description, then a paragraph with a link |
| callout | aside |
| toggle | details |
| audio, video | player with its title or caption |
| embed, code, HTML | as they are; the renderer allows players of known hosts, and replaces others by links |
| sign-up form | removed |

Ghost shows the text between ``kg-gated-block`` comments only to some readers; :func:`is_restricted` detects it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from bs4.element import Tag

from kolom.rendering.html_tokenizer import Start, Token
from kolom_cli.importers.common.article_matching import extract_host
from kolom_cli.importers.common.html_elements import (
    attribute,
    extract_text,
    figure,
    inner_html,
    link_paragraph,
    new,
    parse,
    remove,
    remove_layout_markup,
    rewrite_links,
    take_children,
    unwrap,
)

_GATED: Final = re.compile(r"<!--\s{0,9}kg-gated-block:begin\b([^>]{0,500})>")
_FOR_ALL: Final = re.compile(r"\bnonMember:\s?true\b", re.IGNORECASE)
_WIDGET_HOSTS: Final = frozenset(("platform.twitter.com", "platform.x.com", "instagram.com"))
"""The scripts of these hosts only change the look of a quotation, which is complete without them."""


def is_restricted(html: str) -> bool:
    """Return whether parts of a public post are only for members."""
    return any(not _FOR_ALL.search(match[1]) for match in _GATED.finditer(html))


def convert(
    html: str, url_of: Callable[[str], str], link_of: Callable[[str], str] | None = None
) -> tuple[str, list[str]]:
    """Return the post as plain HTML, and notes about the parts that have no equivalent.

    ``url_of`` returns the replacement of a URL. ``link_of``, if given, replaces the targets of links instead.
    """
    scripts: list[str] = []
    root = parse(html, _collecting_scripts(scripts))
    notes = []
    for name, replacement in _CARDS.items():
        for card in root.select(f".{name}") if name in html else ():
            if not card.decomposed:
                card.replace_with(replacement(card))
    if remove(root, ".kg-signup-card"):
        notes.append("removed a sign-up form")
    unwrap(root, ".kg-gallery-image, .kg-gallery-row, .kg-gallery-container")
    rewrite_links(root, url_of, link_of)
    remove_layout_markup(root)
    if scripts:
        notes.append("removed a script")
    return inner_html(root), notes


def _collecting_scripts(lost: list[str]) -> Callable[[Iterable[Token]], Iterator[Token]]:
    """Return a function that yields the tokens and appends to ``lost`` the URLs of scripts that are not widgets."""

    def collecting(tokens: Iterable[Token]) -> Iterator[Token]:
        for token in tokens:
            if isinstance(token, Start) and token.name == "script":
                source = token.attributes.get("src", "")
                if extract_host(source) not in _WIDGET_HOSTS:
                    lost.append(source)
            yield token

    return collecting


def _bookmark(card: Tag) -> Tag:
    href = attribute(card.select_one("a.kg-bookmark-container") or card.find("a"), "href")
    title = extract_text(card.select_one(".kg-bookmark-title"))
    return link_paragraph(href, title, extract_text(card.select_one(".kg-bookmark-description")))


def _callout(card: Tag) -> Tag:
    emoji = extract_text(card.select_one(".kg-callout-emoji"))
    text = new("p", f"{emoji} " if emoji else "", *take_children(card.select_one(".kg-callout-text")))
    return new("aside", text)


def _toggle(card: Tag) -> Tag:
    summary = new("summary", *take_children(card.select_one(".kg-toggle-heading-text")))
    content = card.select_one(".kg-toggle-content")
    return new("details", summary, *take_children(content))


def _button(card: Tag) -> Tag:
    return link_paragraph(attribute(card.find("a"), "href"), extract_text(card))


def _file(card: Tag) -> Tag:
    href = attribute(card.select_one("a.kg-file-card-container") or card.find("a"), "href")
    title = extract_text(card.select_one(".kg-file-card-title")) or extract_text(
        card.select_one(".kg-file-card-filename")
    )
    return link_paragraph(href, title, extract_text(card.select_one(".kg-file-card-caption")))


def _audio(card: Tag) -> Tag:
    return figure(card.find_all("audio", limit=1), card.select_one(".kg-audio-title"))


def _video(card: Tag) -> Tag:
    return figure(card.find_all("video", limit=1), card.find("figcaption"))


def _product(card: Tag) -> Tag:
    shown = new("section", *card.select("img.kg-product-card-image"))
    if title := extract_text(card.select_one(".kg-product-card-title")):
        shown.append(new("p", new("strong", title)))
    shown.extend(take_children(card.select_one(".kg-product-card-description")))
    if button := card.select_one("a.kg-product-card-button"):
        shown.append(link_paragraph(attribute(button, "href"), extract_text(button)))
    return shown


_CARDS: Final[dict[str, Callable[[Tag], Tag]]] = {
    "kg-bookmark-card": _bookmark,
    "kg-callout-card": _callout,
    "kg-toggle-card": _toggle,
    "kg-button-card": _button,
    "kg-file-card": _file,
    "kg-audio-card": _audio,
    "kg-video-card": _video,
    "kg-product-card": _product,
}
