"""Read the index: the postings of several stems at once, and the articles of a page."""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import batched
from typing import Final

from kolom.articles.mapping import to_summary
from kolom.articles.types import ArticleSummary
from kolom.models.search import DOC, REST, ResultRecord, TextRecord
from kolom.search import posting_blocks
from kolom.search.result_cache import ResultCache

MAX_POSTINGS: Final = 200_000
"""The number of postings after which a request reads no further terms."""

_AT_ONCE: Final = 8
_BATCH: Final = 100  # the maximum number of keys of a BatchGetItem
_OBJECTS_BYTES: Final = 1_500  # of a result in memory, in addition to its texts


@dataclass(frozen=True, slots=True)
class StoredResult:
    """The stored data of a result.

    ``parts`` is the compressed text. If ``rest`` is set, this is only the beginning, and ``rest`` is the digest of the
    remaining text. ``is_whole`` is true if the text, with its rest, is that of the whole article.
    ``headings`` has the line number and the id of each heading.
    """

    summary: ArticleSummary
    parts: tuple[bytes, ...]
    is_whole: bool
    rest: str | None = None
    headings: tuple[tuple[int, str], ...] = ()

    @property
    def text(self) -> str:
        """Return the text, or its beginning."""
        return "".join(zlib.decompress(part).decode() for part in self.parts)

    @property
    def size_bytes(self) -> int:
        """Return the approximate size in memory."""
        headings = sum(len(identifier) for _, identifier in self.headings)
        return sum(map(len, self.parts)) + headings + self.summary.size_bytes + _OBJECTS_BYTES


def read_postings(terms: Iterable[str], *, needed: int = 0, consistent: bool = False) -> dict[str, dict[int, int]]:
    """Return for each term the frequency codes by article id. Eight terms at once.

    One Query for each MB of a term. Stops after :data:`MAX_POSTINGS` postings, but always reads the first ``needed``
    terms. The result lacks terms that were not read.
    """
    distinct = list(dict.fromkeys(terms))
    read = partial(posting_blocks.read, consistent=consistent)
    if len(distinct) == 1:
        return {distinct[0]: read(distinct[0])}
    found: dict[str, dict[int, int]] = {}
    for batch in batched(distinct, _AT_ONCE, strict=False):
        if len(found) >= needed and sum(map(len, found.values())) >= MAX_POSTINGS:
            break
        found.update(zip(batch, _pool().map(read, batch), strict=True))
    return found


def read_concurrently[Item, Found](read: Callable[[Item], Found], items: Sequence[Item]) -> list[Found]:
    """Return the result of ``read`` for each item. Eight at once."""
    return list(_pool().map(read, items)) if len(items) > 1 else list(map(read, items))


def load_results(article_ids: Iterable[int]) -> dict[int, StoredResult]:
    """Return the stored results of these articles; recently deleted ones are missing.

    One BatchGetItem per hundred that are not in memory (:mod:`.result_cache`).
    """
    ids = list(article_ids)
    revision = results.revision
    found = {each: stored for each in ids if (stored := results.get(each))}
    for record in ResultRecord.batch_get([(f"doc#{each}", DOC) for each in ids if each not in found]):
        headings = _headings(record.headings)
        stored = StoredResult(to_summary(record), (record.text,), record.is_whole, record.rest, headings)
        found[int(record.id)] = stored
        results.put(int(record.id), stored, stored.size_bytes, revision)
    return found


def load_rests(beginnings: Iterable[StoredResult]) -> dict[int, StoredResult]:
    """Return results with the rest of their texts. One BatchGetItem per hundred.

    If a rest was recently replaced, the text remains its beginning, and is not whole.
    """
    keys = {f"doc#{each.summary.id}": each for each in beginnings}
    found = {each.summary.id: replace(each, rest=None, is_whole=False) for each in keys.values()}
    for record in TextRecord.batch_get([(key, REST) for key in keys]):
        stored = keys[record.key]
        if record.rest == stored.rest:
            headings = (*stored.headings, *_headings(record.headings))
            found[stored.summary.id] = replace(stored, parts=(*stored.parts, record.text), rest=None, headings=headings)
    return found


def _headings(data: str | None) -> tuple[tuple[int, str], ...]:
    return tuple((line, identifier) for line, identifier in json.loads(data)) if data else ()


class LoadedResults(dict[int, StoredResult]):
    """The stored results that a request has read, by article."""

    def load(self, article_ids: Iterable[int]) -> None:
        """Read the results that are not loaded yet: a BatchGetItem for each hundred, at the same time."""
        missing = [each for each in article_ids if each not in self]
        for found in read_concurrently(load_results, list(batched(missing, _BATCH, strict=False))):
            self.update(found)

    def load_rests(self, article_ids: Iterable[int]) -> None:
        """Read the rests of the texts of loaded results."""
        if beginnings := [self[each] for each in article_ids if self[each].rest]:
            self.update(load_rests(beginnings))


results: Final[ResultCache[StoredResult]] = ResultCache()
"""The results that this process has read."""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE)


type Postings = Mapping[str, Mapping[int, int]]


def articles_with(stems: Iterable[str], postings: Postings) -> set[int]:
    """Return the articles that have at least one of the stems."""
    return {each for stem in stems for each in postings.get(stem, ())}
