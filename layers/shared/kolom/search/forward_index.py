"""What the index may hold of an article, as ``terms#<id>`` says."""

import json
import zlib
from dataclasses import dataclass, field

from kolom.models.search import TERMS, ForwardRecord


@dataclass(slots=True, kw_only=True)
class ForwardEntry:
    """What the index may hold of an article; exactly that if ``is_settled``."""

    revision: int = 0
    is_settled: bool = True
    analyser: int = 0
    version: int = 0
    touched: str | None = None
    doc: str | None = None
    postings: dict[str, set[int]] = field(default_factory=dict)
    documents: set[int] = field(default_factory=set)
    title_words: set[str] = field(default_factory=set)

    def has_same_terms(self, other: "ForwardEntry") -> bool:
        """Whether both hold the same, whatever else is said of it."""
        mine = (self.postings, self.documents, self.title_words)
        return mine == (other.postings, other.documents, other.title_words)

    def merge(self, other: "ForwardEntry") -> None:
        """Hold what ``other`` holds as well."""
        for term, elements in other.postings.items():
            self.postings.setdefault(term, set()).update(elements)
        self.documents |= other.documents
        self.title_words |= other.title_words


def load_entry(article_id: int, *, consistent: bool) -> ForwardEntry:
    """What the index may hold of the article: nothing, where nothing is said."""
    try:
        record = ForwardRecord.get(f"terms#{article_id}", TERMS, consistent_read=consistent)
    except ForwardRecord.DoesNotExist:
        return ForwardEntry()
    data = json.loads(zlib.decompress(record.data))
    return ForwardEntry(
        revision=int(record.revision),
        is_settled=record.is_settled,
        analyser=int(record.analyser),
        version=int(record.version),
        touched=record.touched,
        doc=record.doc,
        postings={term: set(elements) for term, elements in data["postings"].items()},
        documents=set(data["documents"]),
        title_words=set(data["title_words"]),
    )


def to_record(article_id: int, held: ForwardEntry, *, revision: int) -> ForwardRecord:
    """The item that says so; ``revision`` takes the place of ``held``'s own."""
    data = {
        "postings": {term: sorted(elements) for term, elements in sorted(held.postings.items())},
        "documents": sorted(held.documents),
        "title_words": sorted(held.title_words),
    }
    return ForwardRecord(
        f"terms#{article_id}",
        TERMS,
        revision=revision,
        is_settled=held.is_settled,
        analyser=held.analyser,
        version=held.version,
        touched=held.touched,
        doc=held.doc,
        data=zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()),
    )
