"""Convert the HTML of Substack's editor to plain HTML.

Some elements are empty, and their content is JSON in the attribute ``data-attrs``: embedded posts, galleries, formulas.
The others are standard elements within layout. Forms and buttons to subscribe, share and comment are removed, since
they belong to Substack.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from bs4.element import Tag

from kolom.rendering.element_ids import element_url
from kolom.rendering.html_tokenizer import End, Start, Text, Token, escape, unescape
from kolom_cli.importers.common.article_matching import extract_host
from kolom_cli.importers.common.html_elements import (
    attribute,
    extract_text,
    inner_html,
    link_paragraph,
    parse,
    remove,
    remove_layout_markup,
    rewrite_links,
    take_children,
    unwrap,
)

_GATED: Final = re.compile(r"\bdata-dynamic-audiences\s*=|\bclass\s*=\s*[\"'][^\"'>]{0,200}\bpaywall-jump\b")
_REPLACEMENT: Final = "import-replacement"
_LAYOUT: Final = (
    ".subscription-widget-wrap, .subscription-widget-wrap-editor, .subscription-widget, .subscribe-widget, "
    ".image-link-expand, .paywall-jump, .community-chat, .install-substack-app-embed, .header-anchor-parent, "
    ".header-anchor-widget"
)
_OWN_BUTTON: Final = re.compile(
    r"%%|[?&](?:action=share|gift=true)|//[\w.-]+\.substack\.com/(?:subscribe|leaderboard|p/[^/?]+/comments)\b"
)
_IMAGE_HOSTS: Final = re.compile(
    r"substackcdn\.com|cdn\.substack\.com|(?:substack-post-media|bucketeer-[\w-]+)\.s3\.[\w.-]*amazonaws\.com"
)
_HOSTED: Final = {"native-video-embed": "a video", "native-audio-embed": "an audio file", "poll-embed": "a poll"}


def is_restricted(html: str) -> bool:
    """Return whether parts of a public post are only for some readers."""
    return _GATED.search(html) is not None


def convert(
    html: str, url_of: Callable[[str], str], link_of: Callable[[str], str] | None = None
) -> tuple[str, list[str]]:
    """Return the post as plain HTML, and notes about the parts that have no equivalent.

    ``url_of`` returns the replacement of a URL. ``link_of``, if given, replaces the targets of links instead.
    """
    root = parse(html, _with_replacements)
    for replacement in root.select(f".{_REPLACEMENT}"):
        wrapper = replacement.parent
        if wrapper is not None and wrapper is not root:
            wrapper.replace_with(*take_children(replacement))
    notes = [
        f"removed {what} that Substack hosts"
        for name, what in _HOSTED.items()
        if name in html and remove(root, f".{name}")
    ]
    remove(root, _LAYOUT)
    for button in root.select(".button-wrapper, .captioned-button-wrap"):
        _replace_button(button)
    for link in root.select("a:has(img)"):
        if _IMAGE_HOSTS.fullmatch(extract_host(attribute(link, "href"))):
            link.unwrap()  # it only leads to a larger version of the image
    for embed in root.select(".file-embed-wrapper"):
        href = attribute(embed.select_one("a.file-embed-button") or embed.find("a"), "href")
        embed.replace_with(link_paragraph(href, extract_text(embed.select_one(".file-embed-details-h1"))))
    for quotation in root.select("div.pullquote"):
        quotation.name = "blockquote"
    for note in root.select("div.footnote"):
        _simplify_footnote(note)
    unwrap(root, "div.preformatted-block")
    rewrite_links(root, url_of, link_of)
    remove_layout_markup(root)
    return inner_html(root), notes


def _replace_button(button: Tag) -> None:
    if button.decomposed:
        return
    link = button.find("a")
    href = attribute(link if isinstance(link, Tag) else None, "href")
    if not href or _OWN_BUTTON.search(unescape(href)):
        button.decompose()
    else:
        button.replace_with(link_paragraph(href, extract_text(button)))


def _simplify_footnote(note: Tag) -> None:
    """Put the number of a footnote at the beginning of its text."""
    number, content = note.select_one("a.footnote-number"), note.select_one(".footnote-content")
    first = content.find("p") if content else None
    if number is not None and isinstance(first, Tag):
        first.insert(0, number.extract())
        number.insert_after(" ")


def _with_replacements(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens; within each element whose content is JSON, markup of that content comes first."""
    for token in tokens:
        match token:
            case Start("label", _):
                yield Start("template", {})  # an explanation of the editor, which is removed with its content
            case End("label"):
                yield End("template")
            case Start(name, attributes) if "data-attrs" in attributes:
                yield token
                yield from _replacement(name, attributes)
            case _:
                yield token


