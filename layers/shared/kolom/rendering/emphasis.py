"""Parse emphasis in Chinese, Japanese and Korean text, where often no space separates it from the text around it.

By CommonMark's rules, ``**`` between punctuation and a letter is no emphasis: ``**强调。**后文``. The amended rules at
https://github.com/tats-u/markdown-cjk-friendly/blob/main/specification.md ignore the punctuation of these languages.
They treat a character of these languages outside of the asterisks like a space. All other text is parsed as by
CommonMark.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import regex
from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

_FIRST_NOT_ASCII: Final = "\x80"
_EMOJI_OR_HANGUL: Final = regex.compile(r"(?P<emoji>\p{Emoji_Presentation})|\p{Script=Hangul}")
_FULLWIDTH_QUOTES: Final = frozenset("‘’“”")
"""Quotation marks that a following :data:`_FULLWIDTH_FORM` makes Chinese or Japanese."""

_FULLWIDTH_FORM: Final = "\ufe01"


def new_parser(preset: str, options: Mapping[str, Any] | None = None) -> MarkdownIt:
    """Return a parser of Markdown with the rules of this module."""
    parser = MarkdownIt("zero")
    parser.inline = _InlineParser()
    return parser.configure(preset, options_update=dict(options or {}))


def is_flanking(outside: str, inside: str) -> bool:
    """Return whether asterisks between the two characters are left- or right-flanking (CommonMark, 6.2).

    ``inside`` is the character on the side of the emphasis.
    """
    if _is_space(inside):
        return False
    return not _is_separating(inside) or _is_separating(outside) or _is_space(outside) or _is_cjk(outside)


class _InlineParser(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 - overrides
        end = start
        while end < self.posMax and self.src[end] == self.src[start]:
            end += 1
        before, follows_cjk = self._before(start)
        after = self.src[end] if end < self.posMax else " "
        is_fullwidth_quote = self.src[start - 1 : start] == _FULLWIDTH_FORM and before in _FULLWIDTH_QUOTES
        separated_before = _is_separating(before) and not is_fullwidth_quote
        is_left_flanking = not _is_space(after) and (
            not _is_separating(after) or separated_before or _is_space(before) or follows_cjk
        )
        is_right_flanking = not _is_space(before) and (
            not separated_before or _is_separating(after) or _is_space(after) or _is_cjk(after)
        )
        return Scanned(
            can_open=is_left_flanking and (canSplitWord or not is_right_flanking or _is_punctuation(before)),
            can_close=is_right_flanking and (canSplitWord or not is_left_flanking or _is_punctuation(after)),
            length=end - start,
        )

    def _before(self, start: int) -> tuple[str, bool]:
        """Return the character before ``start``, without a variation selector, and whether it is a CJK character."""
        if not start:
            return " ", False
        character = self.src[start - 1]
        if "\U000e0100" <= character <= "\U000e01ef":  # these follow only ideographs
            return character, True
        if "\ufe00" <= character <= "\ufe0e" and start > 1:
            character = self.src[start - 2]
        return character, _is_cjk(character)


def _is_separating(character: str) -> bool:
    """Return whether it is punctuation of a script that separates words by spaces."""
    return _is_punctuation(character) and not _is_cjk(character)


def _is_punctuation(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)


def _is_space(character: str) -> bool:
    return isWhiteSpace(ord(character))


@lru_cache(maxsize=2_000)
def _is_cjk(character: str) -> bool:
    if character < _FIRST_NOT_ASCII:
        return False
    match = _EMOJI_OR_HANGUL.match(character)
    if match is not None:
        return match["emoji"] is None
    return unicodedata.east_asian_width(character) in {"W", "F", "H"}
