"""Place the asterisks of emphasis so that CommonMark parses them as emphasis. Pure.

Some asterisks next to punctuation are literal text, not emphasis, as in ``**Note:**text``. This depends on the
characters around them, so it can only be decided for a complete line. Therefore :func:`marked` first marks each part of
a line with its emphasis. :func:`written` then writes the asterisks of the complete text where CommonMark accepts them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final, Literal

from kolom.rendering import visitor_text
from kolom.rendering.emphasis import is_flanking
from kolom.rendering.text import plain_text

Kind = Literal["text", "code", "link"]
"""The kind of a marked part: text or code that is not escaped yet, or a link that is Markdown already."""

ITALIC: Final = 1
BOLD: Final = 2

SPACE: Final = "\x1f"
"""Collapsible white space, as in HTML: a run of it is one space, and none at the start of a line."""

_NONE: Final = 0
_ALL: Final = ITALIC | BOLD
# The text of a comment has no control characters, so they can delimit the marked parts.
_MARKED: Final = re.compile(r"\x02(text|code|link)([0-3])([^\x03]+)\x03|([^\x02]+)")
_SPACE_AT_START: Final = re.compile(rf"(?<![^ \n]){SPACE}+")
_SPACES: Final = re.compile(rf"{SPACE}+")
_OUTER_SPACE: Final = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)
_BLANK_LINE: Final = re.compile(r"(\n[ \t]*\n)")
_SPECIAL: Final = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w{1,40};)")
_LINE_START: Final = re.compile(r"^\s*(?:\d{1,9}[.)]|[#>+=~-])")
_BACKTICKS: Final = re.compile("`+")


def marked(kind: Kind, content: str, emphasis: int) -> str:
    """Return ``content`` marked as a part of a line for :func:`written`.

    ``emphasis`` is a sum of :data:`ITALIC` and :data:`BOLD`. White space around the content stays outside the mark.
    """
    spaces = _OUTER_SPACE.fullmatch(content)
    assert spaces is not None, "any string is space, something and space"
    before, inside, after = spaces.groups()
    part = f"\x02{kind}{emphasis}{inside}\x03" if inside else ""
    return before.replace(" ", SPACE) + part + after.replace(" ", SPACE)


def written(markup: str) -> str:
    """Return the Markdown of a text with marked parts. The text between them is Markdown already."""
    markup = _SPACES.sub(" ", _SPACE_AT_START.sub("", markup))
    return "".join(_block(block) if "\x02" in block else block for block in _BLANK_LINE.split(markup))


@dataclass(slots=True)
class _Piece:
    """One character of marked text, or an indivisible part. The kind of unmarked text is empty."""

    kind: str
    content: str
    emphasis: int

    @property
    def first(self) -> str:
        return "`" if self.kind == "code" else self.content[0]

    @property
    def last(self) -> str:
        return "`" if self.kind == "code" else self.content[-1]


_EDGE: Final = _Piece("", "\n", _NONE)


def _block(markup: str) -> str:
    """Write a block without blank lines, through which emphasis can extend."""
    parts = _MARKED.findall(markup)
    plain = _plain(parts)
    if not any(emphasis not in {"", "0"} for _, emphasis, _, _ in parts):
        return plain
    pieces = _pieces(parts)
    # Nested emphasis can still be ambiguous in rare cases. The text must not change, so emphasis is dropped there.
    for allowed in (_ALL, BOLD):
        emphasized = _joined(pieces, allowed)
        if emphasized == plain or _visible_words(emphasized) == _visible_words(plain):
            return emphasized
    return plain


def _pieces(parts: Sequence[tuple[str, str, str, str]]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for kind, emphasis, content, unmarked in parts:
        if unmarked:
            # White space takes the emphasis that the parts on both sides share.
            pieces.append(_Piece("", unmarked, _ALL if unmarked.isspace() else _NONE))
        else:
            contents = content if kind == "text" else (content,)
            pieces += (_Piece(kind, each, int(emphasis)) for each in contents)
    return pieces


def _plain(parts: Sequence[tuple[str, str, str, str]]) -> str:
    """Write the parts without emphasis."""
    joined = ""
    for kind, run in groupby(parts, itemgetter(0)):
        joined = _appended(joined, _FORMS[kind]("".join(content or unmarked for _, _, content, unmarked in run)))
    return joined


def _joined(pieces: list[_Piece], allowed: int) -> str:
    pieces = [_Piece(piece.kind, piece.content, piece.emphasis & allowed) for piece in pieces]
    _remove_invalid_emphasis(pieces)
    joined, emphasis = "", _NONE
    for (kind, wanted), run in groupby(pieces, lambda piece: (piece.kind, piece.emphasis)):
        content = "".join(piece.content for piece in run)
        # One asterisk for each italic and two for each bold part that starts or ends here.
        joined = _appended(joined, "*" * (emphasis ^ wanted) + _FORMS[kind](content))
        emphasis = wanted
    return joined + "*" * emphasis


def _appended(joined: str, part: str) -> str:
    if joined.endswith("!") and part.startswith("["):  # text before a link, not an image
        joined = f"{joined[:-1]}\\!"
    return joined + part


def _remove_invalid_emphasis(pieces: list[_Piece]) -> None:
    """Remove emphasis at characters where it can neither start nor end."""
    for before, piece in pairwise([_EDGE, *pieces]):
        if not is_flanking(before.last, piece.first):
            piece.emphasis &= before.emphasis
    for after, piece in pairwise([_EDGE, *reversed(pieces)]):
        if not is_flanking(after.first, piece.last):
            piece.emphasis &= after.emphasis


def _visible_words(markdown: str) -> list[str]:
    return plain_text(visitor_text.render(markdown).html).split()


def _escaped(content: str) -> str:
    # Text that was not a link must not become one: the renderer would link a URL between two escapes.
    content = _SPECIAL.sub(lambda match: "\\" + match[0], content).replace("://", ":\\//")
    return _LINE_START.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", content)


def _code(content: str) -> str:
    fence = "`" * (max(map(len, _BACKTICKS.findall(content)), default=0) + 1)
    space = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{space}{content}{space}{fence}"


_FORMS: Final[Mapping[str, Callable[[str], str]]] = {"text": _escaped, "code": _code, "link": str, "": str}
