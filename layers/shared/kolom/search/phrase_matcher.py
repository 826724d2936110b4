"""Phrase matching: find consecutive words in a text. Pure.

Tokenizing a text takes a hundred times as long as searching it. So a regular expression that matches every occurrence
of the phrase runs first, and only the places where it matches are tokenized.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

import regex

from kolom.search.tokenizer import MAX_WORD, normalize_text, tokenize

_MAX_FALSE_MATCHES: Final = 50
"""The number of false matches in a text after which the search gives up."""

_MAX_DIGITS: Final = 20
_MARGIN: Final = 2 * MAX_WORD
_SPACED: Final = regex.compile(r"[\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}']*+")
_UNSPACED: Final = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


@dataclass(frozen=True)
class SearchedText:
    """A text to search for phrases, each a sequence of forms."""

    text: str

    def has(self, phrase: Sequence[str]) -> bool | None:
        """Return whether the text has the phrase; None if too many places resemble it."""
        pattern = _pattern(phrase)
        if pattern is not None:
            matches = list(islice(_matches(pattern, self._normalized), _MAX_FALSE_MATCHES + 1))
            if any(
                _contains_sequence(self._forms_around(*match.span()), phrase) for match in matches[:_MAX_FALSE_MATCHES]
            ):
                return True
            return None if len(matches) > _MAX_FALSE_MATCHES else False
        if any(form not in self._normalized for form in phrase if _UNSPACED.match(form)):
            return False
        return _contains_sequence(self._forms, phrase)

    @cached_property
    def _normalized(self) -> str:
        return normalize_text(self.text).replace("\n", " ")

    @cached_property
    def _forms(self) -> list[str]:
        return [word.form for word in tokenize(self.text)]

    def _forms_around(self, start: int, end: int) -> list[str]:
        """Return the forms of a match, extended to white space on both sides."""
        text = self._normalized
        first = text.rfind(" ", max(0, start - _MARGIN), start) + 1 or max(0, start - _MARGIN)
        last = text.find(" ", end, end + _MARGIN)
        return [word.form for word in tokenize(text[first : last if last >= 0 else end + _MARGIN])]


def _pattern(phrase: Sequence[str]) -> re.Pattern[str] | None:
    """Return a pattern that matches every normalized text with the phrase; None if no simple pattern does."""
    return re.compile(r"[\W_]++".join(map(_spellings, phrase))) if all(map(_is_simple, phrase)) else None


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Return all matches, overlapping ones too: a false match may reach into a true one."""
    position = 0
    while match := pattern.search(text, position):
        yield match
        position = match.start() + 1


def _is_simple(form: str) -> bool:
    limit = _MAX_DIGITS if form.isdecimal() else MAX_WORD - 1
    return len(form) <= limit and _SPACED.fullmatch(form) is not None and not _UNSPACED.search(form)


def _spellings(form: str) -> str:
    """Return a pattern for the spellings of a form: numbers with separators, letters as initials.

    Only one spelling can match at any position.
    """
    if form.isdecimal():
        return "[.,٫٬]?".join(form)
    return f"(?:{form}|{r'\.'.join(form)})" if form.isalpha() and len(form) > 1 else re.escape(form)


def _contains_sequence(forms: Sequence[str], phrase: Sequence[str]) -> bool:
    words = list(phrase)
    return any(forms[position : position + len(words)] == words for position in _positions(forms, words[0]))


def _positions(forms: Sequence[str], form: str) -> Iterator[int]:
    return (position for position, each in enumerate(forms) if each == form)
