"""The vocabulary: the words of the site, partitioned by first letter, for corrections and completions.

A word remains when its last article is removed; callers must check that a word has postings before they offer it.
"""

from typing import Final

from kolom.models.search import SearchRecord, find_words, put_words
from kolom.search.tokenizer import strip_accents

MAX_READ: Final = 4_000
"""The maximum number of words that one request reads: about 90 KB."""

_MAX_PREFIX: Final = 3
_MAX_KNOWN: Final = 200_000
_known: set[str] = set()
"""Words that this process knows to be in the vocabulary, from which only a rebuild removes words."""


def add_words(words: set[str]) -> None:
    """Add words to the vocabulary. Reading which ones exist costs a tenth of writing them all."""
    if len(_known) > _MAX_KNOWN:
        clear_cache()
    unknown = {_item_key(word) for word in words - _known}
    found = {(record.key, record.part) for record in SearchRecord.batch_get(unknown, attributes_to_get=["key", "part"])}
    put_words(unknown - found)
    _known.update(words)


def clear_cache() -> None:
    """Forget the known words, as in a new process."""
    _known.clear()


def with_prefix(prefix: str, limit: int) -> list[str]:
    """Return the first ``limit`` words with the prefix in alphabetical order, ignoring accents. One request."""
    key, beginning = _key(prefix), strip_accents(prefix)
    return [_word(part) for part in find_words(key, beginning, limit=limit)]


def with_same_beginning(word: str) -> list[str]:
    """Return the words with the first letter of ``word``, ignoring accents.

    If there are more than :data:`MAX_READ`, only those with its first two letters, or three. One request per attempt.
    """
    found: list[str] = []
    for letters in range(1, _MAX_PREFIX + 1):
        found = with_prefix(word[:letters], MAX_READ)
        if len(found) < MAX_READ:
            break
    return found


def _item_key(word: str) -> tuple[str, str]:
    folded = strip_accents(word)
    return _key(word), word if folded == word else f"{folded}#{word}"


def _key(word: str) -> str:
    return f"words#{strip_accents(word)[0]}"


def _word(part: str) -> str:
    return part.rpartition("#")[2]
