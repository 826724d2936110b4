"""Publish files as articles, report on each, and record their versions in the files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from kolom import urls
from kolom.articles import publishing, repository
from kolom.articles.publishing import PublishResult
from kolom.articles.types import Article, Kind
from kolom.articles.versions import expected_version, is_unpublished
from kolom.config import settings
from kolom.errors import Conflict, InvalidInput, NotFound, ServiceBusy, VersionConflict
from kolom.rendering.removals import Removal
from kolom_cli.media.store import MediaError, MediaStore
from kolom_cli.publishing.content_builder import ContentBuilder, Source, format_location, line_of_field, slug_of
from kolom_cli.publishing.document import (
    DRAFT_HINT,
    Document,
    DocumentError,
    first_line_of_body,
    read_document,
    record_version,
)
from kolom_cli.publishing.draft_marks import path_mark
from kolom_cli.publishing.link_checker import BrokenLink, LinkChecker
from kolom_cli.terminal.output import format_place
from kolom_cli.terminal.report import Note, PublishedFile, PublishReport

_MERGE: Final = (
    "`kolom articles show {slug} --source` prints what is published: merge its changes into your file and write "
    "`version: {version}` into the front matter, or pass --force to replace it"
)
_RESTORE: Final = "pass --force to publish it again"
_PUBLISHED_AGAIN: Final = (
    "was unpublished and is published again: write `draft: true` into the front matter to keep it as a draft"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """Options of a publication. With ``rename``, a file may change the slug of the article that has its id."""

    force: bool = False
    dry_run: bool = False
    write_back: bool = True
    rename: bool = False


@dataclass(frozen=True, slots=True)
class RemovedMarkup:
    """A kind of markup in a file that its article does not have, with the line where it occurs first."""

    file: Path
    line: int | None
    removal: Removal

    @property
    def place(self) -> str:
        """The file with the line."""
        return format_place(self.file, self.line)


@dataclass(slots=True)
class Publisher:
    """Publishes files one by one and reports on each. An error in one file does not stop the others.

    ``removed_markup`` is that of the files that were published or are unchanged.
    """

    options: PublishOptions
    report: PublishReport
    now: datetime
    removed_markup: list[RemovedMarkup] = field(default_factory=list)
    _contents: ContentBuilder = field(init=False)
    _links: LinkChecker = field(init=False)
    _slugs: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        media = MediaStore(dry_run=self.options.dry_run)
        self._contents = ContentBuilder(media)
        self._links = LinkChecker(media, self.now)

    def publish(self, source: Source) -> None:
        """Publish one file."""
        path = source.path
        kind: Kind = "article"
        try:
            document = read_document(path, settings().zone)
            kind = document.kind
            _check_path(document, source)
            slug = slug_of(document)
            self._reserve_slug(slug, path)
            done = self._publish(document, slug, source)
        except DocumentError as error:
            self.report.skip(kind, format_location(path, error), error.message, refused=True)
        except (MediaError, InvalidInput, Conflict, NotFound, ServiceBusy) as error:
            self.report.skip(kind, format_location(path, error), str(error), refused=True)
        else:
            self.report.add_file(_to_file(path, done))

    def broken_links(self) -> list[BrokenLink]:
        """Return the broken links of the files that were published or are unchanged."""
        return self._links.broken_links()

    def _reserve_slug(self, slug: str, path: Path) -> None:
        first = self._slugs.setdefault(slug, path)
        if first != path:
            message = f"has the same slug as {first}: {slug!r}; change one of them"
            raise DocumentError(path, line_of_field(path, "slug"), message)

    def _publish(self, document: Document, slug: str, source: Source) -> PublishResult:
        built = self._contents.build(document, slug, source)
        old = self._find(document, slug)
        article_id = old.id if old and document.id else None
        expected = expected_version(old, document.version) if old else None
        publish = publishing.plan_publish if self.options.dry_run else publishing.publish
        try:
            done = publish(
                built.article,
                now=self.now,
                article_id=article_id,
                expected_version=expected,
                force=self.options.force,
            )
        except VersionConflict as error:
            hint = _RESTORE if error.is_deleted else _MERGE.format(slug=error.slug, version=error.version)
            raise Conflict(f"{error}; {hint}") from error
        self._links.add(built.page)
        if done.previous is not None and is_unpublished(done.previous) and done.article.status != "draft":
            self.report.notes.append(Note(name=str(document.path), text=_PUBLISHED_AGAIN))
        if done.change != "unchanged":
            self.report.notes += [Note(name=str(document.path), text=note) for note in built.notes]
        if self.options.write_back and not self.options.dry_run:
            self._write_back(document, done.article)
        removed = list(_with_lines(document.path, built.removals))
        self.removed_markup += removed
        if done.change != "unchanged":
            self.report.notes += [Note(name=each.place, text=each.removal.text) for each in removed]
        return done

    def _find(self, document: Document, slug: str) -> Article | None:
        """Return the article that the file was published as; None if the file has no id or version of an article.

        The id and version in a file may come from another stack. So a file updates the article with its id only if the
        slugs are the same, or if renaming is allowed.
        """
        id_of_slug = repository.find_id(f"slug:{slug}") if document.id or document.version else None
        article_id = document.id or id_of_slug
        article = repository.get(article_id) if article_id else None
        if article is None or (article.slug != slug and id_of_slug not in {None, article.id}):
            return None
        if document.id and article.slug != slug and not (self.options.rename or self.options.force):
            raise Conflict(
                f"article {article.id} has the slug {article.slug!r}, not {slug!r}: pass --rename to change it, or "
                "remove id and version from the front matter if this is a different article"
            )
        return article

    def _write_back(self, document: Document, article: Article) -> None:
        if (document.id, document.version) == (article.id, article.version):
            return
        try:
            record_version(document.path, id=article.id, version=article.version, slug=article.slug)
        except (DocumentError, OSError) as error:
            text = f"published, but its id and version could not be written into the file: {error}"
            self.report.notes.append(Note(name=str(document.path), text=text))


def _with_lines(path: Path, removals: Sequence[Removal]) -> Iterator[RemovedMarkup]:
    if not removals:
        return
    first_line = first_line_of_body(path)  # writing back may have moved the text
    for removal in removals:
        yield RemovedMarkup(path, None if removal.line is None else first_line + removal.line - 1, removal)


def _to_file(path: Path, done: PublishResult) -> PublishedFile:
    article = done.article
    return PublishedFile(
        name=str(path),
        kind=article.kind,
        change=done.change,
        slug=article.slug,
        url=urls.article_url(article),
        status=article.status,
        published_at=article.published_at,
    )


def _check_path(document: Document, source: Source) -> None:
    """Check that the path of a file does not mark it as a draft, unless the file itself defines ``draft``.

    :raises DocumentError: the path marks it as a draft
    """
    if document.draft is None and (mark := path_mark(source.path_parts)):
        raise DocumentError(document.path, None, f"its path {DRAFT_HINT.format(mark)}")
