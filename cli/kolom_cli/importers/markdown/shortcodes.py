"""Convert the shortcodes of Hugo in a text. Pure, except for the templates of the site.

A shortcode without an equivalent is removed and counted, and the text in it is kept: readers never see its source. Any
text is accepted, and the running time is linear in its length.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from kolom.rendering.types import SourceFormat
from kolom_cli.importers.common.code_blocks import code_block
from kolom_cli.importers.common.tag_pairs import TagKind, pair_tags
from kolom_cli.importers.markdown import html_snippets
from kolom_cli.importers.markdown.html_snippets import Converted
from kolom_cli.importers.markdown.hugo.template_functions import UnsupportedTemplate
from kolom_cli.importers.markdown.tag_arguments import Arguments, parse_arguments

_TAG: Final = re.compile(
    r"\{\{(?P<kind>[<%])(?:"
    r"/\*(?P<escaped>(?:[^*{]|\*(?!/)|\{(?!\{[<%]))*+)\*/|"
    r"\s*+(?P<close>/?)\s*+(?P<name>[\w./-]++)"
    r"(?P<given>(?:[^\"`>%{]|\"(?:[^\"\\]|\\.)*+\"|`[^`]*+`|[%>](?!\}\})|\{(?!\{[<%]))*+))[>%]\}\}",
    re.DOTALL,
)
_LONGEST: Final = 5_000
_MAX_DEPTH: Final = 50
_MAX_RESULT_CHARACTERS: Final = 5_000_000
"""The total length of the results after which the site's own templates are no longer rendered."""

_TRANSPARENT: Final = frozenset(("html", "raw", "rawhtml", "raw-html", "raw_html", "unsafe"))
_VERBATIM: Final = frozenset(("highlight", "comment"))
"""Shortcodes in whose text other shortcodes are not converted."""
_IMAGE: Final = re.compile(r"[^\s\"<>]+\.(?:avif|gif|jpe?g|png|svg|webp)(?:[?#]\S*)?", re.IGNORECASE)
_IMAGE_KEYS: Final = ("src", "image", "img", "file", "url", "path", "filename", "source")
_LINK_KEYS: Final = ("href", "url", "link", "src")
_REFERENCES: Final = frozenset(("ref", "relref"))
_WINDOW: Final = 200


@dataclass(slots=True)
class _Frame:
    opening: re.Match[str]
    closing: int
    pieces: list[str]


