"""Measure the cost of searching and indexing: requests, capacity units, and the CPU time of the search function.

    .venv/bin/python -m benchmarks.search_cost [--published 100] [--loaded 10000 …] [--sizes 20 …] [--full]

The articles are generated. They are as long as Indonesian news (about 150 different stems), have the word frequencies
of a natural language (Zipf and Mandelbrot), and share as many words as news articles do: indexed in batches of 8, 32 or
128, they need 0.80, 0.56 and 0.31 of the writes of single articles. Some are published and indexed by the stream, one
at a time and many at once, and the writes are counted. The reads of visitors who type queries are counted on that site,
too. Larger collections are loaded in bulk: the items that the index writer would have written are put into moto's
tables directly. Only the postings that the queries read are loaded, because moto needs kilobytes per item.

The words of a query are different words of one article, of any frequency. The CPU time is measured with recorded
responses of DynamoDB (:mod:`benchmarks.canned`), after the document list is read. The baseline is a bare boto3 script
that makes the same reads, one after another.

The most expensive requests search 200 articles of each size (in KB). All of them contain the words *kereta* and
*malam*, adjacent at the end of the text or far apart.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from typing import Any
from urllib.parse import urlencode

from moto.dynamodb.models import dynamodb_backends

from benchmarks.canned import bare_script, recorded, replay_in_turns
from benchmarks.capacity import Bill, metered
from benchmarks.index_items import block_item, result_items
from benchmarks.runner.figures import Figure, counted
from benchmarks.runner.part import Part
from benchmarks.runner.timing import milliseconds, ratios
from benchmarks.stack import TEMPLATE, get, publish, request, stack_without_events
from benchmarks.texts import WORDS_PER_ARTICLE, Words
from kolom.articles.input import ArticleInput
from kolom.articles.types import Article, Body
from kolom.search import document_table
from kolom.search.analyzer import stem
from kolom.search.codec import (
    DOCUMENTS_PER_BLOCK,
    POSTINGS_PER_BLOCK,
    DocumentStats,
    decode_document,
    decode_posting,
    encode_document,
    encode_posting,
)
from kolom.search.document import build_document
from kolom.search.forward_index import load_entry
from kolom.search.index_reader import results
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.sam.intrinsics import ACCOUNT_ID, PSEUDO_PARAMETERS

START = datetime(2016, 1, 1, tzinfo=UTC)
_PUBLISHING_REQUESTS = 4  # requests of the publication before indexing: see benchmarks.articles
VISITS = 20
KINDS = ("postings", "document list", "revision", "terms", "doc", "titles", "vocabulary", "related")


class Writer(Words):
    """Generates articles and queries."""

    def contents(self, first: int, number: int) -> Iterator[ArticleInput]:
        """Yield ``number`` articles, numbered from ``first``."""
        for each in range(first, first + number):
            html = f"<p>{' '.join(self.words(WORDS_PER_ARTICLE))}.</p>"
            yield ArticleInput(
                title=" ".join(self.words(6)).capitalize(),
                slug=f"artikel-{each}",
                body=Body(html=html, source=html, source_format="html"),
                language="id",
                labels=("Berita",),
                published_at=START + timedelta(minutes=each),
            )


def index_by_stream(writer: Writer, number: int) -> Iterator[Figure]:
    """Publish articles, and yield the cost of indexing: of a single article, and of many at once."""
    with EmulatedStack(TEMPLATE, port=0) as stack:
        contents = writer.contents(0, number)
        with metered() as many:
            publish(stack, (next(contents) for _ in range(number)))
        yield from visit(stack, number)
        alone = Bill()
        for content in writer.contents(number, 20):
            with metered() as one:
                publish(stack, [content])
            alone.requests += one.requests
            alone.reads += one.reads
            alone.writes += one.writes
        stems = _mean_stems(number)
        for name, bill, count in (("alone", alone, 20), (f"of {number:,} at once", many, number)):
            case = f"indexing an article, {name}"
            yield Figure(case, "requests", [bill.total_requests / count - _PUBLISHING_REQUESTS])
            yield Figure(case, "read units", [bill.read_units / count])
            for kind in KINDS:
                yield Figure(case, f"write units, {kind}", [bill.writes[kind] / count])
            yield Figure(case, "different stems", [stems])
            yield Figure(case, "write units of postings for each stem", [bill.writes["postings"] / count / stems])


def visit(stack: EmulatedStack, number: int) -> Iterator[Figure]:
    """Yield the read units of suggestions, related articles, and a visitor who types the two words of a query.

    The visitor gets suggestions after three letters of each word and after each word, then opens the results twice.
    """
    search, suggest = "/api/search", "/api/search/suggest"
    bills: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for turn, text in enumerate(Writer().queries(2)[:VISITS]):
        first, second = text.split()
        typed = (first[:3], first, f"{first} {second[:3]}", text)
        visits = {
            "suggestions for a word and three letters": [(suggest, typed[2])],
            "related articles": [(f"/api/articles/artikel-{turn % number}/related", "")],
            "typing two words": [*((suggest, prefix) for prefix in typed), (search, text), (search, text)],
        }
        for name, pages in visits.items():
            for keeps, memory in ((False, "without results in memory"), (True, "with results in memory")):
                results.clear()
                units = 0.0
                for path, query in pages:
                    if not keeps:
                        results.clear()
                    status, bill, body = get(stack, path, urlencode({"q": query}) if query else "")
                    assert status == 200, body  # noqa: PLR2004, RUF100
                    units += bill.read_units
                bills[name, memory].append(units)
    for (name, memory), found in bills.items():
        yield Figure(f"{number:,} articles, {name}", f"read units {memory}, mean", [_mean(found)])


def _mean_stems(number: int) -> float:
    return _mean(len(load_entry(each, consistent=False).postings) for each in range(1, min(number, 100) + 1))


def load_in_bulk(stack: EmulatedStack, writer: Writer, number: int, stems: set[str]) -> None:
    """Put the items that the index writer would have written for ``number`` articles into the table."""
    blocks: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    put = _putter(stack)
    for article_id, content in enumerate(writer.contents(1, number), start=1):
        article = article_of(content, article_id)
        entry = build_document(article, content.body)
        assert entry.list_entry is not None
        blocks["#documents", article_id // DOCUMENTS_PER_BLOCK].add(entry.list_entry)
        for term in stems & entry.postings.keys():
            blocks[term, article_id // POSTINGS_PER_BLOCK].add(entry.postings[term])
        for record in result_items(article, entry):
            put(record.serialize())
    for (key, block), elements in blocks.items():
        put(block_item(key, block, elements))
    put({"key": {"S": "#documents"}, "part": {"S": "#"}, "revision": {"N": "1"}})
    document_table.clear_cache()  # the list of another stack may have the same revision


@contextmanager
def loaded_stack(number: int, queries: Iterable[str]) -> Iterator[EmulatedStack]:
    """Run a stack with ``number`` articles, the postings of ``queries``, and the document list in memory."""
    with stack_without_events() as stack:
        stems = {stem(word, "id") for text in queries for word in text.split()}
        load_in_bulk(stack, Writer(number), number, stems)
        get(stack, "/api/search", "q=x")  # reads the document list
        yield stack


def article_of(content: ArticleInput, article_id: int) -> Article:
    """Return the stored article of a content."""
    assert content.published_at is not None
    return Article(
        id=article_id,
        slug=content.slug,
        path=f"/{content.slug}/",
        title=content.title,
        excerpt="",
        image=None,
        labels=content.labels,
        language=content.language,
        author="",
        published_at=content.published_at,
        updated_at=content.published_at,
        reading_minutes=1,
        kind="article",
        status="published",
        month=None,
        description="",
        comments_open=True,
        version=1,
        fingerprint="",
        origin=None,
        source_format="html",
        body_version="",
        body_parts=1,
        source_parts=0,
    )


def _putter(stack: EmulatedStack) -> Callable[[dict[str, Any]], object]:
    table = dynamodb_backends[ACCOUNT_ID][PSEUDO_PARAMETERS["AWS::Region"]].get_table(
        stack.template.outputs["SearchTable"]
    )
    return table.put_item


def query_loaded(writer: Writer, number: int) -> Iterator[Figure]:
    """Load articles, search them, and yield the cost of a search."""
    queries = {length: writer.queries(length) for length in (1, 2, 3, 4)}
    with loaded_stack(number, chain.from_iterable(queries.values())) as stack:
        for length, texts in queries.items():
            case = f"{number:,} articles, {length} word{'s' * (length > 1)}"
            bills = [_get_anew(stack, urlencode({"q": text}))[1] for text in texts]
            yield Figure(case, "requests", [bill.total_requests for bill in bills])
            yield Figure(case, "read units, mean", [_mean(bill.read_units for bill in bills)])
            yield Figure(
                case, "read units of postings, mean", [_mean(bill.read_units_of("postings") for bill in bills)]
            )
            handled, bare = measure_time(stack, [urlencode({"q": text}) for text in texts])
            yield Figure(case, "ms", milliseconds(handled))
            yield Figure(case, "× bare script", ratios(handled, bare))


def query_long_texts(size: int) -> Iterator[Figure]:
    """Load long texts, make the most expensive requests, and yield their cost."""
    phrase, excluded = {"q": 'kereta "kereta malam"'}, {"q": 'kereta -"kereta malam"'}
    rows = (
        ("a phrase in all articles", True, phrase),
        ("a phrase in no article", False, phrase),
        ("an excluded phrase in no article", False, excluded),
        ("a word, ten results", False, {"q": "kereta"}),
        ("a word, a hundred results", False, {"q": "kereta", "limit": "100"}),
    )
    for has_phrase, of_texts in groupby(rows, key=lambda row: row[1]):
        with stack_without_events() as stack:
            load_long_texts(stack, size, has_phrase=has_phrase)
            for name, _, parameters in of_texts:
                yield from _measure(stack, f"200 articles of {size} KB, {name}", urlencode(parameters))


def _measure(stack: EmulatedStack, case: str, query: str) -> Iterator[Figure]:
    get(stack, "/api/search", "q=x")  # reads the document list
    _, bill, body = _get_anew(stack, query)
    yield from counted(case, requests=bill.total_requests, read_units=bill.read_units)
    yield from counted(case, KB_read=bill.read_units_of("doc") * 8, results=len(body["items"]), total=body["total"])
    handled, bare = measure_time(stack, [query] * 5)
    yield Figure(case, "ms", milliseconds(handled))
    yield Figure(case, "× bare script", ratios(handled, bare))


def load_long_texts(stack: EmulatedStack, size: int, *, has_phrase: bool) -> None:
    """Load 200 articles of ``size`` KB with two words, which are adjacent or far apart."""
    put = _putter(stack)
    filler = " ".join(Writer(size).words(size * 125))[: size * 1000]
    html = f"<p>{filler} kereta malam</p>" if has_phrase else f"<p>kereta {filler} malam</p>"
    body = Body(html=html, source=html, source_format="html")
    content = ArticleInput(title="Artikel", slug="artikel", body=body, language="id", published_at=START)
    entry = build_document(article_of(content, 1), body)
    assert entry.list_entry is not None
    document = DocumentStats(START, "id", decode_document(entry.list_entry)[1])
    blocks: defaultdict[str, set[int]] = defaultdict(set)
    for article_id in range(1, 201):
        blocks["#documents"].add(encode_document(article_id, document))
        for term in {stem(word, "id") for word in ("kereta", "malam")}:
            blocks[term].add(encode_posting(article_id, decode_posting(entry.postings[term])[1]))
        for record in result_items(article_of(content, article_id), entry):
            put(record.serialize())
    for key, elements in blocks.items():
        put(block_item(key, 0, elements))
    put({"key": {"S": "#documents"}, "part": {"S": "#"}, "revision": {"N": "1"}})
    document_table.clear_cache()  # the list of another stack may have the same revision


def measure_time(stack: EmulatedStack, queries: Sequence[str]) -> tuple[list[float], list[float]]:
    """Return the CPU seconds for each query string: of the function, and of the bare script with the same reads."""
    handled, bare = [], []
    for query in queries:
        function = search_anew(stack, query)
        with recorded() as recording:
            function()
        tasks = {"handled": function, "bare": bare_script(recording)}
        seconds = replay_in_turns(recording, tasks, rounds=1, calls=3)
        handled += seconds["handled"]
        bare += seconds["bare"]
    return handled, bare


def search_anew(stack: EmulatedStack, query: str) -> Callable[[], dict[str, Any]]:
    """Return a function that clears the results in memory, makes a search, and returns the response."""
    make = request(stack, "/api/search", query)

    def make_anew() -> dict[str, Any]:
        results.clear()
        return make()

    return make_anew


def _get_anew(stack: EmulatedStack, query: str) -> tuple[int, Bill, dict[str, Any]]:
    """Clear the results in memory, make a search, and return its status, bill and body."""
    results.clear()
    return get(stack, "/api/search", query)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


@dataclass(frozen=True, slots=True)
class Options:
    """How many articles are published, the sizes of loaded collections, and of long texts in KB."""

    published: int = 100
    loaded: tuple[int, ...] = (10_000,)
    sizes: tuple[int, ...] = (20,)


def measure(options: Options) -> Iterator[Figure]:
    """Yield the cost of indexing, of searches in many articles, and of the most expensive searches."""
    if options.published:
        yield from index_by_stream(Writer(), options.published)
    for number in options.loaded:
        yield from query_loaded(Writer(), number)
    for size in options.sizes:
        yield from query_long_texts(size)


PART = Part(
    "search_cost",
    "Requests, capacity units and processor time of indexing and searching.",
    measure,
    small=Options(),
    full=Options(published=1_000, loaded=(10_000, 100_000), sizes=(6, 20, 100)),
)

if __name__ == "__main__":
    PART.main()
