"""Stemmers and stop words by language code. Pure."""

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import Stemmer
import stop_words

from kolom.search import indonesian
from kolom.search.terms import EARLIER, STEMMED_BY_ROOTS
from kolom.search.tokenizer import REDUPLICATED, normalize, strip_accents
from kolom.search.word_forms import find_forms

ANALYZER_VERSION: Final = 6
"""Increase this when the same text produces different terms.

Articles are then indexed again when they change, or by a reindex.
"""

_STEMMERS: Final = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""Snowball's algorithms (snowballstem.org) by the ISO 639 codes of their languages."""

_EARLIER_STEMMERS: Final = {"id": "indonesian"}

_WRITTEN_WITHOUT_ACCENTS: Final = frozenset(("en", "id", "ms"))
"""Languages in which only foreign words have accents, and whose stemmers know no accented letters.

Accents are removed before stemming in these languages, and after it in all others.
"""

_REDUPLICATE: Final = frozenset(("id", "jv", "ms", "su"))
"""Languages in which a 2 after a word repeats it (``anak2``)."""

_ELIDES: Final = frozenset(("ca", "fr", "it"))
"""Languages in which the part before an apostrophe is another word (``l'homme``)."""

_FURTHER_STOP_WORDS: Final = {"id": ("menjadi", "secara", "untuk")}
"""Stop words that the library's lists lack."""

_stemmers = threading.local()


CACHED_WORDS: Final = 16_384
"""The number of entries in each of the two caches of words: a few megabytes.

The texts of a site repeat the same words. Analyzing them again took most of the time of a search.
"""


@lru_cache(maxsize=CACHED_WORDS)
def stem(word: str, language: str) -> str:
    """Return the stem of a normalized word; without a stemmer for the language, the word without accents.

    ``language`` is an ISO 639 code, or that of :func:`.earlier_language`; a region (``en-GB``) is ignored.
    Stems have no accents and no apostrophes.
    In Indonesian, ``anak2`` has the stem of ``anak-anak``.
    """
    code = base_language(language)
    if code in _WRITTEN_WITHOUT_ACCENTS:
        word = strip_accents(word)
    if "'" in word:
        word = _without_apostrophes(word, code)
    if code in _REDUPLICATE and "2" in word and (repeated := REDUPLICATED.fullmatch(word)):
        word = repeated[1] + (repeated[2] or "")
    if code in STEMMED_BY_ROOTS and not language.endswith(EARLIER):
        return indonesian.stem(strip_accents(word)) if word.isalpha() else strip_accents(word)
    algorithm = _stemmer(code)
    stemmed: str = algorithm(word) if algorithm else word
    return strip_accents(stemmed).replace("'", "")


class StemmedWord(NamedTuple):
    """A word, or a further form of words, at ``text[start:end]``: its normalized form and its stem."""

    start: int
    end: int
    form: str
    stem: str


def stem_words(text: str, language: str) -> Sequence[StemmedWord]:
    """Return the words of a text, and their further forms (:mod:`.word_forms`)."""
    return tuple(StemmedWord(start, end, form, stem(form, language)) for start, end, form in find_forms(text))


stem_piece = lru_cache(maxsize=CACHED_WORDS)(stem_words)
"""A cached :func:`stem_words`, for texts of a few words."""


def stems(word: str, languages: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct stems of a normalized word in these languages."""
    return tuple(dict.fromkeys(found for language in languages if (found := stem(word, language))))


def is_stop_word(word: str, *languages: str) -> bool:
    """Return whether a normalized word is a stop word in any of these languages."""
    return any(word in _stop_words(base_language(language)) for language in languages)


def base_language(language: str) -> str:
    """Return the language of a code, without region or script: ``en`` for ``en-GB``."""
    return language.partition("-")[0].lower()


def codes_of(language: str | None, codes: Sequence[str]) -> Sequence[str]:
    """Return those of the codes that are of a language; all of them without a language."""
    if language is None:
        return codes
    return [code for code in codes if base_language(code) == base_language(language)]


def _without_apostrophes(word: str, code: str) -> str:
    if code == "en":
        return word  # Snowball's English stemmer removes 's itself.
    return word.rpartition("'")[2] if code in _ELIDES else word.replace("'", "")


def _stemmer(code: str) -> Callable[[str], str] | None:
    # A stemmer is not thread-safe: each thread has its own.
    name = _STEMMERS.get(code) or _EARLIER_STEMMERS.get(code)
    if name is None:
        return None
    stemmers: dict[str, Any] = _stemmers.__dict__
    if name not in stemmers:
        stemmers[name] = Stemmer.Stemmer(name)
    method: Callable[[str], str] = stemmers[name].stemWord
    return method


@cache
def _stop_words(code: str) -> frozenset[str]:
    if code == "en":
        # The library's English list has 1,333 words, including "fire" and "system", which readers search for.
        listed = (files("kolom.search") / "data/stopwords-en.txt").read_text("utf-8").split()
    elif code in stop_words.LANGUAGE_MAPPING:
        listed = stop_words.get_stop_words(code)
    else:
        listed = []
    return frozenset(normalize(word) for word in (*listed, *_FURTHER_STOP_WORDS.get(code, ())) if word)
