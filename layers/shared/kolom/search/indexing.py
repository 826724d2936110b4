"""The index follows the articles: its only writer.

For each article the writer reads what the article is now and what the index may hold of it, and brings the second to
the first. It never looks at what has changed: an event that comes twice, late, or after a crash does no harm.

1. ``terms#<id>`` becomes the union of what the index may hold and what it is to hold, on condition that no other writer
   has changed it: from here on, a crash leaves nothing in the index that is not written there.
2. Postings are added, then the words of the vocabulary and what a result shows; last the article goes on the document
   list. An article is searchable exactly when it is on that list.
3. What is no longer to be held is removed: first from the document list, then the postings, emptied blocks.
4. ``terms#<id>`` shrinks to what the index now holds exactly, on condition again.

Articles are taken many at a time: their elements for the same block are one write.
"""

import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from pynamodb.exceptions import DeleteError, PutError, PynamoDBException

from kolom.articles import store
from kolom.articles.types import Article, Card
from kolom.errors import KolomError
from kolom.models import search as model
from kolom.models.search import DOC, DOCUMENTS, TERMS, HeldRecord, ResultRecord, SearchRecord
from kolom.observability import logger
from kolom.search.codes import DOCUMENTS_PER_BLOCK, POSTINGS_PER_BLOCK
from kolom.search.entries import NOTHING, Entry, describe
from kolom.search.languages import ANALYSER_VERSION
from kolom.search.words import fold

WORKERS: Final = 16
_ATTEMPTS: Final = 5
_KNOWN_WORDS: Final = 200_000
_known_words: set[str] = set()
"""Words that this process has seen in the vocabulary. Words never leave it but by a rebuild."""

type Place = tuple[str, int]
"""A block: its key and its number."""


class Contended(KolomError):
    """Another writer took up the same article at the same moment."""


@dataclass(slots=True, kw_only=True)
class Held:
    """What the index may hold of an article; exactly that if ``is_settled``."""

    revision: int = 0
    is_settled: bool = True
    analyser: int = 0
    version: int = 0
    touched: str | None = None
    doc: str | None = None
    postings: dict[str, set[int]] = field(default_factory=dict)
    documents: set[int] = field(default_factory=set)

    def include(self, other: "Held") -> None:
        """Hold what ``other`` holds as well."""
        for term, elements in other.postings.items():
            self.postings.setdefault(term, set()).update(elements)
        self.documents |= other.documents


