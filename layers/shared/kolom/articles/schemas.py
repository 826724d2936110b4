"""Articles as the API shows them: the shapes of the contract, from which the OpenAPI document is made."""

from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel

from kolom.articles.types import ArticleList, ArticleSummary, LabelCount, MonthCount, PublishedArticle
from kolom.config import settings
from kolom.urls import article_url


class ArticleSummaryOut(BaseModel):
    """What a list shows of an article."""

    id: int
    slug: str
    path: str
    url: str
    title: str
    excerpt: str
    image: str | None
    labels: list[str]
    language: str
    author: str
    published_at: datetime
    updated_at: datetime
    reading_minutes: int

    @classmethod
    def of(cls, card: ArticleSummary) -> Self:
        """The view of a published article's card."""
        return cls(**_summary_fields(card))


class ArticleListOut(BaseModel):
    """One page of a list, newest first."""

    items: list[ArticleSummaryOut]
    total: int
    next_cursor: str | None

    @classmethod
    def of(cls, page: ArticleList) -> Self:
        """The view of a page."""
        return cls(
            items=[ArticleSummaryOut.of(card) for card in page.items], total=page.total, next_cursor=page.next_cursor
        )


class HeadingOut(BaseModel):
    """An entry of the table of contents."""

    id: str
    level: int
    text: str


class AdjacentArticleOut(BaseModel):
    """The article before or after."""

    slug: str
    title: str


class ArticleOut(ArticleSummaryOut):
    """A whole article."""

    description: str
    content_html: str
    toc: list[HeadingOut]
    previous: AdjacentArticleOut | None
    next: AdjacentArticleOut | None
    comments_open: bool

    @classmethod
    def of_reading(cls, reading: PublishedArticle) -> Self:
        """The view of an article with its body and neighbours."""
        article, body = reading.article, reading.body
        previous, following = (
            AdjacentArticleOut(slug=neighbour.slug, title=neighbour.title) if neighbour else None
            for neighbour in (reading.previous, reading.next)
        )
        return cls(
            **_summary_fields(article),
            description=article.description,
            content_html=body.html,
            toc=[HeadingOut(id=heading.id, level=heading.level, text=heading.text) for heading in body.toc],
            previous=previous,
            next=following,
            comments_open=article.takes_comments(
                datetime.now(UTC), close_after_days=settings().comments_close_after_days
            ),
        )


class LabelOut(BaseModel):
    """A label and how many articles carry it."""

    label: str
    count: int


class LabelListOut(BaseModel):
    """All labels."""

    items: list[LabelOut]

    @classmethod
    def of(cls, counts: list[LabelCount]) -> Self:
        """The view of the labels' counts."""
        return cls(items=[LabelOut(label=entry.label, count=entry.count) for entry in counts])


class MonthOut(BaseModel):
    """A month and how many articles were published in it."""

    year: int
    month: int
    count: int


class MonthListOut(BaseModel):
    """All months, newest first."""

    items: list[MonthOut]

    @classmethod
    def of(cls, counts: list[MonthCount]) -> Self:
        """The view of the months' counts."""
        return cls(items=[MonthOut(year=entry.year, month=entry.month, count=entry.count) for entry in counts])


class PathOut(BaseModel):
    """Which article stands at a path."""

    slug: str


class HealthOut(BaseModel):
    """That the function runs, and which version of it."""

    status: str
    version: str


def _summary_fields(card: ArticleSummary) -> dict[str, Any]:
    fields = {name: getattr(card, name) for name in ArticleSummaryOut.model_fields if name != "url"}
    return fields | {"url": article_url(card.path)}
