"""The list of all searchable articles, in memory: how many, how long, in which languages, from when.

It is read whole, and again only when its revision has changed: a GetItem per query tells. So every query sees what
was indexed before it, and pays for the list only after a publication.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from kolom.models.search import Block, read_documents, read_revision
from kolom.search.bm25 import Scorer, length_norms
from kolom.search.codec import DOCUMENTS_PER_BLOCK, FREQUENCIES, decode_document, language_code
from kolom.search.document import MAX_TEXT_BYTES
from kolom.search.index_reader import Postings

MAX_TEXTS_BYTES: Final = 1_000_000
"""How much text one request reads, about."""

ALWAYS_READ: Final = 10
"""How many articles can be read at once, whatever their size: a page of the usual length."""

_BYTES_PER_WORD: Final = 10
"""Of a text for each word that counts to its length: in Indonesian and English 9 to 10, stop words among them."""


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """All searchable articles by their ids. ``times`` are seconds since the year 1.

    ``codes`` are the languages, that of most articles first.
    """

    revision: int
    lengths: dict[int, int]
    times: dict[int, int]
    languages: dict[int, str]
    codes: tuple[str, ...]
    norms: tuple[float, ...]

    @classmethod
    def of(cls, revision: int, blocks: Sequence[Block]) -> Self:
        """The list that the blocks hold. Of an article that is there twice, in the middle of an edit, one counts."""
        lengths: dict[int, int] = {}
        times: dict[int, int] = {}
        languages: dict[int, str] = {}
        names: dict[int, str] = {}
        for block in blocks:
            first = block.number * DOCUMENTS_PER_BLOCK
            for element in block.elements:
                place, length, time, language = decode_document(int(element))
                if language not in names:
                    names[language] = language_code(language)
                article_id = first + place
                lengths[article_id] = length
                times[article_id] = time
                languages[article_id] = names[language]
        average = sum(FREQUENCIES[code] for code in lengths.values()) / len(lengths) if lengths else 0.0
        numbers = Counter(languages.values())
        codes = tuple(sorted(numbers, key=lambda code: (-numbers[code], code)))
        return cls(revision, lengths, times, languages, codes, length_norms(average))

    def rank(self, postings: Postings, words: Iterable[tuple[Sequence[str], int]]) -> Scorer:
        """The ranking of the articles that have any of the words: each its stems, and how often it counts.

        Stems without postings find nothing.
        """
        ranking = Scorer(self.lengths, self.norms)
        for number, (stems, count) in enumerate(words):
            for stem in stems:
                ranking.add(postings.get(stem, {}), count=count, word=number)
        return ranking

    def within_budget(self, article_ids: Iterable[int], *, known: Container[int] = ()) -> Iterator[int]:
        """The first of these articles whose texts have :data:`MAX_TEXTS_BYTES` in all, as their lengths tell.

        Always :data:`ALWAYS_READ` of them. What is ``known`` need not be read, and costs nothing.
        """
        left = MAX_TEXTS_BYTES
        for number, article_id in enumerate(article_ids):
            if article_id not in known:
                left -= min(FREQUENCIES[self.lengths[article_id]] * _BYTES_PER_WORD, MAX_TEXT_BYTES)
            if left < 0 and number >= ALWAYS_READ:
                return
            yield article_id


_current: DocumentTable | None = None


def get() -> DocumentTable:
    """The list as it is now. One GetItem, and a Query for each MB of the list where it has changed."""
    global _current
    if _current is None or _current.revision != read_revision():
        _current = DocumentTable.of(*read_documents())
    return _current


def clear_cache() -> None:
    """Read the list again at the next call."""
    global _current
    _current = None
