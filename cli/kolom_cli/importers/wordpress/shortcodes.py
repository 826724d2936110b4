"""Find the shortcodes of WordPress in a text: ``[name key="value"]``, with or without a text up to ``[/name]``. Pure.

The running time is linear in the length of the text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kolom_cli.importers.common.tag_pairs import TagKind, pair_tags

_TAG: Final = re.compile(r"\[(\[?)(/?)([a-zA-Z][\w-]{0,50})((?:[\s=/][^\[\]]{0,5000}+)?)\](\]?)")
_ATTRIBUTE: Final = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))|\"([^\"]*)\"|(\S+)")
_QUOTE: Final = re.compile(r"&(?:quot|#34|#822[0-3]|#8243|[lr]dquo);|[“”″]")
# The control characters mark code and blocks, see html_converter.
_BEFORE: Final = re.compile(r"(?:\n|<p(?:\s[^<>]*)?>|[\0-\2])[ \t]*\Z")
_AFTER: Final = re.compile(r"[ \t]*(?:\n|\Z|</p>|<br|[\0-\2])")
_WINDOW: Final = 100
"""The number of characters before and after a tag that decide whether it is alone on its line."""
_MAX_DEPTH: Final = 50
"""Shortcodes nested deeper than this count as unclosed."""


@dataclass(frozen=True, slots=True)
class Shortcode:
    """A shortcode. ``source`` is its opening tag, ``inner`` the converted text up to its closing tag, if it has one.

    ``is_stray`` is True for a closing tag without an opening one, ``is_alone`` for a tag alone on its line.
    """

    name: str
    source: str
    arguments: str
    inner: str | None = None
    is_stray: bool = False
    is_alone: bool = False


@dataclass(slots=True)
class _Frame:
    opening: re.Match[str]
    closing: int
    pieces: list[str]


def convert_shortcodes(text: str, convert: Callable[[Shortcode], str]) -> str:
    """Return the text with the results of ``convert`` instead of its shortcodes, the inner ones first.

    ``[[name]]`` and ``[[name]…[/name]]`` are texts: they lose their outer brackets.
    """
    tags = list(_TAG.finditer(text))
    pairs = pair_tags((tag[3].lower(), _kind(tag)) for tag in tags)
    frames: list[_Frame] = []
    pieces: list[str] = []
    position = 0
    escaped_until = -1
    for index, tag in enumerate(tags):
        if index <= escaped_until:
            continue
        pieces.append(text[position : tag.start()])
        position = tag.end()
        closing = pairs.get(index)
        if _is_escaped(tag):
            pieces.append(tag[0][1:-1])
        elif frames and frames[-1].closing == index:
            frame = frames.pop()
            inner = "".join([*pieces, tag[1]])
            pieces = frame.pieces
            pieces += [frame.opening[1], convert(_shortcode(text, frame.opening, inner)), tag[5]]
        elif closing is not None and tag[1] and tags[closing][5]:
            escaped_until, position = closing, tags[closing].end()
            pieces.append(text[tag.start() + 1 : position - 1])
        elif closing is not None and len(frames) < _MAX_DEPTH and (not frames or closing < frames[-1].closing):
            frames.append(_Frame(tag, closing, pieces))
            pieces = []
        else:
            pieces += [tag[1], convert(_shortcode(text, tag, None)), tag[5]]
    return "".join([*pieces, text[position:]])


def parse_arguments(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the named and the positional arguments of a shortcode; ``[youtube=URL]`` has one positional argument."""
    text = _QUOTE.sub('"', text).strip().removesuffix("/")
    if text.startswith("="):
        return {}, [text[1:].strip("\"' ")]
    named, plain = {}, []
    for match in _ATTRIBUTE.finditer(text):
        if match[1]:
            named[match[1].lower()] = match[2] or match[3] or match[4] or ""
        else:
            plain.append(match[5] or match[6])
    return named, plain


def _kind(tag: re.Match[str]) -> TagKind:
    if _is_escaped(tag):
        return "other"
    if tag[2]:
        return "closing"
    return "other" if tag[4].endswith("/") else "opening"


def _is_escaped(tag: re.Match[str]) -> bool:
    return bool(tag[1] and tag[5])


def _shortcode(text: str, tag: re.Match[str], inner: str | None) -> Shortcode:
    before = text[max(tag.start() - _WINDOW, 0) : tag.start()]
    is_first = tag.start() <= _WINDOW and not before.strip()
    return Shortcode(
        name=tag[3].lower(),
        source=tag[0][len(tag[1]) : len(tag[0]) - len(tag[5])],
        arguments=tag[4],
        inner=inner,
        is_stray=bool(tag[2]),
        is_alone=(is_first or _BEFORE.search(before) is not None)
        and _AFTER.match(text, tag.end(), tag.end() + _WINDOW) is not None,
    )
