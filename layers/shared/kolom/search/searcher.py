"""The searcher: answers a query with a page of results.

Requests:

* one for the revision of the document list, and those that read the list if it has changed;
* one Query for each stem of the query and its synonyms (at most 32; more for a posting list over 1 MB). At most two of
  the words may turn out to be stop words (:mod:`.query_language`);
* one Query for each label of the request (at most 8), and for each word of a condition in the query (at most 8
  conditions of 4 words, :mod:`.article_filters`);
* one Query for each stem of the synonyms of corrected words (at most 12);
* one for the owner's settings, if they have changed since the process read them (:mod:`.settings_cache`);
* one BatchGetItem for the articles of the page, and one for the rests of their texts if the beginnings lack a word. A
  query with phrases needs up to four more before these, for the candidates, and as many for excluded phrases; the page
  does not read the candidates again. Results that are in memory (:mod:`.result_cache`) are not read;
* the Queries of :mod:`.completion` if no article has the last word, and the requests of :mod:`.spellcheck` for any
  other word that no article has;
* on the first page, if it does not have all results, one Query for each of at most eight labels (:mod:`.facets`).

Work, regardless of the sizes of the articles: the candidates are about a megabyte of text, and so is the page
(:meth:`.DocumentTable.within_budget`). At most 1.5 million characters are compared with each of at most four
phrases, as many with the excluded phrases, and at most 500,000 are searched for snippets.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from kolom.errors import InvalidCursor
from kolom.json_input import parse_json
from kolom.pagination import decode_cursor, encode_cursor, first_page
from kolom.search import document_table, spellcheck
from kolom.search.analyzer import codes_of
from kolom.search.document_table import DocumentTable
from kolom.search.facets import Facets, count_facets
from kolom.search.matches import Matches
from kolom.search.phrase_verification import Order, article_id_of
from kolom.search.pins import find_pinned
from kolom.search.query_filters import Condition
from kolom.search.query_parser import parse
from kolom.search.query_rewriter import RewrittenQuery, rewrite
from kolom.search.result_builder import Result, ResultBuilder
from kolom.search.search_request import SearchRequest
from kolom.search.settings_cache import owner_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A page of results.

    ``total`` counts all matches. It is not exact if the search stopped at a limit before it had read everything.
    Matches that were not read are then missing.

    ``is_relaxed`` is true if no text that was read has the phrases. Their words were then searched instead. If the
    total is not exact, a text that was not read may have the phrases. If no article has the last word of the query,
    ``completed`` maps it to the words that were searched instead.

    ``can_match`` is false if the query has neither words nor conditions that select articles: it is empty, or has only
    exclusions. ``facets`` count the results of all pages, on the first page only.
    """

    items: tuple[Result, ...] = ()
    total: int = 0
    total_is_exact: bool = True
    next_cursor: str | None = None
    did_you_mean: str | None = None
    is_relaxed: bool = False
    can_match: bool = True
    completed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facets: Facets | None = None


def search(request: SearchRequest) -> Results:
    """Return a page of results: fewer than ``limit`` if the texts to read are long, or the results are large.

    :meth:`DocumentTable.within_budget` and :func:`kolom.pagination.first_page` define these limits.

    :raises InvalidCursor: the cursor is damaged, or belongs to a different search
    """
    after = None if request.cursor is None else _position(decode_cursor(request.cursor, request.listing))
    documents = document_table.get()
    languages = codes_of(request.language, documents.codes)
    query = parse(request.text, languages or ("",), request.zone).on_site(request.site_url)
    if not query.can_match or not languages:
        return Results(can_match=query.can_match)
    query = query.filtered_by(Condition("label", (label,)) for label in request.labels)
    found = rewrite(request, query, documents, languages)
    matches = Matches(request, found, documents)
    is_relaxed = not matches.require_phrases()
    matches.exclude_phrases()
    matches.pin(filter(found.is_searched, find_pinned(found.query, request.text, owner_settings.pins())))
    page = _read_page(request, found, matches, documents, after)
    return Results(
        items=page.items,
        total=len(matches.ids),
        total_is_exact=found.is_exact and matches.is_exact,
        next_cursor=None if page.last is None else encode_cursor(request.listing, json.dumps(page.last)),
        did_you_mean=spellcheck.rewrite_text(request.text, found.corrections),
        is_relaxed=is_relaxed,
        completed=found.completions,
        facets=_count_facets(request, found, matches, documents) if after is None else None,
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """The results of a page; ``last`` is the sort key of the last one, if more follow."""

    items: tuple[Result, ...]
    last: Order | None


def _read_page(
    request: SearchRequest, found: RewrittenQuery, matches: Matches, documents: DocumentTable, after: Order | None
) -> _Page:
    """Read the best matches after ``after``, and build their results."""
    orders = matches.page(after, request.limit + 1)
    loaded = matches.loaded
    ids = list(documents.within_budget(map(article_id_of, orders[: request.limit]), loaded=loaded))
    loaded.load(ids)
    builder = ResultBuilder(found.for_marks(), len(ids), prefix=found.prefix)
    loaded.load_rests(each for each in ids if each in loaded and builder.needs_rest(loaded[each], matches.words(each)))
    results = (builder.result(loaded[each], matches.score(each)) for each in ids if each in loaded)
    items, is_cut = first_page(results, request.limit)
    if is_cut:
        ids = ids[: ids.index(items[-1].summary.id) + 1]
    return _Page(items, orders[len(ids) - 1] if len(orders) > len(ids) else None)


def _count_facets(request: SearchRequest, found: RewrittenQuery, matches: Matches, documents: DocumentTable) -> Facets:
    return count_facets(
        matches.ids,
        documents,
        matches.loaded,
        request.zone,
        by_language=matches.by_language(),
        required=found.query.filters.label_terms,
    )


def _position(text: str) -> Order:
    try:
        group, rank, article_id = parse_json(text)
        return int(group), float(rank), int(article_id)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidCursor("the cursor is damaged") from error
