"""Read the index: the postings of several stems at once, and the articles of a page."""

import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import batched
from typing import Final

from kolom.articles.mapping import SUMMARY_FIELDS, to_summary
from kolom.articles.types import ArticleSummary
from kolom.models.search import DOC, ResultRecord
from kolom.search import posting_blocks

MAX_POSTINGS: Final = 200_000
"""The number of postings after which a request reads no further terms."""

_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class StoredResult:
    """The stored data of a result. ``is_whole`` is true if ``text`` is the article's whole text."""

    summary: ArticleSummary
    text: str
    is_whole: bool


def read_postings(terms: Iterable[str], *, needed: int = 0) -> dict[str, dict[int, int]]:
    """Return for each term the frequency codes by article id. One Query per term, eight at once.

    Stops after :data:`MAX_POSTINGS` postings, but always reads the first ``needed`` terms. The result lacks terms
    that were not read.
    """
    distinct = list(dict.fromkeys(terms))
    if len(distinct) == 1:
        return {distinct[0]: posting_blocks.read(distinct[0])}
    found: dict[str, dict[int, int]] = {}
    for batch in batched(distinct, _AT_ONCE, strict=False):
        if len(found) >= needed and sum(map(len, found.values())) >= MAX_POSTINGS:
            break
        found.update(zip(batch, _pool().map(posting_blocks.read, batch), strict=True))
    return found


def load_results(article_ids: Iterable[int], *, with_text: bool = True) -> dict[int, StoredResult]:
    """Return the stored results of these articles; just deleted ones are missing. One BatchGetItem per hundred."""
    names = None if with_text else ["key", "part", *SUMMARY_FIELDS]
    records = ResultRecord.batch_get([(f"doc#{each}", DOC) for each in article_ids], attributes_to_get=names)
    return {int(record.id): _load_result(record, with_text=with_text) for record in records}


def _load_result(record: ResultRecord, *, with_text: bool) -> StoredResult:
    text = zlib.decompress(record.text).decode() if with_text else ""
    return StoredResult(to_summary(record), text, record.is_whole if with_text else False)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE)


type Postings = Mapping[str, Mapping[int, int]]
