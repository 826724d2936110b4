"""Plan how the articles of an export are published: which article each becomes, its names, and how it changes.

Articles are planned in the order of the export; each gets its names before the next one is planned. So the plans depend
neither on how many articles are written at once nor on whether they are written at all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from kolom.articles import publishing
from kolom.articles.input import ArticleInput
from kolom.articles.mapping import pointer_keys
from kolom.articles.names import alias_problem, default_path, is_post_number_alias, pointer_keys_at
from kolom.articles.publishing import PublishResult
from kolom.articles.types import Article
from kolom.articles.versions import is_unedited
from kolom.errors import Conflict, InvalidInput, KolomError, NotFound, ServiceBusy
from kolom_cli.concurrency import Workers
from kolom_cli.importers.common.article_lookup import ArticleLookup
from kolom_cli.importers.common.path_plan import slug_candidates
from kolom_cli.importers.common.pictures import Pictures
from kolom_cli.importers.common.same_article import is_earlier_version, is_of_same_file
from kolom_cli.importers.common.types import ImportedArticle, Skipped
from kolom_cli.terminal.report import Note, Report

_NO_VERSION = 0
"""A version that no article has. Expecting it refuses any change of an article, unless ``overwrite`` is set."""


@dataclass(frozen=True, slots=True)
class PlannedAlias:
    """A further path of an article; ``keys`` are those of its pointers that do not exist yet."""

    path: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How an article is published: ``result`` is the expected one, and ``notes`` are for the author."""

    item: ImportedArticle
    content: ArticleInput
    result: PublishResult
    notes: Sequence[str]
    aliases: Sequence[PlannedAlias]

    @property
    def writes(self) -> bool:
        """Whether anything is to be stored."""
        return self.result.change != "unchanged" or any(alias.keys for alias in self.aliases)


@dataclass(slots=True)
class ArticlePlanner:
    """Plans articles in the order of the export, and remembers the names that it gave to them.

    ``pictures`` copies the pictures of other sites; ``report`` gets those that could not be copied.
    """

    report: Report
    now: datetime
    workers: Workers
    overwrite: bool
    pictures: Pictures | None
    _names: dict[str, str] = field(default_factory=dict)

    def look_up(self, articles: Iterable[ImportedArticle]) -> ArticleLookup:
        """Load what planning these articles needs, in the usual case."""
        return ArticleLookup.load({name for item in articles for name in _names_to_look_up(item)}, self.workers)

    def find_existing(
        self, articles: Sequence[ImportedArticle], lookup: ArticleLookup
    ) -> Mapping[str, Article | Conflict | None]:
        """Return for the origin of each item the article that was imported before, or why the item is refused."""

        def load(item: ImportedArticle) -> Article | Conflict | None:
            try:
                return self._existing(item, lookup)
            except Conflict as error:
                return error

        # Only files are compared with the text of an article, which takes further requests.
        loading = {
            item.content.origin or "": self.workers.submit(partial(load, item))
            if item.file_origin is not None
            else None
            for item in articles
        }
        return {
            origin: lookup.find(f"origin:{origin}") if future is None else future.result()
            for origin, future in loading.items()
        }

    def plan(self, item: ImportedArticle, existing: Article | Conflict | None, lookup: ArticleLookup) -> Plan | Skipped:
        """Choose the names of the article, and determine how it changes; or return why it is skipped."""
        if isinstance(existing, Conflict):
            return _refused(item, existing)
        if existing is not None:
            item = replace(item, content=item.content.replace(origin=existing.origin))
        if existing is None or self.overwrite or is_unedited(existing):
            item = self._with_own_pictures(item)
        reason = self._why_draft(item, existing, lookup)
        if reason is not None:
            item = replace(item, content=item.content.replace(draft=True), notes=(*item.notes, reason))
        try:
            content, notes = self._with_free_names(item, existing, lookup)
            if existing is None and lookup.find_id(f"slug:{content.slug}") is not None:
                # It raises an error that names the other article.
                self.workers.call_for_all(partial(publishing.plan_publish, content, now=self.now))
            result = publishing.plan_change(
                existing,
                content,
                now=self.now,
                expected_version=expected_version(existing),
                force=self.overwrite,
            )
        except (Conflict, InvalidInput, NotFound, ServiceBusy) as error:
            return self.skipped(item, existing, error)
        self._names |= dict.fromkeys((key for key, _ in pointer_keys(result.article)), content.origin or "")
        aliases, alias_notes = self._plan_aliases(item, content, existing, lookup)
        notes += [*_republish_notes(content, existing), *alias_notes]
        return Plan(item, content, result, notes, aliases)

    def skipped(self, item: ImportedArticle, existing: Article | None, error: KolomError) -> Skipped:
        """Return why the item is skipped after this error: usually because the article was edited since the import."""
        if isinstance(error, Conflict) and not (existing is None or self.overwrite or is_unedited(existing)):
            return Skipped(kind=item.content.kind, name=item.name, reason=_why_kept(existing))
        return _refused(item, error)

    def _existing(self, item: ImportedArticle, lookup: ArticleLookup) -> Article | None:
        """Return the article that was imported from this entry before, or None.

        The origin of a file depends on the URL and the title of its site. If these changed since the last import, the
        article still has the old origin. So an article that was imported from a file of the same path is also found by
        its slug, or by the origin without a site, if its text is similar. Otherwise the file gets a new article: it may
        belong to another site.

        :raises Conflict: the origin belongs to the article of a different file that has the same relative path
        """
        content, origin = item.content, f"origin:{item.content.origin}"
        own = lookup.find(origin)
        if item.file_origin is None or (own is not None and self.overwrite):
            return own
        if own is not None:
            if not self.workers.call_for_all(partial(is_earlier_version, own, content, lenient=True)):
                raise Conflict(_why_other(own))
            return own
        for name in (f"origin:{item.file_origin}", f"slug:{content.slug}"):
            article = None if name == origin else lookup.find(name)  # no article has this origin
            if article is None or not is_of_same_file(article, item.file_origin):
                continue
            lenient = article.origin == item.file_origin
            if self.workers.call_for_all(partial(is_earlier_version, article, content, lenient=lenient)):
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

    def _why_draft(self, item: ImportedArticle, existing: Article | None, lookup: ArticleLookup) -> str | None:
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
        for article_id in dict.fromkeys(map(lookup.find_id, dict.fromkeys(names))):
            other = None if article_id in {None, own_id} else lookup.get(article_id)
            if other is not None and _was_unpublished(other):
                change = "deleted" if other.status == "deleted" else "unpublished"
                return f"imported as a draft: the article {other.slug} of the same slug or URL was {change} in Kolom"
        return None

    def _plan_aliases(
        self, item: ImportedArticle, content: ArticleInput, existing: Article | None, lookup: ArticleLookup
    ) -> tuple[list[PlannedAlias], list[str]]:
        """Return the item's further URLs as aliases, and a note for each that cannot be one."""
        planned: list[PlannedAlias] = []
        notes: list[str] = []
        path = content.path or default_path(content.slug)
        own_id = existing.id if existing else None
        for alias in dict.fromkeys(item.aliases):
            if alias == path:
                continue
            if problem := alias_problem(alias):
                notes.append(f"its old URL is not kept: {problem}")
                continue
            keys = pointer_keys_at(alias)
            if not self._are_free(keys, content, own_id, lookup):
                notes.append(f"its old URL {alias} belongs to another article")
                continue
            self._names |= dict.fromkeys(keys, content.origin or "")
            planned.append(PlannedAlias(alias, tuple(key for key in keys if lookup.find_id(key) is None)))
        return planned, notes

    def _with_free_names(
        self, item: ImportedArticle, existing: Article | None, lookup: ArticleLookup
    ) -> tuple[ArticleInput, list[str]]:
        """Return the content with a path and a slug that no other article has, and notes about the changes.

        They depend only on the existing articles and on the order of the export, so a rerun chooses the same ones.
        """
        content, notes = item.content, []
        own_id = existing.id if existing else None
        if content.path is not None and not self._are_free(pointer_keys_at(content.path), content, own_id, lookup):
            notes.append(f"the path {content.path} belongs to another article: the default path is used")
            content = content.replace(path=None)
        for slug in slug_candidates(content.slug, item.slug_suffix):
            names = (f"slug:{slug}",) if content.path is not None else pointer_keys_at(default_path(slug))
            if self._are_free(names, content, own_id, lookup):
                break
        if slug != content.slug:
            notes.append(f"the slug {content.slug} belongs to another article: changed to {slug}")
            content = content.replace(slug=slug)
        self._names |= dict.fromkeys(names_of(content), content.origin or "")
        return content, notes

    def _are_free(self, names: Iterable[str], content: ArticleInput, own_id: int | None, lookup: ArticleLookup) -> bool:
        """Return whether no other article has one of the names, or is going to get it by this import."""
        return all(
            self._names.get(name, content.origin) == content.origin and lookup.find_id(name) in {None, own_id}
            for name in names
        )


