"""Blocked words: words or phrases that mark a text as spam. Pure."""

import json
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import regex

from kolom.errors import FieldError, InvalidInput

MAX_WORDS: Final = 5_000
"""The maximum number of words and phrases of a list."""

MAX_CHARACTERS: Final = 100
"""The maximum length of a word or phrase."""

MAX_DATA_BYTES: Final = 64 * 1024
"""The maximum size of a list, compressed. Reading it costs 8 read units; a process reads it at most once a minute."""

_INVISIBLE: Final = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]+")
_UNSEEN: Final = regex.compile(
    r"[\p{Cf}&&\p{Default_Ignorable_Code_Point}--[\u200c\u200d\U000e0020-\U000e007f]]+", regex.VERSION1
)
"""Format characters, such as those that change the direction of text, except those that join letters and emoji."""

_TOKEN: Final = regex.compile(r"[^\W_]+")


def fingerprint_text(text: str) -> str:
    """Return ``text`` in a form that is the same for all copies.

    Case, width (NFKC) and invisible characters do not count, and white space counts as a single space.
    """
    # An invisible character would keep NFKC from joining a letter and its accent.
    return " ".join(unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().split())


class BlockedWords:
    """A list of words and phrases, prepared for :meth:`find`. A word without a visible character is ignored."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        folded = ((word.strip(), fingerprint_text(word)) for word in words)
        self._words = [(word, form, frozenset(_TOKEN.findall(form))) for word, form in folded if form]

    def find(self, text: str) -> Iterator[str]:
        """Yield the words that the text contains as whole words, compared by :func:`fingerprint_text`."""
        if not self._words:
            return
        form = fingerprint_text(text)
        tokens = frozenset(_TOKEN.findall(form))
        for word, wanted, needed in self._words:
            # Compiling the regular expression takes hundreds of times as long as the comparisons before it.
            if needed <= tokens and wanted in form and regex.search(_whole_words(wanted), form):
                yield word


def _whole_words(wanted: str) -> str:
    return rf"(?<![^\W_]){regex.escape(wanted)}(?![^\W_])"


def without_copies(words: Iterable[str]) -> tuple[str, ...]:
    """Return the words with single spaces, without blank ones and those that equal an earlier one.

    Format characters are removed, because the command that shows the list replaces some of them.
    """
    first: dict[str, str] = {}
    for word in words:
        if spaced := " ".join(_UNSEEN.sub("", word).split()) or " ".join(word.split()):
            first.setdefault(fingerprint_text(spaced), spaced)
    return tuple(first.values())


def check(words: tuple[str, ...]) -> None:
    """Check the number and the length of the words of a list.

    :raises InvalidInput: a limit is exceeded, or a word has no visible character
    """
    errors = [FieldError("blocked words", problem) for word in words if (problem := _problem(word))]
    if len(words) > MAX_WORDS:
        errors.append(FieldError("blocked words", f"at most {MAX_WORDS:,} are allowed, got {len(words):,}"))
    if not errors and len(encode(words)) > MAX_DATA_BYTES:
        errors.append(FieldError("blocked words", f"at most {MAX_DATA_BYTES // 1024} KB are allowed, compressed"))
    if errors:
        raise InvalidInput(*errors)


def encode(words: tuple[str, ...]) -> bytes:
    """Return the words as compressed JSON."""
    return zlib.compress(json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode(), 9)


def decode(data: bytes) -> tuple[str, ...]:
    """Return the words that :func:`encode` encoded."""
    return tuple(json.loads(zlib.decompress(data)))


def _problem(word: str) -> str:
    if len(word) > MAX_CHARACTERS:
        return f"{word[:20]!r}… has more than {MAX_CHARACTERS} characters"
    if any(unicodedata.category(letter) == "Cc" for letter in word):
        return f"{word!r} has a control character"
    if any("\ud800" <= letter <= "\udfff" for letter in word):
        return f"{word!r} has a character that is not valid Unicode"
    if not fingerprint_text(word):
        return f"{word!r} has no visible character"
    return ""
