"""Make an article from the fields of an exported one, whose text is HTML, or reject it with a reason."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kolom.articles.input import ArticleInput, first_image, is_image_url
from kolom.articles.types import Body
from kolom.errors import InvalidInput
from kolom.rendering.removals import find_removals
from kolom.rendering.renderer import render
from kolom_cli.importers.common.article_fields import ArticleFields
from kolom_cli.importers.common.own_links import LinkRewriter
from kolom_cli.importers.common.remote_media import RemoteMedia
from kolom_cli.importers.common.types import ImportedArticle, Item, Skipped
from kolom_cli.publishing.document import size_problem
from kolom_cli.publishing.slugs import slug_suffix
from kolom_cli.terminal.report import NO_LINKS


@dataclass(frozen=True, slots=True, kw_only=True)
class RawArticle:
    """An article with the fields of the export, unchecked. Only ``html`` is markup. Any field may be empty.

    ``convert`` makes ``html`` plain HTML and returns notes about it. ``id_suffix`` is added to a slug that is taken.
    ``url_path`` is the path of the article's permanent URL, ``aliases`` are further paths. ``draft_reasons`` say why an
    article that was not a draft becomes one. An empty ``language`` is detected from the text. ``links`` is the rewriter
    that ``convert`` uses; its counts are complete when ``convert`` has returned.
    """

    name: str
    origin: str
    kind: Literal["article", "page"]
    id_suffix: str
    title: str
    slug: str
    html: str
    convert: Callable[[str], tuple[str, tuple[str, ...]]]
    language: str
    is_draft: bool
    excerpt: str = ""
    description: str = ""
    image: str = ""
    labels: tuple[str, ...] = ()
    author: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    url_path: str = ""
    aliases: tuple[str, ...] = ()
    draft_reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    links: LinkRewriter | None = None


def to_imported_article(raw: RawArticle) -> Item:
    """Return the article, or why it is skipped."""
    if problem := size_problem(raw.html):
        return Skipped(kind=raw.kind, name=raw.name, reason=problem, refused=True)
    fields = ArticleFields(raw.kind, slug_suffix(raw.id_suffix))
    source, notes = raw.convert(raw.html)
    fields.notes += [*raw.notes, *notes, *(f"{reason}: imported as a draft" for reason in raw.draft_reasons)]
    is_draft = raw.is_draft or bool(raw.draft_reasons)
    if raw.published_at is None and not is_draft:
        fields.notes.append("no date in the export: the date of the import is used")
    remote = RemoteMedia()
    title = " ".join(raw.title.split())
    rendered = render(source, "html", title=title, resolve=remote)
    slug = fields.slug(raw.slug, title, f"{raw.kind}-{fields.id_suffix}")
    try:
        content = ArticleInput(
            title=fields.title(title, rendered.html),
            slug=slug,
            body=Body.from_rendered(rendered, source, "html"),
            excerpt=fields.cut("excerpt", " ".join(raw.excerpt.split())) or rendered.excerpt,
            description=fields.cut("description", " ".join(raw.description.split())),
            image=raw.image if is_image_url(raw.image) else first_image(rendered),
            labels=fields.labels(raw.labels),
            language=fields.language(raw.language, title, rendered.html),
            author=fields.cut("author's name", " ".join(raw.author.split())),
            published_at=raw.published_at,
            updated_at=raw.updated_at or raw.published_at,
            path=fields.path(raw.url_path, slug) if raw.url_path else None,
            kind=raw.kind,
            draft=is_draft,
            reading_minutes=rendered.reading_minutes,
            origin=raw.origin,
        )
    except InvalidInput as error:
        return Skipped(kind=raw.kind, name=raw.name, reason=str(error), refused=True)
    return ImportedArticle(
        name=raw.name,
        content=content,
        slug_suffix=fields.id_suffix,
        aliases=raw.aliases,
        notes=tuple(fields.notes),
        remote_media=remote.count,
        own_links=raw.links.counts if raw.links else NO_LINKS,
        removals=find_removals(raw.html, "html", rendered, is_converted=True),
        is_language_unclear=fields.is_language_unclear,
    )
