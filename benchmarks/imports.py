"""What an import takes: memory, time beside that of parsing the same file, and what DynamoDB would bill.

Run: ``uv run python -m benchmarks.imports wordpress 500 --dry-run``, ``… blogger 200 --dry-run``, ``… wordpress 50``.
The size is in MB. Without ``--dry-run`` the export is imported twice: the second time changes nothing.

The importer is a process of its own, and so is moto, so that the memory is the importer's alone. The ratio is of times
on the processor, without what moto takes. The floor is lxml's ``iterparse`` over the same file, doing nothing. What the
report counts, by kind, is compared with what was written into the export. What is asked before the first comment is
the articles', the rest the comments'; indexing, which the stream does later, is not in it.
"""

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from lxml import etree
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from benchmarks.capacity import Bill, look_up, stored
from benchmarks.exports import Fates, write_export
from benchmarks.handlers import TEMPLATE, say
from kolom_cli.emulator.aws import AWS_ENVIRONMENT, FakeAws
from kolom_cli.emulator.stack import LOCAL_PARAMETERS
from kolom_cli.sam.loader import load

MEGABYTE = 1_000_000
LIMIT_MEGABYTES = 300
"""What the importer may need, whatever the size of the export."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the importer: its report, times in seconds, its peak memory in MB, and the requests that it made."""

    report: dict[str, Any]
    seconds: float
    processor_seconds: float
    peak_megabytes: float
    bills: dict[str, dict[str, float]]


def main() -> None:
    """Make the export, import it, and say what that took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["wordpress", "blogger", "serve"])
    parser.add_argument("megabytes", type=int, nargs="?", default=50)
    parser.add_argument("--dry-run", action="store_true")
    arguments = parser.parse_args()
    if arguments.kind == "serve":
        serve()
        return
    with tempfile.TemporaryDirectory() as folder, aws() as endpoint:
        file = Path(folder) / "export.xml"
        with file.open("w", encoding="utf-8") as output:
            fates = write_export(output, arguments.kind, arguments.megabytes * MEGABYTE)
        size = file.stat().st_size / MEGABYTE
        kinds = ", ".join(f"{number:,} × {kind} {fate}" for (kind, fate), number in sorted(fates.items()))
        floor = parse(file)
        say(f"{arguments.kind}, {size:.0f} MB: {kinds}. Parsing: {size / floor:.0f} MB/s.\n\n")
        say("| | seconds | on the processor | MB/s of it | times the parsing | peak memory |\n")
        say("|---|---|---|---|---|---|\n")
        first = run(arguments.kind, file, endpoint, dry_run=arguments.dry_run)
        _check(first, fates)
        _say("dry run" if arguments.dry_run else "first", first, size, floor)
        if not arguments.dry_run:
            second = run(arguments.kind, file, endpoint, dry_run=False)
            _check(second, fates, again=True)
            _say("again", second, size, floor)
            _say_bills(fates, {"": first, ", again": second})


def _check(done: Run, fates: Fates, *, again: bool = False) -> None:
    """The report counts what is in the export, and what should write nothing wrote nothing."""
    nothing = {"read": 0, "created": 0, "updated": 0, "unchanged": 0, "skipped": 0}
    wanted: dict[str, dict[str, int]] = {}
    for (kind, fate), number in fates.items():
        counts = wanted.setdefault(kind, dict(nothing))
        counts["read"] += number
        counts["unchanged" if again and fate == "created" else fate] += number
    report = done.report
    assert report["kinds"] == wanted, (report["kinds"], wanted)
    assert report["read"] == sum(counts["read"] for counts in wanted.values())
    assert not report["errors"], report["errors"]
    if again or report["dry_run"]:
        assert not any(bill["write_units"] for bill in done.bills.values()), done.bills
    assert done.peak_megabytes < LIMIT_MEGABYTES, done.peak_megabytes


def _say(name: str, done: Run, size: float, floor: float) -> None:
    seconds = done.processor_seconds
    say(
        f"| {name} | {done.seconds:.0f} | {seconds:.0f} | {size / seconds:.1f} | {seconds / floor:.0f} "
        f"| {done.peak_megabytes:.0f} MB |\n"
    )


def _say_bills(fates: Fates, runs: dict[str, Run]) -> None:
    comments = fates["comment", "created"]
    numbers = {"articles": fates["article", "created"] + fates["page", "created"], "comments": comments}
    say("\n| for each | requests | read units | write units |\n|---|---|---|---|\n")
    for name, number in numbers.items():
        for which, done in runs.items():
            bill = {what: count / number for what, count in done.bills[name].items()}
            say(f"| {name.removesuffix('s')}{which} | {bill['requests']:.2f} | {bill['read_units']:.2f} ")
            say(f"| {bill['write_units']:.2f} |\n")


def parse(file: Path) -> float:
    """The processor's seconds to parse the file, keeping nothing."""
    began = time.process_time()
    for _, element in etree.iterparse(str(file), tag=("item", "{*}entry")):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return time.process_time() - began


