"""Facets: how many results of a search have a label, a year or a language.

Years and languages are counted from the document list, without a request.

At most eight labels are counted. They are chosen from the labels of the results that were read, the most frequent
first. Labels that narrow nothing are chosen last: those that the search requires, and those that all results have.

If all results were read, their labels are counted without a request. Otherwise the postings of the chosen labels are
read, except those of required labels: one Query each. Label postings stay in memory until an article changes, but for
at most five minutes, because they may be obsolete: the index writer announces a change first and removes obsolete
postings afterwards, and a process may read them in between.
"""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from kolom.articles.types import ArticleSummary
from kolom.search.codec import moment_of, seconds
from kolom.search.document_table import DocumentTable
from kolom.search.index_reader import MAX_POSTINGS, LoadedResults, read_postings, results
from kolom.search.result_cache import LIFETIME_SECONDS
from kolom.search.terms import label_term

MAX_LABELS: Final = 8
"""The maximum number of labels that are counted."""

MAX_YEARS: Final = 50
"""The maximum number of years, the newest first."""


@dataclass(frozen=True, slots=True)
class Facets:
    """The numbers of results by label (the most frequent first), year (the newest first) and language."""

    labels: tuple[tuple[str, int], ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    languages: tuple[tuple[str, int], ...] = ()


def count_facets(
    found: Collection[int],
    documents: DocumentTable,
    loaded: LoadedResults,
    zone: tzinfo,
    *,
    by_language: Mapping[str, Collection[int]],
    required: Collection[str] = (),
) -> Facets:
    """Count the results ``found`` of a search. ``loaded`` has those that were read. Years are counted in ``zone``.

    ``by_language`` has the results that a search in each language finds. ``required`` has the terms of the labels that
    the search requires.
    """
    times = sorted(documents.times[each] for each in found)
    languages = {code: len(each) for code, each in by_language.items() if each}
    return Facets(
        labels=_labels(found, documents, loaded, required),
        years=tuple(_years(times, zone)),
        languages=tuple(sorted(languages.items(), key=lambda counted: (-counted[1], counted[0]))),
    )


def _years(times: list[int], zone: tzinfo) -> Iterator[tuple[int, int]]:
    """Yield the years of sorted times with their numbers, the newest first."""
    end = len(times)
    for _ in range(MAX_YEARS):
        if not end:
            return
        try:
            year = moment_of(times[end - 1]).astimezone(zone).year
            start = bisect_left(times, seconds(datetime(year, 1, 1, tzinfo=zone)), hi=end)
        except OverflowError:  # in the year 1 or 9999
            return
        yield year, end - start
        end = start


def _labels(
    found: Collection[int], documents: DocumentTable, loaded: LoadedResults, required: Collection[str]
) -> tuple[tuple[str, int], ...]:
    ids = set(found)
    shown: dict[str, str] = {}
    counts: Counter[str] = Counter()
    spellings = Counter(label for summary in _summaries(ids, loaded) for label in summary.labels)
    for label, count in spellings.items():
        counts[shown.setdefault(label_term(label), label)] += count
    is_complete = ids <= loaded.keys()
    in_all = {
        label for label, count in counts.items() if label_term(label) in required or (is_complete and count == len(ids))
    }
    best = sorted(counts, key=lambda label: (label in in_all, -counts[label], label))[:MAX_LABELS]
    if not is_complete:
        terms = {label: label_term(label) for label in best if label not in in_all}
        postings = _postings.read(terms.values(), documents)
        counts = Counter({label: len(ids & postings[terms[label]]) if label in terms else len(ids) for label in best})
    return tuple(sorted(((label, counts[label]) for label in best if counts[label]), key=_most_frequent))


def _summaries(ids: Collection[int], loaded: LoadedResults) -> Iterator[ArticleSummary]:
    return (stored.summary for article_id, stored in loaded.items() if article_id in ids)


def _most_frequent(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]


class _LabelPostings:
    """The articles of labels, in memory until the document list or any result changes, at most for five minutes."""

    def __init__(self) -> None:
        # The revisions, the time of the first read, and the articles. They are one object, because threads replace it.
        self._read: tuple[tuple[int, int | None], float, dict[str, frozenset[int]]] | None = None

    def read(self, terms: Collection[str], documents: DocumentTable) -> dict[str, frozenset[int]]:
        """Return the articles by term. A Query for each term that is not in memory."""
        revision = (documents.revision, results.revision)
        now = time.monotonic()
        began, known = now, dict[str, frozenset[int]]()
        last = self._read
        if last and last[0] == revision and now - last[1] < LIFETIME_SECONDS:
            _, began, known = last
        missing = [term for term in terms if term not in known]
        read = {term: frozenset(each) for term, each in read_postings(missing, needed=len(missing)).items()}
        known = known | read
        if sum(map(len, known.values())) > MAX_POSTINGS:
            known = {term: known[term] for term in terms}
        self._read = revision, began, known
        return known


_postings: Final = _LabelPostings()
