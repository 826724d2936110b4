"""Find the heading of an article that repeats its title, so that a page shows the title only once.

This is the first ``<h1>`` that is not within a list, a quotation, a table or another part of the text.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final

from kolom.rendering.element_ids import slug
from kolom.rendering.html_tokenizer import VOID, End, Start, Text, Token, names, unescape

_WRAPPERS: Final = names("article div header hgroup section")
"""The elements that the heading may be in."""

_KEPT: Final = names("audio iframe img picture video")
"""A heading with any of these is more than the title, so it is kept."""

_VARIANTS: Final = str.maketrans("‘’“”‐‑–—", "''\"\"----", "\u00ad\u200b\u2060\ufeff")
"""Typographic variants of characters, and characters that are not visible."""


@dataclass(frozen=True, slots=True)
class TitleHeading:
    """A heading. It has the tokens ``[start:end]``; ``names`` are the fragments by which links may refer to it."""

    start: int
    end: int
    text: str
    names: tuple[str, ...]
    is_only_text: bool


def find_heading(tokens: list[Token]) -> TitleHeading | None:
    """Return the first ``<h1>`` of canonical markup that can be the title of the article, or None."""
    open_elements: list[str] = []
    for index, token in enumerate(tokens):
        if isinstance(token, Start):
            if token.name == "h1" and _WRAPPERS.issuperset(open_elements):
                return _heading(tokens, index)
            if token.name not in VOID:
                open_elements.append(token.name)
        elif isinstance(token, End) and open_elements:
            open_elements.pop()
    return None


def is_title(text: str, title: str) -> bool:
    """Return whether a heading with this text repeats the title. Case, spacing and typography do not matter."""
    return _comparable(text) == _comparable(title) != ""


def without_heading(tokens: list[Token], heading: TitleHeading) -> list[Token]:
    """Return the tokens without the heading and the line break after it."""
    rest = tokens[heading.end :]
    match rest:
        case [Text(markup), *_]:
            rest[0] = Text(markup.removeprefix("\n"))
        case _:
            pass
    return tokens[: heading.start] + rest


def _heading(tokens: list[Token], start: int) -> TitleHeading:
    pieces: list[str] = []
    anchors: list[str] = []
    is_only_text = True
    depth = 0
    for index in range(start, len(tokens)):
        match tokens[index]:
            case Start(name, attributes):
                depth += name not in VOID
                is_only_text &= name not in _KEPT and attributes.get("class") != "footnote-ref"
                anchors += [unescape(attributes[key]) for key in ("id", "name") if attributes.get(key)]
                if name == "br":
                    pieces.append(" ")
            case End(_):
                depth -= 1
                if not depth:
                    break
            case Text(markup):
                pieces.append(unescape(markup))
            case _:
                pass
    text = " ".join("".join(pieces).split())
    return TitleHeading(start, index + 1, text, (*anchors, slug(text)), is_only_text)


def _comparable(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text.translate(_VARIANTS)).casefold().split())
