"""Measure the publication of many articles with `kolom` to the local stack, and reading them through the functions.

    .venv/bin/python -m benchmarks.articles [--articles 10000]

It prints the articles per second, compared to a baseline (at most 2,000 plain writes of one small item each, to the
same local DynamoDB in the same process), the peak memory, and the requests and capacity units of each publication
and each GET.
"""

import argparse
import json
import random
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from benchmarks.capacity import Bill, metered
from benchmarks.stack import TEMPLATE, get
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.main import app

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


def publish(stack: EmulatedStack, folder: Path) -> tuple[float, Bill, str]:
    """Run ``kolom publish``; return the seconds, the bill and the output."""
    started = time.perf_counter()
    with metered() as bill:
        arguments = ["--endpoint-url", stack.aws_endpoint_url, "publish", "--no-write-back", str(folder)]
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return time.perf_counter() - started, bill, result.output


def baseline(stack: EmulatedStack, number: int) -> float:
    """Return the seconds for ``number`` writes of a small item through the same endpoint."""
    client = stack.aws.client("dynamodb")
    table = stack.template.tables["GuardTable"].name
    started = time.perf_counter()
    for index in range(number):
        client.put_item(TableName=table, Item={"key": {"S": str(index)}, "text": {"S": "x" * 500}})
    return time.perf_counter() - started


def get_page(stack: EmulatedStack, path: str, query: str, page_number: int) -> tuple[int, Bill]:
    """Follow the cursors to page ``page_number``; return the status and the bill of that page alone."""
    cursor = ""
    for number in range(1, page_number + 1):
        status, bill, body = get(stack, path, f"{query}&cursor={cursor}")
        if number == page_number or not body["next_cursor"]:
            break
        cursor = str(body["next_cursor"])
    return status, bill


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    number = parser.parse_args().articles
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as name, EmulatedStack(TEMPLATE, port=0) as stack:
        folder = Path(name)
        write_articles(folder, number)
        seconds, bill, output = publish(stack, folder)
        console.print(output[-800:], markup=False)
        baseline_seconds = baseline(stack, min(number, 2_000)) / min(number, 2_000)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        console.print(
            f"published {number} in {seconds:.0f} s: {number / seconds:.1f} a second, "
            f"{seconds / number / baseline_seconds:.1f} times the baseline of one plain write "
            f"({baseline_seconds * 1000:.1f} ms); "
            f"peak memory {peak:.0f} MB (command line and local stack in one process)"
        )
        console.print(
            f"each: {bill.total_requests / number:.2f} requests {dict(bill.requests)}, "
            f"{bill.read_units / number:.1f} read and {bill.write_units / number:.1f} write units"
        )
        table = Table("GET", "status", "requests", "read units")
        last = max(1, number // 40)
        reads = [
            ("/api/articles?limit=40, page 1", *get_page(stack, "/api/articles", "limit=40", 1)),
            (f"/api/articles?limit=40, page {last}", *get_page(stack, "/api/articles", "limit=40", last)),
            ("/api/articles?label=politik", *get(stack, "/api/articles", "label=politik")[:2]),
            ("/api/articles?label=politik&year=2020", *get(stack, "/api/articles", "label=politik&year=2020")[:2]),
            *((path, *get(stack, path)[:2]) for path in
              (f"/api/articles/artikel-{number // 2}", "/api/labels", "/api/archive", "/", "/label/politik/",
               "/2020/05/", "/archive/", f"/artikel-{number // 2}/")),
            ("/api/paths", *get(stack, "/api/paths", f"path=/artikel-{number // 2}/")[:2]),
        ]  # fmt: skip
        for name, status, cost in reads:
            table.add_row(name, str(status), str(cost.total_requests), f"{cost.read_units:g}")
        console.print(table)


if __name__ == "__main__":
    main()
