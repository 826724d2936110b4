"""API schemas of articles, from which the OpenAPI document is generated."""

from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel

from kolom.articles.types import ArticleList, ArticleSummary, LabelCount, MonthCount, PublishedArticle
from kolom.config import settings
from kolom.urls import article_url


class ArticleSummaryOut(BaseModel):
    """The summary of an article in a list."""

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
    def of(cls, summary: ArticleSummary) -> Self:
        """Convert the summary of a published article."""
        return cls(**_summary_fields(summary))


class ArticleListOut(BaseModel):
    """A page of articles, newest first."""

    items: list[ArticleSummaryOut]
    total: int
    next_cursor: str | None

    @classmethod
    def of(cls, page: ArticleList) -> Self:
        """Convert a page."""
        return cls(
            items=[ArticleSummaryOut.of(summary) for summary in page.items],
            total=page.total,
            next_cursor=page.next_cursor,
        )


class HeadingOut(BaseModel):
    """An entry of the table of contents."""

    id: str
    level: int
    text: str


class AdjacentArticleOut(BaseModel):
    """The previous or next article."""

    slug: str
    title: str


class ArticleOut(ArticleSummaryOut):
    """An article with its content."""

    description: str
    content_html: str
    toc: list[HeadingOut]
    previous: AdjacentArticleOut | None
    next: AdjacentArticleOut | None
    comments_open: bool

    @classmethod
    def of_article(cls, published: PublishedArticle) -> Self:
        """Convert an article with its body and adjacent articles."""
        article, body = published.article, published.body
        previous, following = (
            AdjacentArticleOut(slug=adjacent.slug, title=adjacent.title) if adjacent else None
            for adjacent in (published.previous, published.next)
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
    """A label and the number of its articles."""

    label: str
    count: int


class LabelListOut(BaseModel):
    """All labels."""

    items: list[LabelOut]

    @classmethod
    def of(cls, counts: list[LabelCount]) -> Self:
        """Convert label counts."""
        return cls(items=[LabelOut(label=entry.label, count=entry.count) for entry in counts])


class MonthOut(BaseModel):
    """A month and the number of articles published in it."""

    year: int
    month: int
    count: int


class MonthListOut(BaseModel):
    """All months, newest first."""

    items: list[MonthOut]

    @classmethod
    def of(cls, counts: list[MonthCount]) -> Self:
        """Convert month counts."""
        return cls(items=[MonthOut(year=entry.year, month=entry.month, count=entry.count) for entry in counts])


class PathOut(BaseModel):
    """The article at a path."""

    slug: str


class HealthOut(BaseModel):
    """The status and version of the function."""

    status: str
    version: str


def _summary_fields(summary: ArticleSummary) -> dict[str, Any]:
    fields = {name: getattr(summary, name) for name in ArticleSummaryOut.model_fields if name != "url"}
    return fields | {"url": article_url(summary.path)}