@dataclass(slots=True, kw_only=True)
class Plan:
    """One article's way from what the index may hold to what it is to hold."""

    article_id: int
    entry: Entry
    card: Article | None
    held: Held
    wanted: Held
    is_certain: bool  # that the index has all that is held
    revision: int  # of terms#, as this run last read or wrote it

    def additions(self) -> dict[Place, set[int]]:
        """The postings to be written, by their blocks. What is held for certain need not be written again."""
        block = self.article_id // POSTINGS_PER_BLOCK
        return {
            (term, block): {element}
            for term, element in self.entry.postings.items()
            if not (self.is_certain and element in self.held.postings.get(term, ()))
        }

    def removals(self) -> dict[Place, set[int]]:
        """The postings to be taken away, by their blocks."""
        block = self.article_id // POSTINGS_PER_BLOCK
        stale = {
            (term, block): elements - {self.entry.postings.get(term)} for term, elements in self.held.postings.items()
        }
        return {place: elements for place, elements in stale.items() if elements}

    def new_documents(self) -> dict[Place, set[int]]:
        """The article's place on the document list, if it is to be put there."""
        wanted = self.wanted.documents
        missing = wanted - self.held.documents if self.is_certain else wanted
        return {(DOCUMENTS, self.article_id // DOCUMENTS_PER_BLOCK): set(missing)} if missing else {}

    def old_documents(self) -> dict[Place, set[int]]:
        """What is to be taken off the document list."""
        stale = self.held.documents - self.wanted.documents
        return {(DOCUMENTS, self.article_id // DOCUMENTS_PER_BLOCK): stale} if stale else {}


def index(article_ids: Iterable[int], *, workers: int = WORKERS) -> set[int]:
    """Bring the index to what these articles are now; the ids of those with which that did not succeed.

    Those may be half done, and calling again finishes them. Reads per article: its card, ``terms#``, its body. Writes:
    two of ``terms#``, one of ``doc#``, one or two of the document list, and one for each term and block of the batch.
    """
    run = _Run(workers)
    run.index(sorted(set(article_ids)))
    return run.failed


class _Run:
    """One batch."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self.failed: set[int] = set()
        self._written: dict[int, Held] = {}

    def index(self, article_ids: list[int]) -> None:
        """Index; an article that another writer took up in between is taken up again."""
        for _ in range(_ATTEMPTS):
            article_ids = self._attempt(article_ids)
            if not article_ids:
                return
        self.failed.update(article_ids)

    def _attempt(self, article_ids: list[int]) -> list[int]:
        plans: dict[int, Plan] = {}
        contended: list[int] = []

        def make(article_id: int) -> None:
            plan = _plan(article_id, self._written.get(article_id))
            if plan is not None:
                plans[article_id] = plan

        def hold(article_id: int) -> None:
            try:
                union = _hold(plans[article_id])
            except Contended:
                contended.append(article_id)
                del plans[article_id]
            else:
                if union is not None:
                    self._written[article_id] = union

        def settle(article_id: int) -> None:
            try:
                _settle(plans[article_id])
            except Contended:
                contended.append(article_id)

        def one(article_id: int) -> Collection[int]:
            return (article_id,)

        self._each(article_ids, make, one)
        self._each(list(plans), hold, one)
        self._write(plans, Plan.additions, model.add_elements)
        good = [plan.article_id for plan in self._good(plans)]
        self._each([{word for each in good for word in plans[each].entry.vocabulary}], _learn_words, lambda _: good)
        self._each([plan.article_id for plan in self._good(plans)], lambda each: _show(plans[each]), one)
        added = self._write(plans, Plan.new_documents, model.add_elements)
        removed = self._write(plans, Plan.old_documents, model.remove_elements)
        if added or removed:
            self._each([added + removed], model.count_revision, lambda _: list(plans))
        self._write(plans, Plan.removals, model.remove_elements)
        self._each([plan.article_id for plan in self._good(plans)], settle, one)
        return [each for each in contended if each not in self.failed]

    def _good(self, plans: Mapping[int, Plan]) -> list[Plan]:
        return [plan for article_id, plan in sorted(plans.items()) if article_id not in self.failed]

    def _write(
        self,
        plans: Mapping[int, Plan],
        changes: Callable[[Plan], dict[Place, set[int]]],
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

        if self._workers == 1 or len(items) < 2:  # noqa: PLR2004, RUF100
            for item in items:
                attempt(item)
            return
        with ThreadPoolExecutor(self._workers) as pool:
            for _ in pool.map(attempt, items):
                pass


def _plan(article_id: int, written: Held | None) -> Plan | None:
    """What is to be done for an article; None if nothing. ``written`` is what this run may have added already."""
    article, touched, entry, held = _read(article_id, anew=written is not None)
    if entry is None:
        return None
    if written is not None:
        held.include(written)
        held.is_settled = False
    wanted = Held(
        analyser=ANALYSER_VERSION,
        version=article.version if article else 0,
        touched=touched,
        doc=_digest(article, entry) if article and entry is not NOTHING else None,
        postings={term: {element} for term, element in entry.postings.items()},
        documents=set() if entry.document is None else {entry.document},
    )
    return Plan(
        article_id=article_id,
        entry=entry,
        card=article,
        held=held,
        wanted=wanted,
        is_certain=held.is_settled and held.touched == touched,
        revision=held.revision,
    )


def _read(article_id: int, *, anew: bool) -> tuple[Article | None, str | None, Entry | None, Held]:
    """Article, mark, entry and what is held; no entry if the index holds just that already.

    ``anew`` does not trust it to: this run has written in the midst of another's.
    """
    for _ in range(_ATTEMPTS):
        held = _load_held(article_id)
        article, touched = store.load_touched(article_id)
        if article is None or not article.is_listed:
            return article, touched, None if held.revision == 0 and not anew else NOTHING, held
        current = (ANALYSER_VERSION, article.version, touched)
        if not anew and held.revision and held.is_settled and (held.analyser, held.version, held.touched) == current:
            return article, touched, None, held
        body = store.load_shown(article)
        if body is not None:
            return article, touched, describe(article, body), held
    raise Contended(f"article {article_id} is replaced faster than it can be read")


def _load_held(article_id: int) -> Held:
    try:
        record = HeldRecord.get(f"terms#{article_id}", TERMS, consistent_read=True)
    except HeldRecord.DoesNotExist:
        return Held()
    data = json.loads(zlib.decompress(record.data))
    return Held(
        revision=int(record.revision),
        is_settled=record.is_settled,
        analyser=int(record.analyser),
        version=int(record.version),
        touched=record.touched,
        doc=record.doc,
        postings={term: set(elements) for term, elements in data["postings"].items()},
        documents=set(data["documents"]),
    )


def _hold(plan: Plan) -> Held | None:
    """Write down, and give back, what the index may hold from now on; None if that is what it holds already.

    :raises Contended: another writer has done so since the plan was made
    """
    held, wanted = plan.held, plan.wanted
    if plan.is_certain and held.postings == wanted.postings and held.documents == wanted.documents:
        return None
    union = Held(is_settled=False, version=held.version, touched=held.touched, doc=held.doc)
    union.include(held)
    union.include(wanted)
    _save(plan, union)
    return union


def _settle(plan: Plan) -> None:
    """Write down what the index holds now.

    :raises Contended: another writer has begun with the article
    """
    if plan.entry is not NOTHING:
        _save(plan, plan.wanted)
        return
    try:
        HeldRecord(f"terms#{plan.article_id}", TERMS).delete(_unchanged(plan.revision))
    except DeleteError as error:
        raise _contended(error, plan.article_id) from error


def _save(plan: Plan, held: Held) -> None:
    data = {
        "postings": {term: sorted(elements) for term, elements in sorted(held.postings.items())},
        "documents": sorted(held.documents),
    }
    record = HeldRecord(
        f"terms#{plan.article_id}",
        TERMS,
        revision=plan.revision + 1,
        is_settled=held.is_settled,
        analyser=held.analyser,
        version=held.version,
        touched=held.touched,
        doc=held.doc,
        data=zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()),
    )
    try:
        record.save(_unchanged(plan.revision))
    except PutError as error:
        raise _contended(error, plan.article_id) from error
    plan.revision += 1


def _unchanged(revision: int) -> Any:
    return HeldRecord.key.does_not_exist() if revision == 0 else HeldRecord.revision == revision


def _contended(error: PynamoDBException, article_id: int) -> Exception:
    if error.cause_response_code == "ConditionalCheckFailedException":
        return Contended(f"article {article_id} is being indexed by another writer")
    return error


def _show(plan: Plan) -> None:
    """Write, or remove, what a result shows of the article."""
    key = f"doc#{plan.article_id}"
    if plan.card is None or plan.entry is NOTHING:
        ResultRecord(key, DOC).delete()
    elif not (plan.is_certain and plan.held.doc == plan.wanted.doc):
        shown = {name: _stored(getattr(plan.card, name)) for name in _CARD_FIELDS}
        text = zlib.compress(plan.entry.text.encode())
        ResultRecord(key, DOC, **shown, text=text, is_whole=plan.entry.is_whole).save()


_CARD_FIELDS: Final = tuple(each.name for each in fields(Card))


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _digest(article: Article, entry: Entry) -> str:
    shown = {name: value for name, value in asdict(article).items() if name in _CARD_FIELDS}
    supplied = json.dumps([shown, entry.text], default=str, sort_keys=True)
    return hashlib.blake2s(supplied.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


def _learn_words(words: set[str]) -> None:
    """Put words into the vocabulary. Reading which ones it has costs a tenth of writing them all."""
    if len(_known_words) > _KNOWN_WORDS:
        _known_words.clear()
    unknown = {word: vocabulary_key(word) for word in words - _known_words}
    found = {
        record.part
        for record in SearchRecord.batch_get(
            [(key, word) for word, key in unknown.items()], attributes_to_get=["key", "part"]
        )
    }
    with SearchRecord.batch_write() as batch:
        for word, key in unknown.items():
            if word not in found:
                batch.save(SearchRecord(key, word))
    _known_words.update(unknown)


def vocabulary_key(word: str) -> str:
    """The hash key of a word: its first letter without its accent, so that a typo in an accent is found."""
    return model.word_key(fold(word))
