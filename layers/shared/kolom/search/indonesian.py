"""Stem Indonesian and Malay words by their affixes and a list of roots. Pure.

A derived word is a root with up to three prefixes, and with suffixes. Some prefixes change the first letter of the
root: ``me-`` and ``terima`` make ``menerima``. The letter that was lost is found with the list of roots
(``data/roots-id.txt``): of all analyses, the one with the longest root counts. A word without a known root loses only
affixes that are certain enough, and ``men-`` before a vowel is taken for a lost ``t``, ``mem-`` for ``p``, ``meny-``
for ``s``.

The rules follow the grammar of affixes; Asian, *Effective Techniques for Indonesian Text Retrieval* (2007), describes
the method of checking each step in a dictionary.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Final, NamedTuple

_VOWELS: Final = frozenset("aeiou")
_PARTICLES: Final = ("", "lah", "kah", "tah", "pun")
_POSSESSIVES: Final = ("", "nya", "ku", "mu")
_SUFFIXES: Final = ("", "kan", "an", "i", "wan")
_MIN_ROOT: Final = 3
_MAX_WORD: Final = 30
"""The maximum length of a word. Longer strings are left as they are, because they would have too many analyses."""

_MAX_PREFIXES: Final = 3

_NASALS: Final = (
    ("ng", "k", "ghkq"),
    ("ny", "s", ""),
    ("m", "p", "bfpv"),
    ("n", "t", "cdjstz"),
)
"""The nasal after ``me-`` and ``pe-``, the letter that it replaces before a vowel, the letters that it may precede."""

_AFTER_ME: Final = frozenset("lrwymn")
_ROOT_WITH_R: Final = re.compile(r"r|[^aeiou]er")
"""The beginning of roots with an ``r`` of their own. Before them, ``ber-`` and ``ter-`` are ``be-`` and ``te-``."""

_NUMERALS: Final = frozenset(
    ("satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas", "seratus")
)

_IRREGULAR: Final = {
    "berapi": "api",
    "berpengalaman": "alami",
    "dirubah": "ubah",
    "kehendak": "hendak",
    "memohon": "mohon",
    "mengawali": "awal",
    "mengoperasi": "operasi",
    "mengoperasikan": "operasi",
    "meninggalkan": "tinggal",
    "merubah": "ubah",
    "pemakaian": "pakai",
    "pemasukan": "masuk",
    "pemohon": "mohon",
    "penanganan": "tangani",
    "pengalaman": "alami",
    "pengamat": "amati",
    "pengamatan": "amati",
    "pengawasan": "awas",
    "pengoperasian": "operasi",
    "penglihatan": "lihat",
    "penyair": "syair",
    "perapian": "api",
}
"""Words whose longest root is not theirs, or whose meaning is that of another derived word."""


class _Prefix(NamedTuple):
    """A prefix as written, its kind, the kinds of prefixes that may precede it, and the suffixes that may go along."""

    text: str
    kind: str
    after: frozenset[str]
    suffixes: frozenset[str]


def _prefix(text: str, kind: str, after: str, suffixes: tuple[str, ...] = _SUFFIXES) -> _Prefix:
    return _Prefix(text, kind, frozenset(("", *after.split())), frozenset(suffixes))


_VERBAL: Final[tuple[str, ...]] = ("", "kan", "i")
_PREFIXES: Final = (
    _prefix("di", "di", "", _VERBAL),
    _prefix("ku", "di", "", _VERBAL),
    _prefix("kau", "di", "", _VERBAL),
    _prefix("ter", "ter", "me di ke se"),
    _prefix("te", "ter", "ke"),
    _prefix("ber", "ber", "me di pe ke se"),
    _prefix("be", "ber", "me di pe ke"),
    _prefix("per", "per", "me di pe ber ter ke se"),
    _prefix("pe", "pe", "me di ber ke se", ("", "kan", "an")),
    _prefix("pel", "pel", "me di ter pe"),
    _prefix("bel", "pel", "pe"),
    _prefix("ke", "ke", "me di pe ber se"),
    _prefix("se", "se", "me pe per ber ke"),
)
_NASAL_PREFIXES: Final = (
    _prefix("me", "me", "", _VERBAL),
    _prefix("pe", "pe", "di ber ke se", ("", "an")),
)
_CERTAIN_NASAL_PREFIXES: Final = (("me", _VERBAL), ("pe", ("", "an")))
_CERTAIN_PREFIXES: Final = (("di", _VERBAL), ("ter", _VERBAL), ("ber", ("", "an")), ("ke", ("an",)))
"""Prefixes of words without a known root, with the suffixes that may go along."""


def stem(word: str) -> str:
    """Return the root of a word in lower case without accents; the word itself if it has no affixes."""
    if not _MIN_ROOT < len(word) <= _MAX_WORD or word in _roots():
        return word
    found = _IRREGULAR.get(word) or _known_root(word)
    if found is None and word.endswith("kan"):
        found = _known_root(f"{word[:-3]}kkan")  # "menunjukan", a frequent misspelling of "menunjukkan"
    return found or _strip_unknown(word)


def _known_root(word: str) -> str | None:
    """Return the longest known root from which the word may be derived, or None. Few prefixes are better than many."""
    roots = _roots()
    best: tuple[int, int, str] | None = None
    for base, suffix in _without_suffixes(word):
        found = [(base, "")]
        for number in range(_MAX_PREFIXES + 1):
            for root, _ in found:
                if root in roots and (best is None or (len(root), -number) > best[:2]):
                    best = (len(root), -number, root)
            found = [each for before in found for each in _without_prefix(*before, suffix)]
    return best and best[2]


def _without_suffixes(word: str) -> Iterator[tuple[str, str]]:
    """Yield each possible rest of the word without suffixes, and the derivational suffix. Few suffixes come first."""
    for particle in _PARTICLES:
        if word.endswith(particle):
            inflected = word.removesuffix(particle)
            for possessive in _POSSESSIVES:
                if inflected.endswith(possessive):
                    derived = inflected.removesuffix(possessive)
                    for suffix in _SUFFIXES:
                        if derived.endswith(suffix) and len(derived) >= len(suffix) + _MIN_ROOT:
                            yield derived.removesuffix(suffix), suffix


def _without_prefix(word: str, outer: str, suffix: str) -> Iterator[tuple[str, str]]:
    """Yield each possible rest of the word without one prefix, and the kind of the prefix.

    ``outer`` is the kind of the prefix before this one, ``suffix`` the suffix of the whole word.
    """
    for text, kind, after, suffixes in _NASAL_PREFIXES:
        if word.startswith(text) and outer in after and suffix in suffixes:
            for rest in _without_nasal(word.removeprefix(text)):
                yield rest, kind
    for text, kind, after, suffixes in _PREFIXES:
        if word.startswith(text) and outer in after and suffix in suffixes:
            rest = word.removeprefix(text)
            if len(rest) >= _MIN_ROOT and _may_follow(text, rest, outer, suffix):
                yield rest, kind


def _may_follow(prefix: str, rest: str, outer: str, suffix: str) -> bool:
    match prefix:
        case "be" | "te":
            return _ROOT_WITH_R.match(rest) is not None
        case "pe":
            return rest[0] not in _VOWELS
        case "pel" | "bel":
            return rest.startswith("ajar")
        case "ke":  # A prefix of its own only in numerals: "ketiga".
            return suffix == "an" or outer != "" or rest in _NUMERALS
    return True


def _without_nasal(rest: str) -> Iterator[str]:
    """Yield the roots that ``me-`` or ``pe-`` may have made into ``rest``: ``nerima`` is ``terima``."""
    if len(rest) < _MIN_ROOT:
        return
    for nasal, replaced, preceded in _NASALS:
        root = rest.removeprefix(nasal)
        if root != rest and root:
            if root[0] in _VOWELS:
                if nasal == "ng":
                    yield root
                yield replaced + root
            elif root[0] in preceded:
                yield root
    if rest.startswith("nge") and _syllables(rest) <= 2:  # "mengecat", from "cat"
        yield rest.removeprefix("nge")
    if rest[0] in _AFTER_ME and rest[1] in "aeiouyg":
        yield rest


def _strip_unknown(word: str) -> str:
    """Return a word of an unknown root without its affixes. Each time, at least two syllables must be left."""
    if word.endswith("nya") and _leaves_word(word[:-3]):
        return stem(word[:-3])
    for suffix in ("kan", "an", "i", ""):
        if word.endswith(suffix) and not (suffix == "i" and word.endswith("si")):
            for rest in _without_certain_prefix(word.removesuffix(suffix), suffix):
                if _leaves_word(rest):
                    return stem(rest)
    for suffix in ("kan", "an"):
        if word.endswith(suffix) and not word.endswith("wan") and _leaves_word(word.removesuffix(suffix)):
            return stem(word.removesuffix(suffix))
    return word


def _without_certain_prefix(word: str, suffix: str) -> Iterator[str]:
    if word.startswith("per") and suffix in {"", "an"}:
        yield word.removeprefix("per")
    for prefix, suffixes in _CERTAIN_NASAL_PREFIXES:
        if word.startswith(prefix) and suffix in suffixes:
            rest = word.removeprefix(prefix)
            if prefix == "me" or suffix == "an" or rest.startswith(("ng", "ny")) or rest[1:2] not in _VOWELS:
                yield from islice(_without_nasal(rest), 1)
    for prefix, suffixes in _CERTAIN_PREFIXES:
        if word.startswith(prefix) and suffix in suffixes:
            yield word.removeprefix(prefix)


def _leaves_word(rest: str) -> bool:
    return len(rest) > _MIN_ROOT and _syllables(rest) >= 2


def _syllables(word: str) -> int:
    return sum(letter in _VOWELS for letter in word)


@cache
def _roots() -> frozenset[str]:
    return frozenset((files("kolom.search") / "data/roots-id.txt").read_text("utf-8").split())
