"""Rewrite the canonical markup of an article: ids and levels of headings, images, links, frames.

Each token is processed once, in order, after an outline has counted the headings and assigned the ids. The output is
sanitized afterwards, so this module need not make it safe.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final
from urllib.parse import unquote

from kolom.rendering import embeds
from kolom.rendering.element_ids import ElementIds
from kolom.rendering.html_tokenizer import Comment, End, Start, Text, Token, escape, names, unescape
from kolom.rendering.sanitizer import ALIGNED, IMAGE_SCHEMES, LINK_SCHEMES, scheme, url
from kolom.rendering.tag_balancer import MORE
from kolom.rendering.title_heading import find_heading, is_title, without_heading
from kolom.rendering.types import Heading

MAX_TOC_ENTRIES: Final = 1_000
MAX_TOC_BYTES: Final = 100_000

_LEVELS: Final = {f"h{level}": level for level in range(1, 7)}
_WITHOUT_ID: Final = names("audio iframe img picture source track video")
_SPECIAL: Final = _WITHOUT_ID | {"a"}
"""Elements that may get attributes, or be removed, even if they have no attributes."""
_CLASSES: Final = names(
    "contains-task-list footnote-backref footnote-item footnote-ref footnotes footnotes-list footnotes-sep "
    "task-list-item"
)
_LANGUAGE_CLASS: Final = re.compile(r"language-[\w+#.-]{1,40}")
TEXT_ALIGN: Final = re.compile(r"(?:^|;)\s*text-align\s*:\s*(left|right|center|justify)\s*(?:;|$)", re.IGNORECASE)
_RELATIONS: Final = names("author external license me nofollow noopener noreferrer sponsored tag ugc")
_BOOLEAN: Final = names("controls default loop muted open playsinline reversed")
_NUMBER: Final = re.compile(r"\d{1,5}", re.ASCII)
_INTEGER: Final = re.compile(r"-?\d{1,9}", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-zA-Z0-9-]{1,35}")
_VALUES: Final = {
    "align": re.compile(r"left|right|center|justify"),
    "colspan": _NUMBER,
    "dir": re.compile(r"ltr|rtl|auto"),
    "height": _NUMBER,
    "hreflang": _LANGUAGE,
    "kind": re.compile(r"subtitles|captions|descriptions|chapters"),
    "lang": _LANGUAGE,
    "preload": re.compile(r"none|metadata|auto"),
    "rowspan": _NUMBER,
    "scope": re.compile(r"row|col|rowgroup|colgroup"),
    "span": _NUMBER,
    "srclang": _LANGUAGE,
    "start": _INTEGER,
    "width": _NUMBER,
}
_CANDIDATE: Final = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s++([^,]*+)|$)")
_DESCRIPTOR: Final = re.compile(r"\d{1,5}(\.\d{1,3})?[wx]", re.ASCII)
_INVISIBLE: Final = frozenset(("0", "1"))

type Resolve = Callable[[str], str]
type SizeOf = Callable[[str], tuple[int, int] | None]


@dataclass(slots=True)
class RewrittenHtml:
    """The output of the rewriter. Comments in ``tokens`` mark the end of the excerpt."""

    tokens: list[Token] = field(default_factory=list)
    toc: tuple[Heading, ...] = ()
    image: str | None = None
    omitted_heading: list[Token] = field(default_factory=list)


def rewrite(
    tokens: list[Token],
    resolve: Resolve,
    size_of: SizeOf,
    *,
    title: str | None = None,
    resolve_link: Resolve = str,
) -> RewrittenHtml:
    """Rewrite the canonical markup of an article.

    ``resolve`` returns the replacement for the URL of an image, a media file or a local file; ``size_of`` returns the
    width and height of an image by its resolved URL; ``resolve_link`` returns the replacement for an HTTP URL of a
    link. The first ``<h1>`` is omitted if it repeats ``title``; links to it lead to the top of the page.
    """
    heading = find_heading(tokens) if title else None
    omitted: list[Token] = []
    repeats_title = heading is not None and heading.is_only_text and is_title(heading.text, title or "")
    if heading is not None and repeats_title:
        omitted = tokens[heading.start : heading.end]
        tokens = without_heading(tokens, heading)
    outline = _Outline(tokens)
    if heading is not None and repeats_title:
        for name in heading.names:
            outline.identifiers.link_to_top(name)
    article = _Rewriter(outline, resolve, size_of, resolve_link).run(tokens)
    article.toc = outline.toc()
    article.omitted_heading = omitted
    return article


@dataclass(slots=True)
class _FoundHeading:
    index: int
    level: int
    pieces: list[str] = field(default_factory=list)

    def text(self) -> str:
        return " ".join("".join(self.pieces).split())


class _Outline:
    """Data about the whole article that is needed before the first tag is written.

    The page has its own ``<h1>``. If the article has one too, all its headings move down one level, so that their
    hierarchy is preserved; otherwise they keep their levels. Ids that authors requested are assigned before those of
    headings without one.
    """

    def __init__(self, tokens: list[Token]) -> None:
        self.identifiers = ElementIds()
        self.ids: dict[int, str] = {}  # by the index of the start tag
        self._headings = _headings(tokens)
        self._shift = any(heading.level == 1 for heading in self._headings)
        for index, token in enumerate(tokens):
            if not isinstance(token, Start) or not token.attributes or token.name in _WITHOUT_ID:
                continue
            if requested := _requested_id(token):
                identifier = self.identifiers.reserve(requested)
                if identifier is not None:
                    self.ids[index] = identifier
        for heading in self._headings:
            if heading.index not in self.ids:
                self.ids[heading.index] = self.identifiers.for_heading(heading.text())

    def level(self, level: int) -> int:
        return min(level + 1, 6) if self._shift else level

    def toc(self) -> tuple[Heading, ...]:
        entries = [
            Heading(self.ids[heading.index], self.level(heading.level), text)
            for heading in self._headings
            if self.level(heading.level) in {2, 3} and (text := heading.text())
        ]
        sizes = accumulate(len(entry.id.encode()) + len(entry.text.encode()) for entry in entries)
        fitting = [entry for entry, size in zip(entries, sizes, strict=True) if size <= MAX_TOC_BYTES]
        return tuple(fitting[:MAX_TOC_ENTRIES])


def _headings(tokens: list[Token]) -> list[_FoundHeading]:
    """Return all headings in order, each with its own text, without that of nested headings."""
    found: list[_FoundHeading] = []
    inside: list[_FoundHeading] = []
    footnote_depth = 0
    for index, token in enumerate(tokens):
        if not inside and not isinstance(token, Start):
            continue
        match token:
            case Start(name) if name in _LEVELS:
                inside.append(_FoundHeading(index, _LEVELS[name]))
                found.append(inside[-1])
            case End(name) if name in _LEVELS:
                inside.pop()
            case Start("sup", attributes) if inside:
                footnote_depth += footnote_depth > 0 or attributes.get("class") == "footnote-ref"
            case End("sup") if footnote_depth:
                footnote_depth -= 1
            case Start("br") if inside:
                inside[-1].pieces.append(" ")
            case Text(markup) if inside and not footnote_depth:
                inside[-1].pieces.append(unescape(markup))
            case _:
                pass
    return found


def _requested_id(tag: Start) -> str:
    if tag.name == "a" and not tag.attributes.get("id"):
        name = unescape(tag.attributes.get("name", ""))
        return "" if name == MORE else name
    return unescape(tag.attributes.get("id", ""))


class _Rewriter:
    def __init__(self, outline: _Outline, resolve: Resolve, size_of: SizeOf, resolve_link: Resolve) -> None:
        self._outline = outline
        self._resolve = resolve
        self._resolve_link = resolve_link
        self._size_of = size_of
        self._article = RewrittenHtml()
        self._anchors: list[bool] = []  # the open ``<a>`` elements, and whether each was written
        self._begins_pre = False

    def run(self, tokens: list[Token]) -> RewrittenHtml:
        write = self._article.tokens.append
        for index, token in enumerate(tokens):
            if isinstance(token, Text):
                if self._begins_pre:
                    self._text(token.markup)
                else:
                    write(token)
            elif isinstance(token, End):
                self._end(token)
            elif isinstance(token, Comment):
                write(token)
            elif token.attributes or token.name in _SPECIAL or index in self._outline.ids:
                plain = Start(token.name, {key: unescape(value) for key, value in token.attributes.items()})
                self._start(plain, self._outline.ids.get(index))
            else:
                self._begins_pre = token.name == "pre"
                write(token)
        return self._article

    def _write(self, name: str, attributes: dict[str, str]) -> None:
        self._begins_pre = name == "pre"
        self._article.tokens.append(Start(name, {key: escape(value) for key, value in sorted(attributes.items())}))

    def _text(self, markup: str) -> None:
        if self._begins_pre:
            markup = markup.lstrip("\n")  # browsers drop the first line feed; otherwise each rendering would lose one
        if markup:
            self._begins_pre = False
            self._article.tokens.append(Text(markup))

    def _end(self, tag: End) -> None:
        name = tag.name
        if name == "iframe":
            return
        if name == "a" and not self._anchors.pop():
            return
        if name in _LEVELS:
            tag = End(f"h{self._outline.level(_LEVELS[name])}")
        self._begins_pre = False
        self._article.tokens.append(tag)

    def _start(self, tag: Start, identifier: str | None) -> None:
        name, source = tag
        attributes = common_attributes(name, source)
        if identifier is not None:
            attributes["id"] = identifier
        match name:
            case "a":
                self._anchor(source, attributes)
            case "img":
                self._image(source, attributes)
            case "iframe":
                self._frame(source)
            case "audio" | "video" | "source" | "track":
                self._medium(name, source, attributes)
            case _:
                if name in _LEVELS:
                    name = f"h{self._outline.level(_LEVELS[name])}"
                self._write(name, attributes)

    def _anchor(self, source: dict[str, str], attributes: dict[str, str]) -> None:
        if source.get("name") == MORE:
            self._article.tokens.append(Comment(MORE))
        if href := self._link(source.get("href", "")):
            attributes["href"] = href
            relations = [relation for relation in source.get("rel", "").lower().split() if relation in _RELATIONS]
            if source.get("target", "").lower() == "_blank":
                attributes["target"] = "_blank"
                relations.append("noopener")
            if relations:
                attributes["rel"] = " ".join(dict.fromkeys(relations))
        self._anchors.append(bool(attributes))
        if attributes:
            self._write("a", attributes)

    def _link(self, href: str) -> str | None:
        href = href.strip()
        if href.startswith("#"):
            fragment = unquote(href[1:])
            target = self._outline.identifiers.for_fragment(fragment)
            return href if target == fragment else f"#{target}"
        if href and scheme(href) is None and not href.startswith(("//", "?")):
            href = self._resolve(href)
        elif scheme(href) in {"http", "https"} or href.startswith("//"):
            href = self._resolve_link(href)
        return url(href, LINK_SCHEMES)

    def _image(self, source: dict[str, str], attributes: dict[str, str]) -> None:
        self._sources(source, attributes)
        if "src" not in attributes and "srcset" not in attributes:
            self._text(escape(source.get("alt", "")))
            return
        attributes.setdefault("alt", "")
        self._measure(attributes)
        attributes["loading"] = "lazy"
        attributes["decoding"] = "async"
        if self._article.image is None and not {attributes.get("width"), attributes.get("height")} & _INVISIBLE:
            self._article.image = attributes.get("src")
        self._write("img", attributes)

    def _measure(self, attributes: dict[str, str]) -> None:
        """Add missing width and height; if the author set one, compute the other from the image's aspect ratio."""
        if "width" in attributes and "height" in attributes:
            return
        size = self._size_of(attributes.get("src", ""))
        if size is None:
            return
        width, height = size
        if "width" in attributes:
            width, height = int(attributes["width"]), max(1, round(int(attributes["width"]) * height / width))
        elif "height" in attributes:
            width, height = max(1, round(int(attributes["height"]) * width / height)), int(attributes["height"])
        attributes["width"], attributes["height"] = str(width), str(height)

    def _medium(self, name: str, source: dict[str, str], attributes: dict[str, str]) -> None:
        self._sources(source, attributes)
        if name in {"audio", "video"}:
            attributes["controls"] = ""
            attributes.setdefault("preload", "metadata")
        self._write(name, attributes)

    def _sources(self, source: dict[str, str], attributes: dict[str, str]) -> None:
        for key in ("src", "poster"):
            attributes.pop(key, None)
            if (value := source.get(key)) and (resolved := url(self._resolve(value), IMAGE_SCHEMES)):
                attributes[key] = resolved
        attributes.pop("srcset", None)
        if candidates := self._candidates(source.get("srcset", "")):
            attributes["srcset"] = ", ".join(candidates)

    def _candidates(self, srcset: str) -> list[str]:
        candidates = []
        for candidate, descriptor in srcset_candidates(srcset):
            if resolved := url(self._resolve(candidate), IMAGE_SCHEMES):
                resolved = resolved.replace(" ", "%20").replace(",", "%2C")
                candidates.append(f"{resolved} {descriptor}" if _DESCRIPTOR.fullmatch(descriptor) else resolved)
        return candidates

    def _frame(self, source: dict[str, str]) -> None:
        src = url(source.get("src", ""), LINK_SCHEMES) or ""
        title = " ".join(source.get("title", "").split())
        if player := embeds.player(src):
            self._write(
                "iframe",
                {"src": player.src, "title": title or player.title, "loading": "lazy", "allowfullscreen": ""},
            )
            self._article.tokens.append(End("iframe"))
        elif href := embeds.link(src):
            inside_link = any(self._anchors)
            if not inside_link:
                self._write("a", {"href": href})
            self._text(escape(title or href))
            if not inside_link:
                self._article.tokens.append(End("a"))


