"""Languages: which stemmer and which stop words belong to a code, and what a word's stem is. Pure."""

import threading
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final

import Stemmer
import stop_words

from kolom.search.tokenizer import normalize, strip_accents

ANALYZER_VERSION: Final = 1
"""Goes up when the same text gives other terms; articles are then indexed anew as they change, or by a reindex."""

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
    "id": "indonesian",
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

_WRITTEN_WITHOUT_ACCENTS: Final = frozenset(("en", "id"))
"""Accents are a foreign word's there, and the stemmer knows none: they go before stemming, elsewhere after it."""

_ELIDES: Final = frozenset(("ca", "fr", "it"))
_stemmers = threading.local()


def stem(word: str, language: str) -> str:
    """The stem of a normalized word in a language; without a stemmer, the word without accents.

    ``language`` is an ISO 639 code, a region (``en-GB``) does no harm. Case, accents and apostrophes never matter.
    """
    code = base_language(language)
    if code in _WRITTEN_WITHOUT_ACCENTS:
        word = strip_accents(word)
    if "'" in word:
        word = _without_apostrophes(word, code)
    algorithm = _stemmer(code)
    stemmed: str = algorithm(word) if algorithm else word
    return strip_accents(stemmed).replace("'", "")


def stems(word: str, languages: Iterable[str]) -> tuple[str, ...]:
    """The different stems that a word's form has in these languages."""
    return tuple(dict.fromkeys(found for language in languages if (found := stem(word, language))))


def is_stop_word(word: str, *languages: str) -> bool:
    """Whether a word's form is one that nearly every text of any of these languages has."""
    return any(word in _stop_words(base_language(language)) for language in languages)


def base_language(language: str) -> str:
    """The language of a code, without region or script: ``en`` of ``en-GB``."""
    return language.partition("-")[0].lower()


def _without_apostrophes(word: str, code: str) -> str:
    if code == "en":
        return word  # Snowball's English stemmer removes 's itself.
    return word.rpartition("'")[2] if code in _ELIDES else word.replace("'", "")


def _stemmer(code: str) -> Callable[[str], str] | None:
    # A stemmer is not to be used by two threads at once.
    name = _STEMMERS.get(code)
    if name is None:
        return None
    known: dict[str, Any] = _stemmers.__dict__
    if name not in known:
        known[name] = Stemmer.Stemmer(name)
    method: Callable[[str], str] = known[name].stemWord
    return method


@cache
def _stop_words(code: str) -> frozenset[str]:
    if code == "en":
        # The library's English list has 1,333 words, "fire" and "system" among them: readers search for those.
        listed = (files("kolom.search") / "data/stopwords-en.txt").read_text("utf-8").split()
    elif code in stop_words.LANGUAGE_MAPPING:
        listed = stop_words.get_stop_words(code)
    else:
        listed = []
    return frozenset(normalize(word) for word in listed if word)
