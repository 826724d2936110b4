"""Store the items of an export idempotently: articles first, then all comments.

The articles are read and planned in the order of the export: each gets its names and its id before the next one. Then
they are written concurrently. So the result does not depend on how many are written at once.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from kolom.articles import aliases, publishing, repository
from kolom.articles.input import ArticleInput
from kolom.articles.mapping import pointer_keys
from kolom.articles.names import alias_problem, default_path, is_post_number_alias, label_key, pointer_keys_at
from kolom.articles.publishing import PublishResult
from kolom.articles.types import Article
from kolom.articles.versions import is_unedited
from kolom.errors import Conflict, InvalidInput, NotFound, ServiceBusy
from kolom_cli.concurrency import OrderedResults, Unavailable, Workers
from kolom_cli.importers.common.article_lookup import ArticleLookup
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

_BATCH_ARTICLES: Final = 25
"""The number of articles whose names are looked up together: they have about a hundred names, as one request allows."""

_BATCH_CHARACTERS: Final = 1_000_000
_MAX_PENDING_CHARACTERS: Final = 8_000_000
"""Limits for the texts in memory; one article may have more."""


class Track(Protocol):
    """A progress display: a callable that yields the given items. ``total`` is their number, if known."""

    def __call__[T](self, items: Iterable[T], /, title: str, total: int | None) -> Iterable[T]:
        """Yield ``items``, and show the progress."""


def _untracked[T](items: Iterable[T], title: str, total: int | None) -> Iterable[T]:  # noqa: ARG001 - a Track
    return items


@dataclass(frozen=True, slots=True)
class _Batch:
    """Consecutive items of an export.

    ``follows_same_origin`` is true if an earlier batch has an article with the origin of the first article of this one.
    """

    items: list[ImportedArticle | Skipped]
    follows_same_origin: bool

    @property
    def articles(self) -> list[ImportedArticle]:
        return [item for item in self.items if isinstance(item, ImportedArticle)]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was done with an item: ``result``, or the reason why it was skipped."""

    item: ImportedArticle | Skipped
    result: PublishResult | None = None
    content: ArticleInput | None = None
    notes: Sequence[str] = ()
    reason: str = ""
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class _Alias:
    """A further path of an article; ``keys`` are those of its pointers that do not exist yet."""

    path: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A planned publication: ``result`` is the expected one. ``aliases`` has a note for each that is not possible."""

    item: ImportedArticle
    content: ArticleInput
    existing: Article | None
    result: PublishResult
    notes: Sequence[str]
    aliases: Sequence[_Alias | str]

    @property
    def writes(self) -> bool:
        return self.result.change != "unchanged" or any(isinstance(each, _Alias) and each.keys for each in self.aliases)

    @property
    def size(self) -> int:
        return _size_of(self.item)


@dataclass(slots=True)
class Importer:
    """Stores items and reports on each, up to ``concurrency`` of them at once.

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
    concurrency: int = 1
    _names: dict[str, str] = field(default_factory=dict)
    _origins: set[str] = field(default_factory=set)
    _spellings: dict[str, str] = field(default_factory=dict)
    _planned: set[str] = field(default_factory=set)
    _changed: set[str] = field(default_factory=set)
    _checker: LinkChecker = field(init=False)

    def __post_init__(self) -> None:
        self._checker = LinkChecker(MediaStore(dry_run=self.dry_run), self.now)

    def store_all(self, items: Iterable[Item], stopped: threading.Event, track: Track = _untracked) -> None:
        """Store the items until the export ends or cannot be read further, or ``stopped`` is set.

        ``track`` shows the progress.
        """
        with CommentSpool.on_disk() as spool, Workers(self.concurrency, stopped) as workers:
            try:
                self._store_articles(track(items, "Importing", None), spool, workers)
                if not workers.is_stopped:
                    self._report_broken_links()
                    self._store_comments(spool, workers, track)
            except Unavailable as error:
                self.report.errors.append(f"{error}: run the import again for the other items")
        self.report.interrupted |= stopped.is_set()

    def _report_broken_links(self) -> None:
        """Report the broken links of the new and updated articles."""
        for link in self._checker.broken_links():
            if str(link.file) in self._changed:
                self.report.notes.append(Note(name=link.place, text=link.text))

    def _store_articles(self, items: Iterable[Item], spool: CommentSpool, workers: Workers) -> None:
        """Store the articles, and put the comments into the spool.

        While one batch is read, the names of the previous one are looked up, and the articles before that are written.
        """
        results: OrderedResults[_Outcome] = OrderedResults(workers)
        previous: tuple[_Batch, Future[ArticleLookup | None]] | None = None
        try:
            for batch in self._batches(items, spool, workers):
                if previous is not None and batch.follows_same_origin:
                    self._begin(*previous, results, workers)
                    previous = None
                    self._record(results.finished())
                names = {name for item in batch.articles for name in self._names_to_look_up(item)}
                loading = workers.submit(partial(ArticleLookup.load, names, workers))
                if previous is not None:
                    self._begin(*previous, results, workers)
                previous = batch, loading
            if previous is not None:
                self._begin(*previous, results, workers)
            self._record(results.finished())
        except Unavailable:
            workers.abort()
            self._record(results.successful())
            raise

    def _batches(self, items: Iterable[Item], spool: CommentSpool, workers: Workers) -> Iterator[_Batch]:
        batch, number, size = _Batch([], follows_same_origin=False), 0, 0
        try:
            for item in items:
                if workers.is_stopped:
                    return
                if isinstance(item, ImportedComment):
                    if not spool.add(item):
                        batch.items.append(
                            Skipped(kind="comment", name=item.name, reason="duplicate entry in the export")
                        )
                    continue
                if isinstance(item, ImportedArticle):
                    follows_same_origin = item.content.origin in self._origins
                    self._origins.add(item.content.origin or "")
                    if follows_same_origin or number == _BATCH_ARTICLES or size > _BATCH_CHARACTERS:
                        yield batch
                        batch, number, size = _Batch([], follows_same_origin), 0, 0
                    number, size = number + 1, size + _size_of(item)
                batch.items.append(item)
        except SourceError as error:
            self.report.errors.append(str(error))
        yield batch

    def _begin(
        self,
        batch: _Batch,
        loading: Future[ArticleLookup | None],
        results: OrderedResults[_Outcome],
        workers: Workers,
    ) -> None:
        """Plan the articles of a batch in their order, and begin to write them."""
        lookup = loading.result()
        if lookup is None:
            return
        existing = self._load_existing(batch, lookup, workers)
        if workers.is_stopped:  # then some articles may not have been looked up
            return
        plans = [
            _Outcome(item) if isinstance(item, Skipped) else self._plan(item, existing, lookup, workers)
            for item in batch.items
        ]
        new = sum(1 for plan in plans if isinstance(plan, _Plan) and plan.existing is None)
        ids = iter(workers.call_for_all(partial(repository.next_ids, new)) if new and not self.dry_run else ())
        for plan in plans:
            if isinstance(plan, _Outcome):
                results.add_result(plan)
            elif self.dry_run or not plan.writes:
                notes = [*plan.notes, *(each for each in plan.aliases if isinstance(each, str))]
                results.add_result(_Outcome(plan.item, plan.result, plan.content, notes), size=plan.size)
            else:
                if self._has_other_spellings(plan.content.labels):
                    self._record(results.finished())
                    self._spellings.clear()
                self._spellings |= {label_key(label): label for label in plan.content.labels}
                new_id = next(ids) if plan.existing is None else None
                results.add(partial(self._write, plan, new_id, workers), size=plan.size)
            self._record(results.finished(max_pending=2 * workers.concurrency, max_size=_MAX_PENDING_CHARACTERS))

    def _has_other_spellings(self, labels: Iterable[str]) -> bool:
        """Return whether an article that is being written spells a label differently.

        The list of labels has the spelling of the article that is written last, so the new article must wait for it.
        """
        return any(self._spellings.get(label_key(label), label) != label for label in labels)

    def _load_existing(
        self, batch: _Batch, lookup: ArticleLookup, workers: Workers
    ) -> Mapping[str, Article | Conflict | None]:
        """Return for the origin of each item the article that was imported before, or why the item is refused."""

        def load(item: ImportedArticle) -> Article | Conflict | None:
            try:
                return self._existing(item, lookup, workers)
            except Conflict as error:
                return error

        # Only files are compared with the text of an article, which takes further requests.
        loading = {
            item.content.origin or "": workers.submit(partial(load, item)) if item.file_origin is not None else None
            for item in batch.articles
        }
        return {
            origin: lookup.find(f"origin:{origin}") if future is None else future.result()
            for origin, future in loading.items()
        }

    def _plan(
        self,
        item: ImportedArticle,
        existing_by_origin: Mapping[str, Article | Conflict | None],
        lookup: ArticleLookup,
        workers: Workers,
    ) -> _Plan | _Outcome:
        """Choose the names of the article, and determine how it changes; or return why it is skipped."""
        existing = existing_by_origin[item.content.origin or ""]
        if isinstance(existing, Conflict):
            return _Outcome(item, reason=str(existing), is_refused=True)
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
                workers.call_for_all(partial(publishing.plan_publish, content, now=self.now))
            result = publishing.plan_change(
                existing,
                content,
                now=self.now,
                expected_version=self._expected_version(existing),
                force=self.overwrite,
            )
        except (Conflict, InvalidInput, NotFound, ServiceBusy) as error:
            return self._skipped(item, existing, error)
        self._names |= dict.fromkeys((key for key, _ in pointer_keys(result.article)), content.origin or "")
        planned_aliases = self._plan_aliases(item, content, existing, lookup)
        notes += self._republish_notes(content, existing)
        return _Plan(item, content, existing, result, notes, planned_aliases)

    def _write(self, plan: _Plan, new_id: int | None, workers: Workers) -> _Outcome:
        """Write the planned article. Runs in several threads at once."""
        result, notes = plan.result, list(plan.notes)
        publish = partial(
            publishing.publish,
            plan.content,
            now=self.now,
            article_id=plan.existing.id if plan.existing else None,
            expected_version=self._expected_version(plan.existing),
            force=self.overwrite,
            new_id=new_id,
        )
        try:
            if result.change != "unchanged":
                result = workers.call(publish)
            for alias in plan.aliases:
                if isinstance(alias, str):
                    notes.append(alias)
                elif alias.keys:
                    try:
                        workers.call(partial(aliases.claim_keys, alias.keys, result.article.id, alias.path))
                    except Conflict as error:  # another article took it in the meantime
                        notes.append(str(error))
        except (Conflict, InvalidInput, NotFound, ServiceBusy) as error:
            return self._skipped(plan.item, plan.existing, error)
        return _Outcome(plan.item, result, plan.content, notes)

    def _skipped(
        self, item: ImportedArticle, existing: Article | None, error: Conflict | InvalidInput | NotFound | ServiceBusy
    ) -> _Outcome:
        if isinstance(error, Conflict) and not (existing is None or self.overwrite or is_unedited(existing)):
            return _Outcome(item, reason=_why_kept(existing))
        return _Outcome(item, reason=str(error), is_refused=True)

    def _expected_version(self, existing: Article | None) -> int | None:
        if existing is None:
            return None
        return existing.version if is_unedited(existing) else _NO_VERSION

    def _record(self, outcomes: Iterable[_Outcome]) -> None:
        """Report the outcomes. They come in the order of the export."""
        for outcome in outcomes:
            item = outcome.item
            if isinstance(item, Skipped):
                self.report.skip(item.kind, item.name, item.reason, refused=item.refused)
            elif outcome.result is None or outcome.content is None:
                self.report.skip(item.content.kind, item.name, outcome.reason, refused=outcome.is_refused)
            else:
                self._record_article(item, outcome.content, outcome.result, outcome.notes)

    def _record_article(
        self, item: ImportedArticle, content: ArticleInput, result: PublishResult, notes: Sequence[str]
    ) -> None:
        self.report.add_article(ImportedState.of(item.name, result.article, result.change))
        if self.dry_run:
            self._planned |= {f"origin:{content.origin}", *_names_of(content)}
        self.report.remote_images += item.remote_images
        self.report.own_links += item.own_links
        if item.links is not None:
            self._checker.add(Page.of(content, item.links.replaced, file=item.links.file, root=item.links.root))
        self.report.unclear_languages += item.is_language_unclear
        if result.change != "unchanged":
            self._changed.add(item.name)
            for each in item.removals:
                self.report.add_removed(item.name, f"{each.kind} {each.effect}", each.count)
            self.report.notes += [Note(name=item.name, text=note) for note in (*item.notes, *notes)]

    def _store_comments(self, spool: CommentSpool, workers: Workers, track: Track) -> None:
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
        for _ in track(importer.store_all(workers), "Comments", len(spool)):
            pass

    def _names_to_look_up(self, item: ImportedArticle) -> Iterator[str]:
        """Yield the names that planning the item needs, in the usual case."""
        yield f"origin:{item.content.origin}"
        yield from _names_of(item.content)
        if item.file_origin is not None:
            yield f"origin:{item.file_origin}"
        for alias in item.aliases:
            yield from pointer_keys_at(alias)

    def _existing(self, item: ImportedArticle, lookup: ArticleLookup, workers: Workers) -> Article | None:
        """Return the article that was imported from this entry before, or None.

        The origin of a file depends on the URL and the title of its site. If these changed since the last import, the
        article still has the old origin. So an article that was imported from a file of the same path is also found by
        its slug, or by the origin without a site, if its text is similar. Otherwise the file gets a new article: it may
        belong to another site.

        :raises Conflict: the origin belongs to the article of a different file, in another directory, of the same path
        """
        content, origin = item.content, f"origin:{item.content.origin}"
        own = lookup.find(origin)
        if item.file_origin is None or (own is not None and self.overwrite):
            return own
        if own is not None:
            if not workers.call_for_all(partial(is_earlier_version, own, content, by_title=True)):
                raise Conflict(_why_other(own))
            return own
        for name in (f"origin:{item.file_origin}", f"slug:{content.slug}"):
            article = None if name == origin else lookup.find(name)  # no article has this origin
            if article is None or not is_of_same_file(article, item.file_origin):
                continue
            by_title = article.origin == item.file_origin
            if workers.call_for_all(partial(is_earlier_version, article, content, by_title=by_title)):
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

    def _republish_notes(self, content: ArticleInput, existing: Article | None) -> list[str]:
        """Return a note if ``overwrite`` publishes an article that was unpublished or deleted in Kolom."""
        if existing is None or content.draft or is_unedited(existing) or existing.status not in {"draft", "deleted"}:
            return []
        state = "a draft" if existing.status == "draft" else "deleted"
        return [f"was {state} in Kolom: published again because of --overwrite"]

    def _plan_aliases(
        self, item: ImportedArticle, content: ArticleInput, existing: Article | None, lookup: ArticleLookup
    ) -> list[_Alias | str]:
        """Return the item's further URLs as aliases, and a note for each that cannot be one."""
        planned: list[_Alias | str] = []
        path = content.path or default_path(content.slug)
        own_id = existing.id if existing else None
        for alias in dict.fromkeys(item.aliases):
            if alias == path:
                continue
            if problem := alias_problem(alias):
                planned.append(f"its old URL is not kept: {problem}")
                continue
            keys = pointer_keys_at(alias)
            if not self._are_free(keys, content, own_id, lookup):
                planned.append(f"its old URL {alias} belongs to another article")
                continue
            self._names |= dict.fromkeys(keys, content.origin or "")
            planned.append(_Alias(alias, tuple(key for key in keys if lookup.find_id(key) is None)))
        return planned

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
        for slug in slug_candidates(content.slug, item.id_suffix):
            names = (f"slug:{slug}",) if content.path is not None else pointer_keys_at(default_path(slug))
            if self._are_free(names, content, own_id, lookup):
                break
        if slug != content.slug:
            notes.append(f"the slug {content.slug} belongs to another article: changed to {slug}")
            content = content.replace(slug=slug)
        self._names |= dict.fromkeys(_names_of(content), content.origin or "")
        return content, notes

    def _are_free(self, names: Iterable[str], content: ArticleInput, own_id: int | None, lookup: ArticleLookup) -> bool:
        """Return whether no other article has one of the names, or is going to get it by this import."""
        return all(
            self._names.get(name, content.origin) == content.origin and lookup.find_id(name) in {None, own_id}
            for name in names
        )


def _size_of(item: ImportedArticle) -> int:
    return len(item.content.body.html) + len(item.content.body.source)


def _names_of(content: ArticleInput) -> set[str]:
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