@dataclass(frozen=True, slots=True)
class Shortcodes:
    """Converts the texts of one page.

    ``url_of`` returns the URL of the target of ``ref``, ``value_of`` the value of a parameter of the page; both return
    None if it is unknown. ``render`` returns the result of the site's own template for a shortcode, given the
    shortcode's name, its arguments and the text in it; None if the site has no such template. It raises
    :class:`UnsupportedTemplate` if the template is not supported.
    """

    url_of: Callable[[str], str | None]
    value_of: Callable[[str], str | None]
    source_format: SourceFormat = "markdown"
    render: Callable[[str, Arguments, str], str | None] = lambda *_: None

    def convert(self, text: str) -> Converted:
        """Return the text with its shortcodes converted."""
        result = Converted()
        size = 0
        tags = list(_tags(text))
        pairs = pair_tags((_name(tag), _kind(tag)) for tag in tags)
        frames: list[_Frame] = []
        pieces: list[str] = []
        position = 0
        skipped_until = -1

        def add(opening: re.Match[str], inner: str | None, end: int) -> None:
            nonlocal size
            around = text[max(opening.start() - _WINDOW, 0) : opening.start()], text[end : end + _WINDOW]
            pieces.append(self._converted(opening, inner, around, result, is_full=size > _MAX_RESULT_CHARACTERS))
            size += len(pieces[-1])

        for index, tag in enumerate(tags):
            if index <= skipped_until:
                continue
            pieces.append(text[position : tag.start()])
            position = tag.end()
            closing = pairs.get(index)
            if tag["escaped"] is not None:
                pieces.append("{{" + tag["kind"] + tag["escaped"] + (">" if tag["kind"] == "<" else "%") + "}}")
            elif frames and frames[-1].closing == index:
                frame = frames.pop()
                inner, pieces = "".join(pieces), frame.pieces
                add(frame.opening, inner, tag.end())
            elif closing is not None and _name(tag) in _VERBATIM:
                inner, position, skipped_until = text[position : tags[closing].start()], tags[closing].end(), closing
                add(tag, inner, position)
            elif closing is not None and len(frames) < _MAX_DEPTH and (not frames or closing < frames[-1].closing):
                frames.append(_Frame(tag, closing, pieces))
                pieces = []
            elif not tag["close"]:
                add(tag, None, tag.end())
        result.text = "".join([*pieces, text[position:]])
        return result

    def _converted(
        self, tag: re.Match[str], inner: str | None, around: tuple[str, str], result: Converted, *, is_full: bool
    ) -> str:
        """Return the text for a shortcode; ``around`` are the texts before and after it."""
        name, given = _name(tag), parse_arguments(tag["given"].rstrip().removesuffix("/"))
        label = f"{{{{< {name} >}}}}"
        reason = ""
        converted: str | None = None
        try:
            converted = None if is_full else self.render(name, given, inner or "")
        except UnsupportedTemplate as error:
            reason = f" (its template is not supported: {error})"
        if converted is not None and "<script" in converted.lower():
            result.scripts[label] += 1
            result.examples.setdefault(label, _example(tag))
        if converted is None:
            converted = self._convert_known(name, given, inner)
        if converted is None:
            converted = self._guess(name, given, inner)
            result.replaced[label] += converted is not None
        elif reason:
            result.replaced[label] += 1
        if name in _REFERENCES and self.url_of(given.get("path") or given.first) is None:
            result.removed[label] += 1
            result.examples.setdefault(label, f"{_example(tag)} (its page does not exist)")
        elif converted is None:
            result.removed[label] += 1
            result.examples.setdefault(label, _example(tag) + reason)
        if converted is None:
            return inner or ""
        return converted if name in _TRANSPARENT else self._placed(converted, *around)

    def _placed(self, converted: str, before: str, after: str) -> str:
        if not converted.startswith("<"):
            return converted
        indent = before.rpartition("\n")[2]
        if indent.isspace() and self.source_format == "markdown":
            return converted.replace("\n", f"\n{indent}")
        return html_snippets.placed(converted, before, after, self.source_format)

    def _convert_known(self, name: str, given: Arguments, inner: str | None) -> str | None:
        """Return the result of a shortcode that Hugo or many themes define; None for any other shortcode."""
        match name:
            case "highlight" if inner is not None:
                return code_block(inner, given.first, self.source_format)
            case "comment" if inner is not None:
                return ""
            case "details" if inner is not None:
                return self._details(given, inner)
            case "figure" | "img" | "image":
                src = given.get("src", "link") or given.first
                return (_image(given, src) + (inner or "").strip()) if src else None
            case "youtube" | "vimeo":
                return html_snippets.video_embed(name, given.named, given.first)
            case "ref" | "relref":
                wanted = given.get("path") or given.first
                return self.url_of(wanted) or wanted or None
            case "param":
                return self.value_of((given.get("name") or given.first).lower()) or ""
            case "qr":
                text = (given.get("text") or inner or "").strip()
                return html_snippets.link(text) if "://" in text else html_snippets.inline(text)
            case _ if name in _TRANSPARENT:
                return inner or ""
            case _:
                return _social_link(name, given)

    def _details(self, given: Arguments, inner: str) -> str:
        summary = given.get("summary", "title") or given.first or "Details"
        opened = " open" if given.get("open") == "true" else ""
        text = inner.strip()
        return f"<details{opened}><summary>{html_snippets.inline(summary)}</summary>\n\n{text}\n\n</details>"

    def _guess(self, name: str, given: Arguments, inner: str | None) -> str | None:
        """Return a player, an image or a link for a shortcode that has the arguments of one; None otherwise."""
        if player := html_snippets.video_embed(name, given.named, given.first):
            return player + (inner or "")
        src = next((given.named[key] for key in _IMAGE_KEYS if _IMAGE.fullmatch(given.named.get(key, ""))), "")
        if not src and given.first and _IMAGE.fullmatch(given.first):
            src = given.first
        if src:
            return _image(given, src) + (inner or "")
        href = next((given.named[key] for key in _LINK_KEYS if re.match(r"https?://|/", given.named.get(key, ""))), "")
        if not href or "\n\n" in (inner or "").strip():
            return None
        text = (inner or "").strip() or given.get("text", "title", "label", "name")
        if "<a " in text or "](" in text:
            return None
        return f'<a href="{escape(href)}">{html_snippets.inline(text or href)}</a>'


def _tags(text: str) -> Iterator[re.Match[str]]:
    start = text.find("{{")
    while start >= 0:
        match = _TAG.match(text, start, start + _LONGEST)
        if match is not None:
            yield match
        start = text.find("{{", match.end() if match else start + 2)


def _name(tag: re.Match[str]) -> str:
    return (tag["name"] or "").strip("/")


def _kind(tag: re.Match[str]) -> TagKind:
    if tag["escaped"] is not None:
        return "other"
    if tag["close"]:
        return "closing"
    is_single = tag["given"].rstrip().endswith("/") or tag["name"].endswith("/")
    return "other" if is_single else "opening"


def _example(tag: re.Match[str]) -> str:
    return " ".join(tag[0].split())[:_WINDOW]


def _image(given: Arguments, src: str) -> str:
    return html_snippets.image(
        src,
        alt=given.get("alt"),
        caption=_caption(given),
        link=given.get("link") if given.get("src") else "",
        width=given.get("width"),
        height=given.get("height"),
    )


def _social_link(name: str, given: Arguments) -> str | None:
    match name:
        case "gist" if len(given.texts) > 1:
            return html_snippets.link(f"https://gist.github.com/{given.texts[0]}/{given.texts[1]}")
        case "tweet" | "x" | "twitter" | "twitter_simple" | "x_simple":
            user, number = given.get("user") or "i", given.get("id") or given.first
            return html_snippets.link(f"https://twitter.com/{user}/status/{number}") if number.isdigit() else None
        case "instagram" | "instagram_simple":
            return html_snippets.link(f"https://www.instagram.com/p/{given.first}/") if given.first else None
        case _:
            return None


def _caption(given: Arguments) -> str:
    """Return the title, the caption and the credit of an image on one line."""
    title, caption, credit = given.get("title"), given.get("caption"), given.get("attr")
    parts = [f"**{title}**" if title and caption else title, caption]
    if credit:
        parts.append(f"[{credit}]({given.get('attrlink')})" if given.get("attrlink") else credit)
    return " ".join(part for part in parts if part)
