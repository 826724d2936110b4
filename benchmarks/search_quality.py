"""Measure the ranking quality of the search, compared to other engines on the same test collections.

    uv sync --extra cli --group bench
    .venv/bin/python -m benchmarks.search_quality en=DIR id=DIR

The argument for a collection is its language code and a directory with ``docs.jsonl`` (id, title, text),
``queries.jsonl`` (id, text) and ``qrels.tsv`` (query, document, grade; all rows count as relevant). Kolom is measured
end to end: the articles are published and indexed by the stream, and the search function answers. It runs first on a
site in the collection's language only, then on one that also has an article in another language, where each word of a
query may have two stems. The other engines get the title and the text as one field: tantivy with ``en_stem``; SQLite's
FTS5 with ``porter``, matching any of the words; bm25s in Lucene's variant with a Snowball stemmer and stop words. The
measures use binary relevance: nDCG@10, MAP@100 and recall@100, averaged over the queries with relevant documents.
"""

import argparse
import json
import math
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import bm25s
import Stemmer
import stop_words
import tantivy
from rich.console import Console
from rich.progress import track
from rich.table import Table

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
    """Documents, queries by id, and the relevant documents of each query."""

    name: str
    language: str
    documents: Sequence[Document]
    queries: dict[str, str]
    relevant: dict[str, set[str]]


def load(language: str, directory: Path) -> Collection:
    """Read a collection."""
    documents = [
        Document(str(each["id"]), each.get("title") or "", each["text"]) for each in _lines(directory / "docs.jsonl")
    ]
    queries = {str(each["id"]): each["text"] for each in _lines(directory / "queries.jsonl")}
    relevant: dict[str, set[str]] = defaultdict(set)
    for line in (directory / "qrels.tsv").read_text("utf-8").splitlines():
        query, document, _ = line.split("\t")
        relevant[query].add(document)
    return Collection(directory.name, language, documents, queries, relevant)


def kolom(stack: EmulatedStack, collection: Collection) -> Search:
    """Publish the collection; return a search through the function."""
    publish(stack, (_content(collection, number) for number in range(len(collection.documents))))
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
    stemmer = Stemmer.Stemmer({"en": "english", "id": "indonesian"}[collection.language])
    stops = stop_words.get_stop_words(collection.language)

    def tokens(texts: list[str]) -> list[list[str]]:
        found = bm25s.tokenize(texts, stopwords=stops, stemmer=stemmer, return_ids=False, show_progress=False)
        return [list(each) for each in found]

    index = bm25s.BM25(method="lucene")
    index.index(tokens([each.title_and_text for each in collection.documents]), show_progress=False)

    def find(text: str) -> list[str]:
        numbers, scores = index.retrieve(tokens([text]), k=min(DEPTH, len(collection.documents)), show_progress=False)
        return [collection.documents[at].id for at, score in zip(numbers[0], scores[0], strict=True) if score > 0]

    return find


def measure(collection: Collection, find: Search, name: str) -> tuple[float, float, float]:
    """Return the means of nDCG@10, average precision@100 and recall@100."""
    rows = []
    queries = [query for query in collection.queries if collection.relevant.get(query)]
    for query in track(queries, description=f"{collection.name}: {name}", transient=True):
        relevant = collection.relevant[query]
        hits = [document in relevant for document in find(collection.queries[query])]
        gain = sum(1 / math.log2(rank + 2) for rank, hit in enumerate(hits[:10]) if hit)
        ideal = sum(1 / math.log2(rank + 2) for rank in range(min(10, len(relevant))))
        precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank, hit in enumerate(hits) if hit]
        rows.append((gain / ideal, sum(precisions) / len(relevant), sum(hits) / len(relevant)))
    ndcg, precision, recall = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    return ndcg, precision, recall


def _add_row(table: Table, name: str, collection: Collection, find: Search) -> None:
    table.add_row(name, *(f"{value:.4f}" for value in measure(collection, find, name)))


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


def main() -> None:
    """Measure every engine on every collection."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="+", metavar="LANGUAGE=DIR")
    console = Console(width=120)
    for argument in parser.parse_args().collections:
        language, _, directory = argument.partition("=")
        collection = load(language, Path(directory))
        table = Table(f"{collection.name} ({language})", "nDCG@10", "MAP@100", "recall@100")
        with EmulatedStack(TEMPLATE, port=0) as stack:
            find = kolom(stack, collection)
            _add_row(table, "kolom", collection, find)
            add_language(stack, collection)
            _add_row(table, "kolom, two languages", collection, find)
        for name, engine in (("tantivy", with_tantivy), ("FTS5", with_fts5), ("bm25s", with_bm25s)):
            _add_row(table, name, collection, engine(collection))
        console.print(table)


if __name__ == "__main__":
    main()
