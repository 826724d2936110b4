"""Convert the formats of Ghost's editors to HTML: Lexical, and Mobiledoc 0.3. Some posts of an export have no HTML.

The formats are described at https://lexical.dev/docs/concepts/nodes and
https://github.com/bustle/mobiledoc-kit/blob/master/MOBILEDOC.md. Their cards are those of Ghost's editor.
"""

import json
from collections.abc import Callable, Mapping
from html import escape
from itertools import pairwise
from typing import Any, Final

from kolom.rendering.markdown import to_html
from kolom_cli.importers.common.code_blocks import code_block

_FORMATS: Final = {
    1: "strong",
    2: "em",
    4: "s",
    8: "u",
    16: "code",
    32: "sub",
    64: "sup",
    128: "mark",
}
_MAX_DEPTH: Final = 50
_BLOCK_TAGS: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "aside", "ul", "ol"))
_MARKUP_TAGS: Final = frozenset(("a", "b", "code", "em", "i", "s", "strong", "sub", "sup", "u"))
_NOT_ON_THE_WEB: Final = frozenset(("email", "email-cta", "emailCta", "paywall", "signup"))

_TEXT_SECTION, _IMAGE_SECTION, _LIST_SECTION, _CARD_SECTION = 1, 2, 3, 10


def html_of_lexical(text: str) -> tuple[str, list[str]]:
    """Return the HTML of a Lexical document, and notes about unknown nodes; empty if it is not valid."""
    document = _parsed(text)
    root = document.get("root")
    unknown: set[str] = set()
    return (_lexical(root, unknown, 0), _notes(unknown)) if isinstance(root, dict) else ("", [])


def html_of_mobiledoc(text: str) -> tuple[str, list[str]]:
    """Return the HTML of a Mobiledoc document, and notes about unknown cards; empty if it is not valid."""
    document = _parsed(text)
    unknown: set[str] = set()
    sections = [_section(section, document, unknown) for section in _list(document.get("sections"))]
    return "\n".join(sections), _notes(unknown)


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _notes(unknown: set[str]) -> list[str]:
    return [f"removed cards that are not supported: {', '.join(sorted(unknown))}"] if unknown else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _lexical(node: dict[str, Any], unknown: set[str], depth: int) -> str:
    children = [child for child in _list(node.get("children")) if isinstance(child, dict)]
    inner = "".join(_lexical(child, unknown, depth + 1) for child in children) if depth < _MAX_DEPTH else ""
    kind = _text(node.get("type")).removeprefix("extended-")
    match kind:
        case "root":
            return inner
        case "text" | "code-highlight":
            return _formatted(escape(_text(node.get("text")), quote=False), node.get("format"))
        case "linebreak":
            return "<br>"
        case "tab":
            return "\t"
        case "paragraph":
            return f"<p>{inner}</p>\n"
        case "heading" if (tag := _text(node.get("tag"))) in _BLOCK_TAGS:
            return f"<{tag}>{inner}</{tag}>\n"
        case "quote" | "aside":
            return f"<blockquote><p>{inner}</p></blockquote>\n"
        case "list":
            name = "ol" if node.get("listType") == "number" else "ul"
            return f"<{name}>{inner}</{name}>\n"
        case "listitem":
            return f"<li>{inner}</li>"
        case "link" | "autolink" | "at-link":
            return f'<a href="{escape(_text(node.get("url")))}">{inner}</a>'
        case _:
            return _gated(node, _card(kind, node, unknown) or inner)


def _gated(node: dict[str, Any], html: str) -> str:
    """Mark a card that is not for all readers, as Ghost does in its HTML."""
    visibility = node.get("visibility")
    web = visibility.get("web") if isinstance(visibility, dict) else None
    is_restricted = isinstance(web, dict) and web.get("nonMember") is False
    if is_restricted or (isinstance(visibility, dict) and visibility.get("showOnWeb") is False):
        return f"<!--kg-gated-block:begin nonMember:false -->{html}<!--kg-gated-block:end-->"
    return html


def _formatted(html: str, formats: Any) -> str:
    for bit, name in _FORMATS.items():
        if isinstance(formats, int) and formats & bit:
            html = f"<{name}>{html}</{name}>"
    return html


def _section(section: Any, document: dict[str, Any], unknown: set[str]) -> str:
    match section:
        case [kind, str(tag), list(markers), *_] if kind == _TEXT_SECTION and tag.lower() in _BLOCK_TAGS:
            return f"<{tag}>{_markers(markers, document)}</{tag}>"
        case [kind, str(source), *_] if kind == _IMAGE_SECTION:
            return f'<figure><img src="{escape(source)}"></figure>'
        case [kind, str(tag), list(items), *_] if kind == _LIST_SECTION and tag.lower() in _BLOCK_TAGS:
            written = "".join(f"<li>{_markers(item, document)}</li>" for item in items if isinstance(item, list))
            return f"<{tag}>{written}</{tag}>"
        case [kind, int(index), *_] if kind == _CARD_SECTION:
            match _at(document.get("cards"), index):
                case [str(name), dict(payload), *_]:
                    return _card(name.removeprefix("card-"), payload, unknown)
                case _:
                    return ""
        case _:
            return ""


