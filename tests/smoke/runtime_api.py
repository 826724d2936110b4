"""Lambda's Runtime API on a loopback address: gives events to one process of a function, and takes its answers.

The requests and responses are those of AWS's page "Using the Lambda runtime API for custom runtimes", version
2018-06-01. With SnapStart, the process also asks for its restore, and fetches credentials.
"""

import json
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import Any, Final, Literal

from kolom_cli.sam.model import Function

_PREFIX: Final = "/2018-06-01/runtime"
CREDENTIALS: Final = "/credentials"
"""The path of the credentials of a process that was restored from a snapshot."""
AUTHORIZATION: Final = "token-for-credentials"
_ANSWER: Final = re.compile(rf"{_PREFIX}/invocation/([\w-]+)/(response|error)")


_CREDENTIALS: Final = {
    "AccessKeyId": "local",
    "SecretAccessKey": "local",
    "Token": "local",
    "Expiration": "2099-01-01T00:00:00Z",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the process has posted: the handler's response, its error, or the error of its import."""

    kind: Literal["response", "error", "init/error"]
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Invocation:
    event: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


class RuntimeApi:
    """The server, as a context manager. ``address`` is the value of ``AWS_LAMBDA_RUNTIME_API``."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.answers: Queue[Answer] = Queue()
        self._invocations: Queue[_Invocation | None] = Queue()
        self._unanswered: set[str] = set()
        self.is_initialized = threading.Event()
        self.may_continue = threading.Event()
        self.has_credentials = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "RuntimeApi":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._invocations.put(None)
        self.may_continue.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, event: object) -> str:
        """Give an event to the process as soon as it asks for one, and return the id of the request."""
        invocation = _Invocation(json.dumps(event).encode())
        self._invocations.put(invocation)
        return invocation.request_id

    def next(self) -> _Invocation | None:
        """Wait for the next event; None at the end of the block."""
        invocation = self._invocations.get()
        if invocation is not None:
            self._unanswered.add(invocation.request_id)
        return invocation

    def take(self, answer: Answer, request_id: str | None) -> bool:
        """Accept an answer, unless its request is unknown or was answered before."""
        if request_id is not None:
            if request_id not in self._unanswered:
                return False
            self._unanswered.remove(request_id)
        self.answers.put(answer)
        return True

    def answer(self, within_seconds: float) -> Answer | None:
        """Return the next answer; None if there is none within that time."""
        try:
            return self.answers.get(timeout=within_seconds)
        except Empty:
            return None


def _handler_for(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body in one packet; the client would confirm the first of two only after 40 ms.
        wbufsize = -1

        def do_GET(self) -> None:
            if self.path == f"{_PREFIX}/restore/next":
                api.is_initialized.set()
                api.may_continue.wait()
                self._send(HTTPStatus.OK)
            elif self.path == CREDENTIALS and self.headers["Authorization"] == AUTHORIZATION:
                api.has_credentials = True
                self._send(HTTPStatus.OK, body=json.dumps(_CREDENTIALS).encode())
            elif self.path != f"{_PREFIX}/invocation/next":
                self._send(HTTPStatus.NOT_FOUND)
            elif (invocation := api.next()) is not None:
                deadline = time.time() + api.function.timeout_seconds
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": api.function.arn,
                    "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
                }
                self._send(HTTPStatus.OK, headers, invocation.event)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if match := _ANSWER.fullmatch(self.path):
                kind: Any = match[2]
                is_known = api.take(Answer(kind, json.loads(body), headers), match[1])
                self._send(HTTPStatus.ACCEPTED if is_known else HTTPStatus.BAD_REQUEST)
            elif self.path == f"{_PREFIX}/init/error":
                api.take(Answer("init/error", json.loads(body), headers), None)
                self._send(HTTPStatus.ACCEPTED)
            else:
                self._send(HTTPStatus.NOT_FOUND)

        def _send(self, status: HTTPStatus, headers: dict[str, str] | None = None, body: bytes = b"{}") -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the base class's signature)
            pass

    return Handler
