"""Measure an import: memory, time compared to parsing the same file, and DynamoDB's bill.

    .venv/bin/python -m benchmarks.imports [--dry-runs wordpress=5 blogger=5] [--imports wordpress=1]

The sizes of the exports are in MB. A dry run only reads the export. An import imports it twice; the second import
changes nothing.

The importer and moto run in separate processes, so the memory is that of the importer and of the processes that it
starts. The ratio is that of CPU times, without moto. The baseline is lxml's ``iterparse`` over the same file without
any processing. The counts in the report are compared, by kind, to the content of the export. Requests before the first
comment are counted for the articles, the others for the comments. Indexing, which the stream does later, is not
included.
"""

import io
import json
import os
import signal
import sys
import tempfile
import threading
import time
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from lxml import etree
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from benchmarks.capacity import Bill, look_up, stored
from benchmarks.exports import Expected, write_export
from benchmarks.handlers import TEMPLATE
from benchmarks.processes import run_kolom, server
from benchmarks.runner.figures import Figure, counted
from benchmarks.runner.part import Part
from benchmarks.runner.timing import processor_seconds
from kolom_cli.emulator.aws import AWS_ENVIRONMENT, FakeAws
from kolom_cli.emulator.stack import LOCAL_PARAMETERS
from kolom_cli.sam.loader import load

MEGABYTE = 1_000_000
LIMIT_MEGABYTES = 300
"""The memory limit of the importer, for any size of the export."""

AWS = "from benchmarks.imports import serve; serve()"
"""The program of an empty stack on moto."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the importer: its report, CPU seconds, peak memory in MB, and requests."""

    report: dict[str, Any]
    processor_seconds: float
    seconds: float
    peak_megabytes: float
    bills: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Options:
    """The exports to read, and to import twice, each as ``KIND=MEGABYTES``; a kind is ``wordpress`` or ``blogger``."""

    dry_runs: tuple[str, ...] = ("wordpress=5", "blogger=2")
    imports: tuple[str, ...] = ("wordpress=1",)


def measure(options: Options) -> Iterator[Figure]:
    """Yield the time and memory of each run, and the bill of each article and comment."""
    for named, dry_run in ((options.dry_runs, True), (options.imports, False)):
        for each in named:
            kind, _, megabytes = each.partition("=")
            yield from measure_export(kind, int(megabytes), dry_run=dry_run)


def measure_export(kind: str, megabytes: int, *, dry_run: bool) -> Iterator[Figure]:
    """Generate an export, import it once or twice, and yield the figures."""
    with tempfile.TemporaryDirectory() as folder, server(AWS) as endpoint:
        file = Path(folder) / "export.xml"
        with file.open("w", encoding="utf-8") as output:
            expected = write_export(output, kind, megabytes * MEGABYTE)
        size = file.stat().st_size / MEGABYTE
        parsing = processor_seconds(lambda: parse(file))
        case = f"{kind}, {megabytes} MB, {'dry run' if dry_run else 'first import'}"
        for (what, result), number in sorted(expected.items()):
            yield from counted(case, **{f"items: {what}, {result}": number})
        yield Figure(case, "MB of parsing for each CPU second", [size / parsing])
        first = run(kind, file, endpoint, dry_run=dry_run)
        _check(first, expected)
        yield from _run_figures(case, first, size, parsing)
        if not dry_run:
            second = run(kind, file, endpoint, dry_run=False)
            _check(second, expected, again=True)
            yield from _run_figures(f"{kind}, {megabytes} MB, imported again", second, size, parsing)
            yield from _bill_figures(kind, expected, {"": first, " again": second})


def _check(done: Run, expected: Expected, *, again: bool = False) -> None:
    """Check that the report accounts for the whole export, and that a dry run or a second run wrote nothing."""
    zeros = {"read": 0, "created": 0, "updated": 0, "unchanged": 0, "skipped": 0}
    expected_counts: dict[str, dict[str, int]] = {}
    for (kind, result), number in expected.items():
        counts = expected_counts.setdefault(kind, dict(zeros))
        counts["read"] += number
        counts["unchanged" if again and result == "created" else result] += number
    report = done.report
    assert report["kinds"] == expected_counts, (report["kinds"], expected_counts)
    assert report["read"] == sum(counts["read"] for counts in expected_counts.values())
    assert not report["errors"], report["errors"]
    if again or report["dry_run"]:
        assert not any(bill["write_units"] for bill in done.bills.values()), done.bills
    assert done.peak_megabytes < LIMIT_MEGABYTES, done.peak_megabytes


def _run_figures(case: str, done: Run, size: float, parsing: float) -> Iterator[Figure]:
    yield Figure(case, "CPU seconds", [done.processor_seconds])
    yield Figure(case, "MB for each CPU second", [size / done.processor_seconds])
    yield Figure(case, "MB for each second", [size / done.seconds])
    yield Figure(case, "× parsing the file", [done.processor_seconds / parsing])
    yield Figure(case, "peak memory, MB", [done.peak_megabytes], LIMIT_MEGABYTES)


