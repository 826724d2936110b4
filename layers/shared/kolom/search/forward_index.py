"""The forward index (items ``terms#<id>``): the terms an article has, or may still have after an interrupted write."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kolom.models.search import TERMS, ForwardRecord
from kolom.search.codec import decode_earlier_posting, decode_posting


@dataclass(slots=True, kw_only=True)
class ForwardEntry:
    """The terms that the index may have for an article; exactly these terms if ``is_committed``.

    ``earlier_postings`` are in blocks whose format is that of earlier versions of Kolom. ``documents`` has the
    article's entries of the document list, and ``texts`` the range keys of its text items. ``result_digest`` is a
    digest of its stored result.
    """

    revision: int = 0
    is_committed: bool = True
    analyzer_version: int = 0
    version: int = 0
    reindex_mark: str | None = None
    result_digest: str | None = None
    postings: dict[str, set[int]] = field(default_factory=dict)
    earlier_postings: dict[str, set[int]] = field(default_factory=dict)
    documents: set[int] = field(default_factory=set)
    title_words: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def has_same_terms(self, other: "ForwardEntry") -> bool:
        """Return whether both have the same terms, documents, title words and texts, ignoring their other fields."""
        mine = (self.postings, self.earlier_postings, self.documents, self.title_words, self.texts)
        return mine == (other.postings, other.earlier_postings, other.documents, other.title_words, other.texts)

    def merge(self, other: "ForwardEntry") -> None:
        """Add the terms, documents, title words and texts of ``other``."""
        for mine, others in (
            (self.postings, other.postings),
            (self.earlier_postings, other.earlier_postings),
        ):
            for term, elements in others.items():
                mine.setdefault(term, set()).update(elements)
        self.documents |= other.documents
        self.title_words |= other.title_words
        self.texts |= other.texts

    def frequency_codes(self) -> dict[str, int]:
        """Return the frequency code of each term. If a term may have several codes, it is the largest one."""
        found: dict[str, int] = {}
        for postings, decode in ((self.earlier_postings, decode_earlier_posting), (self.postings, decode_posting)):
            for term, elements in postings.items():
                found[term] = max(found.get(term, 0), *(decode(element)[1] for element in elements))
        return found


def load_entry(article_id: int, *, consistent: bool) -> ForwardEntry:
    """Return the article's entry; an empty one if nothing is stored."""
    try:
        record = ForwardRecord.get(f"terms#{article_id}", TERMS, consistent_read=consistent)
    except ForwardRecord.DoesNotExist:
        return ForwardEntry()
    data = json.loads(zlib.decompress(record.data))
    return ForwardEntry(
        revision=int(record.revision),
        is_committed=record.is_settled,
        analyzer_version=int(record.analyser),
        version=int(record.version),
        reindex_mark=record.touched,
        result_digest=record.doc,
        postings=_sets(data.get("terms", {})),
        earlier_postings=_sets(data.get("postings", {})),
        documents=set(data["documents"]),
        title_words=set(data["title_words"]),
        texts=set(data.get("texts", ())),
    )


def to_record(article_id: int, entry: ForwardEntry, *, revision: int) -> ForwardRecord:
    """Return the item for ``entry``, with ``revision`` in place of its own."""
    data = {
        "terms": _lists(entry.postings),
        "postings": _lists(entry.earlier_postings),
        "documents": sorted(entry.documents),
        "title_words": sorted(entry.title_words),
        "texts": sorted(entry.texts),
    }
    return ForwardRecord(
        f"terms#{article_id}",
        TERMS,
        revision=revision,
        is_settled=entry.is_committed,
        analyser=entry.analyzer_version,
        version=entry.version,
        touched=entry.reindex_mark,
        doc=entry.result_digest,
        data=zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()),
    )


def _sets(lists: Mapping[str, Sequence[int]]) -> dict[str, set[int]]:
    return {term: set(elements) for term, elements in lists.items()}


def _lists(sets: Mapping[str, set[int]]) -> dict[str, list[int]]:
    return {term: sorted(elements) for term, elements in sorted(sets.items())}