def _replacement(name: str, attributes: dict[str, str]) -> Iterator[Token]:
    classes = set(attributes.get("class", "").split())
    written = next((write for each, write in _EMBEDS.items() if each in classes), None)
    if written is None or name not in {"div", "p", "span"}:
        return
    try:
        data = json.loads(unescape(attributes["data-attrs"]))
    except (ValueError, RecursionError):
        return
    if isinstance(data, dict) and (inner := list(written(data))):
        yield Start("div", {"class": _REPLACEMENT})
        yield from inner
        yield End("div")


def _text(data: dict[str, Any], *names: str) -> str:
    return next((value for name in names if isinstance(value := data.get(name), str) and value.strip()), "")


def _element(name: str, *children: Token, **attributes: str) -> list[Token]:
    return [Start(name, {key: escape(value) for key, value in attributes.items()}), *children, End(name)]


def _link(data: dict[str, Any]) -> list[Token]:
    href = _text(data, "url", "canonical_url", "link")
    title = _text(data, "title", "name", "publication_name") or href
    return _element("p", *_element("a", Text(escape(title)), href=href)) if href else []


def _tweet(data: dict[str, Any]) -> list[Token]:
    href, said = _text(data, "url"), _text(data, "full_text", "text")
    author = _text(data, "name", "username") or href
    if not href:
        return []
    source = _element("p", Text("— "), *_element("a", Text(escape(author)), href=href))
    return _element("blockquote", *(_element("p", Text(escape(said))) if said else []), *source)


def _gallery(data: dict[str, Any]) -> list[Token]:
    gallery = data.get("gallery")
    if not isinstance(gallery, dict) or not isinstance(gallery.get("images"), list):
        return []
    shown: list[Token] = []
    for image in gallery["images"]:
        if isinstance(image, dict) and _text(image, "src"):
            alternative = escape(_text(image, "alt") or _text(gallery, "alt"))
            shown.append(Start("img", {"src": escape(_text(image, "src")), "alt": alternative}))
    caption = _text(gallery, "caption")
    return _element("figure", *shown, *(_element("figcaption", Text(escape(caption))) if caption else []))


def _formula(data: dict[str, Any]) -> list[Token]:
    formula = _text(data, "persistentExpression")
    return _element("p", *_element("code", Text(escape(formula)))) if formula else []


def _image(data: dict[str, Any]) -> list[Token]:
    source = _text(data, "src")
    alternative = _text(data, "alt", "title")
    return _element("figure", Start("img", {"src": escape(source), "alt": escape(alternative)})) if source else []


_EMBEDS: Final[dict[str, Callable[[dict[str, Any]], list[Token]]]] = {
    "digest-post-embed": _link,
    "embedded-post-wrap": _link,
    "embedded-publication-wrap": _link,
    "image-gallery-embed": _gallery,
    "image3": _image,
    "latex-rendered": _formula,
    "tweet": _tweet,
    "twitter-embed": _tweet,
}


def own_link(slugs: set[str], hosts: frozenset[str], newsletter: str) -> Callable[[str], str]:
    """Return the function that makes links to the newsletter's own posts relative.

    ``hosts`` are its known hosts. If none is known, any host of Substack counts: other newsletters rarely have a post
    of the same name.
    """

    def replaced(url: str) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        host, path = extract_host(url), unquote(parts.path).rstrip("/")
        is_shared = host == "open.substack.com" and path.startswith(f"/pub/{newsletter}/" if newsletter else "/pub/")
        if is_shared and (newsletter or not hosts):
            path = f"/{path.split('/', 3)[3]}" if path.count("/") > 2 else path
        elif not (host in hosts if hosts else host.endswith(".substack.com")):
            return url
        if path.removeprefix("/p/") not in slugs or not path.startswith("/p/"):
            return url
        return element_url(path, parts.fragment)

    return replaced
