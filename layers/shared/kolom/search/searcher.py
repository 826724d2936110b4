"""The searcher: answers a query with a page of results.

Requests:

* one for the revision of the document list, and those that read the list if it has changed;
* one Query for each stem, including those of synonyms (at most 32; more for a posting list over 1 MB), with those of at
  most two words that turn out to be stop words (:mod:`.query_language`), for each label (at most 8), and for each word
  of a condition in the query (at most 8 of 4 words, :mod:`.article_filters`);
* one for the owner's settings, if they have changed since the process read them (:mod:`.settings_cache`);
* one BatchGetItem for the articles of the page, and one for the rests of their texts if the beginnings lack a word. A
  query with phrases needs up to four more before these, for the candidates; the page does not read the candidates
  again. Results that are in memory (:mod:`.result_cache`) are not read;
* the Queries of :mod:`.completion` if no article has the last word, and the requests of :mod:`.spellcheck` for any
  other word that no article has;
* on the first page, if it does not have all results, one Query for each of at most eight labels (:mod:`.facets`).

Work, regardless of the sizes of the articles: each BatchGetItem reads about a megabyte of text
(:meth:`.DocumentTable.within_budget`). At most 1.5 million characters are compared with each of at most four
phrases, as many with the excluded phrases, and at most 500,000 are searched for snippets.
"""

import functools
import hashlib
import heapq
import json
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final

from kolom.errors import InvalidCursor
from kolom.json_input import parse_json
from kolom.pagination import decode_cursor, encode_cursor, first_page
from kolom.search import document_table, spellcheck
from kolom.search.analyzer import base_language
from kolom.search.article_filters import ArticleFilter, article_filter, read_titles
from kolom.search.completion import complete
from kolom.search.document_table import DocumentTable
from kolom.search.facets import Facets, count_facets
from kolom.search.index_reader import LoadedResults, Postings, articles_with, read_postings
from kolom.search.phrase_verification import Order, PhraseVerifier, article_id_of
from kolom.search.pins import find_pinned
from kolom.search.query_filters import Condition
from kolom.search.query_language import resolve
from kolom.search.query_parser import Query, parse
from kolom.search.result_builder import Result, ResultBuilder
from kolom.search.settings_cache import owner_settings
from kolom.search.synonyms import expand
from kolom.search.unknown_words import find_unknown

ALL_WORDS_FACTOR: Final = 1.2
"""How much more the score of an article counts that has all words of the query."""

