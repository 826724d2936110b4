"""Extract plain text from an article: the full text, the excerpt, and the reading time."""

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from kolom.rendering.html_tokenizer import RAW_TEXT, VOID, Comment, End, Start, Text, Token, names, tokenize, unescape
from kolom.rendering.tag_balancer import MORE

EXCERPT_CHARACTERS: Final = 200
WORDS_PER_MINUTE: Final = 200
CJK_CHARACTERS_PER_MINUTE: Final = 400

_BLOCKS: Final = names(
    "address article aside audio blockquote br caption dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 "
    "header hgroup hr iframe li ol p pre section summary table tbody td tfoot th thead tr ul video"
)
_NOT_IN_EXCERPT: Final = names("audio figcaption h1 h2 h3 h4 h5 h6 iframe pre table video")
_FOOTNOTE_CLASSES: Final = frozenset(("footnote-ref", "footnotes"))
_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"\w\S*+")  # from the first letter or digit of a word to its end
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_JOINER: Final = "\u200d"


def plain_text(html: str) -> str:
    """Return the text of sanitized HTML: one line per block, collapsed white space, no empty lines.

    A line break in ``<pre>`` and a ``<br>`` also start a new line. Raw text, as in scripts, is excluded.
    """
    if "<" not in html:
        return " ".join(unescape(html).split())
    return text_of(tokenize(html))


def text_of(tokens: Iterable[Token]) -> str:
    """Return the text of the tokens of sanitized HTML, as :func:`plain_text` does."""
    pieces: list[str] = []
    preformatted = 0
    raw = False
    for token in tokens:
        if isinstance(token, Text):
            if not raw:
                text = unescape(token.markup)
                pieces.append(text if preformatted else text.replace("\n", " "))
        elif not isinstance(token, Comment) and token.name in _BLOCKS:
            pieces.append("\n")
            if token.name == "pre":
                preformatted = max(0, preformatted + (1 if isinstance(token, Start) else -1))
        raw = isinstance(token, Start) and token.name in RAW_TEXT
    lines = ("".join(pieces)).split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def excerpt(tokens: Iterable[Token]) -> str:
    """Return the beginning of the running text: no headings, code blocks, tables, captions or footnotes.

    It ends at the author's mark ``<!--more-->``, if text precedes it, or after about 200 characters. The tokens must be
    balanced.
    """
    pieces: list[str] = []
    length = 0
    skipping = 0  # the number of open elements that are skipped
    for token in tokens:
        match token:
            case Start(name, attributes) if name not in VOID and (skipping or _is_excluded(name, attributes)):
                skipping += 1
            case Start(name):
                if name in _BLOCKS:
                    pieces.append(" ")
            case End(name):
                skipping = max(skipping - 1, 0)
                if name in _BLOCKS:
                    pieces.append(" ")
            case Comment(data) if data == MORE and length:
                break
            case Text(markup) if not skipping:
                text = _SPACE.sub(" ", unescape(markup))
                pieces.append(text)
                length += len(text.strip())
                if length > EXCERPT_CHARACTERS:
                    break
            case _:
                pass
    return shorten(" ".join("".join(pieces).split()), EXCERPT_CHARACTERS)


def shorten(text: str, characters: int) -> str:
    """Return ``text``, shortened to at most ``characters`` and an ellipsis, cut between words if possible."""
    if len(text) <= characters:
        return text
    end = text.rfind(" ", characters // 2, characters + 1)
    if end < 0:
        end = characters
        while end > characters // 2 and _continues(text, end):
            end -= 1
    return text[:end].rstrip(" ,;:.–—-…") + "…"


def reading_minutes(text: str) -> int:
    """Return the reading time in whole minutes, at least 1: 200 words or 400 CJK characters per minute."""
    cjk_characters = 0 if text.isascii() else len(_CJK.findall(text))
    spaced_words = len(_WORD.findall(_CJK.sub(" ", text) if cjk_characters else text))
    return max(1, math.ceil(spaced_words / WORDS_PER_MINUTE + cjk_characters / CJK_CHARACTERS_PER_MINUTE))


def _is_excluded(name: str, attributes: dict[str, str]) -> bool:
    return name in _NOT_IN_EXCERPT or not _FOOTNOTE_CLASSES.isdisjoint(attributes.get("class", "").split())


def _continues(text: str, position: int) -> bool:
    """Return whether the character at ``position`` combines with the one before: accents, vowel signs, joined emoji."""
    return unicodedata.category(text[position])[0] == "M" or _JOINER in text[position - 1 : position + 1]
