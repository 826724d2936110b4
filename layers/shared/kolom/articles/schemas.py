"""API schemas of articles, from which the OpenAPI document is generated.

The types of all responses are dictionaries, because creating a dataclass takes twenty times as long at a cold start.
"""

from datetime import UTC, datetime
from typing import TypedDict

from kolom.articles.types import (
    AdjacentArticle,
    ArticleList,
    ArticleSummary,
    LabelCount,
    MonthCount,
    PublishedArticle,
)
from kolom.config import settings
from kolom.urls import article_url


class ArticleSummaryOut(TypedDict):
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


class ArticleListOut(TypedDict):
    """A page of articles, newest first."""

    items: list[ArticleSummaryOut]
    total: int
    next_cursor: str | None


class HeadingOut(TypedDict):
    """An entry of the table of contents."""

    id: str
    level: int
    text: str


class AdjacentArticleOut(TypedDict):
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


class LabelOut(TypedDict):
    """A label and the number of its articles."""

    label: str
    count: int


class LabelListOut(TypedDict):
    """All labels."""

    items: list[LabelOut]


class MonthOut(TypedDict):
    """A month and the number of articles published in it."""

    year: int
    month: int
    count: int


class MonthListOut(TypedDict):
    """All months, newest first."""

    items: list[MonthOut]


class PathOut(TypedDict):
    """The slug of the article at a path or URL."""

    slug: str


class HealthOut(TypedDict):
    """The status and version of the function."""

    status: str
    version: str


def to_summary_out(summary: ArticleSummary) -> ArticleSummaryOut:
    """Convert the summary of a published article."""
    assert summary.published_at is not None
    return {
        "id": summary.id,
        "slug": summary.slug,
        "path": summary.path,
        "url": article_url(summary),
        "title": summary.title,
        "excerpt": summary.excerpt,
        "image": summary.image,
        "labels": summary.labels,
        "language": summary.language,
        "author": summary.author,
        "published_at": summary.published_at,
        "updated_at": summary.updated_at,
        "reading_minutes": summary.reading_minutes,
    }


def to_list_out(page: ArticleList) -> ArticleListOut:
    """Convert a page of articles."""
    return {
        "items": [to_summary_out(summary) for summary in page.items],
        "total": page.total,
        "next_cursor": page.next_cursor,
    }


def to_article_out(published: PublishedArticle) -> ArticleOut:
    """Convert an article with its body and adjacent articles."""
    article, body, days = published.article, published.body, settings().comments_close_after_days
    return {
        **to_summary_out(article),
        "description": article.description,
        "content_html": body.html,
        "toc": [{"id": heading.id, "level": heading.level, "text": heading.text} for heading in body.toc],
        "previous": _adjacent_out(published.previous),
        "next": _adjacent_out(published.next),
        "comments_open": article.takes_comments(datetime.now(UTC), close_after_days=days),
    }


def to_labels_out(counts: list[LabelCount]) -> LabelListOut:
    """Convert label counts."""
    return {"items": [{"label": entry.label, "count": entry.count} for entry in counts]}


def to_months_out(counts: list[MonthCount]) -> MonthListOut:
    """Convert month counts."""
    return {"items": [{"year": entry.year, "month": entry.month, "count": entry.count} for entry in counts]}


def _adjacent_out(article: AdjacentArticle | None) -> AdjacentArticleOut | None:
    return {"slug": article.slug, "title": article.title} if article else None
