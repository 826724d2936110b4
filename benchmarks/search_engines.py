"""Measure the processor time of a search beside other engines: SQLite's FTS5, tantivy and bm25s.

    uv sync --extra cli --group bench
    .venv/bin/python -m benchmarks.search_engines [--articles 1000 10000] [--rounds 11] [--full]

The articles and queries are those of :mod:`benchmarks.search_cost`: 158 words an article, queries of one to three
words. Each engine returns the ids of the ten best articles with any of the words. FTS5 and tantivy also return
snippets with highlights, as Kolom does; bm25s has none. Their indexes are in memory, without stemming.

The document list of Kolom is in memory, but no results. The responses of DynamoDB are recorded
(:mod:`benchmarks.canned`), so the time of the tables does not count, but that of the requests does: signing, sending,
and parsing the responses. The bare script makes the same requests with boto3 and does nothing else. In each round,
every engine answers all queries, one engine after another. A figure is the mean time of a query in each round.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from urllib.parse import urlencode

from benchmarks.canned import bare_script, recorded, replay_in_turns
from benchmarks.runner.figures import Figure, require_packages
from benchmarks.runner.part import Part
from benchmarks.runner.timing import milliseconds, ratios
from benchmarks.search_cost import Writer, loaded_stack, search_anew
from kolom_cli.emulator.stack import EmulatedStack

LENGTHS = (1, 2, 3)
RESULTS = 10

type Texts = Sequence[str]
type Find = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Options:
    """The numbers of articles, and how often to measure."""

    articles: tuple[int, ...] = (1_000,)
    rounds: int = 11


def measure(options: Options) -> Iterator[Figure]:
    """Yield the time of a query for each engine, each number of articles, and each number of words.

    :raises NotRunError: the other engines are not installed
    """
    require_packages("tantivy", "bm25s")
    for number in options.articles:
        yield from _compare(number, options.rounds)


def _compare(number: int, rounds: int) -> Iterator[Figure]:
    writer = Writer()
    queries = {length: writer.queries(length) for length in LENGTHS}
    texts = texts_of(number)
    engines = {"FTS5": with_fts5(texts), "tantivy": with_tantivy(texts), "bm25s": with_bm25s(texts)}
    with loaded_stack(number, chain.from_iterable(queries.values())) as stack:
        for length, listed in queries.items():
            case = f"{number:,} articles, {length} word{'s' * (length > 1)}"
            times = _take_turns(stack, engines, listed, rounds)
            for name, seconds in times.items():
                yield Figure(f"{case}, {name}", "ms", milliseconds(seconds))
            yield Figure(f"{case}, Kolom", "× bare script", ratios(times["Kolom"], times["bare script"]))


def _take_turns(
    stack: EmulatedStack, engines: Mapping[str, Find], queries: Sequence[str], rounds: int
) -> dict[str, list[float]]:
    """Return the processor seconds of a query in each round, for Kolom, the bare script and each engine."""
    searches = [search_anew(stack, urlencode({"q": text})) for text in queries]

    def kolom() -> None:
        for search in searches:
            assert search()["statusCode"] == 200  # noqa: PLR2004, RUF100

    def other(find: Find) -> None:
        for text in queries:
            find(text)

    with recorded() as recording:
        kolom()
    tasks: dict[str, Callable[[], object]] = {
        "Kolom": kolom,
        "bare script": bare_script(recording),
        **{name: partial(other, find) for name, find in engines.items()},
    }
    found = replay_in_turns(recording, tasks, rounds, warm_up=1)
    return {name: [seconds / len(queries) for seconds in each] for name, each in found.items()}


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
    import tantivy

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
    import bm25s

    def tokens(listed: Sequence[str]) -> list[list[str]]:
        return [text.lower().replace(".", "").split() for text in listed]

    index = bm25s.BM25(method="lucene")
    index.index(tokens(texts), show_progress=False)

    def find(text: str) -> list[int]:
        numbers, scores = index.retrieve(tokens([text]), k=min(RESULTS, len(texts)), show_progress=False)
        return [int(at) + 1 for at, score in zip(numbers[0], scores[0], strict=True) if score > 0]

    return find


PART = Part(
    "search_engines",
    "Processor time of a search, compared with FTS5, tantivy and bm25s.",
    measure,
    small=Options(),
    full=Options(articles=(1_000, 10_000), rounds=31),
)

if __name__ == "__main__":
    PART.main()
