"""The index writer: updates the index to the current state of the articles. Several writers may run at the same time.

For each article the writer reads its current state and the terms that the index may have for it, and updates the index
to match. It never looks at what changed, so duplicate, late or repeated events after a crash are harmless.

1. ``terms#<id>`` becomes the union of the terms that the index may have and those it should have, on condition that no
   other writer has changed it. From here on, a crash leaves nothing in the index that ``terms#<id>`` does not list.
2. Postings are added, then the words of the vocabulary, the stored result and the title words. Last, the article is
   added to the document list: an article is searchable exactly when it is on that list. The stored result of an article
   that must leave this list is deleted in this step.
3. Obsolete entries are removed: first from the document list, then title words, postings and emptied blocks.
4. The lists of related articles are computed (:mod:`.related_lists`).
5. ``terms#<id>`` is reduced to exactly the terms that the index has now, or deleted, on the same condition.

Articles are processed in batches: all elements of a batch for the same block are one write.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched
from typing import Any, Final

from kolom.articles import repository
from kolom.articles.mapping import summary_attributes
from kolom.articles.types import Article
from kolom.errors import ServiceBusy, StaleRead
from kolom.models import search as model
from kolom.models.retry import retry_on_conflict
from kolom.models.search import DOC, DOCUMENTS, TERMS, ForwardRecord, ResultRecord, TextRecord
from kolom.observability import logger
from kolom.search import posting_blocks, title_index, vocabulary
from kolom.search.analyzer import ANALYZER_VERSION
from kolom.search.codec import DOCUMENTS_PER_BLOCK, EARLIER_POSTINGS_PER_BLOCK, POSTINGS_PER_BLOCK
from kolom.search.document import EMPTY_DOCUMENT, IndexedDocument, build_document
from kolom.search.forward_index import ForwardEntry, load_entry, to_record
from kolom.search.related_lists import RelatedListWriter
from kolom.search.result_records import result_records

WORKERS: Final = 16
BATCH_SIZE: Final = 128
"""The maximum number of articles in a batch; their texts and postings are all in memory."""


type BlockKey = tuple[str, int]
"""A block: its key and its number."""


class IndexContention(StaleRead):
    """Another writer started to index the same article at the same time."""


@dataclass(slots=True, kw_only=True)
class IndexPlan:
    """The changes that update the index for one article."""

    article_id: int
    document: IndexedDocument
    result: ResultRecord | None
    rest: TextRecord | None
    current: ForwardEntry
    desired: ForwardEntry
    was_committed: bool  # the index certainly has everything in `current`
    revision: int  # of terms#, as this run last read or wrote it

    def additions(self) -> dict[BlockKey, set[int]]:
        """Return the postings to add, by block. Postings that are certainly in the index are not written again."""
        return _missing(self.desired.postings, self._certain.postings, self.article_id // POSTINGS_PER_BLOCK)

    def removals(self) -> dict[BlockKey, set[int]]:
        """Return the postings to remove, by block."""
        return _missing(self.current.postings, self.desired.postings, self.article_id // POSTINGS_PER_BLOCK)

    def earlier_removals(self) -> dict[BlockKey, set[int]]:
        """Return the postings to remove from blocks of earlier versions: all of them, since no document has these."""
        return _missing(self.current.earlier_postings, {}, self.article_id // EARLIER_POSTINGS_PER_BLOCK)

    def new_documents(self) -> dict[BlockKey, set[int]]:
        """Return the article's entry to add to the document list, if it is missing."""
        return self._documents(self.desired, self._certain)

    def old_documents(self) -> dict[BlockKey, set[int]]:
        """Return the article's entries to remove from the document list."""
        return self._documents(self.current, self.desired)

    def new_title_words(self) -> set[str]:
        """Return the title words to add."""
        return self.desired.title_words - self._certain.title_words

    def changes_result(self) -> bool:
        """Return whether the stored result must be written or deleted."""
        return self.result is None or not (
            self.was_committed and self.current.result_digest == self.desired.result_digest
        )

    def old_texts(self) -> set[str]:
        """Return the range keys of the text items to delete."""
        return self.current.texts - self.desired.texts

    def old_title_words(self) -> set[str]:
        """Return the title words to remove."""
        return self.current.title_words - self.desired.title_words

    @property
    def _certain(self) -> ForwardEntry:
        return self.current if self.was_committed else ForwardEntry()

    def _documents(self, source: ForwardEntry, other: ForwardEntry) -> dict[BlockKey, set[int]]:
        block = self.article_id // DOCUMENTS_PER_BLOCK
        return _missing({DOCUMENTS: source.documents}, {DOCUMENTS: other.documents}, block)


