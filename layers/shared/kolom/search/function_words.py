"""Decide which words of a query or a text are function words, such as "the", that are not searched for. Pure.

A word can be a stop word of one language and a content word of another: "as" is an axle in Indonesian, and in capitals
the USA; "it" in capitals is a field of work. Three things tell them apart:

* Capitals. A stop word in capitals is an abbreviation ("tarif AS", "IT jobs"), unless its surroundings are in
  capitals, too.
* The other stop words. In "how to pay as a guest" they are English, so "as" is one.
* The articles that have the other words (:func:`.resolve`). If most are in a language in which the word is a stop word,
  it is one. Otherwise it is searched for, in articles in the other languages.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, NamedTuple

import regex

from kolom.search.analyzer import base_language, is_stop_word
from kolom.search.tokenizer import Word

MAX_UNDECIDED: Final = 2
"""The maximum number of words that a query reads although they may turn out to be stop words."""

_LONGEST_ABBREVIATION: Final = 4
_CONTEXT_CHARACTERS: Final = 40
_WORD: Final = regex.compile(r"[\p{L}\p{N}]+")


class ContentWord(NamedTuple):
    """A word of a query that is content: not a stop word.

    ``languages`` are those in which it is content; it is empty if they are all. If ``is_certain`` is false, the word
    may be a stop word.
    """

    languages: frozenset[str] = frozenset()
    is_certain: bool = True


def is_abbreviation(text: str, start: int, end: int) -> bool:
    """Return whether the word ``text[start:end]`` is in capitals, and the words before and after it are not.

    Neighbors of up to four letters may be abbreviations, too.
    """
    if end - start == 1 or not text[start:end].isupper():
        return False
    before = _WORD.findall(text, max(0, start - _CONTEXT_CHARACTERS), start)[-1:]
    after = _WORD.findall(text, end, end + _CONTEXT_CHARACTERS)[:1]
    return not any(word.isupper() and len(word) > _LONGEST_ABBREVIATION for word in (*before, *after))


def content_words(words: Sequence[Word], text: str, languages: Iterable[str]) -> dict[str, ContentWord]:
    """Return the content words of a query by their forms. At most :data:`MAX_UNDECIDED` of them are not certain.

    Returns nothing if no word is certain. All words of the query are then searched for.
    """
    known = frozenset(map(base_language, languages))
    stops = {word.form: frozenset(code for code in known if is_stop_word(word.form, code)) for word in words}
    has_capitals_only = not any(map(str.islower, text))
    in_capitals = {word.form for word in words if not has_capitals_only and _is_typed_in_capitals(word, text)}
    content = {form: ContentWord() for form, codes in stops.items() if not codes or form in in_capitals}
    unclear = {form: codes for form, codes in stops.items() if form not in content and codes != known}
    votes = Counter(code for codes in unclear.values() for code in codes)
    undecided: dict[str, ContentWord] = {}
    for form, codes in unclear.items():
        others = votes - Counter(codes)
        likely = {code for code, number in others.items() if number == max(others.values())}
        if not likely:
            undecided[form] = ContentWord(known - codes, is_certain=False)
        elif likely.isdisjoint(codes):
            content[form] = ContentWord(known - codes)
    return content | dict(islice(undecided.items(), MAX_UNDECIDED)) if content else {}


def _is_typed_in_capitals(word: Word, text: str) -> bool:
    typed = text[word.start : word.end]
    return len(typed) > 1 and typed.isupper()
