"""Read the index: the postings of several stems at once, and the articles of a page."""

import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import batched
from typing import Final

from kolom.articles.mapping import SUMMARY_FIELDS, to_summary
from kolom.articles.types import ArticleSummary
from kolom.models.search import DOC, ResultRecord, read_blocks
from kolom.search.codec import POSTINGS_PER_BLOCK

MAX_POSTINGS: Final = 200_000
"""The number of postings after which a request reads no further terms."""

_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class StoredResult:
    """The stored data of a result. ``is_whole`` is true if ``text`` is the article's whole text."""

    summary: ArticleSummary
    text: str
    is_whole: bool


def read_postings(terms: Iterable[str], *, needed: int = 0, consistent: bool = False) -> dict[str, dict[int, int]]:
    """Return for each term the frequency codes by article id. One Query per term, eight at once.

    Stops after :data:`MAX_POSTINGS` postings, but always reads the first ``needed`` terms. The result lacks terms
    that were not read.
    """
    distinct = list(dict.fromkeys(terms))
    read = partial(_postings, consistent=consistent)
    if len(distinct) == 1:
        return {distinct[0]: read(distinct[0])}
    found: dict[str, dict[int, int]] = {}
    for batch in batched(distinct, _AT_ONCE, strict=False):
        if len(found) >= needed and sum(map(len, found.values())) >= MAX_POSTINGS:
            break
        found.update(zip(batch, _pool().map(read, batch), strict=True))
    return found


def load_results(article_ids: Iterable[int], *, with_text: bool = True) -> dict[int, StoredResult]:
    """Return the stored results of these articles; recently deleted ones are missing. One BatchGetItem per hundred."""
    names = None if with_text else ["key", "part", *SUMMARY_FIELDS]
    records = ResultRecord.batch_get([(f"doc#{each}", DOC) for each in article_ids], attributes_to_get=names)
    return {int(record.id): _load_result(record, with_text=with_text) for record in records}


def _postings(term: str, *, consistent: bool) -> dict[int, int]:
    found: dict[int, int] = {}
    for block in read_blocks(term, consistent=consistent):
        first = block.number * POSTINGS_PER_BLOCK
        # An article that is listed twice, during an update, counts once.
        found.update({first + (number >> 8): number & 0xFF for number in map(int, block.elements)})
    return found


def _load_result(record: ResultRecord, *, with_text: bool) -> StoredResult:
    text = zlib.decompress(record.text).decode() if with_text else ""
    return StoredResult(to_summary(record), text, record.is_whole if with_text else False)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE)


type Postings = Mapping[str, Mapping[int, int]]
