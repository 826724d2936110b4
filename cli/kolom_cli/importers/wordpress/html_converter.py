"""Convert WordPress's source format to HTML: paragraphs from blank lines, shortcodes, and comments of the block editor.

WordPress converts them when it displays an article, so an export contains them raw. The result is plain HTML, which
:mod:`kolom.rendering.renderer` then sanitizes. The running time is linear in the length of the text.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

from kolom_cli.importers.common.autop import paragraphs, split_raw

_BLOCK_COMMENT: Final = re.compile(r"<!--\s*/?wp:([a-z0-9/_-]+)\b.*?(/?)-->", re.DOTALL)
_NEXT_PAGE: Final = re.compile(r"<!--\s*nextpage\s*-->", re.IGNORECASE)
_STATIC_BLOCKS: Final = frozenset(("more", "nextpage", "shortcode", "spacer", "separator", "paragraph", "html"))
_EMBED: Final = re.compile(r"(<div class=\"wp-block-embed__wrapper\">)\s*(https?://[^\s<]+)\s*(</div>)")
_URL_LINE: Final = re.compile(r"^[ \t]*(https?://[^\s<>\"]+)[ \t]*$", re.MULTILINE)

_SHORTCODE: Final = re.compile(r"\[(\[?)([a-zA-Z][\w-]{0,50})((?:[\s=/][^\[\]]{0,2000}+)?)\](\]?)")
_ATTRIBUTE: Final = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))|\"([^\"]*)\"|(\S+)")
_ENCLOSING: Final = frozenset(("caption", "wp_caption", "embed", "audio", "video"))
_IMAGE: Final = re.compile(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*)", re.IGNORECASE | re.DOTALL)
_SOURCES: Final = ("src", "mp4", "m4v", "webm", "ogv", "mp3", "m4a", "ogg", "wav")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the blog's media library. ``parent`` is the id of the article to which it was uploaded."""

    id: str
    url: str
    alt: str
    caption: str
    parent: str


@dataclass(slots=True)
class Converter:
    """Converts one article's content to HTML. ``notes`` list the parts that have no equivalent.

    ``media`` are the blog's attachments by id, ``own`` those of this article in their order.
    """

    media: Mapping[str, Attachment]
    own: Sequence[Attachment] = ()
    notes: list[str] = field(default_factory=list)
    _dynamic: set[str] = field(default_factory=set)
    _unknown: set[str] = field(default_factory=set)

    def convert(self, content: str) -> str:
        """Return the content as HTML; ``<!--more-->`` stays, for the excerpt."""
        text = content.replace("\r\n", "\n").replace("\r", "\n")
        has_blocks = "<!-- wp:" in text
        pieces: list[tuple[bool, list[str]]] = []
        for raw, piece in split_raw(text):
            if raw and _NEXT_PAGE.fullmatch(piece):
                continue
            if raw and (comment := _BLOCK_COMMENT.fullmatch(piece)):
                self._note_block(comment[1], empty=bool(comment[2]))
            elif not raw and pieces and not pieces[-1][0]:
                pieces[-1][1].append(piece)  # the text before and after a block comment belongs together
            else:
                pieces.append((raw, [piece]))
        text = "".join("".join(parts) if raw else self._text("".join(parts)) for raw, parts in pieces)
        if self._dynamic:
            self.notes.append(f"removed blocks whose content WordPress generates: {', '.join(sorted(self._dynamic))}")
        if self._unknown:
            self.notes.append(f"kept as text: {', '.join(f'[{name}]' for name in sorted(self._unknown))}")
        return text if has_blocks else paragraphs(text)

    def _note_block(self, name: str, *, empty: bool) -> None:
        if empty and name not in _STATIC_BLOCKS:
            self._dynamic.add(name)

    def _text(self, text: str) -> str:
        text = _EMBED.sub(lambda match: match[1] + embed(match[2]) + match[3], text)
        return self._shortcodes(_URL_LINE.sub(lambda match: embed(match[1]), text))

    def _shortcodes(self, text: str) -> str:
        output: list[str] = []
        position = 0
        unclosed: set[str] = set()
        while match := _SHORTCODE.search(text, position):
            output.append(text[position : match.start()])
            position = match.end()
            name = match[2].lower()
            if match[1] and match[4]:
                output.append(match[0][1:-1])  # [[gallery]] is the escaped text [gallery]
                continue
            inner = None
            if name in _ENCLOSING and name not in unclosed:
                closing = text.find(f"[/{match[2]}]", position)
                if closing < 0:
                    unclosed.add(name)
                elif text.find(f"[{match[2]}", position, closing) < 0:
                    inner = text[position:closing]
                    after = closing + len(match[2]) + 3
            rendered = self._render(name, match[3].rstrip("/"), inner)
            if rendered is None:
                self._unknown.add(name)
                output.append(match[0])
                continue
            if inner is not None:
                position = after
            output.append(match[1] + rendered + match[4])
        output.append(text[position:])
        return "".join(output)

    def _render(self, name: str, arguments: str, inner: str | None) -> str | None:
        """Return the HTML of a shortcode; None if it is unknown or lacks a required argument."""
        named, plain = _arguments(arguments)
        match name:
            case "caption" | "wp_caption" if inner is not None:
                return _captioned(inner, named.get("caption", ""))
            case "gallery":
                return self._gallery(named)
            case "embed" if inner is not None:
                return embed(inner)
            case "youtube" | "vimeo" | "embed" if plain or "url" in named or "id" in named:
                target = named.get("url") or named.get("id") or plain[0]
                hosts = {"youtube": "https://www.youtube.com/watch?v=", "vimeo": "https://vimeo.com/"}
                return embed(target if "://" in target else hosts.get(name, "") + target)
            case "audio" | "video":
                urls = [named[key] for key in _SOURCES if key in named] + plain
                return _player(name, urls[0]) if urls else None
            case _:
                return None

    def _gallery(self, named: Mapping[str, str]) -> str:
        ids = re.findall(r"\d+", named.get("ids") or named.get("include") or "")
        excluded = set(re.findall(r"\d+", named.get("exclude", "")))
        images = [self.media[each] for each in ids if each in self.media] if ids else list(self.own)
        if len(images) < len(ids):
            missing = ", ".join(each for each in ids if each not in self.media)
            self.notes.append(f"a gallery uses media files that are not in the export: {missing}")
        figures = [_figure(image) for image in images if image.id not in excluded]
        return "\n\n" + "\n".join(figures) + "\n\n"


