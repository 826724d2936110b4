"""The index follows the articles: its only writer.

For each article the writer reads what the article is now and what the index may hold of it, and brings the second to
the first. It never looks at what has changed: an event that comes twice, late, or after a crash does no harm.

1. ``terms#<id>`` becomes the union of what the index may hold and what it is to hold, on condition that no other writer
   has changed it: from here on, a crash leaves nothing in the index that is not written there.
2. Postings are added, then the words of the vocabulary, what a result shows, the title's words; last the article goes
   on the document list. An article is searchable exactly when it is on that list.
3. What is no longer to be held is removed: first from the document list, then title's words, postings, emptied blocks.
4. ``terms#<id>`` shrinks to what the index now holds exactly, on condition again.

Articles are taken many at a time: their elements for the same block are one write.
"""

import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched
from typing import Any, Final

from pynamodb.exceptions import DeleteError, PutError, PynamoDBException

from kolom.articles import repository
from kolom.articles.mapping import summary_attributes
from kolom.articles.types import Article
from kolom.errors import KolomError
from kolom.models import search as model
from kolom.models.errors import is_condition_failed
from kolom.models.search import DOC, DOCUMENTS, TERMS, ForwardRecord, ResultRecord
from kolom.observability import logger
from kolom.search import title_index, vocabulary
from kolom.search.analyzer import ANALYZER_VERSION
from kolom.search.codec import DOCUMENTS_PER_BLOCK, POSTINGS_PER_BLOCK
from kolom.search.document import EMPTY_DOCUMENT, IndexedDocument, build_document
from kolom.search.forward_index import ForwardEntry, load_entry, to_record

WORKERS: Final = 16
CONCURRENCY: Final = 128
"""How many articles share their writes, at most: their texts and postings are all in memory."""

_ATTEMPTS: Final = 5

type Place = tuple[str, int]
"""A block: its key and its number."""


class IndexContention(KolomError):
    """Another writer took up the same article at the same moment."""