_FEW_WORDS: Final = 2
"""For queries of so few words, and when sorted by time, all articles with all words precede those with some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search request: articles with all ``labels``.

    ``earliest`` and ``latest`` are inclusive; ``limit`` is 1 to 100. Dates in ``text`` are days in ``zone``.
    """

    text: str
    labels: tuple[str, ...] = ()
    language: str | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    newest_first: bool = False
    limit: int = 10
    cursor: str | None = None
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A page of results.

    ``total`` counts all matches. It is not exact if a request would have to read more than its limit; matches that were
    not read are then missing.

    ``is_relaxed`` is true if no text that was read has the phrases, so that their words were searched instead. If the
    total is not exact, a text that was not read may have the phrases. ``completed`` maps the last word of the query, if
    no article has it, to the words that were searched instead. ``has_words`` is false if the query has nothing to
    search for: it is empty, or has only exclusions. ``facets`` count the results of all pages, on the first page only.
    """

    items: tuple[Result, ...] = ()
    total: int = 0
    total_is_exact: bool = True
    next_cursor: str | None = None
    did_you_mean: str | None = None
    is_relaxed: bool = False
    has_words: bool = True
    completed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facets: Facets | None = None


def search(request: SearchRequest) -> Results:
    """Return a page of results: fewer than ``limit`` if the texts to read are long, or the results are large.

    :meth:`DocumentTable.within_budget` and :func:`kolom.pagination.first_page` define these limits.

    :raises InvalidCursor: the cursor is damaged, or belongs to a different search
    """
    listing = _listing(request)
    after = None if request.cursor is None else _position(decode_cursor(request.cursor, listing))
    documents = document_table.get()
    languages = _languages(request, documents)
    query = parse(request.text, languages or ("",), request.zone)
    if not query.can_match or not languages:
        return Results(has_words=query.can_match)
    query = query.filtered_by(Condition("label", (label,)) for label in request.labels)
    expanded = expand(query, request.text, owner_settings.synonyms(languages))
    first = [*query.filters.terms, *query.excluded_stems]
    terms = [*first, *expanded.terms(expanded.query.stems)]
    titles, has_all_titles = read_titles(query.filters.title_words, languages)
    read = read_postings(terms, needed=len(first) + 1)
    is_exact = has_all_titles and read.keys() >= set(terms)
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
    completed = complete(request.text, query, postings, is_searched, documents, languages)
    if completed is not None:
        query = completed.apply_to(query)
        postings |= completed.postings
    unknown = find_unknown(query, postings, with_forms=not completed)
    corrections = spellcheck.suggest(request.text, query, unknown.words, postings, is_searched.select, languages)
    if completed and any(completed.original.form in each.originals for each in corrections):
        completed = None
    query = spellcheck.apply_to(query, corrections)
    for correction in corrections:
        postings |= correction.postings
    matches = _Matches(request, query, postings, documents, is_searched)
    matches.loaded |= unknown.loaded
    is_relaxed = not matches.require_phrases()
    if query.excluded_phrases:
        matches.exclude_phrases()
    matches.pin(filter(is_searched, find_pinned(query, request.text, owner_settings.pins())))
    page = matches.page(after, request.limit + 1)
    ids = list(documents.within_budget(map(article_id_of, page[: request.limit]), loaded=matches.loaded))
    loaded = matches.loaded
    loaded.load(ids)
    builder = ResultBuilder(expanded.for_marks(query), len(ids), prefix=completed.original.form if completed else None)
    loaded.load_rests(each for each in ids if each in loaded and builder.needs_rest(loaded[each], matches.words(each)))
    results = (builder.result(loaded[each], matches.score(each)) for each in ids if each in loaded)
    items, is_cut = first_page(results, request.limit)
    if is_cut:
        ids = ids[: ids.index(items[-1].summary.id) + 1]
    return Results(
        items=items,
        total=len(matches.ids),
        total_is_exact=is_exact and matches.is_exact,
        next_cursor=encode_cursor(listing, json.dumps(page[len(ids) - 1])) if len(page) > len(ids) else None,
        did_you_mean=spellcheck.rewrite_text(request.text, corrections),
        is_relaxed=is_relaxed,
        completed={completed.original.form: completed.forms} if completed else {},
        facets=count_facets(matches.ids, documents, loaded, request.zone, required=query.filters.label_terms)
        if after is None
        else None,
    )


class _Matches:
    """The matching articles and their order. ``loaded`` has the results that have been read."""

    def __init__(
        self,
        request: SearchRequest,
        query: Query,
        postings: Postings,
        documents: DocumentTable,
        is_searched: ArticleFilter,
    ) -> None:
        self.loaded = LoadedResults()
        self._pinned: list[int] = []
        self._query = query
        self._postings = postings
        self._documents = documents
        self._newest_first = request.newest_first or not query.words
        self._ranking = documents.rank(postings, ((word.stems, word.count) for word in query.words))
        required = [number for number, word in enumerate(query.words) if word.is_required]
        self._required_words = sum(1 << number for number in required)
        self._bits = bits = {word.form: 1 << number for number, word in enumerate(query.words)}
        # For each other spelling, such as "wifi" for "Wi-Fi": its bit, and those of the words that it replaces.
        self._substitutes = [
            (bits[word.form], sum(bits.get(part, 0) for part in set(word.parts))) for word in query.words if word.parts
        ]
        # A compound is one word in two parts, and the sides of an OR count as one word.
        more = len(self._substitutes) + sum(len(group) - 1 for group in query.alternatives)
        self._all_words_first = self._newest_first or len(required) - more <= _FEW_WORDS
        # The same for each side of an OR: an article that has it counts as having all sides.
        sides = [[self._bits_of(each.forms) for each in group] for group in query.alternatives]
        self._alternatives = [
            (side, functools.reduce(operator.or_, group)) for group in sides for side in group if side
        ]
        self._verifier = PhraseVerifier(query, documents, self.loaded, has_words=self._has_words, order=self._order)
        lists_all = not query.words and query.filters.can_match_alone
        self.ids = is_searched.select(None if lists_all else self._ranking.scores.keys())

    @property
    def is_exact(self) -> bool:
        """Return whether all necessary texts could be read."""
        return self._verifier.is_exact

    def score(self, article_id: int) -> float:
        """Return the article's BM25 score; greater if it has all words, unless all such articles come first anyway."""
        score = self._ranking.scores.get(article_id, 0.0)
        return score if self._all_words_first or not self._has_all(article_id) else score * ALL_WORDS_FACTOR

    def words(self, article_id: int) -> int:
        """Return the bits of the words that the article has."""
        return self._ranking.words.get(article_id, 0)

    def pin(self, article_ids: Iterable[int]) -> None:
        """Put these articles first, in this order, unless the newest come first."""
        if not self._newest_first:
            self._pinned = list(article_ids)
            self.ids |= set(self._pinned)

    def page(self, after: Order | None, size: int) -> list[Order]:
        """Return the best ``size`` matches after ``after``."""
        orders: Iterable[Order] = map(self._order, self.ids)
        if after is not None:
            orders = (order for order in orders if order > after)
        return heapq.nsmallest(size, orders)

    def require_phrases(self) -> bool:
        """Keep only articles that have the phrases. Returns False, and keeps all, if no text that was read has them."""
        if not self._verifier.is_needed:
            return True
        having = self._verifier.with_phrases(self.ids)
        self.ids = having or self.ids
        return bool(having)

    def exclude_phrases(self) -> None:
        """Exclude articles that have an excluded phrase, or may have one and could not be read."""
        # Only an article with all distinctive words of an excluded phrase may have the phrase.
        candidates = self.ids & set().union(*map(self._articles_with_all, self._query.distinctive))
        self.ids = self._verifier.without_excluded_phrases(self.ids, candidates)

    def _articles_with_all(self, words: Sequence[Sequence[str]]) -> set[int]:
        """Return the articles that have all of these words, each given as its stems; without words, all articles."""
        articles = (articles_with(stems, self._postings) for stems in words)
        return set.intersection(set(self.ids), *articles)

    def _bits_of(self, forms: Iterable[str]) -> int:
        """Return the bits of those of the words that are searched for."""
        return functools.reduce(operator.or_, (self._bits.get(form, 0) for form in forms), 0)

    def _has_words(self, article_id: int, forms: Iterable[str]) -> bool:
        wanted = self._bits_of(forms)
        return self._words_of(article_id) & wanted == wanted

    def _words_of(self, article_id: int) -> int:
        """Return the bits of the words that the article has, in the typed spelling or another one."""
        return _with_substitutes(self.words(article_id), self._substitutes)

    def _has_all(self, article_id: int) -> bool:
        words = _with_substitutes(self._words_of(article_id), self._alternatives)
        return words & self._required_words == self._required_words

    def _order(self, article_id: int) -> Order:
        if article_id in self._pinned:
            return (self._pinned.index(article_id) - len(self._pinned), 0.0, article_id)
        is_later = self._all_words_first and not self._has_all(article_id)
        rank = self._documents.times[article_id] if self._newest_first else self.score(article_id)
        return (int(is_later), -rank, -article_id if self._newest_first else article_id)


