"""Searches as the API shows them: the shapes of the contract."""

from typing import Self

from pydantic import BaseModel

from kolom.articles.schemas import CardView
from kolom.articles.types import Card
from kolom.search.autocomplete import Suggestions
from kolom.search.searcher import Result, Results


class ResultView(CardView):
    """A found article; in ``title_html`` and ``snippet_html``, escaped text, only ``<mark>`` is markup."""

    score: float
    title_html: str
    snippet_html: str

    @classmethod
    def of_result(cls, result: Result) -> Self:
        """The view of a result."""
        return cls(
            **CardView.of(result.card).model_dump(),
            score=result.score,
            title_html=result.title_html,
            snippet_html=result.snippet_html,
        )


class ResultListView(BaseModel):
    """A page of results.

    ``did_you_mean`` is the query as it was understood, where a word was corrected. ``relaxed``: its phrases were not
    found, and their words are searched instead.
    """

    query: str
    items: list[ResultView]
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
            items=[ResultView.of_result(result) for result in results.items],
            total=results.total,
            total_is_exact=results.total_is_exact,
            next_cursor=results.next_cursor,
            did_you_mean=results.did_you_mean,
            relaxed=results.is_relaxed,
        )


class SuggestionView(BaseModel):
    """An article that may be meant; in ``title_html``, escaped text, only ``<mark>`` is markup."""

    slug: str
    title: str
    title_html: str


class SuggestionListView(BaseModel):
    """Articles, and texts for the search box."""

    items: list[SuggestionView]
    completions: list[str]

    @classmethod
    def of(cls, suggestions: Suggestions) -> Self:
        """The view of suggestions."""
        return cls(
            items=[
                SuggestionView(slug=each.slug, title=each.title, title_html=each.title_html)
                for each in suggestions.items
            ],
            completions=list(suggestions.completions),
        )


class RelatedView(BaseModel):
    """Articles that are about the same, the most alike first."""

    items: list[CardView]

    @classmethod
    def of(cls, cards: tuple[Card, ...]) -> Self:
        """The view of the articles."""
        return cls(items=[CardView.of(card) for card in cards])