def update_index(article_ids: Iterable[int], *, workers: int = WORKERS) -> set[int]:
    """Update the index to the current state of these articles; return the ids of those that failed.

    A failed article may be half indexed; calling again completes it. Reads per article: its summary, ``terms#``, its
    body. Writes per article: two of ``terms#``, one or two of ``doc#``. Writes per batch: one for each block of a term
    and of the document list (another if the block is packed), those of the vocabulary and the title index, and one of
    the revision. The lists of related articles take further reads and writes (:mod:`.related_lists`).
    """
    failed: set[int] = set()
    with ThreadPoolExecutor(workers) as pool:
        for batch in batched(sorted(set(article_ids)), BATCH_SIZE, strict=False):
            run = _Batch(map if workers == 1 else pool.map)
            run.index(list(batch))
            failed |= run.failed
    return failed


def is_current(article_id: int) -> bool:
    """Return whether the index matches the article's current state and was updated after the last reindex request."""
    article, reindex_mark = repository.get_with_reindex_mark(article_id)
    current = load_entry(article_id, consistent=True)
    if article is None or not article.is_searchable:
        return current.revision == 0
    return _is_current(article, reindex_mark, current)


class _Batch:
    """The indexing of one batch of articles."""

    def __init__(self, map_: Callable[..., Iterable[None]]) -> None:
        self._map = map_
        self.failed: set[int] = set()
        self._written: dict[int, ForwardEntry] = {}

    def index(self, article_ids: list[int]) -> None:
        """Index the articles; retry those that another writer changed in the meantime."""
        pending = article_ids

        def attempt() -> None:
            nonlocal pending
            pending = self._attempt(pending)
            if pending:
                raise IndexContention("other writers are indexing the same articles")

        try:
            retry_on_conflict(attempt)
        except ServiceBusy:
            self.failed.update(pending)

    def _attempt(self, article_ids: list[int]) -> list[int]:
        plans: dict[int, IndexPlan] = {}
        conflicts: list[int] = []

        def add_plan(article_id: int) -> None:
            plan = _plan(article_id, self._written.get(article_id))
            if plan is not None:
                plans[article_id] = plan

        def write_union(article_id: int) -> None:
            try:
                union = _write_union(plans[article_id])
            except IndexContention:
                conflicts.append(article_id)
                del plans[article_id]
            else:
                if union is not None:
                    self._written[article_id] = union

        def commit(article_id: int) -> None:
            try:
                _commit_exact(plans[article_id])
            except IndexContention:
                conflicts.append(article_id)

        self._each(article_ids, add_plan, _one)
        self._each(list(plans), write_union, _one)
        self._write(plans, IndexPlan.additions, posting_blocks.add)
        active = [plan.article_id for plan in self._active(plans)]
        if not all(plans[each].was_committed for each in active):
            vocabulary.clear_cache()  # the cached words may have been deleted since
        self._each(
            [{word for each in active for word in plans[each].document.vocabulary}],
            vocabulary.add_words,
            lambda _: active,
        )
        changed = [plan.article_id for plan in self._active(plans) if plan.changes_result()]
        self._each(changed, lambda each: _write_result(plans[each]), _one)
        self._write_pairs(plans, IndexPlan.new_title_words, title_index.add)
        added = self._write(plans, IndexPlan.new_documents, model.add_elements)
        removed = self._write(plans, IndexPlan.old_documents, model.remove_elements)
        if added or removed or changed:
            self._each(
                [(added + removed, len(changed))],
                lambda numbers: model.increase_revisions(*numbers),
                lambda _: list(plans),
            )
        self._write_pairs(plans, IndexPlan.old_title_words, title_index.remove)
        self._write_pairs(plans, IndexPlan.old_texts, _delete_texts)
        self._write(plans, IndexPlan.removals, posting_blocks.remove)
        self._write(plans, IndexPlan.earlier_removals, model.remove_elements)
        self._update_related_lists(plans)
        self._each([plan.article_id for plan in self._active(plans)], commit, _one)
        return [each for each in conflicts if each not in self.failed]

    def _active(self, plans: Mapping[int, IndexPlan]) -> list[IndexPlan]:
        return [plan for article_id, plan in sorted(plans.items()) if article_id not in self.failed]

    def _update_related_lists(self, plans: Mapping[int, IndexPlan]) -> None:
        changed = {
            plan.article_id: plan.desired.frequency_codes()
            for plan in self._active(plans)
            if not (plan.was_committed and plan.current.has_same_terms(plan.desired))
        }
        lists = RelatedListWriter(changed)
        self._each(list(changed), lists.update, _one)
        self._each(sorted(lists.neighbors), lists.update_neighbor, lists.neighbors.__getitem__)

    def _write_pairs(
        self,
        plans: Mapping[int, IndexPlan],
        changes: Callable[[IndexPlan], set[str]],
        write: Callable[[list[tuple[str, int]]], None],
    ) -> None:
        """Apply the changes of all plans, each a text and the id of its article, with as few requests as possible."""
        listed = [(text, plan.article_id) for plan in self._active(plans) for text in sorted(changes(plan))]
        if listed:
            owners = {article_id for _, article_id in listed}
            self._each([listed], write, lambda _: owners)

    def _write(
        self,
        plans: Mapping[int, IndexPlan],
        changes: Callable[[IndexPlan], dict[BlockKey, set[int]]],
        write: Callable[[str, int, set[int]], None],
    ) -> int:
        """Apply the changes of all plans with one write per block; return the number of writes."""
        elements: defaultdict[BlockKey, set[int]] = defaultdict(set)
        owners: defaultdict[BlockKey, set[int]] = defaultdict(set)
        for plan in self._active(plans):
            for block_key, numbers in changes(plan).items():
                elements[block_key] |= numbers
                owners[block_key].add(plan.article_id)
        self._each(list(elements), lambda block_key: write(*block_key, elements[block_key]), owners.__getitem__)
        return len(elements)

    def _each[Item](
        self, items: list[Item], action: Callable[[Item], None], articles_of: Callable[[Item], Collection[int]]
    ) -> None:
        """Call ``action`` with each item, several at a time; if it fails, mark the item's articles as failed."""

        def attempt(item: Item) -> None:
            try:
                action(item)
            except Exception:  # noqa: BLE001 - an error in one article must not keep the others out of the index
                logger.exception("indexing failed", articles=sorted(articles_of(item)))
                self.failed.update(articles_of(item))

        for _ in self._map(attempt, items):
            pass


