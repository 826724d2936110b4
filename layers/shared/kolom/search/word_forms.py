"""Find further forms of words, under which a text is found as well: compounds, identifiers, versions. Pure.

* A hyphenated compound with a short part is also one word (:func:`.join_hyphenated`).
* Each Chinese character of a longer run is a word (:func:`.find_characters`).
* The words of an identifier are words. An identifier begins with a small letter, such as ``getUserById``, or has at
  least three words, such as ``XMLHttpRequest``. So ``JavaScript`` and ``YouTube`` are not split: such names are more
  frequent in texts than identifiers of this form.
  Nor is a word with a part of a single letter split, such as ``iPhone`` or a random key.
* ``get_user_by_id`` is also ``getuserbyid``, as the other spelling ``getUserById`` is.
* ``v2.0`` is also the number ``2.0``.
* A Hebrew abbreviation, which has quotation marks inside, is also the word without them.
"""

import re
from collections.abc import Iterator
from heapq import merge
from operator import itemgetter
from typing import Final

from kolom.search.tokenizer import MAX_WORD, Word, find_characters, join_hyphenated, normalize, tokenize

_HUMP: Final = re.compile("[a-z0-9][A-Z]")
_CAMEL_CASE: Final = re.compile(r"(?<![^\W_])(?=[A-Za-z0-9]*[a-z0-9][A-Z])[A-Za-z][A-Za-z0-9]*+(?![^\W_])")
_CAMEL_CASE_PART: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z0-9]+|[0-9]+")
_SNAKE_CASE: Final = re.compile(r"(?<!\w)_*+([A-Za-z0-9]++(?:_++[A-Za-z0-9]++)++)(?![^\W_])")
_VERSION: Final = re.compile(r"(?<![\w.])[vV](?P<number>[0-9]++(?:\.[0-9]++)++)(?!\w)", re.ASCII)
_HEBREW: Final = "\u05d0-\u05ea\u05ef-\u05f2\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
_ABBREVIATION_MARKS: Final = '"”״׳'
_HEBREW_ABBREVIATION: Final = re.compile(rf"(?<![{_HEBREW}])[{_HEBREW}]++(?:[{_ABBREVIATION_MARKS}][{_HEBREW}]++)++")
_WITHOUT_MARKS: Final = str.maketrans("", "", _ABBREVIATION_MARKS)
_NAME_PARTS: Final = 2


def find_forms(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the positions and forms of the words of a text, and their further forms, by their starts.

    A hyphenated compound precedes its second part.
    """
    words = _words_and_compounds(text)
    further = sorted((*find_characters(text), *find_parts(text), *find_spellings(text)), key=itemgetter(1))
    if not further:
        return words
    return merge(words, ((word.start, word.end, word.form) for word in further), key=itemgetter(0))


def find_parts(text: str) -> Iterator[Word]:
    """Yield the words of identifiers such as ``getUserById``."""
    if not _HUMP.search(text):
        return
    for match in _CAMEL_CASE.finditer(text):
        start, end = match.span()
        if end - start > MAX_WORD:
            continue
        parts = [part.span() for part in _CAMEL_CASE_PART.finditer(text, start, end)]
        is_split = len(parts) > _NAME_PARTS or text[start].islower()
        if is_split and all(last - first > 1 for first, last in parts):
            yield from (Word(normalize(text[first:last]), first, last) for first, last in parts)


def find_spellings(text: str) -> Iterator[Word]:
    """Yield other spellings of what :func:`.tokenize` splits: identifiers with ``_``, versions, abbreviations."""
    if "_" in text:
        for match in _SNAKE_CASE.finditer(text):
            form = match[1].replace("_", "")
            if len(form) <= MAX_WORD and not form.isdecimal():
                yield Word(normalize(form), *match.span(1))
    for match in _VERSION.finditer(text):
        yield Word(normalize(match["number"]), *match.span())
    if not text.isascii():
        for match in _HEBREW_ABBREVIATION.finditer(text):
            yield Word(normalize(match[0].translate(_WITHOUT_MARKS)), *match.span())


def _words_and_compounds(text: str) -> Iterator[tuple[int, int, str]]:
    before: Word | None = None
    for word in tokenize(text):
        if before is not None and (compound := join_hyphenated(before, word, text)):
            yield before.start, word.end, compound
        yield word.start, word.end, word.form
        before = word
