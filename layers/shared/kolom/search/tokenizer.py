"""Split texts into words with their positions and normalized forms. Pure.

Word boundaries are similar to those of Unicode's UAX #29. The main differences:

* A full stop splits words (``example.com`` is two), except between single letters (``U.S.A.``) and in numbers. A colon
  always splits them.
* A run in a script without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) becomes overlapping pairs of
  characters. A Chinese character is often a word by itself, so texts also have each of them
  (:func:`find_characters`).
* A letter with ``+``, ``++`` or ``#`` (``A+``, ``C++``, ``C#``) and ``.NET`` are words of their own. After a longer
  word, the same signs are ignored (``Notepad++``).
* A number keeps its decimal separator and loses its separators of thousands: ``3.9`` and ``3,9`` are one word, and
  ``1,000``, ``1.000`` and ``1000`` are another.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import regex

MAX_WORD: Final = 64
"""The number of significant characters of a word; longer strings are rarely words."""

UNSPACED: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""The scripts without spaces, for the character classes of patterns."""

_APOSTROPHES: Final = "'’ʼ＇"  # typewriter, typographic, modifier letter, full width
_SOFT_HYPHEN: Final = "\u00ad"
_WORD: Final = regex.compile(
    rf"""
      (?P<simple>[A-Za-z]++(?=[ ,;:!?)"\n-]))
    | (?P<run>(?:[{UNSPACED}ー]\p{{M}}*+)++)
    | (?P<sign>[\p{{L}}--{UNSPACED}]\p{{M}}*+ (?:
        [+＋]{{2}}(?![+＋])
      | [+＋](?![\p{{L}}\p{{M}}\p{{N}}+＋--{UNSPACED}])
      | [#＃♯](?![\p{{L}}\p{{N}}--{UNSPACED}]) ))
    | (?P<dotted>(?<![\p{{L}}\p{{M}}\p{{N}}._--{UNSPACED}])\.(?i:net)(?![\p{{L}}\p{{M}}\p{{N}}--{UNSPACED}]))
    | (?P<initials>\p{{L}}(?:\.\p{{L}})++(?![\p{{L}}\p{{M}}\p{{N}}]))
    | (?P<number>\p{{N}}++(?:[.,٫٬]\p{{N}}++)*+(?![\p{{L}}\p{{M}}]))
    | (?P<word>[\p{{L}}\p{{N}}--{UNSPACED}][\p{{L}}\p{{M}}\p{{N}}{_SOFT_HYPHEN}--{UNSPACED}]*+
        (?:[{_APOSTROPHES}][\p{{L}}\p{{M}}\p{{N}}--{UNSPACED}]++)*+)
    """.replace(f"--{UNSPACED}]", f"--[{UNSPACED}]]"),
    regex.VERBOSE | regex.VERSION1,
)
_SYMBOL: Final = regex.compile(r"[\p{S}…‥--[+]]", regex.VERSION1)
_CHARACTER: Final = regex.compile(rf"[{UNSPACED}ー]\p{{M}}*+", regex.VERSION1)
_MARK: Final = regex.compile(r"\p{M}")
_SINGLE: Final = 2  # the bounds of a single character
_HAN_IN_RUN: Final = regex.compile(rf"\p{{Han}}(?:(?=[{UNSPACED}ー])|(?<=[{UNSPACED}ー]\p{{Han}}))")
_SEPARATORS: Final = ".,٫٬"
_NO_SEPARATORS: Final = str.maketrans("", "", _SEPARATORS)
_DECIMAL_POINTS: Final = str.maketrans(dict.fromkeys(_SEPARATORS, "."))
_THOUSANDS: Final = re.compile(
    r"""
    (?: (?P<thousands> [1-9]\d{0,2} (?P<separator>[.,٬]) \d{3} (?: (?P=separator) \d{3} ){0,8} )
        (?: (?!(?P=separator)) [.,٫] (?P<decimals>\d{1,20}) )?
      | (?P<indian> [1-9]\d? (?: ,\d{2} ){1,6} ,\d{3} ) (?: \. (?P<more>\d{1,20}) )?
    )
    """,
    re.VERBOSE,
)
_VARIANTS: Final = str.maketrans(dict.fromkeys(_APOSTROPHES, "'") | {_SOFT_HYPHEN: None, "＋": "+", "♯": "#"})
_LETTERS_WITHOUT_DECOMPOSITION: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ŋ": "n"}
    | {"ı": "i", "ĸ": "q", "ɉ": "j", "ƀ": "b", "ǥ": "g", "ɨ": "i", "ʉ": "u", "ƶ": "z"}
)
"""Latin letters that have no decomposition in Unicode, as in Lucene's ``ASCIIFoldingFilter``."""

_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
HYPHENS: Final = "-\u2010\u2011－"
_COMPOUND_PART: Final = 4

REDUPLICATED: Final = re.compile(r"([^\W\d_]{3,})2(nya|an|kan|i|ku|mu|lah|kah)?")
"""The short spelling of a reduplication in Indonesian: ``anak2`` is ``anak-anak``, ``teman2nya`` ``teman-temannya``."""


