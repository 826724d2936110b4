"""Phrase matching: find consecutive words in a text, without case and accents. Pure.

Tokenizing a text takes a hundred times as long as searching it. So a regular expression that matches every occurrence
of the phrase runs first, and only the places where it matches are tokenized.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice, pairwise
from typing import Final, Self

import regex

from kolom.search.tokenizer import (
    MAX_WORD,
    REDUPLICATED,
    UNSPACED,
    Word,
    are_hyphenated,
    as_one_word,
    normalize_text,
    strip_accents,
    tokenize,
)

PHRASE_CHARACTERS: Final = 2_000
"""More characters than a phrase has: 24 words of at most 64."""

_MAX_FALSE_MATCHES: Final = 50
"""The number of false matches in a text after which the search gives up."""

_MAX_DIGITS: Final = 20
_MARGIN: Final = 2 * MAX_WORD
_SPACED: Final = regex.compile(r"\.?+[\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}'.]*+[+#]*+")
_UNSPACED: Final = regex.compile(rf"[{UNSPACED}ー]")
_CONTINUES: Final = regex.compile(r"[\p{M}ﾞﾟ]")
_CHARACTER: Final = regex.compile(rf"[[{UNSPACED}ー]--\p{{M}}]|\u0e4d\u0e32|\u0ecd\u0eb2", regex.VERSION1)
"""The start of a character. NFKC turns two vowels, of Thai and Lao, into a mark and a letter."""

_PIECE: Final = 100
"""The number of characters that are normalized at a time, to know where a place of the normalized text comes from."""

_BETWEEN_CHARACTERS: Final = "[-‐.,٫٬]?"
_BETWEEN_DIGITS: Final = "[.,٫٬]?"
_DECIMAL_POINT: Final = "[.,٫٬]"


@dataclass(frozen=True)
class SearchedText:
    """A text to search for phrases, each a sequence of forms.

    Two words with a hyphen between them match their spelling as one word, in the text and in the phrase: ``Wi-Fi`` and
    ``wifi``, ``anak-anak`` and ``anak2``.
    """

    text: str

    def has(self, phrase: Sequence[str], hyphenated: Container[tuple[str, str]] = ()) -> bool | None:
        """Return whether the text has the phrase; None if too many places resemble it.

        ``hyphenated`` has the pairs of adjacent forms with a hyphen between them in the query.
        """
        forms = [strip_accents(form) for form in phrase]
        joined = [as_one_word(*map(strip_accents, pair)) if pair in hyphenated else None for pair in pairwise(phrase)]
        wanted = _Sequence(forms, joined)
        pattern = _pattern(wanted)
        if pattern is not None:
            if any(map(_UNSPACED.match, forms)):
                text, around = self._pieces.normalized, self._pieces.around
            else:
                text, around = self._normalized, self._around
            matches = list(islice(_matches(pattern, text), _MAX_FALSE_MATCHES + 1))
            if any(around(*match.span()).has(wanted) for match in matches[:_MAX_FALSE_MATCHES]):
                return True
            return None if len(matches) > _MAX_FALSE_MATCHES else False
        if any(form not in self._normalized for form in forms if _UNSPACED.match(form)):
            return False
        return self._whole.has(wanted)

    @cached_property
    def _normalized(self) -> str:
        return normalize_text(self.text).replace("\n", " ")

    @cached_property
    def _pieces(self) -> "_Pieces":
        return _Pieces.of(self.text)

    @cached_property
    def _whole(self) -> "_Sequence":
        return _Sequence.of(self.text)

    def _around(self, start: int, end: int) -> "_Sequence":
        """Return the words of a match, extended to white space on both sides."""
        text = self._normalized
        first = text.rfind(" ", max(0, start - _MARGIN), start) + 1 or max(0, start - _MARGIN)
        last = text.find(" ", end, end + _MARGIN)
        return _Sequence.of(text[first : last if last >= 0 else end + _MARGIN])


@dataclass(frozen=True, slots=True)
class _Pieces:
    """A text that is normalized in pieces. ``starts`` has where each begins, and ``ends`` where it ends normalized.

    The words of scripts without spaces must be taken from the text itself: NFKC splits some of their characters.
    """

    text: str
    normalized: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Self:
        """Normalize a text in pieces. No piece begins between a character and its combining marks."""
        starts = [0]
        while (start := starts[-1] + _PIECE) < len(text):
            while start < len(text) and _CONTINUES.match(text, start):
                start += 1
            starts.append(start)
        pieces = [normalize_text(text[start:end]) for start, end in pairwise([*starts, len(text)])]
        return cls(text, "".join(pieces).replace("\n", " "), starts, list(accumulate(map(len, pieces))))

    def around(self, start: int, end: int) -> "_Sequence":
        """Return the words of a match in the normalized text, extended by a piece on both sides."""
        first = max(0, bisect_right(self.ends, start) - 1)
        last = bisect_left(self.ends, end) + 2
        return _Sequence.of(self.text[self.starts[first] : self.starts[last] if last < len(self.starts) else None])


@dataclass(frozen=True, slots=True)
class _Sequence:
    """The forms of adjacent words. ``joined`` has for each word and the next one their form as one word, or None."""

    forms: Sequence[str]
    joined: Sequence[str | None]

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the words of a text."""
        words = [Word(strip_accents(word.form), word.start, word.end) for word in tokenize(text)]
        return cls(
            [word.form for word in words],
            [
                as_one_word(first.form, second.form) if are_hyphenated(first, second, text) else None
                for first, second in pairwise(words)
            ],
        )

    def has(self, phrase: Self) -> bool:
        """Return whether the words of ``phrase`` are among these, adjacent and in order."""
        first = {form for form, _ in phrase._from(0)}
        return any(
            self._has_at(position, phrase)
            for position in range(len(self.forms))
            if self.forms[position] in first or (position < len(self.joined) and self.joined[position] in first)
        )

    def _has_at(self, position: int, phrase: Self) -> bool:
        reached = [(position, 0)]
        tried = set(reached)
        while reached:
            mine, theirs = reached.pop()
            if theirs == len(phrase.forms):
                return True
            ends = {
                (my_end, their_end)
                for my_form, my_end in self._from(mine)
                for their_form, their_end in phrase._from(theirs)
                if my_form == their_form
            }
            reached += ends - tried
            tried |= ends
        return False

    def _from(self, position: int) -> list[tuple[str, int]]:
        """Return the forms that begin at a position, each with the position after it."""
        found = [(self.forms[position], position + 1)] if position < len(self.forms) else []
        if position < len(self.joined) and (joined := self.joined[position]):
            found.append((joined, position + 2))
        return found


