"""Types of articles, as stored and as public. Pure data. :mod:`.input` has the input of the author."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Literal, Self

from kolom.rendering.types import Heading, Rendered, SourceFormat

type Status = Literal["draft", "scheduled", "published", "deleted"]
type Kind = Literal["article", "page", "external"]
"""An external article is a page of another site, which Kolom finds and whose comments it has, but does not show."""

MAX_HTML_BYTES = 2 * 1024 * 1024
"""A Lambda response has at most 6 MB, and JSON within JSON can escape a quotation mark twice."""

MAX_SOURCE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The body of an article: its HTML and table of contents, and the source that the author wrote."""

    html: str
    toc: tuple[Heading, ...] = ()
    source: str = ""
    source_format: SourceFormat = "markdown"

    @classmethod
    def from_rendered(cls, rendered: Rendered, source: str, source_format: SourceFormat) -> Self:
        """Return a rendered body together with its source."""
        return cls(html=rendered.html, toc=rendered.toc, source=source, source_format=source_format)

    def contains_image(self, image: str) -> bool:
        """Return whether the body shows the image with that URL."""
        return escape(image) in self.html


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSummary:
    """The fields of an article that a list shows. ``url`` is that of an external page; the others have None."""

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
    url: str | None = None

    @property
    def size_bytes(self) -> int:
        """Return the size of the text that a list shows of the article: the path twice, since the URL contains it."""
        url = self.url or self.path
        texts = (self.title, self.excerpt, self.image or "", self.author, self.slug, self.path, url, *self.labels)
        return len("".join(texts).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(ArticleSummary):
    """An article without its body. ``version`` grows with every change.

    ``month`` is the month in which a published article is counted. It is stored, so that the article is removed from
    the same count even if the site's time zone has changed. ``fingerprint`` is a digest of the author's input.
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
        """Return whether the article is in the public lists, counts and feeds: a published ``article``."""
        return self.status == "published" and self.kind == "article"

    @property
    def is_searchable(self) -> bool:
        """Return whether the search finds the article: it is published, whatever its kind."""
        return self.status == "published"

    @property
    def is_related(self) -> bool:
        """Return whether lists of related articles may have the article: it is published, but not a page."""
        return self.status == "published" and self.kind != "page"

    def takes_comments(self, now: datetime, *, close_after_days: int) -> bool:
        """Return whether readers may comment: the author allows it, and the article is recent (0 days: no limit)."""
        if not self.comments_open or self.published_at is None:
            return False
        return not close_after_days or now < self.published_at + timedelta(days=close_after_days)


@dataclass(frozen=True, slots=True)
class AdjacentArticle:
    """The previous or next article."""

    slug: str
    path: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedArticle:
    """A published article with the data of its page. ``previous`` is the next older article, ``next`` the newer one."""

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
    """A page of a list, newest first; ``total`` counts the articles of all pages."""

    items: tuple[ArticleSummary, ...]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A label and the number of published articles that have it."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class MonthCount:
    """A month and the number of articles that were published in it."""

    year: int
    month: int
    count: int


type Change = Literal["created", "updated", "unchanged"]