def _with_substitutes(words: int, substitutes: Iterable[tuple[int, int]]) -> int:
    """Return the bits of words, and for each substitute that is among them, the bits of what it replaces."""
    for substitute, replaced in substitutes:
        if words & substitute == substitute:
            words |= replaced
    return words


def _languages(request: SearchRequest, documents: DocumentTable) -> Sequence[str]:
    """Return the languages to search: all of the site, or only the requested one if the site has it."""
    if request.language is None:
        return documents.codes
    return [code for code in documents.codes if base_language(code) == base_language(request.language)]


def _listing(request: SearchRequest) -> str:
    """Return the identity of a search for its cursors: everything but the limit and the cursor.

    With at most one label it is the same as in earlier versions, so that links to further results stay valid.
    """
    criteria = {name: value for name, value in asdict(request).items() if name not in {"limit", "cursor", "zone"}}
    labels = criteria.pop("labels")
    criteria["label"] = labels if len(labels) > 1 else next(iter(labels), None)
    digest = hashlib.blake2s(json.dumps(criteria, default=str, sort_keys=True).encode("utf-8", "backslashreplace"))
    return f"search?{digest.hexdigest()}"


def _position(text: str) -> Order:
    try:
        group, rank, article_id = parse_json(text)
        return int(group), float(rank), int(article_id)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidCursor("the cursor is damaged") from error
