"""The local HTTP server, tested with raw bytes that a client library would not send."""

import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from kolom_cli.emulator import http_server
from kolom_cli.emulator.api_gateway import REQUEST_LIMIT_BYTES, Request, Response, gateway_error
from kolom_cli.emulator.http_server import HttpServer
from tests.serving import eventually

REQUEST = b"%s HTTP/1.1\r\nHost: blog.example\r\n%s\r\n%s"
TOO_LONG = REQUEST_LIMIT_BYTES + 4 * 1024 * 1024
CHUNKED = b"Transfer-Encoding: chunked\r\n"
MALFORMED = {
    "no HTTP": b"\xff\xfe\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": REQUEST % (b"GET /", b"Host: b\r\n", b""),
    "a space in the path": REQUEST % (b"GET /a b", b"", b""),
    "a tab in the path": REQUEST % (b"GET /a\tb", b"", b""),
    "a NUL in the path": REQUEST % (b"GET /a\0b", b"", b""),
    "UTF-8 in the path": REQUEST % ("GET /é".encode(), b"", b""),
    "no method": REQUEST % (b"G{T /", b"", b""),
    "a NUL in a header": REQUEST % (b"GET /", b"A: b\0c\r\n", b""),
    "a carriage return in a header": REQUEST % (b"GET /", b"A: b\rC: d\r\n", b""),
    "a space before the colon": REQUEST % (b"GET /", b"A : b\r\n", b""),
    "no colon": REQUEST % (b"GET /", b"A\r\n", b""),
    "a header without a name": REQUEST % (b"GET /", b": b\r\n", b""),
    "a negative length": REQUEST % (b"POST /", b"Content-Length: -1\r\n", b"abc"),
    "a length with a sign": REQUEST % (b"POST /", b"Content-Length: +3\r\n", b"abc"),
    "a length with an underscore": REQUEST % (b"POST /", b"Content-Length: 1_0\r\n", b"a" * 10),
    "a length that is no number": REQUEST % (b"POST /", b"Content-Length: a\r\n", b"abc"),
    "a length of 5000 digits": REQUEST % (b"POST /", b"Content-Length: " + b"9" * 5000 + b"\r\n", b"abc"),
    "two lengths": REQUEST % (b"POST /", b"Content-Length: 3\r\nContent-Length: 5\r\n", b"abc"),
    "another coding": REQUEST % (b"POST /", b"Transfer-Encoding: gzip\r\n", b"abc"),
    "two codings": REQUEST % (b"POST /", b"Transfer-Encoding: gzip\r\n" + CHUNKED, b"0\r\n\r\n"),
    "a negative chunk": REQUEST % (b"POST /", CHUNKED, b"-1\r\nabc\r\n0\r\n\r\n"),
    "a chunk with a prefix": REQUEST % (b"POST /", CHUNKED, b"0x3\r\nabc\r\n0\r\n\r\n"),
    "a chunk without a size": REQUEST % (b"POST /", CHUNKED, b"\r\nabc\r\n0\r\n\r\n"),
    "a chunk without an end": REQUEST % (b"POST /", CHUNKED, b"3\r\nabcdef0\r\n\r\n"),
}


