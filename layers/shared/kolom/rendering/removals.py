"""Find what the renderer removed from the markup of an author, to report it.

The markup that the author wrote is compared with the stored HTML. Differences that readers would not notice are not
reported: comments, the elements of a page around its text, ids, classes of code, and attributes that tell browsers how
to load.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kolom.rendering import embeds, markdown
from kolom.rendering.html_rewriter import TEXT_ALIGN, common_attributes, srcset_candidates
from kolom.rendering.html_tokenizer import VOID, End, Start, Token, names, tokenize, unescape
from kolom.rendering.sanitizer import (
    ALIGNED,
    ATTRIBUTES,
    IMAGE_SCHEMES,
    LINK_SCHEMES,
    SOURCE_TAGS,
    clean_characters,
    scheme,
    url,
)
from kolom.rendering.tag_balancer import BLOCKS, DROPPED, ENDED_BY_BLOCKS, RENAMED
from kolom.rendering.types import Rendered, SourceFormat

_PAGE_ELEMENTS: Final = names("base body head html main meta title")
"""Elements of a complete HTML page around its text."""

_HEADING: Final = re.compile(r"h[1-6]")
_IGNORED: Final = names("charset class decoding href id loading name rel src srcset style target xmlns poster")
"""Attributes that are not compared here. Some of them have rules of their own."""

_INSTRUCTION: Final = re.compile(r"<\?(?!xml\b)|<!\[CDATA\[", re.IGNORECASE)
_CODE: Final = re.compile(
    r"(?ms)^ {0,3}(`{3,}+|~{3,}+)[^\n]*+\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\2(?!`)"
)
_NOT_SPACE: Final = re.compile(r"\S")
_IMAGE_FILE: Final = "save it as a file beside the text, and embed that as an image"
_PLAYERS: Final = "only players of YouTube, Vimeo and Dailymotion can be embedded, as <iframe>; link to anything else"
_FORM: Final = "link to the site's contact form (/contact/), or to a form on another site"
_MANY_CONTAINERS: Final = 19
"""Text with fewer lists and quotations cannot be nested too deeply."""

_NOT_SHOWN: Final = "not shown"
_TOO_DEEP: Final = "text in too many nested lists or quotations"
_CONVERTED: Final = frozenset(("<iframe>", "<img>", "<button>"))
"""Elements that the importers replace, or that other systems add to a text."""

_LOST_URLS: Final = ("attribute href (", "attribute src (")
_REMEDIES: Final = {
    "<svg>": _IMAGE_FILE,
    "<canvas>": _IMAGE_FILE,
    "<math>": "write the formula as text, or embed an image of it",
    "<script>": _PLAYERS,
    "<iframe>": _PLAYERS,
    "<frame>": _PLAYERS,
    "<object>": _PLAYERS,
    "<embed>": _PLAYERS,
    **dict.fromkeys(("<form>", "<input>", "<button>", "<select>", "<textarea>"), _FORM),
    "<style>": "the theme styles all articles",
    "<link>": "the theme styles all articles",
    "data: image": _IMAGE_FILE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A kind of markup that was removed: an element such as ``<svg>``, or an attribute.

    ``line`` is the line where it occurs first. ``effect`` says what became of it, and ``remedy`` what the author can do
    instead, if there is something.
    """

    kind: str
    effect: str
    count: int
    line: int | None
    remedy: str | None = None

    @property
    def text(self) -> str:
        """The removal as a sentence without its line."""
        return self._sentence(self.effect)

    @property
    def planned_text(self) -> str:
        """The same as ``text``, for an article that is not published yet: what would be removed."""
        return self._sentence("would not be shown" if self.effect == _NOT_SHOWN else f"would be {self.effect}")

    def _sentence(self, effect: str) -> str:
        times = "" if self.count == 1 else f" ({self.count} times)"
        return f"{self.kind} {effect}{times}" + (f": {self.remedy}" if self.remedy else "")


