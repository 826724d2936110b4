"""Measure the ranking quality of the search, compared to other engines on the same test collections.

    uv sync --extra cli --group bench
    .venv/bin/python -m benchmarks.search_quality --collections en=DIR id=DIR [--full]

A collection is given by its language code and a directory with ``docs.jsonl`` (id, title, text),
``queries.jsonl`` (id, text) and ``qrels.tsv`` (query, document, grade; all rows count as relevant). Kolom is measured
end to end: the articles are published and indexed by the stream, and the search function answers. It runs first on a
site in the collection's language only, then on one that also has an article in another language, where each word of a
query may have two stems. The other engines get the title
and the text as one field: tantivy with ``en_stem``; SQLite's FTS5 with ``porter``, matching any of the words; bm25s in
Lucene's variant with a Snowball stemmer and stop words. In Chinese, Japanese and Thai, the only other engine is bm25s
with a segmenter (:mod:`.segmenters`), because the others would take a sentence for one word. The measures use binary
relevance: nDCG@10, MAP@100 and recall@100, averaged over the queries with relevant documents.
"""

import json
import math
import os
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import Stemmer
import stop_words

from benchmarks.runner.figures import Figure, NotRunError, require_packages
from benchmarks.runner.part import Part
from benchmarks.segmenters import SEGMENTERS, load_segmenter
from benchmarks.stack import TEMPLATE, publish, search
from kolom.articles.input import ArticleInput
from kolom.articles.types import Body
from kolom_cli.emulator.stack import EmulatedStack

DEPTH = 100
DATE = datetime(2026, 1, 1, tzinfo=UTC)
_WORD = re.compile(r"\w+")

type Search = Callable[[str], Sequence[str]]
"""A function from a query to the ids of the best documents, at most :data:`DEPTH`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a collection."""

    id: str
    title: str
    text: str

    @property
    def title_and_text(self) -> str:
        """The title and the text."""
        return f"{self.title} {self.text}"


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents, queries by id, and the relevant documents of each query that is evaluated."""

    name: str
    language: str
    documents: Sequence[Document]
    queries: dict[str, str]
    relevant: dict[str, set[str]]


def load(language: str, directory: Path, limit: int) -> Collection:
    """Read a collection, with at most ``limit`` queries that have relevant documents, evenly chosen."""
    documents = [
        Document(str(each["id"]), each.get("title") or "", each["text"]) for each in _lines(directory / "docs.jsonl")
    ]
    queries = {str(each["id"]): each["text"] for each in _lines(directory / "queries.jsonl")}
    relevant: dict[str, set[str]] = defaultdict(set)
    for line in (directory / "qrels.tsv").read_text("utf-8").splitlines():
        query, document, _ = line.split("\t")
        relevant[query].add(document)
    judged = [query for query in queries if relevant.get(query)]
    chosen = judged[:: max(1, -(-len(judged) // limit))]
    return Collection(directory.name, language, documents, queries, {query: relevant[query] for query in chosen})


def publish_collection(stack: EmulatedStack, collection: Collection) -> None:
    """Publish the documents; the slug of the first one is ``document-0``."""
    publish(stack, (_content(collection, number) for number in range(len(collection.documents))))


def kolom(stack: EmulatedStack, collection: Collection) -> Search:
    """Publish the collection; return a search through the function."""
    publish_collection(stack, collection)
    ids = {f"document-{number}": document.id for number, document in enumerate(collection.documents)}
    return lambda text: [ids[item["slug"]] for item in search(stack, text, DEPTH) if item["slug"] in ids]


def add_language(stack: EmulatedStack, collection: Collection) -> None:
    """Publish an article in a language that the collection does not have."""
    other = "en" if collection.language == "id" else "id"
    html = "<p>x</p>"
    body = Body(html=html, source=html, source_format="html")
    publish(stack, [ArticleInput(title="x", slug="other", body=body, language=other, published_at=DATE)])


def with_tantivy(collection: Collection) -> Search:
    """Return a search with tantivy and its English stemmer."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("number", stored=True)
    builder.add_text_field("text", tokenizer_name="en_stem")
    index = tantivy.Index(builder.build())
    writer = index.writer()
    for number, document in enumerate(collection.documents):
        writer.add_document(tantivy.Document(number=number, text=document.title_and_text))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def find(text: str) -> list[str]:
        # Operators are in upper case, so no word is parsed as one.
        query = index.parse_query(" ".join(_WORD.findall(text.lower())), ["text"])
        hits = searcher.search(query, DEPTH).hits
        return [collection.documents[searcher.doc(address)["number"][0]].id for _, address in hits]

    return find