def _bill_figures(kind: str, expected: Expected, runs: dict[str, Run]) -> Iterator[Figure]:
    comments = expected["comment", "created"]
    numbers = {"articles": expected["article", "created"] + expected["page", "created"], "comments": comments}
    for name, number in numbers.items():
        for which, done in runs.items():
            bill = {what: count / number for what, count in done.bills[name].items()}
            yield from counted(f"{kind}, for each {name.removesuffix('s')}{which}", **bill)


def parse(file: Path) -> None:
    """Parse the file without keeping anything."""
    for _, element in etree.iterparse(str(file), tag=("item", "{*}entry")):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def run(kind: str, file: Path, endpoint: str, *, dry_run: bool) -> Run:
    """Import the file in a separate process."""
    _bills(endpoint)
    memory = _PeakMemory()
    arguments = ["import", kind, str(file), *(["--dry-run"] if dry_run else [])]
    begin = time.monotonic()
    report, usage = run_kolom(endpoint, arguments, started=memory.watch)
    seconds = time.monotonic() - begin
    memory.join()
    processor = usage.ru_utime + usage.ru_stime
    return Run(report, processor, seconds, memory.bytes / MEGABYTE, _bills(endpoint))


class _PeakMemory(threading.Thread):
    """Samples the memory of a process and its descendants, until it ends. Pages that they share count once (PSS)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._process = Path()
        self.bytes = 0

    def watch(self, process_id: int) -> None:
        """Begin to sample the memory of this process."""
        self._process = Path(f"/proc/{process_id}")
        self.start()

    def run(self) -> None:
        """Remember the maximum."""
        with suppress(OSError):
            while size := self._size_of(self._process):
                self.bytes = max(self.bytes, size)
                time.sleep(0.2)

    def _size_of(self, process: Path) -> int:
        size = 0
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                size = int(line.split()[1]) * 1024
        for thread in (process / "task").iterdir():
            for child in (thread / "children").read_text().split():
                with suppress(OSError):
                    size += self._size_of(Path(f"/proc/{child}"))
        return size


def _bills(endpoint: str) -> dict[str, dict[str, float]]:
    """Return the bills of the DynamoDB requests since the last call."""
    with urlopen(f"{endpoint}{MeteredAws.PATH}") as answer:  # noqa: S310 - our own
        bills: dict[str, dict[str, float]] = json.load(answer)
    return bills


class MeteredAws:
    """moto's services over HTTP, with a bill of the DynamoDB requests. A GET of :attr:`PATH` returns and resets it."""

    PATH = "/kolom-benchmark/bills"

    def __init__(self, comments_table: str) -> None:
        self._services = DomainDispatcherApplication(create_backend_app)
        self._comments_table = comments_table.encode()
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._bills = {"articles": Bill(), "comments": Bill()}
        self._current = "articles"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Handle a request as a WSGI application."""
        if environ["PATH_INFO"] == self.PATH:
            return self._return_bills(start_response)
        service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        if not service.startswith("DynamoDB_"):
            return list(self._services(environ, start_response))
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(body)
        params = _parsed(body)
        with self._lock:
            if self._comments_table in body:
                self._current = "comments"
            bill = self._bills[self._current]
            bill.add_request(operation, params)
            before = stored(operation, params)
            if operation == "GetItem" and not look_up(params):
                # Most items that an import reads do not exist, and moto needs milliseconds for each.
                start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
                answer = b"{}"
            else:
                answer = b"".join(self._services(environ, start_response))
            bill.add_answer(operation, params, _parsed(answer), before)
        return [answer]

    def _return_bills(self, start_response: Any) -> Iterable[bytes]:
        with self._lock:
            sums = {
                name: {"requests": bill.total_requests, "read_units": bill.read_units, "write_units": bill.write_units}
                for name, bill in self._bills.items()
            }
            self._begin()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(sums).encode()]


def _parsed(body: bytes) -> Any:
    """Parse DynamoDB's JSON, with binary values as bytes."""

    def decoded(found: dict[str, Any]) -> dict[str, Any]:
        is_binary = found.keys() == {"B"} and isinstance(found["B"], str)
        return {"B": b64decode(found["B"])} if is_binary else found

    return json.loads(body, object_hook=decoded)


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        pass


def serve() -> None:
    """Serve the stack until the process is terminated."""
    os.environ.update(AWS_ENVIRONMENT)
    template = load(TEMPLATE, {"SiteUrl": "https://blog.example", **LOCAL_PARAMETERS})
    store = FakeAws()
    with store.running():
        store.create_resources(template)
        application = MeteredAws(template.outputs["CommentsTable"])
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Silent)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"http://127.0.0.1:{server.port}\n")
        sys.stdout.flush()
        signal.pause()


PART = Part(
    "imports",
    "Memory, processor time, requests and capacity units of imports.",
    measure,
    small=Options(),
    full=Options(dry_runs=("wordpress=500", "blogger=50"), imports=("wordpress=10",)),
)

if __name__ == "__main__":
    PART.main()
