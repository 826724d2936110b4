"""Store the items of an export idempotently: articles in the order of the export, then all comments."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from kolom.articles import aliases, publishing, repository
from kolom.articles.input import ArticleInput
from kolom.articles.names import alias_problem, default_path, is_post_number_alias, pointer_keys_at
from kolom.articles.publishing import PublishResult
from kolom.articles.types import Article
from kolom.articles.versions import is_unedited
from kolom.errors import Conflict, InvalidInput, NotFound, ServiceBusy
from kolom_cli.importers.common.comment_importer import CommentImporter
from kolom_cli.importers.common.comment_spool import CommentSpool
from kolom_cli.importers.common.path_plan import slug_candidates
from kolom_cli.importers.common.pictures import Pictures
from kolom_cli.importers.common.same_article import is_earlier_version, is_of_same_file
from kolom_cli.importers.common.thread_map import Unmatched
from kolom_cli.importers.common.types import ImportedArticle, ImportedComment, Item, Skipped, SourceError
from kolom_cli.media.store import MediaStore
from kolom_cli.publishing.link_checker import LinkChecker, Page
from kolom_cli.terminal.report import ImportedState, Note, Report

_NO_VERSION = 0
"""A version that no article has. Expecting it refuses any change of an article, unless ``overwrite`` is set."""


class Track(Protocol):
    """A progress display: a callable that yields the given items. ``total`` is their number, if known."""

    def __call__[T](self, items: Iterable[T], /, title: str, total: int | None) -> Iterable[T]:
        """Yield ``items``, and show the progress."""


def _untracked[T](items: Iterable[T], title: str, total: int | None) -> Iterable[T]:  # noqa: ARG001 - a Track
    return items


@dataclass(slots=True)
class Importer:
    """Stores items and reports on each.

    An item that was imported before is updated, unless it has been edited, unpublished or deleted in Kolom since then.
    With ``overwrite``, such an item is updated, too. ``unmatched`` are the threads, by name, whose
    article was not found. ``pictures`` copies the pictures of other sites.
    """

    report: Report
    now: datetime
    overwrite: bool = False
    dry_run: bool = False
    unmatched: dict[str, Unmatched] = field(default_factory=dict)
    pictures: Pictures | None = None
    _names: dict[str, str] = field(default_factory=dict)
    _planned: set[str] = field(default_factory=set)
    _changed: set[str] = field(default_factory=set)
    _checker: LinkChecker = field(init=False)

    def __post_init__(self) -> None:
        self._checker = LinkChecker(MediaStore(dry_run=self.dry_run), self.now)

    def store_all(self, items: Iterable[Item], stopped: threading.Event, track: Track = _untracked) -> None:
        """Store the items until the export ends or cannot be read further, or ``stopped`` is set.

        ``track`` shows the progress.
        """
        with CommentSpool.on_disk() as spool:
            try:
                for item in track(items, "Importing", None):
                    if self._stops(stopped):
                        return
                    self._store(item, spool)
            except SourceError as error:
                self.report.errors.append(str(error))
            self._report_broken_links()
            self._store_comments(spool, stopped, track)

    def _report_broken_links(self) -> None:
        """Report the broken links of the new and updated articles."""
        for link in self._checker.broken_links():
            if str(link.file) in self._changed:
                self.report.notes.append(Note(name=link.place, text=link.text))

    def _stops(self, stopped: threading.Event) -> bool:
        self.report.interrupted = stopped.is_set()
        return self.report.interrupted

    def _store(self, item: Item, spool: CommentSpool) -> None:
        match item:
            case Skipped():
                self.report.skip(item.kind, item.name, item.reason, refused=item.refused)
            case ImportedComment():
                if not spool.add(item):
                    self.report.skip("comment", item.name, "duplicate entry in the export")
            case ImportedArticle():
                try:
                    existing = self._existing(item)
                except Conflict as error:
                    self.report.skip(item.content.kind, item.name, str(error), refused=True)
                else:
                    self._store_article(item, existing)

    def _store_comments(self, spool: CommentSpool, stopped: threading.Event, track: Track) -> None:
        if not len(spool):
            return
        importer = CommentImporter(
            self.report,
            self.now,
            spool,
            overwrite=self.overwrite,
            dry_run=self.dry_run,
            planned=self._planned,
            unmatched=self.unmatched,
        )
        for comment in track(spool.ordered(), "Comments", len(spool)):
            if self._stops(stopped):
                return
            importer.store(comment)

    def _store_article(self, item: ImportedArticle, existing: Article | None) -> None:
        kind = item.content.kind
        if existing is not None:
            item = replace(item, content=item.content.replace(origin=existing.origin))
        if existing is None or self.overwrite or is_unedited(existing):
            item = self._with_own_pictures(item)
        reason = self._why_draft(item, existing)
        if reason is not None:
            item = replace(item, content=item.content.replace(draft=True), notes=(*item.notes, reason))
        try:
            content, notes = self._with_free_names(item, existing)
            published, own_id = self._publish(content, existing)
            notes += self._add_aliases(item, content, own_id)
            notes += self._republish_notes(content, existing)
        except Conflict as error:
            if existing is None or self.overwrite or is_unedited(existing):
                self.report.skip(kind, item.name, str(error), refused=True)
            else:
                self.report.skip(kind, item.name, _why_kept(existing))
        except (InvalidInput, NotFound, ServiceBusy) as error:
            self.report.skip(kind, item.name, str(error), refused=True)
        else:
            change = published.change
            self.report.add_article(ImportedState.of(item.name, published.article, published.change))
            if self.dry_run:
                self._planned |= {f"origin:{content.origin}", *_names_of(content)}
            self.report.remote_images += item.remote_images
            self.report.own_links += item.own_links
            if item.links is not None:
                self._checker.add(Page.of(content, item.links.replaced, file=item.links.file, root=item.links.root))
            self.report.unclear_languages += item.is_language_unclear
            if change != "unchanged":
                self._changed.add(item.name)
                for each in item.removals:
                    self.report.add_removed(item.name, f"{each.kind} {each.effect}", each.count)
                self.report.notes += [Note(name=item.name, text=note) for note in (*item.notes, *notes)]

    def _existing(self, item: ImportedArticle) -> Article | None:
        """Return the article that was imported from this entry before, or None.

        The origin of a file depends on the URL and the title of its site. If these changed since the last import, the
        article still has the old origin. So an article that was imported from a file of the same path is also found by
        its slug, or by the origin without a site, if its text is similar. Otherwise the file gets a new article: it may
        belong to another site.

        :raises Conflict: the origin belongs to the article of a different file, in another directory, of the same path
        """
        content, origin = item.content, f"origin:{item.content.origin}"
        own = _find(origin)
        if item.file_origin is None or (own is not None and self.overwrite):
            return own
        if own is not None:
            if not is_earlier_version(own, content, by_title=True):
                raise Conflict(_why_other(own))
            return own
        for name in (f"origin:{item.file_origin}", f"slug:{content.slug}"):
            article = None if name == origin else _find(name)  # no article has this origin
            if article is None or not is_of_same_file(article, item.file_origin):
                continue
            if is_earlier_version(article, content, by_title=article.origin == item.file_origin):
                return article
        return None

    def _with_own_pictures(self, item: ImportedArticle) -> ImportedArticle:
        """Return the article with copies of its pictures, and report those that could not be copied."""
        if self.pictures is None:
            return item
        item = self.pictures.replace_in(item)
        failures = self.pictures.pop_failures()
        self.report.copied_pictures = self.pictures.copied
        self.report.failed_pictures += len(failures)
        for url, reason in failures.items():
            self.report.notes.append(Note(name=item.name, text=f"the picture {url} is not copied: {reason}"))
        return item

    def _publish(self, content: ArticleInput, existing: Article | None) -> tuple[PublishResult, int | None]:
        """Publish the content; return the result and the article's id, which is None for a new article in a dry run."""
        article_id, expected = None, None
        if existing is not None:
            article_id = existing.id
            expected = existing.version if is_unedited(existing) else _NO_VERSION
        if self.dry_run:
            planned = publishing.plan_publish(
                content, now=self.now, article_id=article_id, expected_version=expected, force=self.overwrite
            )
            return planned, article_id
        published = publishing.publish(
            content, now=self.now, article_id=article_id, expected_version=expected, force=self.overwrite
        )
        return published, published.article.id

    def _why_draft(self, item: ImportedArticle, existing: Article | None) -> str | None:
        """Return why an article that is not published yet must become a draft, or None.

        An export may identify an article by its location. An article that was moved at the source then looks new, but
        has the slug or URL of the old one. If the old one was unpublished in Kolom, the new one must not be public.
        """
        content = item.content
        if content.draft or self.overwrite or (existing is not None and existing.status != "draft"):
            return None
        own_id = existing.id if existing else None
        # An alias such as /?p=12 does not identify an article: posts of other blogs have the same numbers.
        aliases_of_url = (each for each in item.aliases if not is_post_number_alias(each))
        paths = (content.path or default_path(content.slug), *aliases_of_url)
        names = [f"slug:{content.slug}", *(key for each in paths for key in pointer_keys_at(each))]
        for article_id in dict.fromkeys(map(repository.find_id, dict.fromkeys(names))):
            other = None if article_id in {None, own_id} else repository.get(article_id)
            if other is not None and _was_unpublished(other):
                change = "deleted" if other.status == "deleted" else "unpublished"
                return f"imported as a draft: the article {other.slug} of the same slug or URL was {change} in Kolom"
        return None

    def _republish_notes(self, content: ArticleInput, existing: Article | None) -> list[str]:
        """Return a note if ``overwrite`` publishes an article that was unpublished or deleted in Kolom."""
        if existing is None or content.draft or is_unedited(existing) or existing.status not in {"draft", "deleted"}:
            return []
        state = "a draft" if existing.status == "draft" else "deleted"
        return [f"was {state} in Kolom: published again because of --overwrite"]

    def _add_aliases(self, item: ImportedArticle, content: ArticleInput, own_id: int | None) -> list[str]:
        """Add the item's further URLs as aliases; return a note for each that cannot be added."""
        notes = []
        path = content.path or default_path(content.slug)
        for alias in dict.fromkeys(item.aliases):
            if alias == path:
                continue
            if problem := alias_problem(alias):
                notes.append(f"its old URL is not kept: {problem}")
                continue
            keys = pointer_keys_at(alias)
            if not self._are_free(keys, content, own_id):
                notes.append(f"its old URL {alias} belongs to another article")
                continue
            self._names |= dict.fromkeys(keys, content.origin or "")
            if own_id is not None and not self.dry_run:
                try:
                    aliases.add_alias(own_id, alias)
                except Conflict as error:  # another article took it in the meantime
                    notes.append(str(error))
        return notes

    def _with_free_names(self, item: ImportedArticle, existing: Article | None) -> tuple[ArticleInput, list[str]]:
        """Return the content with a path and a slug that no other article has, and notes about the changes.

        They depend only on the existing articles and on the order of the export, so a rerun chooses the same ones.
        """
        content, notes = item.content, []
        own_id = existing.id if existing else None
        if content.path is not None and not self._are_free(pointer_keys_at(content.path), content, own_id):
            notes.append(f"the path {content.path} belongs to another article: the default path is used")
            content = content.replace(path=None)
        for slug in slug_candidates(content.slug, item.id_suffix):
            names = (f"slug:{slug}",) if content.path is not None else pointer_keys_at(default_path(slug))
            if self._are_free(names, content, own_id):
                break
        if slug != content.slug:
            notes.append(f"the slug {content.slug} belongs to another article: changed to {slug}")
            content = content.replace(slug=slug)
        self._names |= dict.fromkeys(_names_of(content), content.origin or "")
        return content, notes

    def _are_free(self, names: Iterable[str], content: ArticleInput, own_id: int | None) -> bool:
        return all(
            self._names.get(name, content.origin) == content.origin and repository.find_id(name) in {None, own_id}
            for name in names
        )


def _names_of(content: ArticleInput) -> set[str]:
    """Return the names that only this article may have."""
    return {f"slug:{content.slug}", *pointer_keys_at(content.path or default_path(content.slug))}


def _was_unpublished(article: Article) -> bool:
    """Return whether the article was unpublished or deleted in Kolom. An article imported as a draft does not count."""
    return article.status == "deleted" or (article.status == "draft" and not is_unedited(article))


def _find(name: str) -> Article | None:
    article_id = repository.find_id(name)
    return None if article_id is None else repository.get(article_id)


def _why_other(existing: Article) -> str:
    return (
        f"a different file of the same path is already imported, as {existing.slug!r} ({existing.title}): rename the "
        "file, change the title or URL in the site's configuration, or replace the article with --overwrite"
    )


def _why_kept(existing: Article) -> str:
    if existing.status == "deleted":
        return "deleted in Kolom since the import: restore it with --overwrite"
    return "edited in Kolom since the import: replace it with --overwrite"
