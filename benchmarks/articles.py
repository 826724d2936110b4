"""Measure the publication of many articles with `kolom` to the local stack, and reading them through the functions.

    .venv/bin/python -m benchmarks.articles [--articles 10000]

The figures are the articles per second, compared to a baseline (at most 2,000 plain writes of one small item each, to
the same local DynamoDB in the same process), the peak memory, and the requests and capacity units of each publication
and each GET.
"""

import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.capacity import Bill, metered
from benchmarks.runner.figures import Figure, counted
from benchmarks.runner.part import Part
from benchmarks.stack import TEMPLATE, get, run_command
from kolom_cli.emulator.stack import EmulatedStack

TEXT = (
    "blog artikel tulisan kota hujan kereta kopi pagi bahasa cerita jalan laut gunung sejarah musik teknologi server "
    "table query index article reader search story river market light history language morning letter page"
)
LABELS = ("Politik", "Teknologi", "Kuliner", "Perjalanan", "Travel", "Bahasa", "Musik", "Sejarah")


def write_articles(folder: Path, number: int) -> None:
    """Write ``number`` Markdown files of about 500 words with two labels each, dated over ten years."""
    rng = random.Random(7)  # noqa: S311 - a benchmark needs no secrets
    start = datetime(2016, 1, 1, tzinfo=UTC)
    for index in range(number):
        date = start + timedelta(minutes=index * 10 * 365 * 24 * 60 // number)
        paragraphs = "\n\n".join(" ".join(rng.choices(TEXT.split(), k=100)).capitalize() + "." for _ in range(5))
        text = (
            f"---\ntitle: Artikel nomor {index}\nslug: artikel-{index}\ndate: {date.isoformat()}\nlanguage: id\n"
            f"labels: {json.dumps(rng.sample(LABELS, 2))}\n---\n\n## Pembuka\n\n{paragraphs}\n"
        )
        (folder / f"artikel-{index}.md").write_text(text)


def publish(stack: EmulatedStack, folder: Path) -> tuple[float, Bill]:
    """Run ``kolom publish``; return the seconds and the bill."""
    started = time.perf_counter()
    with metered() as bill:
        run_command(stack, "publish", "--no-write-back", str(folder))
    return time.perf_counter() - started, bill


def baseline(stack: EmulatedStack, number: int) -> float:
    """Return the seconds for ``number`` writes of a small item through the same endpoint."""
    client = stack.aws.client("dynamodb")
    table = stack.template.tables["GuardTable"].name
    started = time.perf_counter()
    for index in range(number):
        client.put_item(TableName=table, Item={"key": {"S": str(index)}, "text": {"S": "x" * 500}})
    return time.perf_counter() - started


def get_page(stack: EmulatedStack, path: str, query: str, page_number: int) -> Bill:
    """Follow the cursors to page ``page_number``; return the bill of that page alone."""
    cursor = ""
    for number in range(1, page_number + 1):
        _, bill, body = get(stack, path, f"{query}&cursor={cursor}")
        if number == page_number or not body["next_cursor"]:
            break
        cursor = str(body["next_cursor"])
    return bill


@dataclass(frozen=True, slots=True)
class Options:
    """How many articles are published."""

    articles: int = 500


def measure(options: Options) -> Iterator[Figure]:
    """Yield the speed and cost of the publication, and the cost of each GET."""
    number = options.articles
    with tempfile.TemporaryDirectory() as name, EmulatedStack(TEMPLATE, port=0) as stack:
        folder = Path(name)
        write_articles(folder, number)
        seconds, bill = publish(stack, folder)
        baseline_seconds = baseline(stack, min(number, 2_000)) / min(number, 2_000)
        case = f"kolom publish, {number:,} articles"
        yield Figure(case, "articles a second (wall time)", [number / seconds])
        yield Figure(case, "× a plain write to the same local DynamoDB", [seconds / number / baseline_seconds])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        yield Figure(case, "peak memory with the local stack, MB", [peak])
        yield Figure(case, "requests for each", [bill.total_requests / number])
        yield Figure(case, "read units for each", [bill.read_units / number])
        yield Figure(case, "write units for each", [bill.write_units / number])
        for case, cost in _reads(stack, number):
            yield from counted(case, requests=cost.total_requests, read_units=cost.read_units)


def _reads(stack: EmulatedStack, number: int) -> Iterator[tuple[str, Bill]]:
    last = max(1, number // 40)
    yield "GET /api/articles?limit=40, page 1", get_page(stack, "/api/articles", "limit=40", 1)
    yield f"GET /api/articles?limit=40, page {last}", get_page(stack, "/api/articles", "limit=40", last)
    middle = f"artikel-{number // 2}"
    for path, query in (
        *(("/api/articles", "label=politik"), ("/api/articles", "label=politik&year=2020")),
        *(
            (f"/api/articles/{middle}", ""),
            ("/api/labels", ""),
            ("/api/archive", ""),
            ("/", ""),
            ("/label/politik/", ""),
        ),
        *(("/2020/05/", ""), ("/archive/", ""), (f"/{middle}/", ""), ("/api/paths", f"path=/{middle}/")),
    ):
        status, bill, _ = get(stack, path, query)
        assert status == 200, path  # noqa: PLR2004, RUF100
        yield f"GET {path}{query and '?'}{query}", bill


PART = Part(
    "articles",
    "Publishing with `kolom publish` to the local stack, and the requests and capacity units of reading.",
    measure,
    small=Options(),
    full=Options(articles=10_000),
)

if __name__ == "__main__":
    PART.main()
