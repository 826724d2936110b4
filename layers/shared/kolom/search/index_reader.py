"""What every answer reads: postings of several stems at once, and the articles of a page."""

import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import batched
from typing import Final

from kolom.articles.mapping import SUMMARY_FIELDS, to_summary
from kolom.articles.types import ArticleSummary
from kolom.models.search import DOC, ResultRecord, read_blocks
from kolom.search.codec import POSTINGS_PER_BLOCK

MAX_POSTINGS: Final = 200_000
"""How many postings a request may have read and still go on to read those of further terms."""

_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class StoredResult:
    """An article as a result shows it. ``is_whole`` tells whether ``text`` is all of its text."""

    card: ArticleSummary
    text: str
    is_whole: bool


def read_postings(terms: Iterable[str], *, needed: int = 0) -> dict[str, dict[int, int]]:
    """Of each term, the articles that have it with their frequency codes. A Query per term, eight at once.

    Stops after :data:`MAX_POSTINGS` postings, but always reads the first ``needed`` terms. The result lacks terms
    that were not read.
    """
    wanted = list(dict.fromkeys(terms))
    if len(wanted) == 1:
        return {wanted[0]: _postings(wanted[0])}
    found: dict[str, dict[int, int]] = {}
    for some in batched(wanted, _AT_ONCE, strict=False):
        if len(found) >= needed and sum(map(len, found.values())) >= MAX_POSTINGS:
            break
        found.update(zip(some, _pool().map(_postings, some), strict=True))
    return found


def load_results(article_ids: Iterable[int], *, with_text: bool = True) -> dict[int, StoredResult]:
    """What results show of these articles; one that has just gone is missing. A BatchGetItem per hundred."""
    names = None if with_text else ["key", "part", *SUMMARY_FIELDS]
    records = ResultRecord.batch_get([(f"doc#{each}", DOC) for each in article_ids], attributes_to_get=names)
    return {int(record.id): _load_result(record, with_text=with_text) for record in records}


def _postings(term: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for block in read_blocks(term):
        first = block.number * POSTINGS_PER_BLOCK
        # Of an article that is there twice, in the middle of an edit, one counts.
        found.update({first + (number >> 8): number & 0xFF for number in map(int, block.elements)})
    return found


def _load_result(record: ResultRecord, *, with_text: bool) -> StoredResult:
    text = zlib.decompress(record.text).decode() if with_text else ""
    return StoredResult(to_summary(record), text, record.is_whole if with_text else False)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE)


type Postings = Mapping[str, Mapping[int, int]]
