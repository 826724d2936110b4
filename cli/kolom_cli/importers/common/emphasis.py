"""Where the asterisks of emphasis go, so that CommonMark reads them as such. Pure.

Asterisks beside a letter on one side and punctuation on the other are shown, not read: ``**Note:**text``. Whether that
is so can be told only from all of a line. So what stands in a line is marked first, with the emphasis that it shall
have (:func:`marked`); once the text is whole, :func:`written` puts the asterisks where they can stand.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final, Literal

from markdown_it.common.utils import isPunctChar, isWhiteSpace

from kolom.rendering import visitor_text
from kolom.rendering.text import plain_text

Kind = Literal["text", "code", "link"]
"""What is marked: text or code that is yet to be written as such, or a link that is Markdown already."""

ITALIC: Final = 1
BOLD: Final = 2

SPACE: Final = "\x1f"
"""White space as it is in HTML: one space however often it stands there, and none where a line begins."""

_NONE: Final = 0
_ALL: Final = ITALIC | BOLD
# Control characters never are in a comment's text.
_MARKED: Final = re.compile(r"\x02(text|code|link)([0-3])([^\x03]+)\x03|([^\x02]+)")
_SPACE_AT_START: Final = re.compile(rf"(?<![^ \n]){SPACE}+")
_SPACES: Final = re.compile(rf"{SPACE}+")
_OUTER_SPACE: Final = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)
_BLANK_LINE: Final = re.compile(r"(\n[ \t]*\n)")
_SPECIAL: Final = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w{1,40};)")
_LINE_START: Final = re.compile(r"^\s*(?:\d{1,9}[.)]|[#>+=~-])")
_BACKTICKS: Final = re.compile("`+")


def marked(kind: Kind, content: str, emphasis: int) -> str:
    """``content`` as a part of a line for :func:`written`.

    ``emphasis`` is a sum of :data:`ITALIC` and :data:`BOLD`. White space around the content stays outside.
    """
    spaces = _OUTER_SPACE.fullmatch(content)
    assert spaces is not None, "any string is space, something and space"
    before, inside, after = spaces.groups()
    part = f"\x02{kind}{emphasis}{inside}\x03" if inside else ""
    return before.replace(" ", SPACE) + part + after.replace(" ", SPACE)


def written(markup: str) -> str:
    """The Markdown of a text with marked parts. What stands between them is Markdown already."""
    markup = _SPACES.sub(" ", _SPACE_AT_START.sub("", markup))
    return "".join(_block(block) if "\x02" in block else block for block in _BLANK_LINE.split(markup))


@dataclass(slots=True)
class _Piece:
    """One character of a text, or something that is not to be divided. What is not marked has an empty kind."""

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
    """Without blank lines, so that emphasis may go through all of it."""
    pieces = _pieces(markup)
    plain = _joined(pieces, _NONE)
    # Emphasis within emphasis can be ambiguous still, in rare cases: text goes before emphasis.
    for allowed in (_ALL, BOLD):
        emphasised = _joined(pieces, allowed)
        if emphasised == plain or _shown(emphasised) == _shown(plain):
            return emphasised
    return plain


def _pieces(markup: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    for match in _MARKED.finditer(markup):
        kind, emphasis, content, unmarked = match.groups()
        if unmarked:
            # White space has the emphasis of what stands on both sides.
            pieces.append(_Piece("", unmarked, _ALL if unmarked.isspace() else _NONE))
        else:
            contents = content if kind == "text" else (content,)
            pieces += (_Piece(kind, each, int(emphasis)) for each in contents)
    return pieces


def _joined(pieces: list[_Piece], allowed: int) -> str:
    pieces = [replace(piece, emphasis=piece.emphasis & allowed) for piece in pieces]
    _settle(pieces)
    joined, emphasis = "", _NONE
    for (kind, wanted), run in groupby(pieces, lambda piece: (piece.kind, piece.emphasis)):
        content = "".join(piece.content for piece in run)
        # As many asterisks as what ends and what begins here has: one for italic, two for bold text.
        joined += "*" * (emphasis ^ wanted) + _FORMS[kind](content)
        emphasis = wanted
    return joined + "*" * emphasis


def _settle(pieces: list[_Piece]) -> None:
    """Take emphasis from where it can neither begin nor end."""
    for before, piece in pairwise([_EDGE, *pieces]):
        if not _can_stand(before.last, piece.first):
            piece.emphasis &= before.emphasis
    for after, piece in pairwise([_EDGE, *reversed(pieces)]):
        if not _can_stand(after.first, piece.last):
            piece.emphasis &= after.emphasis


def _can_stand(outside: str, inside: str) -> bool:
    """Whether asterisks between the two are read as the edge of emphasis.

    https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run
    """
    if isWhiteSpace(ord(inside)):
        return False
    return not isPunctChar(inside) or isPunctChar(outside) or isWhiteSpace(ord(outside))


def _shown(markdown: str) -> list[str]:
    return plain_text(visitor_text.render(markdown).html).split()


def _escaped(content: str) -> str:
    # What was no address there shall be none here, though the renderer might find one between two escapes.
    content = _SPECIAL.sub(lambda match: "\\" + match[0], content).replace("://", ":\\//")
    return _LINE_START.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", content)


def _code(content: str) -> str:
    fence = "`" * (max(map(len, _BACKTICKS.findall(content)), default=0) + 1)
    space = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{space}{content}{space}{fence}"


_FORMS: Final[Mapping[str, Callable[[str], str]]] = {"text": _escaped, "code": _code, "link": str, "": str}