@dataclass(slots=True, kw_only=True)
class IndexPlan:
    """One article's way from what the index may hold to what it is to hold."""

    article_id: int
    entry: IndexedDocument
    card: Article | None
    held: ForwardEntry
    wanted: ForwardEntry
    was_committed: bool  # that the index has all that is held
    revision: int  # of terms#, as this run last read or wrote it

    def additions(self) -> dict[Place, set[int]]:
        """The postings to be written, by their blocks. What is held for certain need not be written again."""
        return _missing(self.wanted.postings, self._certain.postings, self.article_id // POSTINGS_PER_BLOCK)

    def removals(self) -> dict[Place, set[int]]:
        """The postings to be taken away, by their blocks."""
        return _missing(self.held.postings, self.wanted.postings, self.article_id // POSTINGS_PER_BLOCK)

    def new_documents(self) -> dict[Place, set[int]]:
        """The article's place on the document list, if it is to be put there."""
        return self._documents(self.wanted, self._certain)

    def old_documents(self) -> dict[Place, set[int]]:
        """What is to be taken off the document list."""
        return self._documents(self.held, self.wanted)

    def new_title_words(self) -> set[str]:
        """The words of the title under which it is to be suggested."""
        return self.wanted.title_words - self._certain.title_words

    def old_title_words(self) -> set[str]:
        """Those under which it is to be suggested no more."""
        return self.held.title_words - self.wanted.title_words

    @property
    def _certain(self) -> ForwardEntry:
        return self.held if self.was_committed else ForwardEntry()

    def _documents(self, of: ForwardEntry, but: ForwardEntry) -> dict[Place, set[int]]:
        block = self.article_id // DOCUMENTS_PER_BLOCK
        return _missing({DOCUMENTS: of.documents}, {DOCUMENTS: but.documents}, block)


def update_index(article_ids: Iterable[int], *, workers: int = WORKERS) -> set[int]:
    """Bring the index to what these articles are now; the ids of those with which that did not succeed.

    Those may be half done, and calling again finishes them. Reads per article: its card, ``terms#``, its body. Writes:
    two of ``terms#``, one of ``doc#``, one or two of the document list, and one for each term and block of the batch.
    """
    failed: set[int] = set()
    with ThreadPoolExecutor(workers) as pool:
        for some in batched(sorted(set(article_ids)), CONCURRENCY, strict=False):
            run = _Batch(map if workers == 1 else pool.map)
            run.index(list(some))
            failed |= run.failed
    return failed


def is_current(article_id: int) -> bool:
    """Whether the index holds of the article just what it is now, made after its last touch."""
    article, touched = repository.get_with_reindex_mark(article_id)
    held = load_entry(article_id, consistent=True)
    if article is None or not article.is_listed:
        return held.revision == 0
    return _is_current(article, touched, held)


def result_record(article: Article, entry: IndexedDocument) -> ResultRecord:
    """The item from which a result of the article is shown."""
    text = zlib.compress(entry.text.encode())
    return ResultRecord(f"doc#{article.id}", DOC, **summary_attributes(article), text=text, is_whole=entry.is_whole)


class _Batch:
    """One batch."""

    def __init__(self, map_: Callable[..., Iterable[None]]) -> None:
        self._map = map_
        self.failed: set[int] = set()
        self._written: dict[int, ForwardEntry] = {}

    def index(self, article_ids: list[int]) -> None:
        """Index; an article that another writer took up in between is taken up again."""
        for _ in range(_ATTEMPTS):
            article_ids = self._attempt(article_ids)
            if not article_ids:
                return
        self.failed.update(article_ids)

    def _attempt(self, article_ids: list[int]) -> list[int]:
        plans: dict[int, IndexPlan] = {}
        contended: list[int] = []

        def make(article_id: int) -> None:
            plan = _plan(article_id, self._written.get(article_id))
            if plan is not None:
                plans[article_id] = plan

        def hold(article_id: int) -> None:
            try:
                union = _write_union(plans[article_id])
            except IndexContention:
                contended.append(article_id)
                del plans[article_id]
            else:
                if union is not None:
                    self._written[article_id] = union

        def settle(article_id: int) -> None:
            try:
                _commit_exact(plans[article_id])
            except IndexContention:
                contended.append(article_id)

        def one(article_id: int) -> Collection[int]:
            return (article_id,)

        self._each(article_ids, make, one)
        self._each(list(plans), hold, one)
        self._write(plans, IndexPlan.additions, model.add_elements)
        good = [plan.article_id for plan in self._good(plans)]
        if not all(plans[each].was_committed for each in good):
            vocabulary.clear_cache()  # what it held may have been cleared since
        self._each(
            [{word for each in good for word in plans[each].entry.vocabulary}], vocabulary.add_words, lambda _: good
        )
        self._each([plan.article_id for plan in self._good(plans)], lambda each: _summary_of(plans[each]), one)
        self._list_titles(plans, IndexPlan.new_title_words, title_index.add)
        added = self._write(plans, IndexPlan.new_documents, model.add_elements)
        removed = self._write(plans, IndexPlan.old_documents, model.remove_elements)
        if added or removed:
            self._each([added + removed], model.count_revision, lambda _: list(plans))
        self._list_titles(plans, IndexPlan.old_title_words, title_index.remove)
        self._write(plans, IndexPlan.removals, model.remove_elements)
        self._each([plan.article_id for plan in self._good(plans)], settle, one)
        return [each for each in contended if each not in self.failed]

    def _good(self, plans: Mapping[int, IndexPlan]) -> list[IndexPlan]:
        return [plan for article_id, plan in sorted(plans.items()) if article_id not in self.failed]

    def _list_titles(
        self,
        plans: Mapping[int, IndexPlan],
        changes: Callable[[IndexPlan], set[str]],
        write: Callable[[list[tuple[str, int]]], None],
    ) -> None:
        """Make the changes of all plans to the list of titles, with as few requests as there can be."""
        listed = [(word, plan.article_id) for plan in self._good(plans) for word in sorted(changes(plan))]
        if listed:
            owners = {article_id for _, article_id in listed}
            self._each([listed], write, lambda _: owners)

    def _write(
        self,
        plans: Mapping[int, IndexPlan],
        changes: Callable[[IndexPlan], dict[Place, set[int]]],
        write: Callable[[str, int, set[int]], None],
    ) -> int:
        """Make the changes of all plans, one write per block; how many."""
        elements: defaultdict[Place, set[int]] = defaultdict(set)
        owners: defaultdict[Place, set[int]] = defaultdict(set)
        for plan in self._good(plans):
            for place, numbers in changes(plan).items():
                elements[place] |= numbers
                owners[place].add(plan.article_id)
        self._each(list(elements), lambda place: write(*place, elements[place]), owners.__getitem__)
        return len(elements)

    def _each[Item](
        self, items: list[Item], act: Callable[[Item], None], of: Callable[[Item], Collection[int]]
    ) -> None:
        """Do ``act`` with each item, several at a time; where it fails, the articles ``of`` the item have failed."""

        def attempt(item: Item) -> None:
            try:
                act(item)
            except Exception:  # noqa: BLE001 - one article's fault must not keep the others out of the index
                logger.exception("could not index", articles=sorted(of(item)))
                self.failed.update(of(item))

        for _ in self._map(attempt, items):
            pass


def _missing(of: Mapping[str, set[int]], but: Mapping[str, set[int]], block: int) -> dict[Place, set[int]]:
    """The elements of one that the other lacks, by their places in a block."""
    return {(key, block): rest for key, elements in of.items() if (rest := elements - but.get(key, set()))}


def _plan(article_id: int, written: ForwardEntry | None) -> IndexPlan | None:
    """What is to be done for an article; None if nothing. ``written`` is what this run may have added already."""
    article, touched, entry, held = _read(article_id, anew=written is not None)
    if entry is None:
        return None
    if written is not None:
        held.merge(written)
        held.is_settled = False
    wanted = ForwardEntry(
        analyser=ANALYZER_VERSION,
        version=article.version if article else 0,
        touched=touched,
        doc=_digest(article, entry) if article and entry is not EMPTY_DOCUMENT else None,
        postings={term: {element} for term, element in entry.postings.items()},
        documents=set() if entry.document is None else {entry.document},
        title_words=set(entry.title_words),
    )
    return IndexPlan(
        article_id=article_id,
        entry=entry,
        card=article,
        held=held,
        wanted=wanted,
        was_committed=held.is_settled and held.touched == touched,
        revision=held.revision,
    )


def _read(article_id: int, *, anew: bool) -> tuple[Article | None, str | None, IndexedDocument | None, ForwardEntry]:
    """Article, mark, entry and what is held; no entry if the index holds just that already.

    ``anew`` does not trust it to: this run has written in the midst of another's.
    """
    for _ in range(_ATTEMPTS):
        held = load_entry(article_id, consistent=True)
        article, touched = repository.get_with_reindex_mark(article_id)
        if article is None or not article.is_listed:
            return article, touched, None if held.revision == 0 and not anew else EMPTY_DOCUMENT, held
        if not anew and _is_current(article, touched, held):
            return article, touched, None, held
        body = repository.get_body_html(article)
        if body is not None:
            return article, touched, build_document(article, body), held
    raise IndexContention(f"article {article_id} is replaced faster than it can be read")


def _is_current(article: Article, touched: str | None, held: ForwardEntry) -> bool:
    wanted = (ANALYZER_VERSION, article.version, touched)
    return held.revision > 0 and held.is_settled and (held.analyser, held.version, held.touched) == wanted


def _write_union(plan: IndexPlan) -> ForwardEntry | None:
    """Write down, and give back, what the index may hold from now on; None if that is what it holds already.

    :raises Contended: another writer has done so since the plan was made
    """
    held, wanted = plan.held, plan.wanted
    if plan.was_committed and held.has_same_terms(wanted):
        return None
    union = ForwardEntry(is_settled=False, version=held.version, touched=held.touched, doc=held.doc)
    union.merge(held)
    union.merge(wanted)
    _save(plan, union)
    return union


def _commit_exact(plan: IndexPlan) -> None:
    """Write down what the index holds now.

    :raises Contended: another writer has begun with the article
    """
    if plan.entry is not EMPTY_DOCUMENT:
        _save(plan, plan.wanted)
        return
    try:
        ForwardRecord(f"terms#{plan.article_id}", TERMS).delete(_unchanged(plan.revision))
    except DeleteError as error:
        raise _to_contention(error, plan.article_id) from error


def _save(plan: IndexPlan, held: ForwardEntry) -> None:
    try:
        to_record(plan.article_id, held, revision=plan.revision + 1).save(_unchanged(plan.revision))
    except PutError as error:
        raise _to_contention(error, plan.article_id) from error
    plan.revision += 1


def _unchanged(revision: int) -> Any:
    return ForwardRecord.key.does_not_exist() if revision == 0 else ForwardRecord.revision == revision


def _to_contention(error: PynamoDBException, article_id: int) -> Exception:
    if is_condition_failed(error):
        return IndexContention(f"article {article_id} is being indexed by another writer")
    return error


def _summary_of(plan: IndexPlan) -> None:
    """Write, or remove, what a result shows of the article."""
    if plan.card is None or plan.entry is EMPTY_DOCUMENT:
        ResultRecord(f"doc#{plan.article_id}", DOC).delete()
    elif not (plan.was_committed and plan.held.doc == plan.wanted.doc):
        result_record(plan.card, plan.entry).save()


def _digest(article: Article, entry: IndexedDocument) -> str:
    supplied = json.dumps([summary_attributes(article), entry.text], default=str, sort_keys=True)
    return hashlib.blake2s(supplied.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
