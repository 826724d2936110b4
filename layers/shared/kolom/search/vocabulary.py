"""The words of the site, by their first letters: what corrections and completions are chosen from.

A word stays when the last article that had it goes; whoever offers it looks whether it has postings.
"""

from typing import Final

from kolom.models.search import SearchRecord, find_words
from kolom.search.words import fold

_MAX_KNOWN: Final = 200_000
_known: set[str] = set()
"""Words that this process has seen in the vocabulary. Words never leave it but by a rebuild."""


def learn(words: set[str]) -> None:
    """Put words into the vocabulary. Reading which ones it has costs a tenth of writing them all."""
    if len(_known) > _MAX_KNOWN:
        forget()
    unknown = {word: _key(word) for word in words - _known}
    keys = [(key, word) for word, key in unknown.items()]
    found = {record.part for record in SearchRecord.batch_get(keys, attributes_to_get=["key", "part"])}
    with SearchRecord.batch_write() as batch:
        for word, key in unknown.items():
            if word not in found:
                batch.save(SearchRecord(key, word))
    _known.update(unknown)


def forget() -> None:
    """Know no words, as a new process does."""
    _known.clear()


def beginning_with(prefix: str, limit: int) -> list[str]:
    """The first ``limit`` words, in their order, that begin with ``prefix``. One request."""
    return find_words(_key(prefix), prefix, limit=limit)


def with_the_first_letter_of(word: str) -> list[str]:
    """All words (at most a MB of them) with the first letter of ``word``, whatever its accent. One request."""
    return find_words(_key(word))


def _key(word: str) -> str:
    return f"words#{fold(word)[0]}"