def _one(article_id: int) -> Collection[int]:
    return (article_id,)


def _delete_texts(listed: list[tuple[str, int]]) -> None:
    model.delete_items((f"doc#{article_id}", part) for part, article_id in listed)


def _missing(source: Mapping[str, set[int]], other: Mapping[str, set[int]], block: int) -> dict[BlockKey, set[int]]:
    """Return the elements of ``source`` that ``other`` lacks, by key and block."""
    return {(key, block): rest for key, elements in source.items() if (rest := elements - other.get(key, set()))}


def _plan(article_id: int, written: ForwardEntry | None) -> IndexPlan | None:
    """Return the changes for an article; None if there are none. ``written`` has the terms this run may have added."""
    article, reindex_mark, document, current = _read(article_id, force=written is not None)
    if document is None:
        return None
    if written is not None:
        current.merge(written)
        current.is_committed = False
    result: ResultRecord | None = None
    rest: TextRecord | None = None
    digest = None
    if article is not None and document is not EMPTY_DOCUMENT:
        result, rest = result_records(article, document)
        digest = _digest(article, document)
    desired = ForwardEntry(
        analyzer_version=ANALYZER_VERSION,
        version=article.version if article else 0,
        reindex_mark=reindex_mark,
        result_digest=digest,
        postings={term: {element} for term, element in document.postings.items()},
        documents=set() if document.list_entry is None else {document.list_entry},
        title_words=set(document.title_words),
        texts={rest.part} if rest else set(),
    )
    return IndexPlan(
        article_id=article_id,
        document=document,
        result=result,
        rest=rest,
        current=current,
        desired=desired,
        was_committed=current.is_committed and current.reindex_mark == reindex_mark,
        revision=current.revision,
    )