def with_fts5(collection: Collection) -> Search:
    """Return a search with SQLite's FTS5 for any of the words, including repeated ones."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE documents USING fts5(id UNINDEXED, text, tokenize = 'porter unicode61')")
    database.executemany(
        "INSERT INTO documents VALUES (?, ?)", ((each.id, each.title_and_text) for each in collection.documents)
    )

    def find(text: str) -> list[str]:
        query = " OR ".join(f'"{word}"' for word in _WORD.findall(text))
        sql = "SELECT id FROM documents WHERE documents MATCH ? ORDER BY bm25(documents) LIMIT ?"
        return [row[0] for row in database.execute(sql, (query, DEPTH))]

    return find


def with_bm25s(collection: Collection) -> Search:
    """Return a search with Lucene's variant of bm25s."""
    import bm25s

    tokens = _tokens(collection.language)
    index = bm25s.BM25(method="lucene")
    index.index(tokens([each.title_and_text for each in collection.documents]), show_progress=False)

    def find(text: str) -> list[str]:
        numbers, scores = index.retrieve(tokens([text]), k=min(DEPTH, len(collection.documents)), show_progress=False)
        return [collection.documents[at].id for at, score in zip(numbers[0], scores[0], strict=True) if score > 0]

    return find


def other_engines(language: str) -> dict[str, Callable[[Collection], Search]]:
    """Return the other engines for a language by their names."""
    if language in SEGMENTERS:
        return {f"bm25s, {SEGMENTERS[language][0]}": with_bm25s}
    return {"tantivy": with_tantivy, "FTS5": with_fts5, "bm25s": with_bm25s}


def _tokens(language: str) -> Callable[[list[str]], list[list[str]]]:
    """Return a function from texts to lists of terms for bm25s."""
    import bm25s

    if language in SEGMENTERS:
        segment = load_segmenter(language)
        return lambda texts: [segment(text) for text in texts]
    stemmer = Stemmer.Stemmer({"en": "english", "id": "indonesian"}[language])
    stops = stop_words.get_stop_words(language)
    return lambda texts: [
        list(each)
        for each in bm25s.tokenize(texts, stopwords=stops, stemmer=stemmer, return_ids=False, show_progress=False)
    ]


def evaluate(collection: Collection, find: Search, engine: str) -> Iterator[Figure]:
    """Yield the means of nDCG@10, average precision@100 and recall@100 over the queries."""
    rows = []
    for query, relevant in collection.relevant.items():
        hits = [document in relevant for document in find(collection.queries[query])]
        gain = sum(1 / math.log2(rank + 2) for rank, hit in enumerate(hits[:10]) if hit)
        ideal = sum(1 / math.log2(rank + 2) for rank in range(min(10, len(relevant))))
        precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank, hit in enumerate(hits) if hit]
        rows.append((gain / ideal, sum(precisions) / len(relevant), sum(hits) / len(relevant)))
    case = f"{collection.name} ({collection.language}, {len(rows):,} queries): {engine}"
    for name, column in zip(("nDCG@10", "MAP@100", "recall@100"), zip(*rows, strict=True), strict=True):
        yield Figure(case, name, [sum(column) / len(column)])


def _content(collection: Collection, number: int) -> ArticleInput:
    document = collection.documents[number]
    html = f"<p>{escape(document.text)}</p>"
    return ArticleInput(
        title=document.title or document.id,
        slug=f"document-{number}",
        body=Body(html=html, source=html, source_format="html"),
        language=collection.language,
        published_at=DATE,
    )


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


@dataclass(frozen=True, slots=True)
class Options:
    """The collections, each as ``LANGUAGE=DIRECTORY``; by default those of the variable ``COLLECTIONS``."""

    collections: tuple[str, ...] = ()
    queries: int = 200


def measure(options: Options) -> Iterator[Figure]:
    """Yield the measures of every engine on every collection.

    :raises NotRunError: there are no collections, or the other engines are not installed
    """
    named = options.collections or tuple(os.environ.get("COLLECTIONS", "").split())
    absent = [each for each in named if not Path(each.partition("=")[2], "docs.jsonl").exists()]
    if not named or absent:
        what = f"there is no collection at {', '.join(absent)}" if absent else "no collections are given"
        raise NotRunError(f'{what}: set COLLECTIONS="en=DIRECTORY id=DIRECTORY"')
    require_packages("tantivy", "bm25s")
    for argument in named:
        language, _, directory = argument.partition("=")
        collection = load(language, Path(directory), options.queries)
        engines = other_engines(language)
        with EmulatedStack(TEMPLATE, port=0) as stack:
            find = kolom(stack, collection)
            yield from evaluate(collection, find, "Kolom")
            add_language(stack, collection)
            yield from evaluate(collection, find, "Kolom, two languages")
        for name, engine in engines.items():
            yield from evaluate(collection, engine(collection), name)


PART = Part(
    "search_quality",
    "Ranking quality of the search, compared with tantivy, FTS5 and bm25s on test collections.",
    measure,
    small=Options(),
    full=Options(queries=1_000_000),
)

if __name__ == "__main__":
    PART.main()