class Word(NamedTuple):
    """A word of a text: ``text[start:end]``. ``form`` is that text as :func:`normalize` returns it."""

    form: str
    start: int
    end: int


def tokenize(text: str) -> Iterator[Word]:
    """Yield the words of ``text`` in order; for a run without spaces, its pairs of neighboring characters."""
    for match in _WORD.finditer(text):
        start, end = match.span()
        kind = match.lastgroup
        if kind == "simple":  # Most words: the steps below would not change them.
            yield Word(match[0][:MAX_WORD].lower(), start, end)
        elif kind == "run":
            yield from _pairs(text, start, end)
        else:
            yield _word(text, start, end)


def find_characters(text: str) -> Iterator[Word]:
    """Yield the Chinese characters of ``text`` that are in a longer run. :func:`tokenize` yields only pairs of them."""
    for match in _HAN_IN_RUN.finditer(text):
        yield Word(normalize(match[0]), *match.span())


def normalize(word: str) -> str:
    """Return a word's form for comparison: NFKC, no case, plain apostrophes.

    Numbers have a decimal point and no thousands separators; initials have no full stops.
    """
    if not word.isascii():
        word = unicodedata.normalize("NFKC", word.translate(_VARIANTS)).translate(_VARIANTS)
    word = word.casefold()
    if not word.isalpha():
        if word[0].isdigit():
            word = _normalize_number(word)
        elif "." in word[1:]:
            word = word.translate(_NO_SEPARATORS)
    return word[:MAX_WORD]


_normalize_pair = lru_cache(maxsize=16_384)(normalize)
"""Texts without spaces repeat the same pairs of characters."""


def normalize_text(text: str) -> str:
    """Normalize a text as :func:`normalize` does a word, except separators in numbers and initials.

    Also removes accents. If NFKC changes the text, symbols other than ``+``, and ellipses, become spaces.
    """
    if text.isascii():
        return text.casefold()
    text = text.translate(_VARIANTS)
    if not unicodedata.is_normalized("NFKC", text):
        # NFKC would turn ™ into a word "tm", and … into full stops.
        text = unicodedata.normalize("NFKC", _SYMBOL.sub(" ", text)).translate(_VARIANTS)
    return strip_accents(text.casefold())


def strip_accents(word: str) -> str:
    """Return ``word`` without accents and vowel points (Latin, Greek, Cyrillic, Hebrew, Arabic); other marks stay.

    Letters with a stroke and ligatures become plain letters: ``łódź`` is ``lodz``, ``œuvre`` is ``oeuvre``.
    """
    if word.isascii():
        return word
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", word)).translate(_LETTERS_WITHOUT_DECOMPOSITION)
    return unicodedata.normalize("NFC", bare)


def join_hyphenated(first: Word, second: Word, text: str) -> str | None:
    """Return the compound of two words joined by a hyphen (``e-mail``, ``co-operate``, ``COVID-19``), or None.

    One part must be short, and reduplications (``buku-buku``) are left out, to limit the number of further words.
    """
    if second.start != first.end + 1 or text[first.end] not in HYPHENS or first.form == second.form:
        return None
    if min(len(first.form), len(second.form)) > _COMPOUND_PART or not _can_join(first.form, second.form):
        return None
    return (first.form + second.form)[:MAX_WORD]


def are_hyphenated(first: Word, second: Word, text: str) -> bool:
    """Return whether only a hyphen is between two words of ``text``."""
    return second.start == first.end + 1 and text[first.end] in HYPHENS


def as_one_word(first: str, second: str) -> str | None:
    """Return two hyphenated forms spelled as one word, such as ``wifi`` or ``anak2``; None if there is no such word."""
    if second.startswith(first) and REDUPLICATED.fullmatch(short := f"{first}2{second.removeprefix(first)}"):
        return short
    return first + second if _can_join(first, second) else None


def _can_join(first: str, second: str) -> bool:
    if first.isalpha():
        return second.isalnum()
    return first.isdecimal() and len(second) == 1 and second.isalpha()


def _word(text: str, start: int, end: int) -> Word:
    return Word(normalize(text[start : min(end, start + 2 * MAX_WORD)]), start, end)


def _pairs(text: str, start: int, end: int) -> Iterator[Word]:
    if _MARK.search(text, start, end) is None:
        bounds: Sequence[int] = range(start, end + 1)
    else:
        bounds = [*(match.start() for match in _CHARACTER.finditer(text, start, end)), end]
    if len(bounds) == _SINGLE:
        yield Word(normalize(text[start:end]), start, end)
    for first, last in zip(bounds, bounds[2:], strict=False):
        yield Word(_normalize_pair(text[first:last]), first, last)


def _normalize_number(word: str) -> str:
    match = _THOUSANDS.fullmatch(word)
    if match is None:
        return word.translate(_DECIMAL_POINTS)
    whole = (match["thousands"] or match["indian"]).translate(_NO_SEPARATORS)
    decimals = match["decimals"] or match["more"]
    return f"{whole}.{decimals}" if decimals else whole
