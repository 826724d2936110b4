"""A small threaded HTTP/1.1 server with keep-alive, which passes requests on as they came.

Werkzeug's closes every connection and hands over decoded paths and joined headers, which the gateway's events need raw.
"""

import contextlib
import http
import http.server
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

from kolom_cli.emulator.api_gateway import (
    FUNCTION_FAILED,
    REQUEST_LIMIT_BYTES,
    TOO_LARGE,
    Request,
    Response,
    gateway_error,
)

DRAIN_LIMIT_BYTES = 100 * 1024 * 1024
IDLE_SECONDS = 60
_REST_SECONDS = 0.2  # how long the rest of a request that is refused may keep us waiting
_CHUNK_BYTES = 64 * 1024
_NO_BODY = {204, 304}
_NOT_PASSED_ON = {"connection", "content-length", "transfer-encoding", "keep-alive"}
_log = logging.getLogger(__name__)
_requests = logging.getLogger("kolom.requests")
type Application = Callable[[Request], Response]


class _BodyTooLargeError(Exception):
    """The body is beyond what the gateway takes."""


class HttpServer(http.server.ThreadingHTTPServer):
    """Serves an application on one address of this machine until :meth:`close`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], application: Application) -> None:
        self.application = application
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end the open connections."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._guard:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that :meth:`close` can end it."""
        with self._guard:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error worth a traceback."""
        _log.debug("connection %s from %s ended", request, client_address, exc_info=True)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1
    server: HttpServer

    def _handle(self) -> None:
        try:
            body = self._body()
        except _BodyTooLargeError:
            self.close_connection = True
            response = gateway_error(*TOO_LARGE)
        except ValueError:
            self.close_connection = True
            response = gateway_error(400, "Bad Request")
        else:
            response = self._answer(body)
        self._send(response)

    def _answer(self, body: bytes) -> Response:
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            query=query,
            headers=[(name, str(value)) for name, value in self.headers.items()],
            body=body,
            source_ip=self.client_address[0],
            protocol=self.request_version,
            host=self.headers.get("Host", "127.0.0.1"),
        )
        try:
            return self.server.application(request)
        except Exception:  # noqa: BLE001 (the server outlives any request)
            _log.exception("%s %s", self.command, path)
            return gateway_error(*FUNCTION_FAILED)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunked()
        length = int(self.headers.get("Content-Length") or 0)
        if length < 0:
            raise ValueError(length)
        if length > REQUEST_LIMIT_BYTES:
            self._drain(min(length, DRAIN_LIMIT_BYTES))
            raise _BodyTooLargeError
        return self.rfile.read(length)

    def _chunked(self) -> bytes:
        body = bytearray()
        while size := int(self.rfile.readline(100).split(b";")[0], 16):
            if len(body) + size > REQUEST_LIMIT_BYTES:
                raise _BodyTooLargeError
            body += self.rfile.read(size)
            self.rfile.readline(3)
        while self.rfile.readline(1000).strip():
            pass
        return bytes(body)

    def _drain(self, length: int) -> None:
        """Read what the client is still sending, else it sees a reset and not the answer."""
        while length > 0 and (read := self.rfile.read1(min(length, _CHUNK_BYTES))):
            length -= len(read)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        if response.status not in _NO_BODY:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in _NO_BODY:
            self.wfile.write(response.body)
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what cannot be read as a request, such as one whose first line has no end."""
        self.close_connection = True
        self.connection.settimeout(_REST_SECONDS)
        with contextlib.suppress(OSError):
            self._drain(DRAIN_LIMIT_BYTES)
        self.connection.settimeout(self.timeout)
        self._send(gateway_error(code, message or http.HTTPStatus(code).phrase))

    def handle_expect_100(self) -> bool:
        more = super().handle_expect_100()
        self.wfile.flush()
        return more

    def version_string(self) -> str:
        return "kolom"

    def log_request(self, code: Any = "-", size: Any = "-") -> None:  # noqa: ARG002
        _requests.info("%s %s", self.requestline, int(code))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        _log.debug(format, *args)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle  # noqa: N815 (http.server's names)
