"""Downloading pictures: only from the public internet, and within limits."""

import errno
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kolom_cli.media import downloader
from kolom_cli.media.downloader import Address, Downloader, DownloadError, is_public


class _Handler(BaseHTTPRequestHandler):
    received: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        type(self).received.append((self.path, dict(self.headers)))
        path = self.path.partition("?")[0]
        if path.startswith("/to/"):
            self._answer(302, b"", {"Location": self.path.partition("?")[2]})
        elif path == "/large":
            self._answer(200, b"x" * 300_000)
        elif path == "/none":
            self._answer(404, b"none")
        else:
            self._answer(200, b"picture", {"Set-Cookie": "a=b", "Content-Encoding": "gzip"})

    def _answer(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """Serve on this machine; yield the URL."""
    _Handler.received = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


def _allow_loopback(address: Address) -> bool:
    return address.is_loopback or is_public(address)


def test_a_picture_is_downloaded_without_cookies_or_decoding(server: str) -> None:
    download = Downloader(_allow_loopback, lambda _host, _port: ["127.0.0.1"])
    port = server.rpartition(":")[2]
    assert [download(f"http://old.example:{port}/ü a.jpg?x=1") for _ in range(2)] == [b"picture"] * 2
    assert {path for path, _ in _Handler.received} == {"/%C3%BC%20a.jpg?x=1"}
    for _, headers in _Handler.received:
        assert headers["Host"] == f"old.example:{port}"
        assert not {"Cookie", "Authorization", "Referer"} & headers.keys()


def test_redirects_are_followed_and_limited(server: str) -> None:
    download = Downloader(_allow_loopback)
    assert download(f"{server}/to/?{server}/a.jpg") == b"picture"
    assert download(f"{server}/to/?/a.jpg") == b"picture"
    with pytest.raises(DownloadError, match="more than 5 redirects"):
        download(f"{server}/to/?{'/to/?' * 6}/a.jpg")


@pytest.mark.parametrize(
    "target",
    [
        *("http://169.254.169.254/latest/", "http://10.0.0.1/", "//[::1]/"),
        *("file:///etc/passwd", "ftp://old.example/a"),
    ],
)
def test_the_target_of_a_redirect_is_checked_too(server: str, target: str) -> None:
    with pytest.raises(DownloadError, match=r"not on the public internet|does not begin with|URL is invalid"):
        Downloader(_allow_loopback_v4)(f"{server}/to/?{target}")
    assert len(_Handler.received) == 1


@pytest.mark.parametrize("url", ["http:///a.jpg", "http://old.example:0/a.jpg", "http://old.example:x/a.jpg"])
def test_a_url_without_a_host_or_with_a_bad_port_is_invalid(url: str) -> None:
    with pytest.raises(DownloadError, match="its URL is invalid"):
        Downloader()(url)


def _allow_loopback_v4(address: Address) -> bool:
    return str(address) == "127.0.0.1"


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "localhost",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0.0.0.0",  # noqa: S104 (it is refused)
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::]",
            "[::127.0.0.1]",
            "[::ffff:0:127.0.0.1]",
        ),
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fd00:ec2::254]", "[fe80::1]"),
        *("[fec0::1]", "[5f00::1]", "[4000::1]"),
        *("224.0.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "255.255.255.255", "[64:ff9b::a9fe:a9fe]", "192.0.2.1"),
    ],
)
def test_addresses_that_are_not_public_are_refused(server: str, host: str) -> None:
    with pytest.raises(DownloadError, match=r"not on the public internet|does not exist|URL is invalid"):
        Downloader()(f"http://{host}:{server.rpartition(':')[2]}/a.jpg")
    assert _Handler.received == []


def test_the_checked_address_is_the_one_that_is_connected_to(server: str) -> None:
    """A host whose address changes between the check and the connection cannot reach this machine."""
    answers = iter([["203.0.114.9"], ["127.0.0.1"]])
    asked: list[Address] = []

    def allow(address: Address) -> bool:
        asked.append(address)
        return str(address) != "127.0.0.1"

    download = Downloader(allow, lambda _host, _port: next(answers))
    pool = download._pool("http", "rebind.example", 80)
    assert pool.host == "203.0.114.9"
    with pytest.raises(DownloadError, match="not on the public internet"):
        download._pool("http", "rebind.example", 80)
    assert asked == [ipaddress.ip_address("203.0.114.9"), ipaddress.ip_address("127.0.0.1")]


