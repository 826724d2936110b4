"""The HTTP server of the local site: uvicorn in a thread, which passes requests on unchanged.

Applications are synchronous and run in daemon threads, so that one that hangs does not delay the shutdown.
"""

import asyncio
import contextlib
import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from kolom_cli.emulator.api_gateway import (
    FUNCTION_FAILED,
    REQUEST_LIMIT_BYTES,
    TOO_LARGE,
    Request,
    Response,
    gateway_error,
)

HEAD_LIMIT_BYTES = 64 * 1024
DRAIN_LIMIT_BYTES = 100 * 1024 * 1024
IDLE_SECONDS = 60
BODY_SECONDS = 60
CONCURRENT_REQUESTS = 64
_LINGER_SECONDS = 0.2
_TIMED_OUT = (408, "Request Timeout")
_HEAD_TOO_LONG = 431
_NO_BODY = {204, 304}
_NOT_PASSED_ON = {"connection", "content-length", "transfer-encoding", "keep-alive"}
_log = logging.getLogger(__name__)
_requests = logging.getLogger("kolom.requests")
type Application = Callable[[Request], Response]


class HttpServer:
    """Serves an application on one local address until :meth:`close`.

    It listens immediately, but clients wait until :meth:`start`. Raises :class:`OSError` if the port is in use.
    """

    def __init__(self, address: tuple[str, int], application: Application) -> None:
        self.application = application
        self._socket = socket.create_server(address, backlog=128)
        # Connections inherit this option. asyncio sets it only for sockets that were created with an explicit protocol.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._serve,
                interface="asgi3",
                loop="asyncio",
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",  # uvicorn warns about each malformed request.
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=IDLE_SECONDS,
                h11_max_incomplete_event_size=HEAD_LIMIT_BYTES,
            )
        )
        self._threads = asyncio.Semaphore(CONCURRENT_REQUESTS)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    @property
    def port(self) -> int:
        """The port on which the server listens."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Serve in a separate thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end the open connections."""
        self._server.should_exit = self._server.force_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one request, as an ASGI application."""
        headers: list[tuple[bytes, bytes]] = []
        try:
            request = _request(scope, await _body(scope, receive))
            async with self._threads:
                response = await _in_thread(self._answer, request)
        except _RefusedError as refusal:
            response = gateway_error(*refusal.answer)
            headers.append((b"connection", b"close"))
        except (ConnectionError, asyncio.CancelledError):
            return  # The client has disconnected, or the server shuts down.
        target = "?".join(filter(None, [scope["raw_path"].decode(), scope["query_string"].decode()]))
        _requests.info("%s %s HTTP/%s %s", scope["method"], target, scope["http_version"], response.status)
        headers += _headers(response, is_head=scope["method"] == "HEAD")
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if response.status in _NO_BODY else response.body})

    def _answer(self, request: Request) -> Response:
        try:
            return self.application(request)
        except Exception:  # noqa: BLE001 (no request may stop the server)
            _log.exception("%s %s", request.method, request.path)
            return gateway_error(*FUNCTION_FAILED)


class _RefusedError(Exception):
    """The request is refused before it reaches the application."""

    def __init__(self, answer: tuple[int, str]) -> None:
        super().__init__(answer)
        self.answer = answer


async def _in_thread[T, R](function: Callable[[T], R], argument: T) -> R:
    """Run the function in a daemon thread. An executor would wait for its threads before the process ends."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[R] = loop.create_future()

    def deliver(value: R) -> None:
        if not result.done():
            result.set_result(value)

    def call() -> None:
        value = function(argument)
        with contextlib.suppress(RuntimeError):  # The loop is closed, so nothing waits for the result.
            loop.call_soon_threadsafe(deliver, value)

    threading.Thread(target=call, daemon=True).start()
    return await result


async def _body(scope: Any, receive: Any) -> bytes:
    """Return the complete body. Raises :class:`_RefusedError`, or :class:`ConnectionError` if the client disconnects.

    A body that is too large is still read, up to :data:`DRAIN_LIMIT_BYTES`, because a client that is sending would see
    a connection reset instead of the response. This is not necessary if the client waits for ``100 Continue``.
    """
    headers = dict(scope["headers"])
    if b"expect" in headers and int(headers.get(b"content-length", 0)) > REQUEST_LIMIT_BYTES:
        raise _RefusedError(TOO_LARGE)
    body, length, more = bytearray(), 0, True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more and length <= DRAIN_LIMIT_BYTES:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ConnectionError
                length += len(message["body"])
                if length <= REQUEST_LIMIT_BYTES:
                    body += message["body"]
                more = message["more_body"]
    except TimeoutError:
        raise _RefusedError(_TIMED_OUT) from None
    if length > REQUEST_LIMIT_BYTES:
        raise _RefusedError(TOO_LARGE)
    return bytes(body)


def _request(scope: Any, body: bytes) -> Request:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode(),
        query=scope["query_string"].decode(),
        headers=headers,
        body=body,
        source_ip=scope["client"][0],
        protocol=f"HTTP/{scope['http_version']}",
        host=dict(headers).get("host", "127.0.0.1"),
    )


def _headers(response: Response, *, is_head: bool = False) -> Iterable[tuple[bytes, bytes]]:
    length = str(len(response.body))
    for name, value in response.headers:
        if name.lower() not in _NOT_PASSED_ON:
            yield name.encode("latin-1"), value.encode("latin-1")
        elif is_head and not response.body and name.lower() == "content-length":
            length = value  # the length of the response to GET
    if response.status not in _NO_BODY:
        yield b"content-length", length.encode("latin-1")


class _Protocol(H11Protocol):
    """uvicorn's protocol, extended: it closes connections without a request, and responds to bad requests in JSON."""

    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        if self._refused or self.conn.their_state is h11.MUST_CLOSE:  # data after the last request
            return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None:
            self._await_request()

    def _await_request(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Respond to a malformed request, and close the connection later: closing it now would discard the response."""
        self._refused = True
        too_long = getattr(sys.exception(), "error_status_hint", None) == _HEAD_TOO_LONG
        status = _HEAD_TOO_LONG if too_long else 400
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            reason = STATUS_PHRASES[status]
            answer = gateway_error(status, reason.decode())
            headers = [*_headers(answer), (b"connection", b"close")]
            self.transport.write(
                self.conn.send(h11.Response(status_code=status, headers=headers, reason=reason)) or b""
            )
            self.transport.write(answer.body)
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def shutdown(self) -> None:
        """Abort the connection in any state."""
        self.transport.abort()
