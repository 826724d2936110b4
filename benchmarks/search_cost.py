"""Measure the cost of searching and indexing: requests, capacity units, and the CPU time of the search function.

    .venv/bin/python -m benchmarks.search_cost [--published 1000] [--loaded 10000 100000] [--sizes 6 20 100]

The articles are generated. They are as long as Indonesian news (about 150 different stems), have the word frequencies
of a natural language (Zipf and Mandelbrot), and share as many words as news articles do: indexed in batches of 8, 32 or
128, they need 0.80, 0.56 and 0.31 of the writes of single articles. Some are published and indexed by the stream, one
at a time and many at once, and the writes are counted. Larger collections are loaded in bulk: the items that the writer
would have written are put into moto's tables directly. Only the postings that the queries read are loaded, because moto
needs kilobytes per item.

The words of a query are different words of one article, of any frequency. The CPU time is measured in a separate
process, which uses the tables in this process, after the document list is read. The baseline is a plain boto3 script
that makes the same reads with the same concurrency.

The most expensive requests search 200 articles of each size (in KB). All of them contain the words *kereta* and
*malam*, adjacent at the end of the text or far apart.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, groupby
from statistics import median
from typing import Any
from urllib.parse import urlencode

from moto.dynamodb.models import dynamodb_backends
from rich.console import Console
from rich.table import Table

from benchmarks.capacity import Bill, metered
from benchmarks.stack import TEMPLATE, get, publish
from kolom.articles.input import ArticleInput
from kolom.articles.types import Article, Body
from kolom.models.search import DOCUMENTS, Block, block_part, postings_part
from kolom.search import document_table, posting_blocks
from kolom.search.analyzer import stem
from kolom.search.codec import (
    DOCUMENTS_PER_BLOCK,
    POSTINGS_PER_BLOCK,
    DocumentStats,
    decode_document,
    decode_posting,
    encode_document,
    encode_posting,
    pack,
)
from kolom.search.document import IndexedDocument, build_document
from kolom.search.forward_index import load_entry
from kolom.search.index_reader import results
from kolom.search.result_records import result_records
from kolom_cli.emulator.api_gateway import Request, match_route, to_event
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.sam.intrinsics import ACCOUNT_ID, PSEUDO_PARAMETERS

VOCABULARY = 10_000
WORDS = 158
QUERIES = 50
START = datetime(2016, 1, 1, tzinfo=UTC)
_PUBLISHING_REQUESTS = 4  # requests of the publication before indexing: see benchmarks.articles
KINDS = ("postings", "document list", "revision", "terms", "doc", "titles", "vocabulary", "related")


class Writer:
    """Generates articles and queries."""

    def __init__(self, seed: int = 7) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - a benchmark needs no secrets
        syllables = [a + b for a in "bcdfghjklmnprstw" for b in "aeiou"]
        spelling = random.Random(1)  # noqa: S311
        self._words: list[str] = []
        known = set()
        while len(self._words) < VOCABULARY:
            word = "".join(spelling.choices(syllables, k=spelling.choice((2, 3, 3, 4)))) + spelling.choice("bdgjmrstx")
            if word not in known:
                known.add(word)
                self._words.append(word)
        self._sums = list(accumulate(1 / (rank + 60) for rank in range(VOCABULARY)))

    def words(self, number: int) -> list[str]:
        """Return ``number`` words of a text."""
        return self._rng.choices(self._words, cum_weights=self._sums, k=number)

    def queries(self, length: int) -> list[str]:
        """Return queries of ``length`` words."""
        return [" ".join(self._rng.sample(sorted(set(self.words(WORDS))), length)) for _ in range(QUERIES)]

    def contents(self, first: int, number: int) -> Iterator[ArticleInput]:
        """Yield ``number`` articles, numbered from ``first``."""
        for each in range(first, first + number):
            html = f"<p>{' '.join(self.words(WORDS))}.</p>"
            yield ArticleInput(
                title=" ".join(self.words(6)).capitalize(),
                slug=f"artikel-{each}",
                body=Body(html=html, source=html, source_format="html"),
                language="id",
                labels=("Berita",),
                published_at=START + timedelta(minutes=each),
            )


def index_by_stream(console: Console, writer: Writer, number: int) -> None:
    """Publish articles, and print the cost of indexing: of a single article, and of many at once."""
    units_of = (f"WU {kind}" for kind in KINDS)
    table = Table("an article published", "requests", "read units", *units_of, "stems", "postings a stem")
    with EmulatedStack(TEMPLATE, port=0) as stack:
        contents = writer.contents(0, number)
        started = time.perf_counter()
        with metered() as many:
            publish(stack, (next(contents) for _ in range(number)))
        seconds = time.perf_counter() - started
        alone = Bill()
        for content in writer.contents(number, 20):
            with metered() as one:
                publish(stack, [content])
            alone.requests += one.requests
            alone.reads += one.reads
            alone.writes += one.writes
        typed = [next(writer.contents(0, 1)).title.lower() for _ in range(20)]
        _print_visits(console, stack, typed, number)
        stems = _mean_stems(number)
        for name, bill, count in (("alone", alone, 20), (f"of {number} at once", many, number)):
            requests = sum(bill.requests.values()) / count - _PUBLISHING_REQUESTS
            units = [bill.writes[kind] / count for kind in KINDS]
            table.add_row(
                name,
                f"{requests:.0f}",
                f"{bill.read_units / count:.0f}",
                *(f"{each:.1f}" for each in units),
                f"{stems:.0f}",
                f"{units[0] / stems:.2f}",
            )
    console.print(table)
    console.print(f"{number} articles published and indexed in {seconds:.0f} s")


def _print_visits(console: Console, stack: EmulatedStack, titles: Sequence[str], number: int) -> None:
    """Print the read units of suggestions, of related articles, and of a visitor who types the two words of a query.

    The visitor gets suggestions after three letters of each word and after each word, then results, then comes back to
    them.
    """
    table = Table(f"{number} published articles", "read units", "of results", "with results in memory", "of results")
    bills: dict[str, dict[bool, list[Bill]]] = {
        name: {False: [], True: []} for name in ("a suggestion", "related articles", "typing two words")
    }
    for turn, title in enumerate(titles):
        first, second, *_ = title.split()
        search, suggest = "/api/search", "/api/search/suggest"
        prefixes = (first[:3], first, f"{first} {second[:3]}", f"{first} {second}")
        typing = [*((suggest, prefix) for prefix in prefixes), *(2 * [(search, f"{first} {second}")])]
        slug = f"artikel-{turn}"
        visits = {
            "a suggestion": [(suggest, prefixes[2])],
            "related articles": [(f"/api/articles/{slug}/related", "")],
            "typing two words": typing,
        }
        for name, visit in visits.items():
            for keeps in (False, True):
                total = Bill()
                results.clear()
                for path, text in visit:
                    if not keeps:
                        results.clear()
                    total.reads += get(stack, path, urlencode({"q": text}) if text else "")[1].reads
                bills[name][keeps].append(total)
    for name, found in bills.items():
        units: list[str] = []
        for keeps in (False, True):
            units.append(f"{_mean(bill.read_units for bill in found[keeps]):.1f}")
            units.append(f"{_mean(bill.read_units_of('doc') for bill in found[keeps]):.1f}")
        table.add_row(name, *units)
    console.print(table)


def _mean_stems(number: int) -> float:
    return _mean(len(load_entry(each, consistent=False).postings) for each in range(1, min(number, 100) + 1))


def load_in_bulk(stack: EmulatedStack, writer: Writer, number: int, stems: set[str]) -> None:
    """Put the items that the writer would have written for ``number`` articles into the table."""
    blocks: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    put = _putter(stack)
    for article_id, content in enumerate(writer.contents(1, number), start=1):
        article = _article(content, article_id)
        entry = build_document(article, content.body)
        assert entry.list_entry is not None
        blocks["#documents", article_id // DOCUMENTS_PER_BLOCK].add(entry.list_entry)
        for term in stems & entry.postings.keys():
            blocks[term, article_id // POSTINGS_PER_BLOCK].add(entry.postings[term])
        _put_result(put, article, entry)
    for (key, block), elements in blocks.items():
        put(_block_item(key, block, elements))
    put({"key": {"S": "#documents"}, "part": {"S": "#"}, "revision": {"N": "1"}})
    document_table.clear_cache()  # the list of another stack may have the same revision


def _article(content: ArticleInput, article_id: int) -> Article:
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


def _put_result(put: Callable[[dict[str, Any]], object], article: Article, entry: IndexedDocument) -> None:
    for record in result_records(article, entry):
        if record is not None:
            put(record.serialize())


def _block_item(key: str, block: int, elements: set[int]) -> dict[str, Any]:
    """Return a block as the writer leaves it after adding the elements one by one."""
    names = {"key": {"S": key}, "part": {"S": block_part(block)}}
    if key != DOCUMENTS:
        names["part"] = {"S": postings_part(block)}
        packed = b""
        unpacked: list[str] = []
        added: list[int] = []
        for posting in sorted(elements, key=decode_posting):
            added.append(posting)
            unpacked.append(str(posting))
            if posting_blocks.is_due(Block(block, unpacked, packed)):
                packed, unpacked = pack(added), []
        item = {**names, **({"packed": {"B": b64encode(packed).decode()}} if packed else {})}
        return item | ({"elements": {"NS": unpacked}} if unpacked else {})
    return {**names, "elements": {"NS": [str(each) for each in elements]}}


def query_loaded(console: Console, writer: Writer, number: int) -> None:
    """Load articles, search them, and print the cost of a search."""
    queries = {length: writer.queries(length) for length in (1, 2, 3, 4)}
    table = Table(
        f"{number} articles", "requests", "read units", "of postings", "CPU ms, median", "p95", "plain reads", "ratio"
    )
    with EmulatedStack(TEMPLATE, port=0) as stack:
        stems = {stem(word, "id") for texts in queries.values() for text in texts for word in text.split()}
        load_in_bulk(stack, Writer(number), number, stems)
        get(stack, "/api/search", "q=x")  # reads the document list
        for length, texts in queries.items():
            bills = [_get_anew(stack, urlencode({"q": text}))[0] for text in texts]
            times = measure_time(stack, texts)
            handler, bare = sorted(times["handler"]), sorted(times["bare"])
            table.add_row(
                f"{length} word{'s' * (length > 1)}",
                f"{_mean(bill.total_requests for bill in bills):.1f}",
                f"{_mean(bill.read_units for bill in bills):.1f}",
                f"{_mean(bill.read_units_of('postings') for bill in bills):.1f}",
                f"{median(handler) * 1000:.1f}",
                f"{handler[int(len(handler) * 0.95)] * 1000:.1f}",
                f"{median(bare) * 1000:.1f}",
                f"{median(handler) / median(bare):.1f}",
            )
    console.print(table)


def query_long_texts(console: Console, size: int) -> None:
    """Load long texts, make the most expensive requests, and print their cost."""
    table = Table(f"200 articles of {size} KB", "requests", "read units", "KB read", "CPU ms", "results", "total")
    phrase, excluded = {"q": 'kereta "kereta malam"'}, {"q": 'kereta -"kereta malam"'}
    rows = (
        ("a phrase in all articles", True, phrase),
        ("a phrase in no article", False, phrase),
        ("an excluded phrase in no article", False, excluded),
        ("a word, ten results", False, {"q": "kereta"}),
        ("a word, a hundred results", False, {"q": "kereta", "limit": "100"}),
    )
    for has_phrase, of_texts in groupby(rows, key=lambda row: row[1]):
        with EmulatedStack(TEMPLATE, port=0) as stack:
            _load_long_texts(stack, size, has_phrase=has_phrase)
            for name, _, parameters in of_texts:
                table.add_row(name, *_measure(stack, urlencode(parameters)))
    console.print(table)


def _measure(stack: EmulatedStack, query: str) -> Iterator[str]:
    get(stack, "/api/search", "q=x")  # reads the document list
    bill, body = _get_anew(stack, query)
    yield str(bill.total_requests)
    yield f"{bill.read_units:.0f}"
    yield f"{bill.read_units_of('doc') * 8:.0f}"
    yield f"{median(measure_time(stack, [query] * 5, as_is=True)['handler']) * 1000:.0f}"
    yield str(len(body["items"]))
    yield f"{'' if body['total_is_exact'] else 'about '}{body['total']}"


def _get_anew(stack: EmulatedStack, query: str) -> tuple[Bill, dict[str, Any]]:
    """Return the bill and the body of a search in a process that has read no results yet."""
    results.clear()
    _, bill, body = get(stack, "/api/search", query)
    return bill, body


def _load_long_texts(stack: EmulatedStack, size: int, *, has_phrase: bool) -> None:
    put = _putter(stack)
    filler = " ".join(Writer(size).words(size * 125))[: size * 1000]
    html = f"<p>{filler} kereta malam</p>" if has_phrase else f"<p>kereta {filler} malam</p>"
    body = Body(html=html, source=html, source_format="html")
    content = ArticleInput(title="Artikel", slug="artikel", body=body, language="id", published_at=START)
    entry = build_document(_article(content, 1), body)
    assert entry.list_entry is not None
    document = DocumentStats(START, "id", decode_document(entry.list_entry)[1])
    blocks: defaultdict[str, set[int]] = defaultdict(set)
    for article_id in range(1, 201):
        blocks["#documents"].add(encode_document(article_id, document))
        for term in {stem(word, "id") for word in ("kereta", "malam")}:
            blocks[term].add(encode_posting(article_id, decode_posting(entry.postings[term])[1]))
        _put_result(put, _article(content, article_id), entry)
    for key, elements in blocks.items():
        put(_block_item(key, 0, elements))
    put({"key": {"S": "#documents"}, "part": {"S": "#"}, "revision": {"N": "1"}})
    document_table.clear_cache()  # the list of another stack may have the same revision


def measure_time(stack: EmulatedStack, texts: Sequence[str], *, as_is: bool = False) -> dict[str, list[float]]:
    """Return the CPU seconds for each query: of the handler, and of the same reads by plain boto3.

    With ``as_is``, the texts are complete query strings.
    """
    events = []
    for text in texts:
        request = Request(method="GET", path="/api/search", query=text if as_is else urlencode({"q": text}))
        match = match_route(stack.template.routes, "GET", "/api/search")
        assert match is not None
        events.append(to_event(request, match))
    environment = {**os.environ, "AWS_ENDPOINT_URL": stack.aws_endpoint_url}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.search_time"],
        env=environment,
        input=json.dumps(events),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    times: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return times


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def main() -> None:
    """Run the benchmark and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--published", type=int, default=1_000)
    parser.add_argument("--loaded", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--sizes", type=int, nargs="*", default=[6, 20, 100])
    options = parser.parse_args()
    console = Console(width=150)
    if options.published:
        index_by_stream(console, Writer(), options.published)
    for number in options.loaded:
        query_loaded(console, Writer(), number)
    for size in options.sizes:
        query_long_texts(console, size)
    console.print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
