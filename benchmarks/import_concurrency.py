"""Measure how the time of an import depends on ``--concurrency``, with a delay for each request to DynamoDB.

    .venv/bin/python -m benchmarks.import_concurrency [--articles 500] [--delay-ms 30] [--concurrency 1 16]

The export has about ten comments for each article. It is imported into empty tables once for each concurrency, and
again with the last one.

DynamoDB is a small server in another process, because moto's processor time would exceed that of the importer. It
stores only items that transactions put, and evaluates no conditions. A transaction is applied for ``--conflict-ms``.
Meanwhile, other transactions on its items are rejected, as DynamoDB does. So the time includes the retries of
publications, which all change the same counts. The processor time is that of the importer and of the processes that
convert the texts.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from benchmarks.exports import Expected, write_export
from benchmarks.processes import run_kolom, server
from benchmarks.runner.figures import Figure, counted
from benchmarks.runner.part import Part

_COMMENTS: Final = (0, 0, 1, 2, 4, 6, 9, 14, 24, 55)
_ARTICLE_BYTES: Final = 23_000

type Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the export; the delay of each request, and how long a transaction may conflict with another."""

    articles: int = 30
    delay_ms: float = 30
    conflict_ms: float = 8
    concurrency: tuple[int, ...] = (1, 4, 16)


