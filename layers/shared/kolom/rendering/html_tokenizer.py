"""Tokenize HTML in linear time for any input.

The tokenizer follows the HTML standard (13.2.5) where it matters: quoted attributes, comments, elements with raw text
content, and the end of the input, which closes a comment or raw text, and drops an incomplete tag. The
standard library's ``html.parser`` is not used: it needs quadratic time for some unclosed constructs, and it parses
comments and raw text differently from one patch release to the next, which would change the output of this package.
This module does not make HTML safe: :mod:`.sanitizer` does.

Character references are preserved: text and attribute values in the tokens are markup, ready to be written between
tags or between double quotes. :func:`escape` and :func:`unescape` convert from and to plain strings.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import unescape
from typing import Final, NamedTuple

__all__ = [
    "RAW_TEXT",
    "VOID",
    "Comment",
    "End",
    "Start",
    "Text",
    "Token",
    "escape",
    "names",
    "serialize",
    "tokenize",
    "unescape",
]


def names(text: str) -> frozenset[str]:
    """Return the words of ``text`` as a set: a compact notation for lists of names."""
    return frozenset(text.split())


VOID: Final = names("area base br col embed hr img input link meta param source track wbr")
"""Elements without content and without an end tag."""

RAW_TEXT: Final = names("iframe noembed noframes plaintext script style textarea title xmp")
"""Elements whose content, up to their end tag, is text and not markup."""

_SEPARATOR: Final = "<!---->"
"""An invisible separator that splits a text into two."""

_MAX_ATTRIBUTES: Final = 50
_MAX_REFERENCES: Final = 500
_WITH_REFERENCES: Final = names("textarea title")
_SPACE: Final = "\t\n\f\r "
_TAG_NAME: Final = re.compile(rf"</?+([a-zA-Z][^{_SPACE}/>]*+)")
_TEXT: Final = r"([^<]*+(?:<(?![a-zA-Z/!?])[^<]*+)*+)"
_SIMPLE_TAG: Final = "<(/?+)([a-zA-Z][a-zA-Z0-9]*+)>"
_TEXT_AND_TAG: Final = re.compile(f"{_TEXT}(?:{_SIMPLE_TAG})?+")  # most tags have no attributes
_BETWEEN: Final = re.compile(rf"[{_SPACE}/]*+")
_ATTRIBUTE_NAME: Final = re.compile(rf"[^{_SPACE}/>][^{_SPACE}/>=]*+")
_EQUALS: Final = re.compile(rf"[{_SPACE}]*+=[{_SPACE}]*+")
_UNQUOTED: Final = re.compile(rf"[^{_SPACE}>]*+")
_COMMENT_END: Final = re.compile(r"--!?>")


class Start(NamedTuple):
    """A start tag; its name and the names of its attributes are in lower case."""

    name: str
    attributes: dict[str, str]


class End(NamedTuple):
    """An end tag."""

    name: str


class Text(NamedTuple):
    """Text as markup: ``&lt;`` for a ``<``."""

    markup: str


class Comment(NamedTuple):
    """The text of a comment, without its delimiters."""

    data: str


type Token = Start | End | Text | Comment
"""Loops over all tokens of a text use ``isinstance``: it takes a tenth of the time of a class pattern of ``match``."""


def escape(text: str) -> str:
    """Escape plain text for use between tags or between double quotes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def tokenize(html: str) -> Iterator[Token]:
    """Yield the tokens of ``html``; any string is valid. Declarations and processing instructions are dropped."""
    position, end = 0, len(html)
    while position < end:
        found = _TEXT_AND_TAG.match(html, position)
        assert found is not None  # it matches anything
        text, slash, name = found.groups()
        if text:
            yield Text(text.replace("<", "&lt;"))
        if name is not None and (name := name.lower()) not in RAW_TEXT:
            position = found.end()
            yield End(name) if slash else Start(name, {})
            continue
        opening = found.end(1)
        if opening == end:
            return
        if tag := _TAG_NAME.match(html, opening):
            name = tag[1].lower()
            attributes, position = _attributes(html, tag.end())
            if position < 0:
                return
            if html[opening + 1] == "/":
                yield End(name)
                continue
            yield Start(name, attributes)
            if name in RAW_TEXT:
                closing = _raw_text_end(name).search(html, position)
                stop = closing.start() if closing else end
                if stop > position:
                    text = html[position:stop]
                    yield Text((text if name in _WITH_REFERENCES else text.replace("&", "&amp;")).replace("<", "&lt;"))
                position = stop
        elif html.startswith("<!--", opening):
            data, position = _comment(html, opening + 4)
            yield Comment(data)
        else:  # a declaration, a processing instruction, or "</" without a name
            position = html.find(">", opening) + 1
            if position == 0:
                return


def serialize(tokens: Iterable[Token]) -> str:
    """Serialize tokens as markup for a parser.

    Empty comments split text with many character references: for each reference, html5ever copies the text that it has
    read so far.
    """
    pieces: list[str] = []
    references = 0  # since the last tag
    for token in tokens:
        if isinstance(token, Text):
            markup = token.markup
            references += markup.count("&")
            if references > _MAX_REFERENCES:
                markup = _SEPARATOR + _separated(markup)
                references = 0
            pieces.append(markup)
        elif isinstance(token, Start):
            attributes = "".join([f' {key}="{value}"' for key, value in token.attributes.items()])
            pieces.append(f"<{token.name}{attributes}>")
            references = 0
        elif isinstance(token, End):
            pieces.append(f"</{token.name}>")
            references = 0
        else:
            pieces.append(f"<!--{token.data}-->")
    return "".join(pieces)


def _separated(markup: str) -> str:
    parts = markup.split("&")
    return f"{_SEPARATOR}&".join(
        "&".join(parts[first : first + _MAX_REFERENCES]) for first in range(0, len(parts), _MAX_REFERENCES)
    )


def _attributes(html: str, position: int) -> tuple[dict[str, str], int]:
    """Return the attributes that begin at ``position``, and the end of the tag: -1 if the input ends before it."""
    attributes: dict[str, str] = {}
    if html.startswith(">", position):
        return attributes, position + 1
    while True:
        position = _BETWEEN.match(html, position).end()  # type: ignore[union-attr]  # matches anything
        name = _ATTRIBUTE_NAME.match(html, position)
        if name is None:
            return attributes, position + 1 if position < len(html) else -1
        position, value = name.end(), ""
        if equals := _EQUALS.match(html, position):
            position = equals.end()
            quote = html[position : position + 1]
            if quote in {'"', "'"}:
                closing = html.find(quote, position + 1)
                if closing < 0:
                    return attributes, -1
                value, position = html[position + 1 : closing], closing + 1
            elif unquoted := _UNQUOTED.match(html, position):
                value, position = unquoted[0], unquoted.end()
        if len(attributes) < _MAX_ATTRIBUTES:
            attributes.setdefault(name[0].lower(), value.replace('"', "&quot;"))


def _comment(html: str, position: int) -> tuple[str, int]:
    """Return the comment whose text begins at ``position``, and its end."""
    for abrupt in (">", "->"):
        if html.startswith(abrupt, position):
            return "", position + len(abrupt)
    closing = _COMMENT_END.search(html, position)
    return (html[position : closing.start()], closing.end()) if closing else (html[position:], len(html))


@cache
def _raw_text_end(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?=[{_SPACE}/>])" if name != "plaintext" else r"\Z", re.IGNORECASE)
