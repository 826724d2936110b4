"""Measure the processor time of a search beside other engines: SQLite's FTS5, tantivy and bm25s.

    .venv/bin/python -m benchmarks.search_engines [--articles 1000 10000]

The articles and queries are those of :mod:`benchmarks.search_cost`: 158 different stems an article, queries of one to
three words. Each engine returns the ids of the ten best articles with any of the words. FTS5 and tantivy also return
snippets with highlights, as Kolom does; bm25s has none. Their indexes are in memory, without stemming.

The document list of Kolom is in memory, but no results. Responses of the tables are replayed, so their time does not
count, but that of the requests does: signing, sending, and parsing the responses. For comparison, "reads only" is a
plain boto3 script that makes the same requests. The rounds of the engines alternate. The
time of a query is the median of its rounds; the table shows the mean of all queries. The times of Kolom are measured
before and after the others.
"""

import argparse
import platform
import sqlite3
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from statistics import mean, median
from urllib.parse import urlencode

import bm25s
import tantivy
from rich.console import Console
from rich.table import Table

from benchmarks.search_cost import Writer, load_in_bulk, measure_time
from benchmarks.stack import TEMPLATE, get
from kolom.search.analyzer import stem
from kolom_cli.emulator.stack import EmulatedStack

ROUNDS = 5
LENGTHS = (1, 2, 3)
RESULTS = 10

type Texts = Sequence[str]
type Find = Callable[[str], list[int]]
type Times = dict[int, float]


def texts_of(number: int) -> Texts:
    """Return the titles and texts of the articles that are loaded into Kolom."""
    contents = Writer(number).contents(1, number)
    return [f"{each.title} {each.body.html.removeprefix('<p>').removesuffix('</p>')}" for each in contents]


def with_fts5(texts: Texts) -> Find:
    """Return a search with SQLite's FTS5."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE articles USING fts5(text)")
    database.executemany("INSERT INTO articles VALUES (?)", ((text,) for text in texts))
    sql = (
        "SELECT rowid, snippet(articles, 0, '<mark>', '</mark>', '…', 40) "
        "FROM articles WHERE articles MATCH ? ORDER BY bm25(articles) LIMIT ?"
    )

    def find(text: str) -> list[int]:
        query = " OR ".join(f'"{word}"' for word in text.split())
        return [row[0] for row in database.execute(sql, (query, RESULTS))]

    return find


def with_tantivy(texts: Texts) -> Find:
    """Return a search with tantivy."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("number", stored=True)
    builder.add_text_field("text", stored=True)
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer()
    for number, text in enumerate(texts, start=1):
        writer.add_document(tantivy.Document(number=number, text=text))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def find(text: str) -> list[int]:
        query = index.parse_query(text, ["text"])
        snippets = tantivy.SnippetGenerator.create(searcher, query, schema, "text")
        found = [searcher.doc(address) for _, address in searcher.search(query, RESULTS).hits]
        for document in found:
            snippets.snippet_from_doc(document).to_html()
        return [document["number"][0] for document in found]

    return find


def with_bm25s(texts: Texts) -> Find:
    """Return a search with bm25s."""

    def tokens(listed: Sequence[str]) -> list[list[str]]:
        return [text.lower().replace(".", "").split() for text in listed]

    index = bm25s.BM25(method="lucene")
    index.index(tokens(texts), show_progress=False)

    def find(text: str) -> list[int]:
        numbers, scores = index.retrieve(tokens([text]), k=RESULTS, show_progress=False)
        return [int(at) + 1 for at, score in zip(numbers[0], scores[0], strict=True) if score > 0]

    return find


def time_engines(engines: dict[str, Find], queries: Sequence[str]) -> dict[str, float]:
    """Return the mean processor time of a query for each engine, in seconds."""
    times: dict[str, list[list[float]]] = {name: [[] for _ in queries] for name in engines}
    for _ in range(ROUNDS):
        for number, text in enumerate(queries):
            for name, find in engines.items():
                started = time.process_time()
                find(text)
                times[name][number].append(time.process_time() - started)
    return {name: mean(map(median, of_queries)) for name, of_queries in times.items()}


def compare(console: Console, number: int) -> None:
    """Print the times with ``number`` articles."""
    writer = Writer()
    queries = {length: writer.queries(length) for length in LENGTHS}
    table = Table(f"{number} articles, ms", *(f"{length} word{'s' * (length > 1)}" for length in LENGTHS))
    rows: dict[str, list[float]] = {}
    texts = texts_of(number)
    engines = {"FTS5": with_fts5(texts), "tantivy": with_tantivy(texts), "bm25s": with_bm25s(texts)}
    with EmulatedStack(TEMPLATE, port=0) as stack:
        stems = {stem(word, "id") for listed in queries.values() for text in listed for word in text.split()}
        load_in_bulk(stack, Writer(number), number, stems)
        get(stack, "/api/search", "q=x")  # reads the document list
        for listed in queries.values():
            strings = [urlencode({"q": text}) for text in listed]
            measured = [measure_time(stack, strings)]
            others = time_engines(engines, listed)
            measured.append(measure_time(stack, strings))
            for place, name in enumerate(("Kolom", "reads only")):
                rows.setdefault(name, []).append(mean(mean(each[place]) for each in measured))
            for name, seconds in others.items():
                rows.setdefault(name, []).append(seconds)
    for name, seconds_of_lengths in rows.items():
        table.add_row(name, *(f"{seconds * 1000:.2f}" for seconds in seconds_of_lengths))
    console.print(table)


def main() -> None:
    """Run the benchmark and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="*", default=[1_000, 10_000])
    options = parser.parse_args()
    console = Console(width=150)
    packages = ", ".join(f"{name} {version(name)}" for name in ("tantivy", "bm25s", "boto3", "pynamodb"))
    console.print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}")
    for number in options.articles:
        compare(console, number)


if __name__ == "__main__":
    main()
