"""API schemas of search results, suggestions and related articles."""

from dataclasses import dataclass
from typing import Self

from kolom.articles.schemas import ArticleSummaryOut
from kolom.articles.types import ArticleSummary
from kolom.search.autocomplete import Suggestions
from kolom.search.searcher import Result, Results


@dataclass(frozen=True, kw_only=True)
class SearchResultOut(ArticleSummaryOut):
    """A search result; ``title_html`` and ``snippet_html`` are escaped text in which ``<mark>`` is the only markup.

    ``matched_labels``: the labels with a word of the query, as plain text.
    """

    score: float
    title_html: str
    snippet_html: str
    matched_labels: list[str]

    @classmethod
    def of_result(cls, result: Result) -> Self:
        """Convert a result."""
        return cls(
            **vars(ArticleSummaryOut.of(result.summary)),
            score=result.score,
            title_html=result.title_html,
            snippet_html=result.snippet_html,
            matched_labels=list(result.matched_labels),
        )


@dataclass(frozen=True, kw_only=True)
class SearchResultListOut:
    """A page of results.

    ``did_you_mean`` is the corrected query, if a word was corrected. ``relaxed``: the query's phrases were not found,
    and their words are searched instead. ``completed``: no article has the last word of the query, and words that begin
    with it are searched instead.
    """

    query: str
    items: list[SearchResultOut]
    total: int
    total_is_exact: bool
    next_cursor: str | None
    did_you_mean: str | None
    relaxed: bool
    completed: dict[str, list[str]]

    @classmethod
    def of(cls, query: str, results: Results) -> Self:
        """Convert a page of results."""
        return cls(
            query=query,
            items=[SearchResultOut.of_result(result) for result in results.items],
            total=results.total,
            total_is_exact=results.total_is_exact,
            next_cursor=results.next_cursor,
            did_you_mean=results.did_you_mean,
            relaxed=results.is_relaxed,
            completed={word: list(forms) for word, forms in results.completed.items()},
        )


@dataclass(frozen=True, kw_only=True)
class SuggestionOut:
    """A suggested article; ``title_html`` is escaped text in which ``<mark>`` is the only markup."""

    slug: str
    title: str
    title_html: str


@dataclass(frozen=True, kw_only=True)
class SuggestionListOut:
    """Suggested articles, and completed queries for the search box."""

    items: list[SuggestionOut]
    completions: list[str]

    @classmethod
    def of(cls, suggestions: Suggestions) -> Self:
        """Convert suggestions."""
        return cls(
            items=[
                SuggestionOut(slug=each.slug, title=each.title, title_html=each.title_html)
                for each in suggestions.items
            ],
            completions=list(suggestions.completions),
        )


@dataclass(frozen=True, kw_only=True)
class RelatedArticlesOut:
    """Related articles, the most similar first."""

    items: list[ArticleSummaryOut]

    @classmethod
    def of(cls, summaries: tuple[ArticleSummary, ...]) -> Self:
        """Convert the related articles."""
        return cls(items=[ArticleSummaryOut.of(summary) for summary in summaries])
