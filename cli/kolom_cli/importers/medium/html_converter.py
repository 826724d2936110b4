"""Convert the text of a Medium story to plain HTML.

Its headings are ``h3`` and ``h4``, which become ``h2`` and ``h3``. Sections are unwrapped, with a rule between them.
The frames of embedded posts become links, unless the renderer knows their player.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, urlsplit

from bs4.element import Tag

from kolom.rendering.element_ids import element_url
from kolom_cli.importers.common.article_matching import extract_host
from kolom_cli.importers.common.code_blocks import code_block
from kolom_cli.importers.common.html_elements import (
    attribute,
    inner_html,
    new,
    parse,
    remove_layout_markup,
    rewrite_links,
    take_children,
    unwrap,
)
from kolom_cli.importers.medium.story import id_in

_MEDIUM: Final = "medium.com"
_REDIRECT: Final = "/r/"
_MAX_SEGMENTS: Final = 2


def convert(html: str, url_of: Callable[[str], str], link_of: Callable[[str], str] | None = None) -> str:
    """Return the text as plain HTML.

    ``url_of`` returns the replacement of a URL. ``link_of``, if given, replaces the targets of links instead.
    """
    root = parse(html)
    for card in root.select(".graf--mixtapeEmbed"):
        _replace_card(card)
    for number, divider in enumerate(root.select("hr.section-divider")):
        if number == 0 and not _has_text_before(divider):
            divider.decompose()
    for before, after in (("h3", "h2"), ("h4", "h3")):
        for heading in root.find_all(before):
            heading.name = after
    for block in root.find_all("pre"):
        _replace_code(block)
    unwrap(root, "span")
    rewrite_links(root, url_of, link_of)
    remove_layout_markup(root)
    return inner_html(root)


def is_of_medium(host: str) -> bool:
    """Return whether the host is one of Medium's own, not that of a publication with its own domain."""
    return host == _MEDIUM or host.endswith(f".{_MEDIUM}")


def own_link(paths: dict[str, str], hosts: set[str]) -> Callable[[str], str]:
    """Return the function that makes links to the author's own stories relative, and removes redirects over Medium.

    ``paths`` are the new paths of the stories by their ids; ``hosts`` are the hosts of their canonical URLs.
    """

    def replaced(url: str) -> str:
        url = without_redirect(url)
        host = extract_host(url)
        if not host or not (is_of_medium(host) or host in hosts):
            return url
        parts = urlsplit(url)
        path = paths.get(id_in(parts.path)) if parts.path.strip("/").count("/") < _MAX_SEGMENTS else None
        return url if path is None else element_url(path, parts.fragment)

    return replaced


def without_redirect(url: str) -> str:
    """Return the target of a redirect: ``https://medium.com/r/?url=https%3A%2F%2Fexample.org``."""
    if is_of_medium(extract_host(url)) and urlsplit(url).path == _REDIRECT:
        target = parse_qs(urlsplit(url).query).get("url", [""])[0]
        return target if target.startswith(("http://", "https://")) else url
    return url


def _has_text_before(divider: Tag) -> bool:
    return any(str(each).strip() for each in divider.find_all_previous(string=True)) or (
        divider.find_previous(["img", "iframe"]) is not None
    )


def _replace_card(card: Tag) -> None:
    """Replace the preview of another page by a link with its title and description."""
    link = card.select_one("a.markup--anchor") or card.find("a", href=True)
    if isinstance(link, Tag):
        card.replace_with(new("p", new("a", *take_children(link), href=attribute(link, "href"))))


def _replace_code(block: Tag) -> None:
    for line_break in block.find_all("br"):
        line_break.replace_with("\n")
    classes = block.get("class")
    language = next((each for each in classes if each.startswith("language-")), "") if isinstance(classes, list) else ""
    written = parse(code_block(block.get_text(), language.removeprefix("language-"), "html"))
    block.replace_with(*take_children(written))