def test_a_certificate_is_checked_for_the_name_of_the_host() -> None:
    pool = Downloader(addresses_of=lambda _host, _port: ["203.0.114.9"])._pool("https", "old.example", 443)
    assert (pool.host, pool.assert_hostname, pool.cert_reqs) == ("203.0.114.9", "old.example", "CERT_REQUIRED")  # type: ignore[attr-defined]
    assert pool.conn_kw["server_hostname"] == "old.example"


@pytest.mark.parametrize(("path", "says"), [("/none", "status 404"), ("/large", "more than 0 MB")])
def test_other_answers_are_errors(server: str, path: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloader, "MAX_PICTURE_BYTES", 200_000)
    with pytest.raises(DownloadError, match=says):
        Downloader(_allow_loopback)(server + path)


@pytest.mark.parametrize(
    "url",
    [
        *("", "a.jpg", "file:///etc/passwd", "ftp://x.example/a", "http://", "http://u:p@x.example/", "http://[x/"),
        *("http://x:99999/", "data:image/png;base64,AA"),
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(DownloadError):
        Downloader(addresses_of=lambda _host, _port: ["127.0.0.1"])(url)


def test_an_unreachable_host_is_not_tried_again_after_five_failures(server: str) -> None:
    port = int(server.rpartition(":")[2])
    asked: list[str] = []

    def none(host: str, _port: int) -> list[str]:
        asked.append(host)
        raise DownloadError("its host does not exist")

    download = Downloader(_allow_loopback, none)
    for _ in range(9):
        with pytest.raises(DownloadError):
            download(f"http://gone.example:{port}/a.jpg")
    assert len(asked) == 5


def test_an_international_host_is_not_resolved_again_after_five_failures() -> None:
    resolved: list[str] = []

    def fail(host: str, _port: int) -> list[str]:
        resolved.append(host)
        raise DownloadError("its host does not exist")

    download = Downloader(addresses_of=fail)
    for number in range(7):
        with pytest.raises(DownloadError):
            download(f"https://bücher.example/{number}.jpg")
    assert resolved == ["xn--bcher-kva.example"] * 5


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "its host does not exist"),
        (socket.gaierror(socket.EAI_NODATA, "No address associated with hostname"), "its host has no address"),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "the address of its host cannot be looked up: Temporary failure in name resolution",
        ),
        (
            socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure in name resolution"),
            "the address of its host cannot be looked up: Non-recoverable failure in name resolution",
        ),
        (
            OSError(errno.ENETUNREACH, "Network is unreachable"),
            "the address of its host cannot be looked up: Network is unreachable",
        ),
        (OSError("no network"), "the address of its host cannot be looked up: no network"),
    ],
    ids=["no such name", "no address", "temporary failure", "failure", "offline", "without a number"],
)
def test_only_a_host_without_a_name_record_does_not_exist(
    error: OSError, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(DownloadError) as caught:
        Downloader()("https://old.example/a.jpg")
    assert str(caught.value) == says


def test_a_slow_answer_has_a_time_limit(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloader, "_TOTAL_SECONDS", -1.0)
    with pytest.raises(DownloadError, match="it takes more than"):
        Downloader(_allow_loopback)(f"{server}/a.jpg")


@pytest.mark.parametrize(
    "sent", [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP"]
)
def test_a_download_of_single_bytes_ends_at_the_deadline(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloader, "_TOTAL_SECONDS", 0.5)
    left = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.sendall(sent)
                while not left.wait(0.1):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        emergency = threading.Timer(5.0, left.set)
        emergency.start()
        start = time.monotonic()
        with pytest.raises(DownloadError, match="it takes more than"):
            Downloader(_allow_loopback)(f"http://127.0.0.1:{listening.getsockname()[1]}/a.jpg")
        assert time.monotonic() - start < 3
        emergency.cancel()
        left.set()
        thread.join()
