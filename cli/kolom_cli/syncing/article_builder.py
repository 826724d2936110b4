"""Make the content of an external article from a page."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from kolom.articles.input import ArticleInput, first_image
from kolom.articles.types import Body
from kolom.config import settings
from kolom.rendering.element_ids import ElementIds
from kolom.rendering.renderer import render
from kolom.rendering.types import Heading
from kolom_cli.importers.common.article_fields import ArticleFields, normalize_language_code
from kolom_cli.syncing.metadata import parse_moment
from kolom_cli.syncing.types import Document, Page


@dataclass(frozen=True, slots=True)
class BuiltArticle:
    """The content of an article, with notes for the author."""

    content: ArticleInput
    notes: tuple[str, ...]
    is_language_unclear: bool

    def with_slug(self, slug: str) -> Self:
        """Return the article with another valid slug."""
        return replace(self, content=self.content.model_copy(update={"slug": slug}))


def build_article(page: Page, document: Document, slug: str, *, language: str | None, now: datetime) -> BuiltArticle:
    """Return the content of an article for a page. The same page always gives the same content.

    A date in the future is not used, since the page is public. The table of contents has only headings with an id on
    the page, and these ids, because results link to them there. The source is empty: the page is the source.

    :raises InvalidInput: the page is too large
    """
    fields = ArticleFields("external", slug)
    title = fields.cut("title", page.title)
    rendered = render(page.html, "html", title=title)
    own_ids = {ElementIds().reserve(identifier): identifier for identifier in page.heading_ids}
    toc = tuple(Heading(own_ids[each.id], each.level, each.text) for each in rendered.toc if each.id in own_ids)
    codes = settings().language_codes
    declared = language or normalize_language_code(page.language, codes) or ""
    published_at, updated_at = page.published_at, page.updated_at
    if published_at is not None and published_at > now:
        fields.notes.append("its date is in the future and not used")
        published_at = None
    if updated_at is None:
        updated_at = parse_moment(document.updated_at, settings().zone) if document.updated_at else None
    description = fields.cut("description", page.description)
    content = ArticleInput(
        kind="external",
        url=page.canonical,
        slug=slug,
        title=title,
        description=description,
        excerpt=fields.cut("excerpt", page.description or rendered.excerpt),
        image=page.image or first_image(rendered),
        labels=fields.labels(page.labels),
        language=fields.language(declared, title, rendered.html),
        author=fields.cut("author's name", page.author),
        published_at=published_at,
        updated_at=None if updated_at is None or updated_at > now else updated_at,
        reading_minutes=rendered.reading_minutes,
        comments_open=page.comments_open,
        body=Body(html=rendered.html, toc=toc, source_format="html"),
    )
    return BuiltArticle(content, (*page.notes, *fields.notes), fields.is_language_unclear)