def _read(article_id: int, *, force: bool) -> tuple[Article | None, str | None, IndexedDocument | None, ForwardEntry]:
    """Return the article, its reindex mark, its document and its forward entry; no document if the index matches.

    With ``force``, always returns a document: this run and another one wrote at the same time, so the index may differ.
    """

    def read() -> tuple[Article | None, str | None, IndexedDocument | None, ForwardEntry]:
        current = load_entry(article_id, consistent=True)
        article, reindex_mark = repository.get_with_reindex_mark(article_id)
        if article is None or not article.is_searchable:
            return article, reindex_mark, None if current.revision == 0 and not force else EMPTY_DOCUMENT, current
        if not force and _is_current(article, reindex_mark, current):
            return article, reindex_mark, None, current
        body = repository.find_rendered_body(article)
        if body is None:
            raise StaleRead(f"article {article_id} was replaced while it was read")
        return article, reindex_mark, build_document(article, body), current

    return retry_on_conflict(read)


def _is_current(article: Article, reindex_mark: str | None, current: ForwardEntry) -> bool:
    indexed = (current.analyzer_version, current.version, current.reindex_mark)
    return (
        current.revision > 0 and current.is_committed and indexed == (ANALYZER_VERSION, article.version, reindex_mark)
    )


def _write_union(plan: IndexPlan) -> ForwardEntry | None:
    """Save and return the union of the current and the desired terms; None if the index has exactly these already.

    :raises IndexContention: another writer has changed the entry since the plan was made
    """
    current, desired = plan.current, plan.desired
    if plan.was_committed and current.has_same_terms(desired):
        return None
    union = ForwardEntry(
        is_committed=False,
        version=current.version,
        reindex_mark=current.reindex_mark,
        result_digest=current.result_digest,
    )
    union.merge(current)
    union.merge(desired)
    _save(plan, union)
    return union


def _commit_exact(plan: IndexPlan) -> None:
    """Save exactly the terms that the index has now.

    :raises IndexContention: another writer has started to index the article
    """
    if plan.document is not EMPTY_DOCUMENT:
        _save(plan, plan.desired)
        return
    if not ForwardRecord(f"terms#{plan.article_id}", TERMS).delete_if(_unchanged(plan.revision)):
        raise _contention(plan.article_id)


def _save(plan: IndexPlan, entry: ForwardEntry) -> None:
    if not to_record(plan.article_id, entry, revision=plan.revision + 1).save_if(_unchanged(plan.revision)):
        raise _contention(plan.article_id)
    plan.revision += 1


def _unchanged(revision: int) -> Any:
    return ForwardRecord.key.does_not_exist() if revision == 0 else ForwardRecord.revision == revision


def _contention(article_id: int) -> IndexContention:
    return IndexContention(f"article {article_id} is being indexed by another writer")


def _write_result(plan: IndexPlan) -> None:
    """Write or delete the stored result of the article. The rest of its text is written first, and deleted later."""
    if plan.rest is not None:
        plan.rest.save()
    if plan.result is None:
        ResultRecord(f"doc#{plan.article_id}", DOC).delete()
    else:
        plan.result.save()


def _digest(article: Article, document: IndexedDocument) -> str:
    shown = [summary_attributes(article), document.text, *([document.headings] if document.headings else [])]
    supplied = json.dumps(shown, default=str, sort_keys=True)
    return hashlib.blake2s(supplied.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
