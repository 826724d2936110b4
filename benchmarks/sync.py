"""Measure what `kolom sync` costs, compared with the publication of as many articles with the same texts.

    .venv/bin/python -m benchmarks.sync [--pages 10000] [--indexed 1000]

The pages are small: about 160 words with the frequencies of a natural language, in a folder. They are indexed in full
batches, as by a stream with many records. The second run finds no changes. The third one finds that one page in a
hundred has changed.
"""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from benchmarks.capacity import Bill, metered
from benchmarks.runner.figures import Figure, counted
from benchmarks.runner.part import Part
from benchmarks.stack import run_command, stack_without_events
from benchmarks.texts import WORDS_PER_ARTICLE, Words
from kolom.articles import repository
from kolom.search.index_writer import update_index
from kolom_cli.emulator.stack import EmulatedStack

URL = "https://docs.example"
START = datetime(2016, 1, 1, tzinfo=UTC)
MOST_WRITES = 1.1
"""The goal: the write units of a synchronization, compared with those of a publication."""

PAGES_PER_READ_UNIT = 50


@dataclass(frozen=True, slots=True)
class Options:
    """How many pages are synchronized, and articles published, and how many of each are indexed."""

    pages: int = 400
    indexed: int = 400


def write_articles(folder: Path, number: int) -> None:
    """Write ``number`` Markdown files."""
    words = Words()
    for index, (title, text, date) in enumerate(_texts(words, number)):
        head = f"title: {title}\nslug: page-{index}\ndate: {date}\nlanguage: id\nlabels: [Docs]"
        (folder / f"page-{index}.md").write_text(f"---\n{head}\n---\n\n{text}\n")


def write_pages(folder: Path, number: int) -> None:
    """Write ``number`` pages with the same texts."""
    words = Words()
    for index, (title, text, date) in enumerate(_texts(words, number)):
        head = (
            f'<title>{title}</title><meta property="article:published_time" content="{date}">'
            '<meta property="article:tag" content="Docs">'
        )
        markup = f'<!doctype html><html lang="id"><meta charset="utf-8">{head}<main><p>{text}</p></main></html>'
        (folder / f"page-{index}.html").write_text(markup)


def _texts(words: Words, number: int) -> Iterator[tuple[str, str, str]]:
    for index in range(number):
        title = " ".join(words.words(6)).capitalize()
        yield title, f"{' '.join(words.words(WORDS_PER_ARTICLE))}.", (START + timedelta(minutes=index)).isoformat()


def measure(options: Options) -> Iterator[Figure]:
    """Yield the costs of a publication and of each synchronization, and their ratios."""
    number, indexed = options.pages, min(options.indexed, options.pages)
    # Clients keep the endpoint of their first stack, so another stack needs another process.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        published = pool.submit(publish, number, indexed).result()
    yield from _costs(f"publishing {number:,} articles", published)
    with tempfile.TemporaryDirectory() as name, stack_without_events() as stack:
        folder = Path(name)
        write_pages(folder, number)
        first = _run(stack, number, indexed, "sync", name, "--base-url", URL)
        yield from _costs(f"synchronizing {number:,} pages", first)
        for what, of_pages, of_articles, goal in (
            ("write units", first.write_units, published.write_units, MOST_WRITES),
            ("write units of storing", first.stored.write_units, published.stored.write_units, None),
            ("write units of indexing", first.indexed.write_units, published.indexed.write_units, None),
        ):
            yield Figure(f"synchronizing {number:,} pages", f"× publishing, {what}", [of_pages / of_articles], goal)
        again = _run(stack, number, 0, "sync", name, "--base-url", URL).stored
        case = f"synchronizing {number:,} pages again"
        yield from counted(case, requests=again.total_requests)
        yield Figure(case, "read units for each page", [again.read_units / number], 1 / PAGES_PER_READ_UNIT)
        yield Figure(case, "write units", [again.write_units], 0)
        for index in range(0, number, 100):
            page = folder / f"page-{index}.html"
            page.write_text(page.read_text().replace("<p>", "<p>Baru "))
        changed = _run(stack, number, 0, "sync", name, "--base-url", URL).stored
        case = "synchronizing after a change of one page in a hundred"
        yield from counted(case, requests=changed.total_requests, read_units=changed.read_units)
        yield Figure(case, "write units for each changed page", [changed.write_units / (-(-number // 100))])


def publish(number: int, indexed: int) -> "_Bills":
    """Publish articles, index the first ones, and return the bills."""
    with tempfile.TemporaryDirectory() as name, stack_without_events() as stack:
        write_articles(Path(name), number)
        return _run(stack, number, indexed, "publish", "--no-write-back", name)


@dataclass(frozen=True, slots=True)
class _Bills:
    """The bills of storing ``number`` articles, and of indexing some of them."""

    number: int
    stored: Bill
    number_indexed: int
    indexed: Bill

    @property
    def write_units(self) -> float:
        """Those for each article."""
        return self.stored.write_units / self.number + self.indexed.write_units / self.number_indexed


def _run(stack: EmulatedStack, number: int, indexed: int, *arguments: str) -> _Bills:
    """Run a command for ``number`` articles, and index those with the ids from 1 to ``indexed``."""
    with metered() as storing:
        run_command(stack, *arguments)
    assert repository.get(number) is not None
    with metered() as indexing:
        failed = update_index(range(1, indexed + 1))
    assert not failed, failed
    return _Bills(number, storing, indexed, indexing)


def _costs(case: str, bills: _Bills) -> Iterator[Figure]:
    for what, bill, number in (
        ("storing", bills.stored, bills.number),
        ("indexing", bills.indexed, bills.number_indexed),
    ):
        for measured, amount in (
            ("requests", bill.total_requests),
            ("read units", bill.read_units),
            ("write units", bill.write_units),
        ):
            yield Figure(case, f"{measured} of {what}, for each", [amount / number])


PART = Part(
    "sync",
    "What `kolom sync` costs, compared with the publication of as many articles.",
    measure,
    small=Options(),
    full=Options(pages=10_000, indexed=1_000),
)

if __name__ == "__main__":
    PART.main()