def _at(values: Any, index: int) -> Any:
    values = _list(values)
    return values[index] if 0 <= index < len(values) else None


def _markers(markers: list[Any], document: dict[str, Any]) -> str:
    written, is_open = [], []
    for marker in markers:
        match marker:
            case [int(kind), list(opened), int(closed), value, *_]:
                for index in opened:
                    name, tag = _markup(_at(document.get("markups"), index) if isinstance(index, int) else None)
                    is_open.append(name)
                    written.append(tag)
                written.append(escape(_text(value), quote=False) if kind == 0 else _atom(document, value))
                for _ in range(min(closed, len(is_open))):
                    name = is_open.pop()
                    written.append(f"</{name}>" if name else "")
            case _:
                pass
    return "".join(written)


def _markup(markup: Any) -> tuple[str, str]:
    """Return the name and the start tag of a markup; both are empty if it is unknown."""
    match markup:
        case [str(name), *rest] if name.lower() in _MARKUP_TAGS:
            attributes = _list(rest[0]) if rest else []
            target = next((value for key, value in pairwise(attributes) if key == "href"), "")
            return name, f'<{name} href="{escape(_text(target))}">' if name.lower() == "a" else f"<{name}>"
        case _:
            return "", ""


def _atom(document: dict[str, Any], index: Any) -> str:
    match _at(document.get("atoms"), index) if isinstance(index, int) else None:
        case ["soft-return", *_]:
            return "<br>"
        case [_, str(text), *_]:
            return escape(text, quote=False)
        case _:
            return ""


def _card(name: str, payload: Mapping[str, Any], unknown: set[str]) -> str:
    """Return the HTML of a card, whose content both formats write in the same way."""
    if name in _NOT_ON_THE_WEB:
        return ""
    if name not in _CARDS:
        unknown.add(name or "?")
        return ""
    return _CARDS[name](payload) + "\n"


def _image(payload: Mapping[str, Any]) -> str:
    tag = f'<img src="{escape(_text(payload.get("src")))}" alt="{escape(_text(payload.get("alt")))}">'
    if href := _text(payload.get("href")):
        tag = f'<a href="{escape(href)}">{tag}</a>'
    return f"<figure>{tag}{_caption(payload)}</figure>"


def _gallery(payload: Mapping[str, Any]) -> str:
    images = [image for image in _list(payload.get("images")) if isinstance(image, dict)]
    tags = [f'<img src="{escape(_text(each.get("src")))}" alt="{escape(_text(each.get("alt")))}">' for each in images]
    return f"<figure>{''.join(tags)}{_caption(payload)}</figure>"


def _caption(payload: Mapping[str, Any]) -> str:
    caption = _text(payload.get("caption"))  # markup
    return f"<figcaption>{caption}</figcaption>" if caption else ""


def _bookmark(payload: Mapping[str, Any]) -> str:
    metadata = payload.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    url = _text(payload.get("url")) or _text(metadata.get("url"))
    title = _text(metadata.get("title")) or _text(payload.get("title")) or url
    description = _text(metadata.get("description")) or _text(payload.get("description"))
    return _link(url, title) + (f"<p>{escape(description, quote=False)}</p>" if description else "")


def _link(url: str, title: str) -> str:
    return f'<p><a href="{escape(url)}">{escape(title or url, quote=False)}</a></p>'


def _callout(payload: Mapping[str, Any]) -> str:
    emoji = escape(_text(payload.get("calloutEmoji")), quote=False)
    return f"<aside><p>{emoji} {_text(payload.get('calloutText'))}</p></aside>"


def _toggle(payload: Mapping[str, Any]) -> str:
    return f"<details><summary>{_text(payload.get('heading'))}</summary>{_text(payload.get('content'))}</details>"


def _player(name: str) -> Callable[[Mapping[str, Any]], str]:
    def player(payload: Mapping[str, Any]) -> str:
        return f'<figure><{name} src="{escape(_text(payload.get("src")))}"></{name}>{_caption(payload)}</figure>'

    return player


def _header(payload: Mapping[str, Any]) -> str:
    subheader = _text(payload.get("subheader"))
    return f"<h2>{_text(payload.get('header'))}</h2>" + (f"<p>{subheader}</p>" if subheader else "")


_CARDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "audio": _player("audio"),
    "bookmark": _bookmark,
    "button": lambda card: _link(_text(card.get("buttonUrl")), _text(card.get("buttonText"))),
    "callout": _callout,
    "code": lambda card: code_block(_text(card.get("code")), _text(card.get("language")), "html"),
    "codeblock": lambda card: code_block(_text(card.get("code")), _text(card.get("language")), "html"),
    "embed": lambda card: f"<figure>{_text(card.get('html'))}{_caption(card)}</figure>",
    "file": lambda card: _link(_text(card.get("src")), _text(card.get("fileTitle")) or _text(card.get("fileName"))),
    "gallery": _gallery,
    "header": _header,
    "horizontalrule": lambda _: "<hr>",
    "hr": lambda _: "<hr>",
    "html": lambda card: _text(card.get("html")),
    "image": _image,
    "markdown": lambda card: to_html(_text(card.get("markdown"))),
    "toggle": _toggle,
    "video": _player("video"),
}