def expected_version(existing: Article | None) -> int | None:
    """Return the version to replace: that of an article as it was imported; an edited article is not replaced."""
    if existing is None:
        return None
    return existing.version if is_unedited(existing) else _NO_VERSION


def _refused(item: ImportedArticle, error: KolomError) -> Skipped:
    return Skipped(kind=item.content.kind, name=item.name, reason=str(error), refused=True)


def _names_to_look_up(item: ImportedArticle) -> Iterator[str]:
    """Yield the names that planning the item needs, in the usual case."""
    yield f"origin:{item.content.origin}"
    yield from names_of(item.content)
    if item.file_origin is not None:
        yield f"origin:{item.file_origin}"
    for alias in item.aliases:
        yield from pointer_keys_at(alias)


def _republish_notes(content: ArticleInput, existing: Article | None) -> list[str]:
    """Return a note if ``overwrite`` publishes an article that was unpublished or deleted in Kolom."""
    if existing is None or content.draft or is_unedited(existing) or existing.status not in {"draft", "deleted"}:
        return []
    state = "a draft" if existing.status == "draft" else "deleted"
    return [f"was {state} in Kolom: published again because of --overwrite"]


def names_of(content: ArticleInput) -> set[str]:
    """Return the names that only this article may have."""
    return {f"slug:{content.slug}", *pointer_keys_at(content.path or default_path(content.slug))}


def _was_unpublished(article: Article) -> bool:
    """Return whether the article was unpublished or deleted in Kolom. An article imported as a draft does not count."""
    return article.status == "deleted" or (article.status == "draft" and not is_unedited(article))


def _why_other(existing: Article) -> str:
    return (
        f"a different file of the same path is already imported, as {existing.slug!r} ({existing.title}): rename the "
        "file, change the title or URL in the site's configuration, or replace the article with --overwrite"
    )


def _why_kept(existing: Article) -> str:
    if existing.status == "deleted":
        return "deleted in Kolom since the import: restore it with --overwrite"
    return "edited in Kolom since the import: replace it with --overwrite"
