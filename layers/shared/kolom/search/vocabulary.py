"""The words of the site, by their first letters: what corrections and completions are chosen from.

A word stays when the last article that had it goes; whoever offers it looks whether it has postings.
"""

from typing import Final

from kolom.models.search import SearchRecord, find_words, put_words
from kolom.search.tokenizer import strip_accents

MAX_READ: Final = 4_000
"""How many words one request reads, at most: some 90 KB."""

_MAX_BEGINNING: Final = 3
_MAX_KNOWN: Final = 200_000
_known: set[str] = set()
"""Words that this process has seen in the vocabulary. Words never leave it but by a rebuild."""


def add_words(words: set[str]) -> None:
    """Put words into the vocabulary. Reading which ones it has costs a tenth of writing them all."""
    if len(_known) > _MAX_KNOWN:
        clear_cache()
    unknown = {_place(word) for word in words - _known}
    found = {(record.key, record.part) for record in SearchRecord.batch_get(unknown, attributes_to_get=["key", "part"])}
    put_words(unknown - found)
    _known.update(words)


def clear_cache() -> None:
    """Know no words, as a new process does."""
    _known.clear()


def with_prefix(prefix: str, limit: int) -> list[str]:
    """The first ``limit`` words, in their order, that begin with ``prefix``, whatever the accents. One request."""
    key, beginning = _key(prefix), strip_accents(prefix)
    return [_word(part) for part in find_words(key, beginning, limit=limit)]


def near(word: str) -> list[str]:
    """The words with the first letter of ``word``, whatever its accent; of more than :data:`MAX_READ`, those with its
    first two letters, or three. A request for each.
    """
    found: list[str] = []
    for letters in range(1, _MAX_BEGINNING + 1):
        found = with_prefix(word[:letters], MAX_READ)
        if len(found) < MAX_READ:
            break
    return found


def _place(word: str) -> tuple[str, str]:
    folded = strip_accents(word)
    return _key(word), word if folded == word else f"{folded}#{word}"


def _key(word: str) -> str:
    return f"words#{strip_accents(word)[0]}"


def _word(part: str) -> str:
    return part.rpartition("#")[2]
