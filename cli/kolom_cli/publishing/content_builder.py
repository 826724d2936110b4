"""Build an article from a file: render its text, upload its images and resolve its links."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from kolom.articles.input import ArticleInput, first_image
from kolom.articles.names import default_path
from kolom.articles.types import Body
from kolom.config import settings
from kolom.errors import InvalidInput
from kolom.rendering.removals import Removal, find_removals
from kolom.rendering.renderer import render
from kolom.urls import encoded_path
from kolom_cli.media.store import MediaError, MediaStore, Resolver
from kolom_cli.publishing.document import Document, DocumentError, find_documents, read_document
from kolom_cli.publishing.file_locations import directories_and_name, is_hidden_by_link
from kolom_cli.publishing.foreign_exports import export_problem
from kolom_cli.publishing.language_detection import detect_language
from kolom_cli.publishing.link_checker import Page
from kolom_cli.publishing.link_recorder import LinkRecorder
from kolom_cli.publishing.slugs import slugify_title
from kolom_cli.terminal.output import format_place

_DATED: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[-_](?=.)")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to publish. Its images must be within the folder ``root``."""

    path: Path
    root: Path

    @property
    def path_parts(self) -> tuple[str, ...]:
        """The names of the file and of the folders that contain it; for a link, also those of its target."""
        path = self.path.relative_to(self.root) if self.path.is_absolute() else self.path
        return directories_and_name(self.path, self.root, path.parts[:-1])


def find_sources(paths: Iterable[Path]) -> tuple[list[Source], list[DocumentError]]:
    """Return the documents in ``paths``, without duplicates, and an error for each path that is refused."""
    found: dict[Path, Source] = {}
    errors = []
    roots = {given: given if given.is_dir() else given.parent for given in paths}
    problems = {root: export_problem(root) for root in set(roots.values())}
    for given, root in roots.items():
        if problem := problems[root]:
            errors.append(DocumentError(given, None, problem))
            continue
        try:
            for path in find_documents([given]):
                if is_hidden_by_link(path, root):
                    errors.append(DocumentError(path, None, "is a link into a hidden folder"))
                else:
                    found.setdefault(path.resolve(), Source(path, root))
        except DocumentError as error:
            errors.append(error)
    return list(found.values()), errors


@dataclass(frozen=True, slots=True)
class BuiltArticle:
    """The article of a file with its links, and notes about it. The lines of ``removals`` count from its body."""

    article: ArticleInput
    page: Page
    removals: tuple[Removal, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class ContentBuilder:
    """Builds articles from documents. Their images and other media files are uploaded to ``media``."""

    media: MediaStore
    language: str | None = None
    _urls: dict[Path, str | None] = field(default_factory=dict)

    def build(self, document: Document, slug: str, source: Source) -> BuiltArticle:
        """Return the article of a document, and what the renderer removed from its text.

        :raises MediaError: a media file cannot be published
        """
        resolver = LinkRecorder(Resolver(source.path, source.root, self.media, self._url_of))
        rendered = render(
            document.body, document.format, title=document.title, resolve=resolver, size_of=self.media.sizes.get
        )
        named = document.language or self.language
        language, notes = (named, ()) if named else _detect_language(document, rendered.html)
        article = ArticleInput(
            title=document.title,
            slug=slug,
            body=Body.from_rendered(rendered, document.body, document.format),
            excerpt=document.excerpt or rendered.excerpt,
            description=document.description or "",
            image=resolver(document.image) if document.image else first_image(rendered),
            labels=document.labels,
            language=language,
            author=document.author or "",
            published_at=document.date or _date_in_name(document.path),
            updated_at=document.updated,
            path=document.page_path,
            kind=document.kind,
            draft=document.draft is True,
            comments_open=document.comments_open,
            reading_minutes=rendered.reading_minutes,
        )
        page = Page.of(article, resolver.links, file=source.path, root=source.root)
        return BuiltArticle(article, page, find_removals(document.body, document.format, rendered), notes)

    def _url_of(self, path: Path) -> str | None:
        """Return the URL path of the article in another file; None if that file is not an article."""
        if path not in self._urls:
            self._urls[path] = None
            try:
                document = read_document(path, settings().zone)
                self._urls[path] = encoded_path(document.page_path or default_path(slug_of(document)))
            except DocumentError:
                pass
        return self._urls[path]


def slug_of(document: Document) -> str:
    """Return the slug of a document: from its front matter, or else from its file name, or else from its title.

    :raises DocumentError: none of them yields a slug
    """
    name = _DATED.sub("", document.path.stem)
    slug = document.slug or slugify_title(name) or slugify_title(document.title)
    if slug is None:
        raise DocumentError(
            document.path, None, "cannot derive a slug from the file name or the title: add `slug:` to the front matter"
        )
    return slug


def _detect_language(document: Document, content_html: str) -> tuple[str, tuple[str, ...]]:
    """Return the language of a document that does not name it, and a note unless the site has only one language."""
    codes = settings().language_codes
    detected = detect_language(document.title, content_html, codes)
    if len(codes) == 1:
        return codes[0], ()
    hint = "`language:` in the front matter sets it"
    if detected is None:
        return codes[0], (f"its language is not clear from its text, so it is {codes[0]!r}; {hint}",)
    return detected, (f"its language is {detected!r}, by its text; {hint}",)


def _date_in_name(path: Path) -> datetime | None:
    """Return the date at the beginning of a name like ``2024-05-16-title.md``, in the site's time zone."""
    match = _DATED.match(path.stem)
    try:
        return datetime.fromisoformat(match[1]).replace(tzinfo=settings().zone) if match else None
    except ValueError:
        return None


def format_location(path: Path, error: Exception) -> str:
    """Return the path with the line of ``error``, if that is known: ``post.md:4``."""
    line = None
    match error:
        case DocumentError():
            line = error.line
        case MediaError():
            forms = {error.url, error.url.replace("%20", " ")}
            line = _first_line(path, re.compile("|".join(map(re.escape, forms))))
        case InvalidInput():
            line = line_of_field(path, error.errors[0].field)
        case _:
            pass
    return format_place(path, line)


def line_of_field(path: Path, name: str) -> int | None:
    """Return the line of the front matter that sets the field; None if there is none."""
    return _first_line(path, re.compile(rf"[\"']?{re.escape(name)}[\"']?\s*[:=]"), front_matter=True)


def _first_line(path: Path, pattern: re.Pattern[str], *, front_matter: bool = False) -> int | None:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for number, line in enumerate(lines, start=1):
        if pattern.match(line) if front_matter else pattern.search(line):
            return number
        if front_matter and number > 1 and line.strip() in {"---", "+++"}:
            break
    return None
