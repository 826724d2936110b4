"""The forward index (items ``terms#<id>``): the terms an article has, or may still have after an interrupted write."""

import json
import zlib
from dataclasses import dataclass, field

from kolom.models.search import TERMS, ForwardRecord


@dataclass(slots=True, kw_only=True)
class ForwardEntry:
    """The terms that the index may have for an article; exactly these terms if ``is_committed``."""

    revision: int = 0
    is_committed: bool = True
    analyzer_version: int = 0
    version: int = 0
    reindex_mark: str | None = None
    doc: str | None = None
    postings: dict[str, set[int]] = field(default_factory=dict)
    documents: set[int] = field(default_factory=set)
    title_words: set[str] = field(default_factory=set)

    def has_same_terms(self, other: "ForwardEntry") -> bool:
        """Return whether both have the same terms, documents and title words, ignoring their other fields."""
        mine = (self.postings, self.documents, self.title_words)
        return mine == (other.postings, other.documents, other.title_words)

    def merge(self, other: "ForwardEntry") -> None:
        """Add the terms, documents and title words of ``other``."""
        for term, elements in other.postings.items():
            self.postings.setdefault(term, set()).update(elements)
        self.documents |= other.documents
        self.title_words |= other.title_words


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
        doc=record.doc,
        postings={term: set(elements) for term, elements in data["postings"].items()},
        documents=set(data["documents"]),
        title_words=set(data["title_words"]),
    )


def to_record(article_id: int, entry: ForwardEntry, *, revision: int) -> ForwardRecord:
    """Return the item for ``entry``, with ``revision`` in place of its own."""
    data = {
        "postings": {term: sorted(elements) for term, elements in sorted(entry.postings.items())},
        "documents": sorted(entry.documents),
        "title_words": sorted(entry.title_words),
    }
    return ForwardRecord(
        f"terms#{article_id}",
        TERMS,
        revision=revision,
        is_settled=entry.is_committed,
        analyser=entry.analyzer_version,
        version=entry.version,
        touched=entry.reindex_mark,
        doc=entry.doc,
        data=zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()),
    )
