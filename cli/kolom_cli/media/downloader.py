"""Download pictures and pages from other sites, without reaching addresses of this machine or its network.

The URLs come from an export or a sitemap, so an attacker may have chosen them. Each host is resolved once, and the
connection is made to the address that was checked; this is repeated for every redirect. No cookies, proxies or
credentials are used.
"""

import ipaddress
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import urllib3

MAX_PICTURE_BYTES: Final = 20 * 1024 * 1024
_MAX_REDIRECTS: Final = 5
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 15.0
_TOTAL_SECONDS: Final = 60.0
_CHUNK_BYTES: Final = 64 * 1024
_MAX_FAILURES: Final = 5
"""After this number of failed connections to a host, the host is not tried again: it probably no longer exists."""
_PORTS: Final = {"http": 80, "https": 443}
_NOT_FOUND: Final = {
    getattr(socket, "EAI_NODATA", socket.EAI_NONAME): "its host has no address",  # some systems do not have it
    socket.EAI_NONAME: "its host does not exist",
}
"""The answers of the name service about a host; other errors say nothing about it."""
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_SAFE: Final = "/%:@!$&'()*+,;=~-._?"
_PICTURE_HEADERS: Final = {
    "User-Agent": "Kolom (import of a blog)",
    "Accept": "image/*",
    "Accept-Encoding": "identity",
}

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class DownloadError(Exception):
    """A URL cannot be downloaded; the message says why."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response; ``content`` is empty unless the status is 200. ``headers`` ignores the case of names."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""

    @property
    def location(self) -> str | None:
        """Return the target of a redirect, or None."""
        return (self.headers.get("Location") or None) if self.status in _REDIRECTS else None


def is_public(address: Address) -> bool:
    """Return whether the address is on the public internet.

    The addresses of this machine, of private networks and of a cloud's metadata service are not public.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if embedded is not None:
            return is_public(embedded)
        if address not in _GLOBAL_UNICAST:  # such as fec0::1, ::127.0.0.1 and ::ffff:0:127.0.0.1
            return False
    return address.is_global and not address.is_multicast


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All addresses that the public internet uses (RFC 4291, 2.4)."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host.

    :raises DownloadError: it has none, or they cannot be looked up now, such as without a network
    """
    try:
        return list(dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    except UnicodeError as error:
        raise DownloadError("its host is invalid") from error
    except OSError as error:
        if isinstance(error, socket.gaierror) and error.errno in _NOT_FOUND:
            raise DownloadError(_NOT_FOUND[error.errno]) from error
        reason = f"the address of its host cannot be looked up: {error.strerror or error}"
        raise DownloadError(reason) from error


@dataclass(slots=True)
class Downloader:
    """Downloads from public addresses. It may be called by several threads.

    ``is_allowed`` returns whether a connection to an address is allowed. ``addresses_of`` returns the addresses of a
    host and port.
    """

    is_allowed: Callable[[Address], bool] = is_public
    addresses_of: Callable[[str, int], list[str]] = resolve
    _failures: Counter[str] = field(default_factory=Counter)

    def __call__(self, url: str) -> bytes:
        """Return the picture at the URL, after redirects.

        :raises DownloadError: it cannot be downloaded, or has more than :data:`MAX_PICTURE_BYTES`
        """
        deadline = time.monotonic() + _TOTAL_SECONDS
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._get(_checked(url), deadline, _PICTURE_HEADERS, MAX_PICTURE_BYTES)
            if (target := response.location) is not None:
                url = urljoin(url, target)
                continue
            if response.status != 200:
                raise DownloadError(f"the response has status {response.status}")
            return response.content
        raise DownloadError(f"it has more than {_MAX_REDIRECTS} redirects")

    def get(self, url: str, headers: Mapping[str, str], *, max_bytes: int) -> HttpResponse:
        """Return the response to one request, whatever its status. A redirect is not followed.

        :raises DownloadError: there is no response, or its content has more than ``max_bytes``
        """
        return self._get(_checked(url), time.monotonic() + _TOTAL_SECONDS, headers, max_bytes)

    def _get(self, parts: SplitResult, deadline: float, headers: Mapping[str, str], max_bytes: int) -> HttpResponse:
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        if not _is_address(host):
            host = _ascii(host)
        if self._failures[host] >= _MAX_FAILURES:
            raise DownloadError("earlier connections to its host failed")
        pool = self._pool(parts.scheme, host, port)
        target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
        try:
            with _end_connections_at(deadline, pool):
                response = pool.urlopen(
                    "GET",
                    target,
                    headers={**headers, "Host": _host_header(host, parts.port)},
                    redirect=False,
                    retries=False,
                    assert_same_host=False,
                    preload_content=False,
                    decode_content=False,
                )
                with response:
                    return _received(response, deadline, max_bytes)
        except urllib3.exceptions.HTTPError as error:
            _check_time(deadline)
            self._failures[host] += 1
            raise DownloadError(f"the connection failed: {type(error).__name__}") from error
        finally:
            pool.close()

    def _pool(self, scheme: str, host: str, port: int) -> urllib3.HTTPConnectionPool:
        """Return a pool of connections to the checked address of the host."""
        try:
            addresses = [host.strip("[]")] if _is_address(host) else self.addresses_of(host, port)
        except DownloadError:
            self._failures[host] += 1
            raise
        allowed = [each for each in addresses if self.is_allowed(ipaddress.ip_address(each.partition("%")[0]))]
        if not allowed:
            raise DownloadError("its host is not on the public internet")
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        if scheme == "http":
            return urllib3.HTTPConnectionPool(allowed[0], port, timeout=timeout)
        return urllib3.HTTPSConnectionPool(
            allowed[0], port, timeout=timeout, server_hostname=host, assert_hostname=host, cert_reqs="CERT_REQUIRED"
        )


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_complete = parts.hostname is not None and parts.port != 0
    except ValueError as error:
        raise DownloadError("its URL is invalid") from error
    if parts.scheme not in _PORTS:
        raise DownloadError("its URL does not begin with http:// or https://")
    if not is_complete:
        raise DownloadError("its URL is invalid")
    if parts.username is not None or parts.password is not None:
        raise DownloadError("its URL contains a user name")
    return parts


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise DownloadError("its host is invalid") from error


def _host_header(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def _received(response: urllib3.BaseHTTPResponse, deadline: float, max_bytes: int) -> HttpResponse:
    """Return the response with its content."""
    _check_time(deadline)
    if response.status != 200:
        return HttpResponse(response.status, response.headers)
    data = bytearray()
    for chunk in response.stream(_CHUNK_BYTES, decode_content=False):
        data += chunk
        if len(data) > max_bytes:
            raise DownloadError(f"it has more than {max_bytes >> 20} MB")
        _check_time(deadline)
    _check_time(deadline)
    return HttpResponse(response.status, response.headers, bytes(data))


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise DownloadError(f"it takes more than {_TOTAL_SECONDS:.0f} seconds")


@contextmanager
def _end_connections_at(deadline: float, pool: urllib3.HTTPConnectionPool) -> Iterator[None]:
    """End the connections of the pool at the deadline.

    The timeouts of urllib3 are for each single read, so a host that sends one byte at a time would never reach them.
    """
    connections: list[Any] = []
    new_connection: Any = pool.ConnectionCls

    def remembered(*given: Any, **named: Any) -> Any:
        connections.append(new_connection(*given, **named))
        return connections[-1]

    def end() -> None:
        for connection in connections:
            with suppress(OSError, AttributeError):  # it is not connected, or was closed meanwhile
                connection.sock.shutdown(socket.SHUT_RDWR)

    pool.ConnectionCls = remembered  # type: ignore[assignment]
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
