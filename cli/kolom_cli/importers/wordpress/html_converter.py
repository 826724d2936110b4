"""Convert WordPress's source format to HTML: paragraphs from blank lines, shortcodes, and comments of the block editor.

WordPress converts them when it displays an article, so an export contains them raw. The result is plain HTML, which
:mod:`kolom.rendering.renderer` then sanitizes. The running time is linear in the length of the text.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

from kolom_cli.importers.common.autop import paragraphs, split_raw
from kolom_cli.importers.wordpress.code_shortcodes import with_code_blocks, with_language
from kolom_cli.importers.wordpress.footnotes import Footnotes
from kolom_cli.importers.wordpress.shortcodes import Shortcode, convert_shortcodes, parse_arguments

_BLOCK_COMMENT: Final = re.compile(r"<!--\s*(/?)wp:([a-z0-9/_-]+)\b(.*?)(/?)-->", re.DOTALL)
_NEXT_PAGE: Final = re.compile(r"<!--\s*nextpage\s*-->", re.IGNORECASE)
_STATIC_BLOCKS: Final = frozenset(("more", "nextpage", "shortcode", "spacer", "separator", "paragraph", "html"))
_EMBED: Final = re.compile(r"(<div class=\"wp-block-embed__wrapper\">)\s*(https?://[^\s<]+)\s*(</div>)")
_URL_LINE: Final = re.compile(r"^[ \t]*(https?://[^\s<>\"\0]+)[ \t]*$", re.MULTILINE)
_BLOCK_START: Final = "\1"
_BLOCK_END: Final = "\2"
_NO_MARKERS: Final = dict.fromkeys((0, 1, 2))
"""Removes the control characters that mark code and blocks during the conversion. XML does not allow them in texts."""
_MARKER: Final = re.compile("([\1\2])")
_RAW: Final = re.compile(r"\0(\d+)\0")

_IMAGE: Final = re.compile(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*)", re.IGNORECASE | re.DOTALL)
_SOURCES: Final = ("src", "mp4", "m4v", "webm", "ogv", "mp3", "m4a", "ogg", "wav")
_TARGETS: Final = ("url", "src", "href", "link")
_BLOCK_TAG: Final = re.compile(
    r"<(?:p|div|h\d|ul|ol|table|figure|blockquote|pre|img|iframe|a|section)[\s/>]|\0|\n\s*\n"
)
_QUOTED_VALUE: Final = re.compile(r"\s[\w-]+=(?:[\"'“”″]|&quot;|&#82[12]\d;)|^=\s*(?:[\"'“”″]|&quot;|https?:)")
_QUOTES: Final = frozenset(("quote", "blockquote", "pullquote"))
_KNOWN: Final = frozenset(
    (
        *("audio", "caption", "embed", "gallery", "playlist", "slideshow", "tweet", "video", "vimeo", "wp_caption"),
        *("youtube", "contact-form", "contact-form-7", "archives", "sitemap", "latexpage", "polldaddy", "recent-posts"),
        *("subscribe2", "wpforms", "gravityform", "ninja_form", "mc4wp_form", "googlemaps", "wpvideo", "soundcloud"),
    )
)
"""Names that are shortcodes even without an argument."""
_MAX_NAMES: Final = 50
_MAX_ATTRIBUTES: Final = 64 * 1024


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
    """Converts one article's content to HTML. ``notes`` say what was changed, removed, kept as text, or missing.

    ``media`` are the blog's attachments by id, ``own`` those of this article in their order. ``block_footnotes`` is the
    JSON in which the block editor stores the footnotes of the article.
    """

    media: Mapping[str, Attachment]
    own: Sequence[Attachment] = ()
    block_footnotes: str = ""
    notes: list[str] = field(default_factory=list)
    _dynamic: set[str] = field(default_factory=set)
    _raw: list[str] = field(default_factory=list)
    _footnotes: Footnotes = field(default_factory=Footnotes)
    _code: Counter[str] = field(default_factory=Counter)
    _removed: Counter[str] = field(default_factory=Counter)
    _unwrapped: Counter[str] = field(default_factory=Counter)
    _linked: Counter[str] = field(default_factory=Counter)
    _kept: Counter[str] = field(default_factory=Counter)

    def convert(self, content: str) -> str:
        """Return the content as HTML; ``<!--more-->`` stays, for the excerpt."""
        text = content.replace("\r\n", "\n").replace("\r", "\n").translate(_NO_MARKERS)
        has_blocks = "<!-- wp:" in text
        text = self._without_raw(with_code_blocks(text, self._code))
        text = _EMBED.sub(lambda match: match[1] + embed(match[2]) + match[3], text)
        text = convert_shortcodes(_URL_LINE.sub(lambda match: embed(match[1]), text), self._shortcode)
        text = self._with_raw(text)
        text = _with_paragraphs(text) if has_blocks else paragraphs(text)
        self._report()
        return self._with_raw(self._footnotes.with_list(text, self.block_footnotes))

    def _without_raw(self, text: str) -> str:
        """Return the text without comments of the block editor, and with numbers instead of code and other comments."""
        pieces: list[str] = []
        language = ""
        for raw, piece in split_raw(text):
            if not raw:
                pieces.append(piece)
            elif comment := _BLOCK_COMMENT.fullmatch(piece):
                attributes = _attributes(comment[3])
                language = _text(attributes, "language", "lang", "codeLanguage")
                pieces.append(self._block(comment[2], attributes, empty=bool(comment[4])))
                pieces.append("" if comment[4] else _BLOCK_END if comment[1] else _BLOCK_START)
            elif not _NEXT_PAGE.fullmatch(piece):
                pieces.append(f"\0{len(self._raw)}\0")
                self._raw.append(with_language(piece, language) if piece[:4].lower() == "<pre" else piece)
        return "".join(pieces)

    def _with_raw(self, text: str) -> str:
        return _RAW.sub(lambda match: self._raw[int(match[1])], text)

    def _block(self, name: str, attributes: Mapping[str, object], *, empty: bool) -> str:
        """Return the HTML of a block that consists of a comment with a URL, and an empty text for any other block.

        Record the names of the blocks whose content WordPress generates.
        """
        if not empty or name in _STATIC_BLOCKS or name == "footnotes":
            return ""
        url = _text(attributes, "url", "giphyUrl")
        if url.startswith(("http://", "https://")):
            return embed(url)
        self._dynamic.add(name)
        return ""

    def _report(self) -> None:
        if self._dynamic:
            self.notes.append(f"removed blocks whose content WordPress generates: {', '.join(sorted(self._dynamic))}")
        for text, names in (
            ("shortcodes became code blocks", self._code),
            ("shortcodes became links", self._linked),
            ("removed shortcodes and kept the text in them", self._unwrapped),
            ("removed shortcodes", self._removed),
        ):
            if names:
                self.notes.append(f"{text}: {', '.join(_counted(names))}")
        if self._kept:
            self.notes.append(f"kept as text: {', '.join(f'[{name}]' for name in sorted(self._kept)[:_MAX_NAMES])}")

    def _shortcode(self, code: Shortcode) -> str:
        """Return the HTML of a shortcode.

        An unknown one stays as it is if it may be a text in brackets. Otherwise it becomes a link to its URL. Without a
        URL, only the text in it stays.
        """
        if not code.is_stray and (rendered := self._render(code)) is not None:
            return rendered
        if not (_is_certain(code) or code.name in self._removed or code.name in self._unwrapped):
            self._kept[code.name] += 1
            return code.source
        if code.is_stray:
            return ""
        inner = code.inner or ""
        named, plain = parse_arguments(code.arguments)
        target = next(
            (each for each in (*(named.get(key, "") for key in _TARGETS), *plain, inner) if _is_url(each)), ""
        )
        if target:
            self._linked[code.name] += 1
            return _linked(target, inner)
        if inner.strip():
            self._unwrapped[code.name] += 1
        else:
            self._removed[code.name] += 1
        return inner

    def _render(self, code: Shortcode) -> str | None:
        """Return the HTML of a shortcode; None if it is unknown or lacks a required argument."""
        name, inner = code.name, code.inner
        named, plain = parse_arguments(code.arguments)
        if (noted := self._footnotes.render(name, named, inner)) is not None:
            return noted
        match name:
            case "caption" | "wp_caption" if inner is not None:
                return _captioned(inner, named.get("caption", ""))
            case "gallery" | "slideshow":
                return self._gallery(named)
            case "playlist":
                return self._playlist(named)
            case "embed" | "gist" if inner is not None and inner.strip():
                return embed(inner)
            case "youtube" | "vimeo" | "embed" if plain or "url" in named or "id" in named:
                target = named.get("url") or named.get("id") or plain[0]
                hosts = {"youtube": "https://www.youtube.com/watch?v=", "vimeo": "https://vimeo.com/"}
                return embed(target if "://" in target else hosts.get(name, "") + target)
            case "tweet" | "gist":
                return _tweet_or_gist(name, named, plain)
            case "audio" | "video":
                urls = [named[key] for key in _SOURCES if key in named] + plain
                return _player(name, urls[0]) if urls else None
            case _ if name in _QUOTES and inner is not None:
                author = named.get("author") or named.get("cite") or ""
                cite = f"<p>{html.escape(html.unescape(author))}</p>" if author else ""
                return f"\n\n<blockquote>{inner}{cite}</blockquote>\n\n"
            case _:
                return None

    def _playlist(self, named: Mapping[str, str]) -> str:
        ids = re.findall(r"\d+", named.get("ids", ""))
        files = [self.media[each] for each in ids if each in self.media] if ids else list(self.own)
        kind = "video" if named.get("type") == "video" else "audio"
        return "".join(_player(kind, file.url) for file in files)

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
    if player := _player_url(url):
        return f'\n\n<figure><iframe src="{html.escape(player)}"></iframe></figure>\n\n'
    quoted = html.escape(url)
    return f'\n\n<p><a href="{quoted}">{quoted}</a></p>\n\n' if url.startswith(("http://", "https://")) else quoted


def _player_url(url: str) -> str | None:
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
    if name == "video" and _player_url(url):
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


def _tweet_or_gist(name: str, named: Mapping[str, str], plain: Sequence[str]) -> str | None:
    target = named.get("url") or named.get("id") or (plain[0] if plain else "")
    if "://" in target:
        return embed(target)
    if not re.fullmatch(r"[\w/-]{1,80}", target, re.ASCII):
        return None
    return embed(("https://twitter.com/i/status/" if name == "tweet" else "https://gist.github.com/") + target)


def _with_paragraphs(text: str) -> str:
    """Return the text without marks of blocks, and with paragraphs for the classic text between blocks."""
    pieces: list[str] = []
    depth = 0
    for piece in _MARKER.split(text):
        if piece in {_BLOCK_START, _BLOCK_END}:
            depth = depth + 1 if piece == _BLOCK_START else max(depth - 1, 0)
        elif depth or "<p" in piece or not piece.strip():
            pieces.append(piece)
        else:
            pieces.append(paragraphs(piece))
    return "".join(pieces)


def _is_certain(code: Shortcode) -> bool:
    """Return whether a text in brackets is a shortcode for sure: ``[sic]`` may have been written for readers."""
    if code.inner is not None or "_" in code.name or code.source.endswith("/]") or code.name in _KNOWN:
        return True
    if _QUOTED_VALUE.search(code.arguments) or re.search(r"\s[\w-]+=\S", code.arguments):
        return True
    return code.is_alone and not code.arguments.strip() and code.name.islower() and code.source[1:2] != "/"


def _is_url(text: str) -> bool:
    return re.fullmatch(r"\s*https?://[^\s<>\"]+\s*", text) is not None


def _linked(target: str, inner: str) -> str:
    """Return the text in an unknown shortcode as a link to its target. If the text has blocks, the link is after it."""
    if not inner.strip() or _is_url(inner):
        return embed(target)
    if _BLOCK_TAG.search(inner):
        return f"{inner}{embed(target)}"
    return f'<a href="{html.escape(html.unescape(target))}">{inner}</a>'


def _attributes(text: str) -> Mapping[str, object]:
    """Return the attributes of a block; empty if they are not a JSON object."""
    if "{" not in text or len(text) > _MAX_ATTRIBUTES:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(attributes: Mapping[str, object], *keys: str) -> str:
    return next((value for key in keys if isinstance(value := attributes.get(key), str)), "")


def _counted(names: Counter[str]) -> list[str]:
    return [f"[{name}] ({names[name]})" for name in sorted(names)[:_MAX_NAMES]]