def measure(options: Options) -> Iterator[Figure]:
    """Yield the time and the requests of each import."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "export.xml"
        with file.open("w", encoding="utf-8") as output:
            expected = write_export(output, "wordpress", options.articles * _ARTICLE_BYTES, comments=_COMMENTS)
        articles = expected["article", "created"] + expected["page", "created"]
        size = file.stat().st_size / 1e6
        yield from counted("export", articles=articles, comments=expected["comment", "created"], MB=size)
        tables = f"from benchmarks.import_concurrency import serve; serve({options.delay_ms}, {options.conflict_ms})"
        for number in options.concurrency:
            with server(tables) as endpoint:
                yield from _measure_import(f"{number} at once", file, endpoint, number, expected, again=False)
                if number == options.concurrency[-1]:
                    yield from _measure_import(
                        f"{number} at once, imported again", file, endpoint, number, expected, again=True
                    )


def _measure_import(
    case: str, file: Path, endpoint: str, concurrency: int, expected: Expected, *, again: bool
) -> Iterator[Figure]:
    before = _counts(endpoint)
    started = time.perf_counter()
    report, usage = run_kolom(endpoint, ["import", "wordpress", str(file), "--concurrency", str(concurrency)])
    seconds = time.perf_counter() - started
    change = "unchanged" if again else "created"
    imported = {kind: counts[change] for kind, counts in report["kinds"].items() if counts[change]}
    assert imported == {kind: count for (kind, result), count in expected.items() if result == "created"}, report
    counts = _counts(endpoint) - before
    requests = sum(count for operation, count in counts.items() if operation != "conflicts")
    yield from counted(case, requests=requests, conflicts=counts["conflicts"])
    yield Figure(case, "seconds", [seconds])
    yield Figure(case, "CPU seconds", [usage.ru_utime + usage.ru_stime])
    yield Figure(case, "peak memory of one process, MB", [usage.ru_maxrss * 1024 / 1e6])


def _counts(endpoint: str) -> Counter[str]:
    """Return the numbers of requests so far, by operation, and of conflicts."""
    with urlopen(f"{endpoint}/counts") as answer:  # noqa: S310 - our own
        return Counter(json.load(answer))


def serve(delay_ms: float, conflict_ms: float) -> None:
    """Serve empty tables until the process is terminated."""
    asyncio.run(_Tables(delay_ms / 1000, conflict_ms / 1000).serve())


class _Refused(Exception):
    """The answer to the request is an error: its code, and more members of its body."""

    def __init__(self, code: str, **members: Any) -> None:
        super().__init__(code)
        self.body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **members}


class _Tables:
    """The items of all tables by key, served over HTTP with a delay for each request."""

    def __init__(self, delay: float, conflict: float) -> None:
        self._delay = delay
        self._conflict = min(conflict, delay)
        self._items: dict[str, dict[str, Any]] = defaultdict(dict)
        self._busy: set[Key] = set()
        self._last_id = 0
        self._counts: Counter[str] = Counter()

    async def serve(self) -> None:
        """Serve until the process is terminated."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                operation = headers.get("x-amz-target", "").rpartition(".")[2]
                status, answer = await self._answer(head.split()[1], operation, body)
                writer.write(
                    f"HTTP/1.1 {status} -\r\nContent-Type: application/x-amz-json-1.0\r\n"
                    f"Content-Length: {len(answer)}\r\n\r\n".encode()
                    + answer
                )
                await writer.drain()

    async def _answer(self, path: str, operation: str, body: bytes) -> tuple[int, bytes]:
        if path == "/counts":
            return 200, json.dumps(self._counts).encode()
        if not operation:  # CloudFormation: there is no stack
            return 400, b"<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>"
        self._counts[operation] += 1
        request = json.loads(body)
        try:
            if operation == "transactwriteitems":
                answer = await self._transact(request)
            else:
                await asyncio.sleep(self._delay)
                answer = self._call(operation, request)
        except _Refused as error:
            return 400, json.dumps(error.body).encode()
        return 200, json.dumps(answer).encode()

    async def _transact(self, request: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep((self._delay - self._conflict) / 2)
        writes = [(kind, write) for entry in request["TransactItems"] for kind, write in entry.items()]
        keys = [_key(write["TableName"], write.get("Key") or write["Item"]) for _, write in writes]
        if not self._busy.isdisjoint(keys):
            self._counts["conflicts"] += 1
            await asyncio.sleep((self._delay - self._conflict) / 2)
            reasons = [{"Code": "TransactionConflict" if key in self._busy else "None"} for key in keys]
            if all(reason["Code"] == "None" for reason in reasons):
                reasons[0]["Code"] = "TransactionConflict"
            raise _Refused("TransactionCanceledException", CancellationReasons=reasons)
        self._busy.update(keys)
        await asyncio.sleep(self._conflict)
        self._busy.difference_update(keys)
        for (kind, write), (table, key, part) in zip(writes, keys, strict=True):
            if kind == "Put":
                self._items[f"{table}/{key}"][part] = write["Item"]
        await asyncio.sleep((self._delay - self._conflict) / 2)
        return {}

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        match operation:
            case "describetable":
                return {"Table": {"TableStatus": "ACTIVE"}}
            case "getitem":
                found = self._find(request["TableName"], request["Key"])
                return {"Item": found} if found else {}
            case "batchgetitem":
                (table, wanted), *_ = request["RequestItems"].items()
                batch = (self._find(table, key) for key in wanted["Keys"])
                return {"Responses": {table: [item for item in batch if item]}, "UnprocessedKeys": {}}
            case "query":
                keys = [value["S"] for value in request["ExpressionAttributeValues"].values()]
                found = self._items.get(f"{request['TableName']}/{keys[0]}", {})
                items = [item for _, item in sorted(found.items())]
                return {"Items": items, "Count": len(items), "ScannedCount": len(items)}
            case "updateitem":  # of the sequence of ids
                (number, *_) = request["ExpressionAttributeValues"].values()
                self._last_id += int(number["N"])
                return {"Attributes": {**request["Key"], "value": {"N": str(self._last_id)}}}
            case _:
                return {}

    def _find(self, table: str, key: dict[str, Any]) -> Any:
        _, name, part = _key(table, key)
        return self._items.get(f"{table}/{name}", {}).get(part)


def _key(table: str, item: dict[str, Any]) -> Key:
    names = ("key", "part") if "part" in item else ("article_id", "sort")
    return table, *(item[name]["S"] for name in names)


PART = Part(
    "import_concurrency",
    "Time and requests of an import by the number of items that are stored at once.",
    measure,
    small=Options(),
    full=Options(articles=6_000),
)

if __name__ == "__main__":
    PART.main()