def text_after(text: str, length: int) -> str:
    """Return the text from ``length`` on, preceded by the words in which a phrase that continues there may begin."""
    start = max(0, length - PHRASE_CHARACTERS)
    return text[max(text.rfind(" ", 0, start), text.rfind("\n", 0, start), 0) :]


def any_true(verdicts: Iterable[bool | None]) -> bool | None:
    """Return whether any result is true; None if that is unknown."""
    distinct = set(verdicts)
    return True if True in distinct else None if None in distinct else False


def all_true(verdicts: Iterable[bool | None]) -> bool | None:
    """Return whether all results are true; None if that is unknown."""
    distinct = set(verdicts)
    return False if False in distinct else None if None in distinct else True


def _pattern(phrase: _Sequence) -> re.Pattern[str] | None:
    """Return a pattern that matches every normalized text with the phrase; None if no simple pattern does."""
    if not all(map(_is_simple, phrase.forms)):
        return None
    separator = _separator(phrase.forms)
    pieces = [_spellings(phrase.forms[0])]
    for (before, form), joined in zip(pairwise(phrase.forms), phrase.joined, strict=True):
        following = _between(before, form, joined, separator) + _spellings(form)
        if overlaps := _overlaps(before, form):
            following = f"(?:{'|'.join([*(re.escape(form[length:]) for length in overlaps), following])})"
        if joined and (repeated := REDUPLICATED.fullmatch(joined)):
            following = f"(?:2{_BETWEEN_CHARACTERS.join(repeated[2] or '')}|{following})"
        pieces.append(following)
    return re.compile("".join(pieces))


def _separator(forms: Iterable[str]) -> str:
    """Return a pattern for a character between two words.

    Marks of scripts without spaces are no letters, but always belong to a word. Those of the phrase are left out, so
    that each word begins in one place only.
    """
    marks = {
        each for form in forms if _UNSPACED.match(form) for each in form if _UNSPACED.match(each) and not each.isalnum()
    }
    return rf"(?:[^\w{re.escape(''.join(sorted(marks)))}]|_)" if marks else r"[\W_]"


def _between(before: str, form: str, joined: str | None, separator: str) -> str:
    """Return a pattern for what may be between two words of a phrase."""
    is_unspaced = bool(_UNSPACED.match(before)), bool(_UNSPACED.match(form))
    # Signs end a word, so the next one may follow directly: ``C++11``. Scripts change without a space.
    may_follow = joined or before.endswith(("+", "#")) or any(is_unspaced)
    return f"{separator}*+" if may_follow and not all(is_unspaced) else f"{separator}++"


def _overlaps(before: str, form: str) -> list[int]:
    """Return how many characters at the end of one pair of characters the next pair may begin with."""
    if not _UNSPACED.match(before) or not _UNSPACED.match(form):
        return []
    return [
        length for length in range(1, len(form)) if before.endswith(form[:length]) and _CHARACTER.match(form, length)
    ]


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Return all matches, overlapping ones too: a false match may reach into a true one."""
    position = 0
    while match := pattern.search(text, position):
        yield match
        position = match.start() + 1


def _is_simple(form: str) -> bool:
    limit = _MAX_DIGITS if form.replace(".", "").isdecimal() else MAX_WORD - 1
    return len(form) <= limit and (_UNSPACED.match(form) or _SPACED.fullmatch(form)) is not None


def _spellings(form: str) -> str:
    """Return a pattern for the spellings of a form: separators in numbers, full stops in initials, hyphens in words.

    Each place of a text matches in one way only, so that no search takes long.
    """
    if form.startswith("."):
        return rf"(?<=\.){re.escape(form[1:])}"  # the pattern between words matches the full stop
    if form.replace(".", "").isdecimal():
        return _DECIMAL_POINT.join(_BETWEEN_DIGITS.join(part) for part in form.split("."))
    if repeated := REDUPLICATED.fullmatch(form):
        base, ending = (_BETWEEN_CHARACTERS.join(part or "") for part in repeated.groups())
        return f"{base}(?:{_BETWEEN_CHARACTERS}2|[-‐]{base}){_BETWEEN_CHARACTERS if ending else ''}{ending}"
    return _BETWEEN_CHARACTERS.join(form) if form.isalnum() and not _UNSPACED.match(form) else re.escape(form)
