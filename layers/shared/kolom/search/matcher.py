"""Find the words of a text that a query searches for. Pure.

A text in a script without spaces has about as many words as characters, so that analyzing all of them takes long. So a
regular expression first finds the places that may have a match, and only these are analyzed.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator
from itertools import accumulate, chain, compress
from typing import Final

import regex

from kolom.search.analyzer import CACHED_WORDS, is_stop_word, stem_piece, stem_words
from kolom.search.tokenizer import HYPHENS, UNSPACED, strip_accents

_CACHED_CHARACTERS: Final = 24
"""The length of pieces of text that are cached. Longer ones rarely repeat, and may have many words without spaces."""

_LONG_RUN: Final = regex.compile(rf"(?<!\p{{M}})(?:[{UNSPACED}ー]\p{{M}}*+){{8}}")
_UNSPACED: Final = regex.compile(rf"[{UNSPACED}ー\p{{M}}]++")
_MARK: Final = regex.compile(r"\p{M}")
_CONTEXT: Final = 3
"""The number of characters before and after a place that are analyzed with it.

Two, because words in the scripts without spaces are pairs of characters (:mod:`.tokenizer`), and one more.
"""

_OTHERS: Final = rf"[[\p{{L}}\p{{N}}_{re.escape(HYPHENS)}]--[{UNSPACED}ー]]++(?:\.\p{{L}})*+"
"""Runs of letters, digits, underscores and hyphens outside the scripts without spaces.

After them, dots with single letters of any script (``U.S.A``).
"""

_CHANGED: Final = (
    "[\u0e33\u0eb3\u0edc\u0edd\u102e\u2e9f\u2ef3\u2f00-\u2fd5\u3038-\u303a\u3099\u309a\u309f\u30ff\u32d0-\u32fe\u3300-\u3357"
    "\uf900-\ufad9\uff66-\uff9f\U0001f200\U0002f800-\U0002fa1d]"
)
"""The characters of the scripts without spaces that NFKC changes, alone or with the one before them."""

type Match = tuple[int, int, str]
"""The start and the end of a word, and its stem or the prefix with which it begins (:class:`Matcher`)."""


class Matcher:
    """Finds the words of texts in ``language`` whose stem is one of ``stems``.

    With ``prefix``, it also finds other words that begin with the prefix, ignoring accents. A stop word whose stem is
    in ``ambiguous`` (a searched word that is a stop word in some language) is found only in capitals.
    """

    def __init__(
        self, stems: Collection[str], language: str, prefix: str | None = None, ambiguous: Container[str] = ()
    ) -> None:
        self._stems = stems
        self._ambiguous = ambiguous
        self._language = language
        self._beginning = strip_accents(prefix) if prefix else None
        self._places = _compile(chain(stems, [self._beginning] if self._beginning else ()))
        self._labels: dict[str, bool] = {}

    def is_in_label(self, label: str) -> bool:
        """Return whether a label has a match. Labels are remembered, because many results share them."""
        if (is_in := self._labels.get(label)) is None:
            is_in = self._labels[label] = any(True for _ in self.find(label))
        return is_in

    def find(self, text: str) -> Iterator[Match]:
        """Yield the matches; a hyphenated compound precedes its second part."""
        # No word contains a space or depends on the text beyond one. So the pieces between spaces can be cached.
        pieces = text.split(" ")
        distinct = set(pieces)
        found = distinct if self._beginning else _pieces_with(self._stems, distinct, self._language)
        if not found:
            return
        ends = accumulate(map(len, pieces), initial=0)
        places = enumerate(zip(pieces, ends, strict=False))
        for spaces, (piece, end) in compress(places, map(found.__contains__, pieces)):
            yield from self._find_in_piece(piece, end + spaces)

    def _find_in_piece(self, piece: str, position: int) -> Iterator[Match]:
        if len(piece) > _CACHED_CHARACTERS:
            yield from self._find_in_long(piece, position)
            return
        for start, end, form, stem in stem_piece(piece, self._language):
            if (key := self._key(piece[start:end], form, stem)) is not None:
                yield position + start, position + end, key

    def _find_in_long(self, piece: str, position: int) -> Iterator[Match]:
        for first, last in self._parts(piece):
            part, at = piece[first:last], position + first
            for start, end, form, stem in stem_words(part, self._language):
                if (key := self._key(part[start:end], form, stem)) is not None:
                    yield at + start, at + end, key

    def _key(self, text: str, form: str, stem: str) -> str | None:
        """Return the stem of a word, or the prefix with which it begins; None if the query does not search for it."""
        if stem in self._stems and not (
            stem in self._ambiguous and is_stop_word(form, self._language) and not text.isupper()
        ):
            return stem
        return self._beginning if self._beginning and strip_accents(form).startswith(self._beginning) else None

    def _parts(self, piece: str) -> Iterator[tuple[int, int]]:
        """Yield the parts of a long piece that may have matches. No part separates a character from its marks."""
        start = first = 0
        end = len(piece)
        if _LONG_RUN.search(piece):
            for place in self._places.finditer(piece):
                last = _backward(piece, place.start(), 0)
                if first < last:
                    if first:
                        yield start, first
                    start = last
                first = max(first, _forward(piece, place.end(), end))
            if first:
                yield start, first
        else:
            yield 0, end


class _AnalyzedPieces:
    """The pieces of texts in a language that were analyzed, by the stems of their words."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.by_stem: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, piece: str, language: str) -> None:
        """Analyze a piece."""
        for *_, stem in stem_piece(piece, language):
            self.by_stem[stem].add(piece)
        self.known.add(piece)  # last, because another thread may read at the same time


_analyzed: Final[dict[str, _AnalyzedPieces]] = {}
"""By language. A page of results has thousands of words, and the set operations need no step of Python for each."""


def _pieces_with(stems: Iterable[str], pieces: set[str], language: str) -> set[str]:
    """Return the pieces that have a word with one of the stems, and all long pieces, which are not cached."""
    analyzed = _analyzed.get(language)
    if analyzed is None or len(analyzed.known) > CACHED_WORDS:
        analyzed = _analyzed[language] = _AnalyzedPieces()
    found: set[str] = set()
    for piece in pieces - analyzed.known:
        if len(piece) > _CACHED_CHARACTERS:
            found.add(piece)
        else:
            analyzed.add(piece, language)
    for stem in stems:
        found |= analyzed.by_stem.get(stem, frozenset()) & pieces
    return found


def _forward(text: str, position: int, end: int) -> int:
    """Return the end of the characters with their marks that follow a position as context."""
    for _ in range(_CONTEXT):
        position = min(position + 1, end)
        while position < end and _MARK.match(text, position):
            position += 1
    return position


def _backward(text: str, position: int, start: int) -> int:
    """Return the start of the characters with their marks that precede a position as context."""
    for _ in range(_CONTEXT):
        position = max(position - 1, start)
        while position > start and _MARK.match(text, position):
            position -= 1
    return position


def _compile(stems: Iterable[str]) -> regex.Pattern[str]:
    """Return a pattern that matches every place that may have one of the stems."""
    unspaced = (regex.escape(each) for each in stems if _UNSPACED.fullmatch(each))
    return regex.compile("|".join([*unspaced, _OTHERS, _CHANGED]), regex.VERSION1)