def find_removals(
    source: str, source_format: SourceFormat, rendered: Rendered, *, is_converted: bool = False
) -> tuple[Removal, ...]:
    """Return what ``rendered`` does not have of its source.

    With ``is_converted``, ``source`` is the text of another system, and an importer has replaced much of it before it
    was rendered. The result then has only elements and instructions that articles cannot have, links and files with
    URLs that articles cannot have, and a link in the heading that repeats the title.
    """
    source = clean_characters(source)
    markup = markdown.to_html(source) if source_format == "markdown" else source
    found = _Comparison(is_converted=is_converted)
    found.add_instructions(markup)
    found.add_tags(tokenize(markup))
    if not is_converted:
        found.add_lost_elements([*tokenize(rendered.html), *tokenize(rendered.omitted_heading)])
    if "<a href=" in rendered.omitted_heading and 'href="#' not in rendered.omitted_heading:
        found.removed["<a> in the heading that repeats the title", _NOT_SHOWN] += 1
    may_be_deep = source_format == "markdown" and markup.count("<li") + markup.count("<blockquote") >= _MANY_CONTAINERS
    lost = markdown.find_lost_lines(source) if may_be_deep else []
    searchable = _CODE.sub(_blank, source) if source_format == "markdown" else source
    removals = [
        Removal(kind=kind, effect=effect, count=count, line=_line(searchable, kind), remedy=_REMEDIES.get(kind))
        for (kind, effect), count in found.removed.items()
        if not is_converted or _is_lost_in_conversion(kind)
    ]
    if lost:
        removals.append(Removal(kind=_TOO_DEEP, effect="removed", count=len(lost), line=lost[0]))
    return tuple(removals)


class _Comparison:
    def __init__(self, *, is_converted: bool) -> None:
        self._is_converted = is_converted
        self.removed: Counter[tuple[str, str]] = Counter()
        self._written: Counter[str] = Counter()  # the elements that the HTML should have

    def add_instructions(self, markup: str) -> None:
        for match in _INSTRUCTION.finditer(markup):
            self._add(match[0], "removed with its content")

    def add_tags(self, tokens: Iterable[Token]) -> None:
        """Examine every start tag outside of elements that are removed with their content."""
        dropping: list[str] = []
        for token in tokens:
            if isinstance(token, End):
                if dropping and token.name == dropping[-1]:
                    dropping.pop()
            elif isinstance(token, Start):
                name = token.name
                if not dropping:
                    if name in DROPPED and name not in _PAGE_ELEMENTS:
                        self._add(f"<{name}>", "removed with its content")
                    self._tag(token)
                    if name in DROPPED:
                        dropping.append(name)
                elif name in BLOCKS and dropping[-1] in ENDED_BY_BLOCKS:
                    dropping.clear()  # the renderer assumes that the element was not closed
                    self._tag(token)
                elif name == dropping[-1]:
                    dropping.append(name)

    def add_lost_elements(self, rendered: Iterable[Token]) -> None:
        """Add the elements of which the rendered HTML has fewer than the source."""
        kept = Counter(_kind(token.name) for token in rendered if isinstance(token, Start))
        for key in [key for key in self.removed if key[0].endswith("image")]:
            replaced = max(0, kept["img"] - self._written["img"])  # the renderer's ``resolve`` gave them valid URLs
            self._written["img"] += min(replaced, self.removed[key])
            self.removed[key] -= min(replaced, self.removed[key])
        self.removed = +self.removed
        for name, count in (self._written - kept).items():
            self.removed[f"<{name}>", "removed, because it is not valid there or nested too deeply"] += count

    def _add(self, kind: str, effect: str) -> None:
        self.removed[kind, effect] += 1

    def _tag(self, tag: Start) -> None:
        name = RENAMED.get(tag.name, tag.name)
        if name in DROPPED or name in _PAGE_ELEMENTS:
            return
        if name not in SOURCE_TAGS:
            self._add(f"<{name}>", "removed" if name in VOID else "removed, its text is kept")
            return
        if self._is_converted and not ("href" in tag.attributes or "src" in tag.attributes):
            return
        attributes = {key: unescape(value) for key, value in tag.attributes.items()}
        removal = _media_removal(name, attributes)
        if removal is not None:
            self._add(*removal)
        elif name != "a" or url(attributes.get("href", ""), LINK_SCHEMES):
            self._written[_kind(name)] += 1
        if name == "iframe":  # players are rebuilt with their own attributes
            return
        if not self._is_converted:
            self._attributes(name, attributes)
            return
        for key in (*_lost_href(name, attributes), *_lost_src(name, attributes)):
            self._add(f"attribute {key}", "removed")

    def _attributes(self, name: str, attributes: dict[str, str]) -> None:
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(name, frozenset())
        kept = common_attributes(name, attributes)
        for key, value in attributes.items():
            if key not in _IGNORED and (key not in allowed or (value.strip() and key not in kept)):
                self._add(f"attribute {key}", "removed")
        for key in _removed_special(name, attributes, kept):
            self._add(f"attribute {key}", "removed")