def embed(url: str) -> str:
    """Return the HTML for a URL that WordPress would embed: a video player, or a link."""
    url = html.unescape(url).strip()
    if player := _player_address(url):
        return f'\n\n<figure><iframe src="{html.escape(player)}"></iframe></figure>\n\n'
    quoted = html.escape(url)
    return f'\n\n<p><a href="{quoted}">{quoted}</a></p>\n\n' if url.startswith(("http://", "https://")) else quoted


def _player_address(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
        video = parse_qs(parts.query).get("v", [""])[0]
    except ValueError:
        return None
    if host == "youtu.be":
        video = parts.path.strip("/")
    elif host == "vimeo.com" and re.fullmatch(r"/\d{1,20}", parts.path):
        return f"https://player.vimeo.com/video{parts.path}"
    elif host != "youtube.com":
        return None
    return f"https://www.youtube.com/embed/{video}" if re.fullmatch(r"[\w-]{5,20}", video) else None


def _player(name: str, url: str) -> str:
    url = html.unescape(url)
    if name == "video" and _player_address(url):
        return embed(url)
    return f'\n\n<figure><{name} controls src="{html.escape(url)}"></{name}></figure>\n\n'


def _figure(image: Attachment) -> str:
    caption = f"<figcaption>{image.caption}</figcaption>" if image.caption else ""
    tag = f'<img src="{html.escape(image.url)}" alt="{html.escape(image.alt)}">'
    return f"<figure>{tag}{caption}</figure>"


def _captioned(inner: str, caption: str) -> str | None:
    image = _IMAGE.fullmatch(inner)
    if image is None:
        return None
    text = image[2].strip() or html.escape(html.unescape(caption))
    return f"\n\n<figure>{image[1]}" + (f"<figcaption>{text}</figcaption>" if text else "") + "</figure>\n\n"


def _arguments(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the named and the positional arguments of a shortcode; ``[youtube=URL]`` has one positional argument."""
    text = text.strip()
    if text.startswith("="):
        return {}, [text[1:].strip("\"' ")]
    named, plain = {}, []
    for match in _ATTRIBUTE.finditer(text):
        if match[1]:
            named[match[1].lower()] = match[2] or match[3] or match[4] or ""
        else:
            plain.append(match[5] or match[6])
    return named, plain
