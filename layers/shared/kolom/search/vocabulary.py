"""The vocabulary: the words of the site by their first and by their last letters, for corrections and completions.

Each word has two items: one under its first letter, and one, spelled backwards, under its last letter. A typing error
leaves the beginning or the end of a word as it is. Earlier versions wrote only the item under the first letter. Such
a word is not found by its end until an article with it is indexed again.

A word remains when its last article is removed; callers must check that a word has postings before they offer it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kolom.models.search import SearchRecord, find_words, put_words
from kolom.search.tokenizer import strip_accents

MAX_READ: Final = 4_000
"""The maximum number of words that one request reads: about 90 KB."""

_MAX_PREFIX: Final = 3
_MIN_END: Final = 3
_MAX_END: Final = 4
_MAX_KNOWN: Final = 200_000
_known: set[str] = set()
"""Words that this process knows to be in the vocabulary, from which only a rebuild removes words."""


def add_words(words: set[str]) -> None:
    """Add words to the vocabulary. Reading which ones exist costs a tenth of writing them all.

    The item for the end of a word is written last: if it exists, the word is complete.
    """
    if len(_known) > _MAX_KNOWN:
        clear_cache()
    ends = {_end_key(word): word for word in words - _known}
    for record in SearchRecord.batch_get(list(ends), attributes_to_get=["key", "part"]):
        del ends[record.key, record.part]
    put_words(map(_item_key, ends.values()))
    put_words(ends)
    _known.update(words)


def clear_cache() -> None:
    """Forget the known words, as in a new process."""
    _known.clear()


def with_prefix(prefix: str, limit: int) -> list[str]:
    """Return the first ``limit`` words with the prefix in alphabetical order, ignoring accents. One request."""
    key, beginning = _key(prefix), strip_accents(prefix)
    return [_word(part) for part in find_words(key, beginning, limit=limit)]


def find_existing(words: Iterable[str]) -> set[str]:
    """Return which of these words are in the vocabulary, in this spelling. One BatchGetItem."""
    keys = {_item_key(word): word for word in words}
    found = SearchRecord.batch_get(list(keys), attributes_to_get=["key", "part"])
    return {keys[record.key, record.part] for record in found}


@dataclass(frozen=True, slots=True)
class NearbyWords:
    """The words that begin like a word, and those that end with its last ``end_letters`` letters."""

    beginnings: Sequence[str]
    ends: Sequence[str]
    end_letters: int


def words_near(word: str) -> NearbyWords:
    """Return the words that begin or end like ``word``, ignoring accents. Two to four requests.

    Words that begin like it have the same first letter; if there are more than :data:`MAX_READ` of these, the same two
    or three letters. If an error changed one of these letters, the word that was meant still has the same end: three or
    four letters that the error cannot have changed as well.
    """
    beginnings: list[str] = []
    letters = 0
    while letters < _MAX_PREFIX and (not letters or len(beginnings) >= MAX_READ):
        letters += 1
        beginnings = with_prefix(word[:letters], MAX_READ)
    backwards = strip_accents(word)[::-1]
    end_letters = min(_MAX_END, max(_MIN_END, len(backwards) - letters - 1))
    found = find_words(_ends_key(backwards), backwards[:end_letters], limit=MAX_READ)
    return NearbyWords(beginnings, [_word_spelled_backwards(part) for part in found], end_letters)


def _item_key(word: str) -> tuple[str, str]:
    folded = strip_accents(word)
    return _key(word), word if folded == word else f"{folded}#{word}"


def _end_key(word: str) -> tuple[str, str]:
    folded = strip_accents(word)
    backwards = folded[::-1]
    return _ends_key(backwards), backwards if folded == word else f"{backwards}#{word}"


def _key(word: str) -> str:
    return f"words#{strip_accents(word)[0]}"


def _ends_key(backwards: str) -> str:
    return f"ends#{backwards[0]}"


def _word(part: str) -> str:
    return part.rpartition("#")[2]


def _word_spelled_backwards(part: str) -> str:
    backwards, _, word = part.partition("#")
    return word or backwards[::-1]