def _media_removal(name: str, attributes: dict[str, str]) -> tuple[str, str] | None:
    """Return the kind and the effect of the removal of a player or an image; None if the element is not removed."""
    source = attributes.get("src", "")
    if name == "iframe" and not embeds.player(url(source, LINK_SCHEMES) or ""):
        return "<iframe>", "replaced by a link" if embeds.link(url(source, LINK_SCHEMES) or "") else "removed"
    if name == "img" and not attributes.get("srcset") and url(source, IMAGE_SCHEMES) is None:
        form = (scheme(source.strip()) or "").lower()
        return f"{form}: image" if form else "<img>", "removed, its alternative text is kept"
    return None


def _removed_special(name: str, attributes: dict[str, str], kept: dict[str, str]) -> Iterator[str]:
    """Yield the attributes with special rules that are removed from an element, completely or in part."""
    kept_classes = kept.get("class", "").split()
    if any(
        each not in kept_classes and not each.startswith("language-") for each in attributes.get("class", "").split()
    ):
        yield "class"
    style = attributes.get("style", "")
    if _NOT_SPACE.search(TEXT_ALIGN.sub("", style) if name in ALIGNED else style):
        yield "style"
    yield from _lost_href(name, attributes)
    if attributes.get("target", "").lower() not in {"", "_blank", "_self"} and name == "a":
        yield "target"
    if any(url(candidate, IMAGE_SCHEMES) is None for candidate, _ in srcset_candidates(attributes.get("srcset", ""))):
        yield "srcset"
    yield from _lost_src(name, attributes)


def _lost_href(name: str, attributes: dict[str, str]) -> Iterator[str]:
    if name == "a" and attributes.get("href", "").strip() and url(attributes["href"], LINK_SCHEMES) is None:
        yield f"href ({scheme(attributes['href'].strip())}:)"


def _lost_src(name: str, attributes: dict[str, str]) -> Iterator[str]:
    if name != "img" and attributes.get("src", "").strip() and url(attributes["src"], IMAGE_SCHEMES) is None:
        yield f"src ({scheme(attributes['src'].strip())}:)"


def _is_lost_in_conversion(kind: str) -> bool:
    """Return whether the removal takes something from the text that readers of the other system saw.

    Layout is not reported: its classes and styles belong to the old theme, and those with a meaning are converted.
    """
    return kind.startswith(_LOST_URLS) or (kind.startswith("<") and kind not in _CONVERTED)


def _kind(name: str) -> str:
    """Return the name under which an element is counted: headings may change their level."""
    return "h1-h6" if _HEADING.fullmatch(name) else name


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _line(source: str, kind: str) -> int | None:
    found = re.search(_pattern(kind), source, re.IGNORECASE)
    return source.count("\n", 0, found.end()) + 1 if found else None


def _pattern(kind: str) -> str:
    """Return an expression for the markup of a removal."""
    match kind.split(maxsplit=1):
        case [str() as start, "image"]:
            return re.escape(start)
        case ["attribute", key]:
            return rf"<[a-z][^<>]*[\s\"']{re.escape(key.split()[0])}\s*="
        case _:
            return r"<h[1-6]" if kind == "<h1-h6>" else rf"{re.escape(kind.rstrip('>'))}(?![\w-])"
