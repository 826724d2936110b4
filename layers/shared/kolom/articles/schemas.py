"""Articles as the API shows them: the shapes of the contract, from which the OpenAPI document is made."""

from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel

from kolom.articles.types import Card, CardPage, LabelCount, MonthCount, Reading
from kolom.config import settings
from kolom.urls import article_url


class CardView(BaseModel):
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
    def of(cls, card: Card) -> Self:
        """The view of a published article's card."""
        return cls(**_card_fields(card))


class CardListView(BaseModel):
    """One page of a list, newest first."""

    items: list[CardView]
    total: int
    next_cursor: str | None

    @classmethod
    def of(cls, page: CardPage) -> Self:
        """The view of a page."""
        return cls(items=[CardView.of(card) for card in page.items], total=page.total, next_cursor=page.next_cursor)


class HeadingView(BaseModel):
    """An entry of the table of contents."""

    id: str
    level: int
    text: str


class NeighbourView(BaseModel):
    """The article before or after."""

    slug: str
    title: str


class ArticleView(CardView):
    """A whole article."""

    description: str
    content_html: str
    toc: list[HeadingView]
    previous: NeighbourView | None
    next: NeighbourView | None
    comments_open: bool

    @classmethod
    def of_reading(cls, reading: Reading) -> Self:
        """The view of an article with its body and neighbours."""
        article, body = reading.article, reading.body
        previous, following = (
            NeighbourView(slug=neighbour.slug, title=neighbour.title) if neighbour else None
            for neighbour in (reading.previous, reading.next)
        )
        return cls(
            **_card_fields(article),
            description=article.description,
            content_html=body.html,
            toc=[HeadingView(id=heading.id, level=heading.level, text=heading.text) for heading in body.toc],
            previous=previous,
            next=following,
            comments_open=article.takes_comments(
                datetime.now(UTC), close_after_days=settings().comments_close_after_days
            ),
        )


class LabelView(BaseModel):
    """A label and how many articles carry it."""

    label: str
    count: int


class LabelListView(BaseModel):
    """All labels."""

    items: list[LabelView]

    @classmethod
    def of(cls, counts: list[LabelCount]) -> Self:
        """The view of the labels' counts."""
        return cls(items=[LabelView(label=entry.label, count=entry.count) for entry in counts])


class MonthView(BaseModel):
    """A month and how many articles were published in it."""

    year: int
    month: int
    count: int


class ArchiveView(BaseModel):
    """All months, newest first."""

    items: list[MonthView]

    @classmethod
    def of(cls, counts: list[MonthCount]) -> Self:
        """The view of the months' counts."""
        return cls(items=[MonthView(year=entry.year, month=entry.month, count=entry.count) for entry in counts])


class PathView(BaseModel):
    """Which article stands at a path."""

    slug: str


class HealthView(BaseModel):
    """That the function runs, and which version of it."""

    status: str
    version: str


def _card_fields(card: Card) -> dict[str, Any]:
    fields = {name: getattr(card, name) for name in CardView.model_fields if name != "url"}
    return fields | {"url": article_url(card.path)}