def srcset_candidates(srcset: str) -> Iterator[tuple[str, str]]:
    """Yield each URL of a ``srcset`` with its descriptor, which may be empty."""
    position = 0
    while match := _CANDIDATE.match(srcset, position):
        position = match.end()
        yield match[1], (match[2] or "").strip()


def common_attributes(name: str, source: dict[str, str]) -> dict[str, str]:
    """Return the attributes that need no context, with normalized values."""
    attributes: dict[str, str] = {}
    for key, value in source.items():
        if key in {"allowfullscreen", "decoding", "href", "id", "loading", "name", "rel", "style", "target"}:
            continue
        if key in _BOOLEAN:
            attributes[key] = ""
        elif key == "class":
            if classes := [word for word in value.split() if word in _CLASSES or _LANGUAGE_CLASS.fullmatch(word)]:
                attributes[key] = " ".join(dict.fromkeys(classes))
        elif key == "cite":
            if cite := url(value, LINK_SCHEMES):
                attributes[key] = cite
        elif key in _VALUES:
            value = value.strip().lower() if key in {"align", "dir", "kind", "preload", "scope"} else value.strip()
            if _VALUES[key].fullmatch(value):
                attributes[key] = value
        elif key != "value" or name == "data" or _INTEGER.fullmatch(value):
            attributes[key] = value
    if name in ALIGNED and (aligned := TEXT_ALIGN.search(source.get("style", ""))):
        attributes["align"] = aligned[1].lower()
    return attributes
