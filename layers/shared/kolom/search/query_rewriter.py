"""Read the postings of a query, and rewrite the query by what the index has.

The last word may be completed, and unknown words are corrected. The owner's synonyms are added, also those of corrected
words. The docstring of :mod:`.searcher` lists the requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kolom.search import spellcheck
from kolom.search.article_filters import ArticleFilter, article_filter, read_titles
from kolom.search.completion import CompletedWord, complete
from kolom.search.document_table import DocumentTable
from kolom.search.index_reader import StoredResult, articles_with, read_postings
from kolom.search.query_language import resolve
from kolom.search.query_parser import Query, parse
from kolom.search.search_request import SearchRequest
from kolom.search.settings_cache import owner_settings
from kolom.search.spellcheck import Correction
from kolom.search.synonyms import ExpandedQuery, expand
from kolom.search.unknown_words import find_unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenQuery:
    """A query as it is searched, and the postings of its stems. ``is_searched`` tells which articles it admits.

    ``is_exact`` is false if not all postings and title words were read. ``loaded`` has the results that were read.
    """

    query: Query
    expanded: ExpandedQuery
    postings: dict[str, dict[int, int]]
    is_searched: ArticleFilter
    is_exact: bool
    completed: CompletedWord | None = None
    corrections: Sequence[Correction] = ()
    loaded: Mapping[int, StoredResult] = field(default_factory=dict)

    @property
    def prefix(self) -> str | None:
        """Return the last word as it was typed, if it was completed."""
        return self.completed.original.form if self.completed else None

    @property
    def completions(self) -> dict[str, tuple[str, ...]]:
        """Return the last word as it was typed, with the words that complete it; nothing if it was not completed."""
        return {self.completed.original.form: self.completed.forms} if self.completed else {}

    def for_marks(self) -> Query:
        """Return the query for marking its words in results."""
        return self.expanded.for_marks(self.query)


def rewrite(request: SearchRequest, query: Query, documents: DocumentTable, languages: Sequence[str]) -> RewrittenQuery:
    """Rewrite the parsed query of a request for articles in ``languages``."""
    found = _read(request, query, documents, languages)
    found = _complete(request, found, documents, languages)
    found = _correct(request, found, languages)
    return _add_synonyms_of_corrections(request, found, languages)


def _read(request: SearchRequest, query: Query, documents: DocumentTable, languages: Sequence[str]) -> RewrittenQuery:
    """Read the postings of the query and its synonyms. Drop stop words, and stems that were not read."""
    expanded = expand(query, request.text, owner_settings.synonyms(languages))
    first = [*query.filters.terms, *query.excluded_stems]
    terms = [*first, *expanded.terms(expanded.query.stems)]
    titles, has_all_titles = read_titles(query.filters.title_words, languages)
    read = read_postings(terms, needed=len(first) + 1)
    postings = expanded.combine(read)
    query, postings = resolve(expanded.query.restricted_to(postings), postings, documents.languages)
    is_searched = article_filter(
        query.filters,
        documents,
        postings,
        titles,
        excluded=articles_with(query.excluded_stems, postings),
        language=request.language,
        earliest=request.earliest,
        latest=request.latest,
    )
    is_exact = has_all_titles and read.keys() >= set(terms)
    return RewrittenQuery(query=query, expanded=expanded, postings=postings, is_searched=is_searched, is_exact=is_exact)


def _complete(
    request: SearchRequest, found: RewrittenQuery, documents: DocumentTable, languages: Sequence[str]
) -> RewrittenQuery:
    """Complete the last word if no article has it."""
    completed = complete(request.text, found.query, found.postings, found.is_searched, documents, languages)
    if completed is None:
        return found
    query, postings = completed.apply_to(found.query), found.postings | completed.postings
    return replace(found, query=query, postings=postings, completed=completed)


def _correct(request: SearchRequest, found: RewrittenQuery, languages: Sequence[str]) -> RewrittenQuery:
    """Correct words that no article has.

    The only correction of a completed word is one that joins it with the word before: ``face boo`` to ``facebook``.
    """
    unknown = find_unknown(found.query, found.postings, with_forms=not found.completed)
    corrections = spellcheck.suggest(
        request.text, found.query, unknown.words, found.postings, found.is_searched.select, languages
    )
    postings = dict(found.postings)
    for each in corrections:
        postings |= each.postings
    is_corrected = any(found.prefix in each.originals for each in corrections)
    return replace(
        found,
        query=spellcheck.apply_to(found.query, corrections),
        postings=postings,
        completed=None if is_corrected else found.completed,
        corrections=corrections,
        loaded=unknown.loaded,
    )


def _add_synonyms_of_corrections(
    request: SearchRequest, found: RewrittenQuery, languages: Sequence[str]
) -> RewrittenQuery:
    """Read the postings of the synonyms that corrected words have, and add them to the query."""
    text = spellcheck.rewrite_text(request.text, found.corrections)
    synonyms = owner_settings.synonyms(languages)
    if text is None or synonyms.is_empty:
        return found
    expanded = expand(parse(text, languages, request.zone), text, synonyms)
    known = {word.form for word in found.query.words}
    corrected = {form for each in found.corrections for form in each.forms}
    new = tuple(
        word
        for word in expanded.query.words
        if word.form not in known and known.issuperset(word.parts) and not corrected.isdisjoint(word.parts)
    )
    terms = expanded.terms(stem for word in new for stem in word.stems)
    unread = [term for term in terms if term not in found.postings]
    read = read_postings(unread)
    postings = expanded.combine(found.postings | read)
    words = Query(words=new).restricted_to(postings).words
    return replace(
        found,
        query=replace(found.query, words=(*found.query.words, *words)),
        expanded=replace(expanded, combined={**expanded.combined, **found.expanded.combined}),
        postings=postings,
        is_exact=found.is_exact and read.keys() >= set(unread),
    )
