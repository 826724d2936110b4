"""HTTP clients for :mod:`.load`: each is a thread with its own connection and its own IP address of this machine."""

import http.client
import json
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

TIMEOUT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a client; ``kind`` groups the times. With a body, it is a POST of JSON."""

    kind: str
    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a call; status 0 if the connection broke."""

    call: Call
    status: int
    seconds: float


def run_clients(url: str, calls: Sequence[Iterable[Call]], *, same_address: bool = False) -> list[Answer]:
    """Let one client for each list make its calls, one after another, and return all responses.

    With ``same_address``, all clients have one IP address.
    """
    host = urlsplit(url).netloc
    answers: list[list[Answer]] = [[] for _ in calls]
    start = threading.Barrier(len(calls))

    def client(number: int) -> None:
        connection = _Connection(host, _address(0 if same_address else number))
        start.wait()
        for call in calls[number]:
            answers[number].append(connection.make(call))
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for each in answers for answer in each]


class _Connection:
    def __init__(self, host: str, address: str) -> None:
        self._connection = http.client.HTTPConnection(host, timeout=TIMEOUT_SECONDS, source_address=(address, 0))

    def make(self, call: Call) -> Answer:
        body = None if call.body is None else json.dumps(call.body)
        headers = call.headers if body is None else {"Content-Type": "application/json", **call.headers}
        started = time.perf_counter()
        try:
            self._connection.request("GET" if body is None else "POST", call.path, body, headers)
            answer = self._connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            self._connection.close()
            status = 0
        return Answer(call, status, time.perf_counter() - started)

    def close(self) -> None:
        self._connection.close()


def _address(number: int) -> str:
    """Return an address of the loopback range, in a network (/24) of its own."""
    return f"127.{1 + number // 200}.{1 + number % 200}.1"
