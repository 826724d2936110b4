"""Split texts into words with their positions and normalized forms. Pure.

Word boundaries follow Unicode's UAX #29, with two changes for search. A full stop or a colon splits words
(``example.com`` is two) except between single letters (``U.S.A.``). A run in a script without spaces (Chinese,
Japanese, Thai, Lao, Khmer, Burmese) becomes overlapping pairs of characters.
"""

import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import regex

MAX_WORD: Final = 64
"""The number of significant characters of a word; longer strings are rarely words."""

_UNSPACED: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_APOSTROPHES: Final = "'’ʼ＇"  # typewriter, typographic, modifier letter, full width
_WORD: Final = regex.compile(
    rf"""
      (?P<simple>[A-Za-z]++(?=[ ,;:!?)"\n-]))
    | (?P<run>(?:[{_UNSPACED}ー]\p{{M}}*+)++)
    | (?P<initials>\p{{L}}(?:\.\p{{L}})++(?![\p{{L}}\p{{M}}\p{{N}}]))
    | (?P<number>\p{{N}}++(?:[.,٫٬]\p{{N}}++)*+(?![\p{{L}}\p{{M}}]))
    | (?P<word>[\p{{L}}\p{{N}}--{_UNSPACED}][\p{{L}}\p{{M}}\p{{N}}--{_UNSPACED}]*+
        (?:[{_APOSTROPHES}][\p{{L}}\p{{M}}\p{{N}}--{_UNSPACED}]++)*+)
    """.replace(f"--{_UNSPACED}]", f"--[{_UNSPACED}]]"),
    regex.VERBOSE | regex.VERSION1,
)
_SYMBOL: Final = regex.compile(r"\p{S}")
_CHARACTER: Final = regex.compile(rf"[{_UNSPACED}ー]\p{{M}}*+", regex.VERSION1)
_SEPARATORS: Final = str.maketrans("", "", ".,٫٬")
_PLAIN_APOSTROPHE: Final = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
_COMPOUND_PART: Final = 4


class Word(NamedTuple):
    """A word of a text: ``text[start:end]``. ``form`` is normalized, without case, dots and variant characters."""

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
            yield Word(normalize(text[start : min(end, start + 2 * MAX_WORD)]), start, end)


def find_words[Key](text: str, recognize: Callable[[str], Key | None]) -> Iterator[tuple[int, int, Key]]:
    """Yield the positions of the words that ``recognize`` maps to a key, with the key."""
    keys: dict[str, Key | None] = {}
    for match in _WORD.finditer(text):
        if match.lastgroup == "run":
            for word in _pairs(text, *match.span()):
                if (key := recognize(word.form)) is not None:
                    yield word.start, word.end, key
            continue
        surface = match[0]
        if surface not in keys:
            keys[surface] = recognize(normalize(surface[: 2 * MAX_WORD]))
        if (key := keys[surface]) is not None:
            yield match.start(), match.end(), key


def normalize(word: str) -> str:
    """Return a word's form for comparison: NFKC, no case, plain apostrophes; numbers without separators."""
    if not word.isascii():
        word = unicodedata.normalize("NFKC", word).translate(_PLAIN_APOSTROPHE)
    word = word.casefold()
    if not word.isalpha() and (word[0].isdigit() or "." in word):
        word = word.translate(_SEPARATORS)
    return word[:MAX_WORD]


def normalize_text(text: str) -> str:
    """Return ``text`` normalized like its words by :func:`normalize`, but with the separators in numbers and initials.

    Symbols may be dropped.
    """
    if text.isascii():
        return text.casefold()
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", _SYMBOL.sub(" ", text))  # NFKC would turn ™ into a word "tm"
    for apostrophe in _APOSTROPHES:
        text = text.replace(apostrophe, "'")
    return text.casefold()


def strip_accents(word: str) -> str:
    """Return ``word`` without accents and vowel points (Latin, Greek, Cyrillic, Hebrew, Arabic); other marks stay."""
    if word.isascii():
        return word
    kept = (each for each in unicodedata.normalize("NFD", word) if not _is_accent(each))
    return unicodedata.normalize("NFC", "".join(kept))


def join_hyphenated(first: Word, second: Word, text: str) -> str | None:
    """Return the compound of two words joined by a hyphen (``e-mail``, ``co-operate``, ``COVID-19``), or None.

    One part must be short, so that long compounds and reduplications (``buku-buku``) add no further words.
    """
    if second.start != first.end + 1 or text[first.end] not in "-\u2010\u2011" or first.form == second.form:
        return None
    if min(len(first.form), len(second.form)) > _COMPOUND_PART or not first.form.isalpha():
        return None
    return (first.form + second.form)[:MAX_WORD]


def _pairs(text: str, start: int, end: int) -> Iterator[Word]:
    characters = [match.span() for match in _CHARACTER.finditer(text, start, end)]
    if len(characters) == 1:
        yield Word(normalize(text[start:end]), start, end)
    for (first, _), (_, last) in pairwise(characters):
        yield Word(normalize(text[first:last]), first, last)


def _is_accent(character: str) -> bool:
    code = ord(character)
    return (
        0x300 <= code <= 0x36F
        or 0x591 <= code <= 0x5C7
        or 0x64B <= code <= 0x65F
        or code == 0x670
        or 0x1AB0 <= code <= 0x1AFF
        or 0x1DC0 <= code <= 0x1DFF
        or 0x20D0 <= code <= 0x20FF
        or 0xFE20 <= code <= 0xFE2F
    )
