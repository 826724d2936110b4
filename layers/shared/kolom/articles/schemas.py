"""API schemas of articles, from which the OpenAPI document is generated."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from kolom.articles.types import ArticleList, ArticleSummary, LabelCount, MonthCount, PublishedArticle
from kolom.config import settings
from kolom.urls import article_url


@dataclass(frozen=True, kw_only=True)
class ArticleSummaryOut:
    """The summary of an article in a list."""

    id: int
    slug: str
    path: str
    url: str
    title: str
    excerpt: str
    image: str | None
    labels: tuple[str, ...]
    language: str
    author: str
    published_at: datetime
    updated_at: datetime
    reading_minutes: int

    @classmethod
    def of(cls, summary: ArticleSummary) -> Self:
        """Convert the summary of a published article."""
        return cls(**_summary_fields(summary))


@dataclass(frozen=True, kw_only=True)
class ArticleListOut:
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


@dataclass(frozen=True, kw_only=True)
class HeadingOut:
    """An entry of the table of contents."""

    id: str
    level: int
    text: str


@dataclass(frozen=True, kw_only=True)
class AdjacentArticleOut:
    """The previous or next article."""

    slug: str
    title: str


@dataclass(frozen=True, kw_only=True)
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


@dataclass(frozen=True, kw_only=True)
class LabelOut:
    """A label and the number of its articles."""

    label: str
    count: int


@dataclass(frozen=True, kw_only=True)
class LabelListOut:
    """All labels."""

    items: list[LabelOut]

    @classmethod
    def of(cls, counts: list[LabelCount]) -> Self:
        """Convert label counts."""
        return cls(items=[LabelOut(label=entry.label, count=entry.count) for entry in counts])


@dataclass(frozen=True, kw_only=True)
class MonthOut:
    """A month and the number of articles published in it."""

    year: int
    month: int
    count: int


@dataclass(frozen=True, kw_only=True)
class MonthListOut:
    """All months, newest first."""

    items: list[MonthOut]

    @classmethod
    def of(cls, counts: list[MonthCount]) -> Self:
        """Convert month counts."""
        return cls(items=[MonthOut(year=entry.year, month=entry.month, count=entry.count) for entry in counts])


@dataclass(frozen=True, kw_only=True)
class PathOut:
    """The article at a path."""

    slug: str


@dataclass(frozen=True, kw_only=True)
class HealthOut:
    """The status and version of the function."""

    status: str
    version: str


def _summary_fields(summary: ArticleSummary) -> dict[str, Any]:
    shown = {field.name: getattr(summary, field.name) for field in fields(ArticleSummary)}
    return shown | {"url": article_url(summary.path)}