def run(kind: str, file: Path, endpoint: str, *, dry_run: bool) -> Run:
    """Import the file."""
    command = [str(Path(sys.executable).parent / "kolom"), "--endpoint-url", endpoint, "import", kind]
    command += [str(file), "--json", *(["--dry-run"] if dry_run else [])]
    _bills(endpoint)
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output)  # noqa: S603 - our own
        # What getrusage says of children is of all of them.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        output.seek(0)
        report = json.loads(output.read())
    processor = usage.ru_utime + usage.ru_stime
    return Run(report, seconds, processor, usage.ru_maxrss * 1024 / MEGABYTE, _bills(endpoint))


def _bills(endpoint: str) -> dict[str, dict[str, float]]:
    """What was asked of DynamoDB since this was last called."""
    with urlopen(f"{endpoint}{MeteredAws.PATH}") as answer:  # noqa: S310 - our own
        bills: dict[str, dict[str, float]] = json.load(answer)
    return bills


@contextmanager
def aws() -> Iterator[str]:
    """An empty stack on moto in another process, for as long as it lasts: its endpoint."""
    command = [sys.executable, "-m", "benchmarks.imports", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.terminate()


class MeteredAws:
    """moto's services over HTTP, with a bill of what DynamoDB is asked; :attr:`PATH` gives it, and begins another."""

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
        """Answer a request, as WSGI has it."""
        if environ["PATH_INFO"] == self.PATH:
            return self._give_bills(start_response)
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
                # Most of what an import asks for is not there; moto takes milliseconds to say so.
                start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
                answer = b"{}"
            else:
                answer = b"".join(self._services(environ, start_response))
            bill.add_answer(operation, params, _parsed(answer), before)
        return [answer]

    def _give_bills(self, start_response: Any) -> Iterable[bytes]:
        with self._lock:
            sums = {
                name: {"requests": bill.total_requests, "read_units": bill.read_units, "write_units": bill.write_units}
                for name, bill in self._bills.items()
            }
            self._begin()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(sums).encode()]


def _parsed(body: bytes) -> Any:
    """DynamoDB's JSON with its binary values as bytes."""

    def decoded(found: dict[str, Any]) -> dict[str, Any]:
        is_binary = found.keys() == {"B"} and isinstance(found["B"], str)
        return {"B": b64decode(found["B"])} if is_binary else found

    return json.loads(body, object_hook=decoded)


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        pass


def serve() -> None:
    """Be the stack until told to stop."""
    os.environ.update(AWS_ENVIRONMENT)
    template = load(TEMPLATE, {"SiteUrl": "https://blog.example", **LOCAL_PARAMETERS})
    store = FakeAws()
    with store.running():
        store.create(template)
        application = MeteredAws(template.outputs["CommentsTable"])
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Silent)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"http://127.0.0.1:{server.port}\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
