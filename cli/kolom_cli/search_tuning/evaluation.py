"""Measure how well the search finds the articles that queries should find, and explain which ones it does not find.

The searches are those of the site: the same code reads the same index. A query costs one search for ten results. If an
article is missing among them, it also costs a search for a hundred results, a read for each word of ``title:``, and at
most four reads for each missing article.
"""

import math
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from kolom.articles import publishing
from kolom.config import settings
from kolom.errors import NotFound
from kolom.search import document_table
from kolom.search.article_filters import Titles, article_filter, read_titles
from kolom.search.document_table import DocumentTable
from kolom.search.forward_index import load_entry
from kolom.search.query_filters import Filters
from kolom.search.query_parser import Query, parse
from kolom.search.search_request import SearchRequest
from kolom.search.searcher import Results, search
from kolom.search.settings_cache import owner_settings
from kolom.search.synonyms import ExpandedQuery, expand
from kolom_cli.search_tuning.judgments import JudgedQuery

DEPTH: Final = 10
"""The number of results that count: a page of the default length."""

_SEARCHED_DEPTH: Final = 100


@dataclass(frozen=True, slots=True)
class Miss:
    """An article that is not among the first ten results: why, and what its owner can do.

    ``place`` is its place from 11 on, or None if it is not among the first hundred results.
    """

    slug: str
    place: int | None
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class EvaluatedQuery:
    """A query with its nDCG@10, the slugs of its first ten results, and the misses."""

    query: JudgedQuery
    ndcg: float
    results: tuple[str, ...]
    did_you_mean: str | None
    misses: tuple[Miss, ...]


def evaluate(query: JudgedQuery) -> EvaluatedQuery:
    """Search for the query, and compare its results with the articles that it should find."""
    page = search(_request(query.text, DEPTH))
    shown = [result.summary.slug for result in page.items]
    grades = dict(query.grades)
    missing: list[tuple[str, int | None]] = []
    for slug in query.grades:
        if slug in shown:
            continue
        article_id, current = _resolve(slug)
        if current in shown:  # The file has a former slug.
            grades[current] = grades.pop(slug)
        else:
            missing.append((slug, article_id))
    return EvaluatedQuery(
        query,
        _ndcg([grades.get(slug, 0) for slug in shown], grades.values()),
        tuple(shown),
        page.did_you_mean,
        tuple(_explain_all(query.text, missing, page)) if missing else (),
    )


def mean_ndcg(evaluated: Sequence[EvaluatedQuery]) -> float:
    """Return the mean nDCG@10 of at least one query."""
    return sum(each.ndcg for each in evaluated) / len(evaluated)


def _ndcg(found: Iterable[int], judged: Iterable[int]) -> float:
    """Return nDCG@10 with the gain ``2^grade - 1`` (Järvelin and Kekäläinen; Burges et al.)."""
    return _dcg(found) / _dcg(sorted(judged, reverse=True))


def _dcg(grades: Iterable[int]) -> float:
    return math.fsum(((1 << grade) - 1) / math.log2(rank + 2) for rank, grade in enumerate(islice(grades, DEPTH)))


def _request(text: str, limit: int) -> SearchRequest:
    return SearchRequest(text=text, limit=limit, zone=settings().zone, site_url=settings().site_url)


def _resolve(slug: str) -> tuple[int | None, str]:
    """Return the id and the current slug of an article, in any status; without an id if there is none."""
    try:
        article = publishing.get_by_slug(slug)
    except NotFound:
        return None, slug
    return article.id, article.slug


def _explain_all(text: str, missing: Sequence[tuple[str, int | None]], page: Results) -> Iterable[Miss]:
    more = search(_request(text, _SEARCHED_DEPTH)) if page.next_cursor else page
    places = {result.summary.id: place for place, result in enumerate(more.items, 1)}
    documents = document_table.get()
    languages = documents.codes
    parsed = parse(text, languages or ("",)).on_site(settings().site_url)
    query = expand(parsed, text, owner_settings.synonyms(languages))
    titles, _ = read_titles(query.query.filters.title_words, languages)
    for slug, article_id in missing:
        if article_id is None:
            yield Miss(slug, None, "there is no article with this slug", "Correct the slug in the file.")
        else:
            terms = load_entry(article_id, consistent=False).frequency_codes().keys()
            refusal = _refusal(article_id, query.query, terms, documents, titles)
            place = places.get(article_id)
            yield Miss(slug, place, *refusal) if refusal else _explain(text, slug, place, query, terms, page)


def _refusal(
    article_id: int, query: Query, terms: Collection[str], documents: DocumentTable, titles: Titles
) -> tuple[str, str] | None:
    """Return why no search for this query finds an article, whatever its words, and what the owner can do."""
    if not terms:
        return "it is not in the search index", "Publish it. If it is published, run `kolom reindex`."
    postings = {term: {article_id: 1} for term in terms}
    for filters, reason, advice in (
        (
            Filters(excluded=query.filters.excluded),
            "the query excludes it",
            "Remove the exclusion from the query, or what it excludes from the article.",
        ),
        (
            query.filters,
            "it does not meet the conditions of the query",
            "Remove the conditions from the query, or change the article so that it meets them.",
        ),
    ):
        is_admitted = article_filter(
            filters,
            documents,
            postings,
            titles,
            excluded={article_id} if any(stem in terms for stem in query.excluded_stems) else (),
            language=None,
            earliest=None,
            latest=None,
        )
        if not is_admitted(article_id):
            return reason, advice
    return None


def _explain(
    text: str, slug: str, place: int | None, query: ExpandedQuery, terms: Collection[str], page: Results
) -> Miss:
    lacking = _lacking(query, terms)
    if lacking:
        reason = f"it does not have: {', '.join(lacking)}"
        advice = f"Use these words in its text or labels, or: kolom search synonyms add {shlex.quote(lacking[0])} WORD"
        if page.did_you_mean:
            reason += f"; the site searched for: {page.did_you_mean}"
    elif place is None and query.query.phrases:
        reason = "it has the words of the query, but not its phrase"
        advice = "Remove the quotation marks from the query, or use the phrase in its text."
    elif place is None and query.query.excluded_phrases:
        reason = "it has the words of the query, but perhaps also a phrase that the query excludes"
        advice = "Remove the exclusion from the query, or the phrase from its text."
    else:
        reason = "it has all words of the query, like the articles before it"
        advice = "Use the words in its title, headings or labels"
        if query.query.excluded or query.query.excluded_phrases:
            advice += "."  # such a query cannot have pins
        else:
            advice += f", or: kolom search pins add {shlex.quote(text)} {shlex.quote(slug)}"
    return Miss(slug, place, reason, advice)


def _lacking(query: ExpandedQuery, terms: Collection[str]) -> list[str]:
    """Return the words of the query of which an article with these terms has neither a spelling nor a synonym."""

    def has(stem: str) -> bool:
        return all(any(each in terms for each in stems) for stems in query.combined.get(stem, ((stem,),)))

    found = [word for word in query.query.words if any(map(has, word.stems))]
    covered = {form for word in found for form in (word.form, *word.parts)}
    return [word.form for word in query.query.words if word.is_required and word.form not in covered]
