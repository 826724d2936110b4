"""Searches as the API shows them: the shapes of the contract."""

from typing import Self

from pydantic import BaseModel

from kolom.articles.schemas import ArticleSummaryOut
from kolom.articles.types import ArticleSummary
from kolom.search.autocomplete import Suggestions
from kolom.search.searcher import Result, Results


class SearchResultOut(ArticleSummaryOut):
    """A found article; in ``title_html`` and ``snippet_html``, escaped text, only ``<mark>`` is markup."""

    score: float
    title_html: str
    snippet_html: str

    @classmethod
    def of_result(cls, result: Result) -> Self:
        """The view of a result."""
        return cls(
            **ArticleSummaryOut.of(result.card).model_dump(),
            score=result.score,
            title_html=result.title_html,
            snippet_html=result.snippet_html,
        )


class SearchResultListOut(BaseModel):
    """A page of results.

    ``did_you_mean`` is the query as it was understood, where a word was corrected. ``relaxed``: its phrases were not
    found, and their words are searched instead.
    """

    query: str
    items: list[SearchResultOut]
    total: int
    total_is_exact: bool
    next_cursor: str | None
    did_you_mean: str | None
    relaxed: bool

    @classmethod
    def of(cls, query: str, results: Results) -> Self:
        """The view of a page."""
        return cls(
            query=query,
            items=[SearchResultOut.of_result(result) for result in results.items],
            total=results.total,
            total_is_exact=results.total_is_exact,
            next_cursor=results.next_cursor,
            did_you_mean=results.did_you_mean,
            relaxed=results.is_relaxed,
        )


class SuggestionOut(BaseModel):
    """An article that may be meant; in ``title_html``, escaped text, only ``<mark>`` is markup."""

    slug: str
    title: str
    title_html: str


class SuggestionListOut(BaseModel):
    """Articles, and texts for the search box."""

    items: list[SuggestionOut]
    completions: list[str]

    @classmethod
    def of(cls, suggestions: Suggestions) -> Self:
        """The view of suggestions."""
        return cls(
            items=[
                SuggestionOut(slug=each.slug, title=each.title, title_html=each.title_html)
                for each in suggestions.items
            ],
            completions=list(suggestions.completions),
        )


class RelatedArticlesOut(BaseModel):
    """Articles that are about the same, the most alike first."""

    items: list[ArticleSummaryOut]

    @classmethod
    def of(cls, cards: tuple[ArticleSummary, ...]) -> Self:
        """The view of the articles."""
        return cls(items=[ArticleSummaryOut.of(card) for card in cards])
