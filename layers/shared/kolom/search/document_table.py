"""The list of all searchable articles, cached in memory: their number, lengths, languages and times.

The whole list is read at the first query, and again when its revision has changed. Checking the revision costs one
GetItem per query, which is eventually consistent. So each query sees all articles that were indexed before it, except
perhaps those of the last second.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from kolom.models.search import Block, read_documents, read_revisions
from kolom.search.bm25 import Scorer, length_norms
from kolom.search.codec import DOCUMENTS_PER_BLOCK, FREQUENCIES, decode_document, language_code, stem_version
from kolom.search.index_reader import Postings, results
from kolom.search.terms import MAX_TEXT_BYTES, STEM_VERSION, earlier_language

MAX_TEXTS_BYTES: Final = 1_000_000
"""The approximate amount of text that one request reads."""

ALWAYS_READ: Final = 10
"""The number of articles that a request reads regardless of their size: a page of the default length."""

_BYTES_PER_WORD: Final = 10
"""Bytes of text per word that counts toward the length: 9 to 10 in Indonesian and English, including stop words."""


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """All searchable articles by their ids. ``times`` are seconds since the year 1.

    ``lengths`` are length codes, which :data:`FREQUENCIES` decodes. ``norms`` has the BM25 norm of every length code.
    ``codes`` are the language codes, the one with the most articles first; then those of earlier stems
    (:func:`.earlier_language`) that some articles still have.
    """

    revision: int
    lengths: dict[int, int]
    times: dict[int, int]
    languages: dict[int, str]
    codes: tuple[str, ...]
    norms: tuple[float, ...]

    @classmethod
    def of(cls, revision: int, blocks: Sequence[Block]) -> Self:
        """Decode the list. An article that is listed twice, during an update, counts once."""
        lengths: dict[int, int] = {}
        times: dict[int, int] = {}
        languages: dict[int, str] = {}
        names: dict[int, str] = {}
        for block in blocks:
            first = block.number * DOCUMENTS_PER_BLOCK
            for element in block.elements:
                position, length, time, language = decode_document(int(element))
                if language not in names:
                    names[language] = language_code(language)
                article_id = first + position
                lengths[article_id] = length
                times[article_id] = time
                languages[article_id] = names[language]
        average = sum(FREQUENCIES[code] for code in lengths.values()) / len(lengths) if lengths else 0.0
        numbers = Counter(languages.values())
        codes = tuple(sorted(numbers, key=lambda code: (-numbers[code], code)))
        outdated = {names[number] for number in names if stem_version(number) < STEM_VERSION}
        earlier = filter(None, map(earlier_language, sorted(outdated)))
        return cls(revision, lengths, times, languages, (*codes, *earlier), length_norms(average))

    def rank(self, postings: Postings, words: Iterable[tuple[Sequence[str], int]]) -> Scorer:
        """Rank the articles that have any of the words. A word is its stems and its count in the query.

        Stems without postings match nothing.
        """
        ranking = Scorer(self.lengths, self.norms)
        for number, (stems, count) in enumerate(words):
            for stem in stems:
                ranking.add(postings.get(stem, {}), count=count, word=number)
        return ranking

    def within_budget(self, article_ids: Iterable[int], *, loaded: Container[int] = ()) -> Iterator[int]:
        """Yield articles until the estimated size of their texts exceeds :data:`MAX_TEXTS_BYTES`.

        Yields at least :data:`ALWAYS_READ` of them. Articles in ``loaded`` are already loaded and cost nothing.
        """
        remaining = MAX_TEXTS_BYTES
        for number, article_id in enumerate(article_ids):
            if article_id not in loaded:
                remaining -= min(FREQUENCIES[self.lengths[article_id]] * _BYTES_PER_WORD, MAX_TEXT_BYTES)
            if remaining < 0 and number >= ALWAYS_READ:
                return
            yield article_id


_current: DocumentTable | None = None


def get(*, consistent: bool = False) -> DocumentTable:
    """Return the current list. One GetItem, and if it has changed a Query for each MB of the list.

    A change of the last second may be missing, unless the read is ``consistent``.
    """
    global _current
    revision, changes = read_revisions(consistent=consistent)
    results.keep_only(changes)
    if _current is None or _current.revision != revision:
        _current = DocumentTable.of(*read_documents())
    return _current


def clear_cache() -> None:
    """Drop the cached list, and all results, so that they are read again."""
    global _current
    _current = None
    results.clear()
