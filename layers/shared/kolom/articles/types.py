"""What an article is, as it is kept and as a reader sees it. Pure data. :mod:`.input` is what an author supplies."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Literal, Self

from kolom.rendering.types import Heading, Rendered, SourceFormat

type Status = Literal["draft", "scheduled", "published", "deleted"]
type Kind = Literal["article", "page"]

MAX_HTML_BYTES = 2 * 1024 * 1024
"""A Lambda answer is at most 6 MB, and JSON within JSON can double the quotes twice."""

MAX_SOURCE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a reader sees below the title, and what the author wrote to get it."""

    html: str
    toc: tuple[Heading, ...] = ()
    source: str = ""
    source_format: SourceFormat = "markdown"

    @classmethod
    def from_rendered(cls, rendered: Rendered, source: str, source_format: SourceFormat) -> Self:
        """Return a rendered body together with its source."""
        return cls(html=rendered.html, toc=rendered.toc, source=source, source_format=source_format)

    def contains_image(self, image: str) -> bool:
        """Whether the text itself shows the picture of that address."""
        return escape(image) in self.html


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSummary:
    """What a list shows of an article."""

    id: int
    slug: str
    path: str
    title: str
    excerpt: str
    image: str | None
    labels: tuple[str, ...]
    language: str
    author: str
    published_at: datetime | None
    updated_at: datetime
    reading_minutes: int

    @property
    def size_bytes(self) -> int:
        """How much text a list shows of it: its path twice, as that is in its URL too."""
        texts = (self.title, self.excerpt, self.image or "", self.author, self.slug, self.path, self.path, *self.labels)
        return sum(len(text.encode()) for text in texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(ArticleSummary):
    """Everything about an article but its body. ``version`` grows by one with every change.

    ``month`` is the month under which a published article is counted, kept so that a later change of the site's time
    zone takes it off the same count. ``fingerprint`` tells whether a supplied content is the one that is kept.
    """

    kind: Kind
    status: Status
    month: str | None
    description: str
    comments_open: bool
    version: int
    fingerprint: str
    origin: str | None
    source_format: SourceFormat
    body_version: str
    body_parts: int
    source_parts: int

    @property
    def is_listed(self) -> bool:
        """Whether it stands in the public lists and counts: free pages and unpublished articles do not."""
        return self.status == "published" and self.kind == "article"

    def takes_comments(self, now: datetime, *, close_after_days: int) -> bool:
        """Whether readers may comment: its author wants it, and it is not too old for that (0 days: never)."""
        if not self.comments_open or self.published_at is None:
            return False
        return not close_after_days or now < self.published_at + timedelta(days=close_after_days)


@dataclass(frozen=True, slots=True)
class AdjacentArticle:
    """The article before or after this one."""

    slug: str
    path: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedArticle:
    """A published article with everything its page needs. ``previous`` is the older neighbour, ``next`` the newer."""

    article: Article
    body: Body
    previous: AdjacentArticle | None
    next: AdjacentArticle | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFilter:
    """A selection of the published articles: all of them, or by label, year and month (of that year)."""

    label: str | None = None
    year: int | None = None
    month: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleList:
    """One page of a list, newest first; ``total`` counts the whole list."""

    items: tuple[ArticleSummary, ...]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A label and how many published articles carry it."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class MonthCount:
    """A month and how many articles were published in it."""

    year: int
    month: int
    count: int


type Change = Literal["created", "updated", "unchanged"]
