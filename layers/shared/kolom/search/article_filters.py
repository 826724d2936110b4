"""Which articles a search admits: by labels, authors, words of titles, sites, language, time and excluded words.

Requests, in addition to the postings of the terms: a Query of the title index for each word of ``title:`` (at most 32).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from kolom.search import title_index
from kolom.search.analyzer import base_language, stems
from kolom.search.codec import seconds
from kolom.search.document_table import DocumentTable
from kolom.search.index_reader import Postings, read_concurrently
from kolom.search.query_filters import OWN_SITE, Condition, Filters
from kolom.search.terms import MIN_PREFIX
from kolom.search.tokenizer import strip_accents

MAX_TITLE_WORDS: Final = 1_000
"""The maximum number of entries of the title index that are read for a word of ``title:``."""

type Titles = Mapping[str, Collection[int]]
"""For each word, the articles that have it in the title."""


class ArticleFilter:
    """Tells whether a search admits an article."""

    def __init__(
        self,
        documents: DocumentTable,
        admitted: Collection[int] | None,
        excluded: Collection[int],
        allows: Callable[[int], bool] | None,
    ) -> None:
        self._documents = documents
        self._admitted = admitted
        self._excluded = excluded
        self._allows = allows

    def __call__(self, article_id: int) -> bool:
        """Return whether the search admits the article."""
        return (
            article_id in self._documents.lengths
            and article_id not in self._excluded
            and (self._admitted is None or article_id in self._admitted)
            and (self._allows is None or self._allows(article_id))
        )

    def select(self, article_ids: Collection[int] | None = None) -> set[int]:
        """Return those of these articles, or of all articles, that the search admits."""
        listed = self._documents.lengths
        found = set(listed) if article_ids is None else listed.keys() & article_ids
        found -= set(self._excluded)
        if self._admitted is not None:
            found &= set(self._admitted)
        return found if self._allows is None else {each for each in found if self._allows(each)}


def article_filter(
    filters: Filters,
    documents: DocumentTable,
    postings: Postings,
    titles: Titles,
    *,
    excluded: Collection[int],
    language: str | None,
    earliest: datetime | None,
    latest: datetime | None,
) -> ArticleFilter:
    """Return the filter for the conditions of a query and the parameters of the search; both times are inclusive."""

    def meeting(condition: Condition) -> set[int]:
        if condition.name == OWN_SITE:
            external, at_this_host = (set(postings.get(term, {})) for term in condition.terms)
            return (documents.lengths.keys() - external) | at_this_host
        by_word = (titles.get(word, ()) for word in condition.words)
        by_term = (postings.get(term, {}) for term in condition.terms)
        found = [set(each) for each in (by_word if condition.name == "title" else by_term)]
        return set.intersection(*found)

    required = [set().union(*map(meeting, group)) for group in filters.required]
    return ArticleFilter(
        documents,
        set.intersection(*required) if required else None,
        set(excluded).union(*map(meeting, filters.excluded)),
        _allows(filters, documents, language, earliest, latest),
    )


def read_titles(words: Iterable[str], languages: Sequence[str]) -> tuple[dict[str, set[int]], bool]:
    """Return for each word the articles that have it in the title, and whether all titles with the words were read.

    Other forms of a word count as well: words that begin like it and have one of its stems.
    """
    listed = list(words)
    found = read_concurrently(lambda word: _with_word(word, languages), listed)
    return {word: ids for word, (ids, _) in zip(listed, found, strict=True)}, all(is_whole for _, is_whole in found)


def _with_word(word: str, languages: Sequence[str]) -> tuple[set[int], bool]:
    wanted = set(stems(word, languages))
    prefix = word
    while not all(each.startswith(prefix) for each in wanted):
        prefix = prefix[:-1]
    prefix = prefix if len(prefix) >= MIN_PREFIX else word
    read = title_index.with_prefix(prefix, MAX_TITLE_WORDS)
    matching = {
        article_id
        for found, article_id in read
        if found == word or not wanted.isdisjoint(stems(strip_accents(found), languages))
    }
    return matching, len(read) < MAX_TITLE_WORDS


def _allows(
    filters: Filters,
    documents: DocumentTable,
    language: str | None,
    earliest: datetime | None,
    latest: datetime | None,
) -> Callable[[int], bool] | None:
    code = None if language is None else base_language(language)
    first = max((seconds(each) for each in (earliest, filters.earliest) if each), default=0)
    end = min(
        seconds(latest) + 1 if latest else 1 << 62,
        seconds(filters.latest) if filters.latest else 1 << 62,
    )
    if code is None and not first and end == 1 << 62:
        return None
    times, languages = documents.times, documents.languages
    return lambda each: first <= times[each] < end and (code is None or languages[each] == code)
