"""API schemas of search results, suggestions and related articles."""

from typing import TypedDict

from kolom.articles.schemas import ArticleSummaryOut, to_summary_out
from kolom.articles.types import ArticleSummary
from kolom.search.autocomplete import Suggestions
from kolom.search.facets import Facets
from kolom.search.result_builder import Result
from kolom.search.searcher import Results


class SectionOut(TypedDict):
    """A section of an article; ``title_html`` is its heading as escaped text in which ``<mark>`` is the only markup.

    ``fragment`` is the part of a URL after ``#`` that leads to the section and highlights the words of the query.
    """

    id: str
    title_html: str
    fragment: str


class SearchResultOut(ArticleSummaryOut):
    """A search result; ``title_html`` and ``snippet_html`` are escaped text in which ``<mark>`` is the only markup.

    ``matched_labels``: the labels with a word of the query, as plain text. ``sections``: up to three sections of a long
    article that have words of the query, the best first.
    """

    score: float
    title_html: str
    snippet_html: str
    matched_labels: tuple[str, ...]
    sections: list[SectionOut]


class LabelFacetOut(TypedDict):
    """A label, and the number of results that have it."""

    label: str
    count: int


class YearFacetOut(TypedDict):
    """A year in the site's time zone, and the number of results of that year."""

    year: int
    count: int


class LanguageFacetOut(TypedDict):
    """A language code, and the number of results in that language."""

    language: str
    count: int


class FacetsOut(TypedDict):
    """How many results have each label (at most eight, the most frequent first), year and language."""

    labels: list[LabelFacetOut]
    years: list[YearFacetOut]
    languages: list[LanguageFacetOut]


class SearchResultListOut(TypedDict):
    """A page of results.

    ``did_you_mean`` is the corrected query, if a word was corrected. ``relaxed``: the query's phrases were not found,
    and their words are searched instead. ``completed``: no article has the last word of the query, and words that begin
    with it are searched instead. ``facets`` count the results of all pages; null on pages after the first.
    """

    query: str
    items: list[SearchResultOut]
    total: int
    total_is_exact: bool
    next_cursor: str | None
    did_you_mean: str | None
    relaxed: bool
    completed: dict[str, list[str]]
    facets: FacetsOut | None


class SuggestionOut(TypedDict):
    """A suggested article; ``title_html`` is escaped text in which ``<mark>`` is the only markup."""

    slug: str
    title: str
    title_html: str
    url: str


class SuggestionListOut(TypedDict):
    """Suggested articles, and completed queries for the search box."""

    items: list[SuggestionOut]
    completions: list[str]


class RelatedArticlesOut(TypedDict):
    """Related articles, the most similar first."""

    items: list[ArticleSummaryOut]


def to_results_out(query: str, results: Results) -> SearchResultListOut:
    """Convert a page of results."""
    return {
        "query": query,
        "items": [_result_out(result) for result in results.items],
        "total": results.total,
        "total_is_exact": results.total_is_exact,
        "next_cursor": results.next_cursor,
        "did_you_mean": results.did_you_mean,
        "relaxed": results.is_relaxed,
        "completed": {word: list(forms) for word, forms in results.completed.items()},
        "facets": None if results.facets is None else _facets_out(results.facets),
    }


def to_suggestions_out(suggestions: Suggestions) -> SuggestionListOut:
    """Convert suggestions."""
    return {
        "items": [
            {"slug": each.slug, "title": each.title, "title_html": each.title_html, "url": each.url}
            for each in suggestions.items
        ],
        "completions": list(suggestions.completions),
    }


def to_related_out(summaries: tuple[ArticleSummary, ...]) -> RelatedArticlesOut:
    """Convert the related articles."""
    return {"items": [to_summary_out(summary) for summary in summaries]}


def _facets_out(facets: Facets) -> FacetsOut:
    return {
        "labels": [{"label": label, "count": count} for label, count in facets.labels],
        "years": [{"year": year, "count": count} for year, count in facets.years],
        "languages": [{"language": language, "count": count} for language, count in facets.languages],
    }


def _result_out(result: Result) -> SearchResultOut:
    return {
        **to_summary_out(result.summary),
        "score": result.score,
        "title_html": result.title_html,
        "snippet_html": result.snippet_html,
        "matched_labels": result.matched_labels,
        "sections": [
            {"id": each.id, "title_html": each.title_html, "fragment": each.fragment} for each in result.sections
        ],
    }