def echo(request: Request) -> Response:
    """Return the request as JSON, with a repeated header and a non-ASCII header."""
    seen = {
        "line": [request.method, request.path, request.query, request.protocol],
        "headers": [[name.lower(), value] for name, value in request.headers],
        "host": request.host,
        "length": len(request.body),
    }
    headers = [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Latin", "é")]
    return Response(status=200, headers=headers, body=json.dumps(seen).encode())


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with closing(HttpServer(("127.0.0.1", 0), echo)) as running:
        running.start()
        yield running


def connect(server: HttpServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def read(connection: socket.socket) -> list[tuple[int, bytes]]:
    """Return the status and body of each response until the server closes the connection."""
    received = b""
    while part := connection.recv(65536):
        received += part
    answers = received.split(b"HTTP/1.1 ")[1:]
    return [(int(answer[:3]), answer.partition(b"\r\n\r\n")[2]) for answer in answers]


def exchange(server: HttpServer, sent: bytes) -> list[tuple[int, bytes]]:
    with connect(server) as connection:
        connection.sendall(sent)
        return read(connection)


def error(status: int, message: str) -> tuple[int, bytes]:
    return status, gateway_error(status, message).body


def test_a_request_is_passed_on_unchanged(server: HttpServer) -> None:
    """Path and query are not decoded; headers are kept separate and read as Latin-1."""
    headers = b"Cookie: a=1\r\ncookie: b=2\r\nX-A: caf\xe9\r\nConnection: close\r\n"
    ((status, body),) = exchange(server, REQUEST % (b"GET //a%2Fb/%00/../%C3%A9?x=%2F&&y=+%zz??", headers, b""))
    seen = json.loads(body)
    assert (status, seen["host"]) == (200, "blog.example")
    assert seen["line"] == ["GET", "//a%2Fb/%00/../%C3%A9", "x=%2F&&y=+%zz??", "HTTP/1.1"]
    assert seen["headers"][1:4] == [["cookie", "a=1"], ["cookie", "b=2"], ["x-a", "café"]]


def test_a_response_is_sent_unchanged(server: HttpServer) -> None:
    with connect(server) as connection:
        connection.sendall(REQUEST % (b"HEAD /", b"Connection: close\r\n", b""))
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert [line for line in lines if line.startswith(b"Set-Cookie")] == [b"Set-Cookie: a=1", b"Set-Cookie: b=2"]
    assert b"X-Latin: \xe9" in lines
    assert body == b""


def test_a_malformed_request_is_answered_400(
    server: HttpServer, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    """The response is JSON, nothing is printed, and the connection is closed."""
    connections = {name: connect(server) for name in MALFORMED}
    for name, connection in connections.items():
        connection.sendall(MALFORMED[name])
    for name, connection in connections.items():
        with subtests.test(name), connection:
            assert read(connection) == [error(400, "Bad Request")]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_pipelined_requests_are_answered_in_order(server: HttpServer) -> None:
    """The last request is malformed, so its response must be the last."""
    answers = exchange(server, REQUEST % (b"GET /1", b"", b"") + REQUEST % (b"GET /2", b"", b"") + b"nonsense\r\n\r\n")
    assert [json.loads(body)["line"][1] for _, body in answers[:2]] == ["/1", "/2"]
    assert answers[2:] == [error(400, "Bad Request")]


@pytest.mark.parametrize(
    "head", [REQUEST % (b"GET /" + b"a" * 300_000, b"", b""), b"GET / HTTP/1.1\r\nA: " + b"a" * 2**21]
)
def test_an_endless_request_head_is_answered_431(server: HttpServer, head: bytes) -> None:
    """The client gets the response while it is still sending."""
    assert exchange(server, head) == [error(431, "Request Header Fields Too Large")]


@pytest.mark.parametrize("framing", [b"Content-Length: %d\r\n" % TOO_LONG, CHUNKED], ids=["length", "chunked"])
def test_a_body_beyond_the_limit_is_answered_413(server: HttpServer, framing: bytes) -> None:
    body = b"a" * TOO_LONG
    if framing == CHUNKED:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    assert exchange(server, REQUEST % (b"POST /", framing, body)) == [error(413, "Request Entity Too Large")]


def test_an_expect_continue_request_with_an_oversized_body_is_rejected_early(server: HttpServer) -> None:
    headers = b"Content-Length: %d\r\nExpect: 100-continue\r\n" % (REQUEST_LIMIT_BYTES + 1)
    assert exchange(server, REQUEST % (b"POST /", headers, b"")) == [error(413, "Request Entity Too Large")]


def test_an_expect_continue_request_may_send_its_body(server: HttpServer) -> None:
    with connect(server) as connection:
        headers = b"Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n"
        connection.sendall(REQUEST % (b"POST /", headers, b""))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        ((status, body),) = read(connection)
    assert (status, json.loads(body)["length"]) == (200, 3)


def test_a_truncated_body_does_not_reach_the_application() -> None:
    seen: list[Request] = []

    def note(request: Request) -> Response:
        seen.append(request)
        return echo(request)

    with closing(HttpServer(("127.0.0.1", 0), note)) as server:
        server.start()
        with connect(server) as connection:
            connection.sendall(REQUEST % (b"POST /", b"Content-Length: 5\r\n", b"abc"))
            connection.shutdown(socket.SHUT_WR)
            assert read(connection) == []
        exchange(server, REQUEST % (b"GET /", b"Connection: close\r\n", b""))
    assert [request.method for request in seen] == ["GET"]


def test_a_missing_body_is_answered_408(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "BODY_SECONDS", 0.1)
    answers = exchange(server, REQUEST % (b"POST /", b"Content-Length: 5\r\n", b"abc"))
    assert answers == [error(408, "Request Timeout")]


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", REQUEST % (b"GET /", b"", b"") + b"GET"], ids=["none", "half", "next"]
)
def test_an_idle_connection_is_closed(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 0.2)
    with closing(HttpServer(("127.0.0.1", 0), echo)) as server:
        server.start()
        assert [status for status, _ in exchange(server, sent)] == [200] * sent.count(b"HTTP/1.1")


def test_data_after_the_last_request_is_ignored() -> None:
    """Old clients send a line break after the body."""
    asked, answered = threading.Event(), threading.Event()

    def answer(request: Request) -> Response:
        asked.set()
        answered.wait(30)
        return echo(request)

    with closing(HttpServer(("127.0.0.1", 0), answer)) as server:
        server.start()
        with connect(server) as connection:
            connection.sendall(REQUEST % (b"POST /", b"Content-Length: 3\r\nConnection: close\r\n", b"abc"))
            assert asked.wait(30)
            connection.sendall(b"\r\n")
            time.sleep(0.1)
            answered.set()
            assert [status for status, _ in read(connection)] == [200]


def test_responses_on_a_persistent_connection_are_not_delayed(server: HttpServer) -> None:
    """Nagle's algorithm would delay each body by 40 ms."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    seconds = []
    for _ in range(20):
        began = time.monotonic()
        connection.request("GET", "/")
        connection.getresponse().read()
        seconds.append(time.monotonic() - began)
    connection.close()
    assert sorted(seconds)[10] < 0.03


def test_idle_connections_use_no_threads(server: HttpServer) -> None:
    before = threading.active_count()
    waiting = [connect(server) for _ in range(200)]
    for connection in waiting:
        connection.sendall(b"GET / HTTP/1.1\r\n")
    assert [status for status, _ in exchange(server, REQUEST % (b"GET /", b"Connection: close\r\n", b""))] == [200]
    assert eventually(lambda: threading.active_count() <= before)
    for connection in waiting:
        connection.close()


def test_an_exception_in_the_application_is_answered_500(caplog: pytest.LogCaptureFixture) -> None:
    def fail(request: Request) -> Response:
        raise RuntimeError(request.path)

    with closing(HttpServer(("127.0.0.1", 0), fail)) as server:
        server.start()
        answers = exchange(server, REQUEST % (b"GET /x", b"Connection: close\r\n", b""))
    assert answers == [error(500, "Internal Server Error")]
    assert [record.getMessage() for record in caplog.records if record.exc_info] == ["GET /x"]


def test_a_pending_request_does_not_delay_the_shutdown(caplog: pytest.LogCaptureFixture) -> None:
    asked, answered = threading.Event(), threading.Event()

    def answer(request: Request) -> Response:
        asked.set()
        answered.wait(60)
        return echo(request)

    server = HttpServer(("127.0.0.1", 0), answer)
    server.start()
    with connect(server) as connection:
        connection.sendall(REQUEST % (b"GET /", b"", b""))
        assert asked.wait(30)
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 10
        assert read(connection) == []
    answered.set()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_port_in_use_is_an_error(server: HttpServer) -> None:
    with pytest.raises(OSError, match="in use"):
        HttpServer(("127.0.0.1", server.port), echo)
