"""Identify clients without storing IP addresses: keyed hashes of the address and of its network."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from kolom.http.headers import headers_of
from kolom.security.signing import SigningKeys, keyed_hash

VIEWER_HEADER: Final = "x-kolom-viewer"
"""The header in which the CDN sends the IP address of the viewer."""
ORIGIN_HEADER: Final = "x-kolom-origin"
"""The header in which the CDN sends its secret, as proof of its identity."""

CLIENT_ID_DAYS = 30
"""How long the hashes of a comment's client are stored, so that a moderator can ban it."""

_PURPOSE = "kolom.sender"
_ADDRESS_BITS = {4: 32, 6: 64}
_NETWORK_BITS = {4: 24, 6: 48}
_PROVIDER_BITS = {4: 16, 6: 32}


@dataclass(frozen=True, slots=True)
class ClientId:
    """Keyed hashes of an address (IPv4: /32, IPv6: /64, one customer) and its network (/24, /48)."""

    address: str
    network: str

    @classmethod
    def from_ip(cls, address: str, keys: SigningKeys) -> "ClientId":
        """Return the client at an IP address; each invalid address counts as a different client."""
        return cls(*(keyed_hash(_PURPOSE, text, keys) for text in _prefixes(address, _ADDRESS_BITS, _NETWORK_BITS)))


def client_ip(event: Mapping[str, Any], origin_secret: Callable[[], str | None]) -> str:
    """Return the IP address of the client that sent an HTTP API event.

    Behind the CDN, a header has the address. Anyone can send such a header, so it is trusted only together with the
    secret that only the CDN knows. ``origin_secret`` returns that secret, or None without a CDN; it is called only
    if the request has both headers. Without a valid secret, the result is the address of the connection.
    """
    headers = headers_of(event)
    viewer, proof = headers.get(VIEWER_HEADER, ""), headers.get(ORIGIN_HEADER, "")
    if _is_address(viewer) and proof:
        expected = origin_secret()
        if expected and hmac.compare_digest(proof.encode("utf-8", "replace"), expected.encode()):
            return viewer
    connection: str = event["requestContext"]["http"]["sourceIp"]
    return connection


def claimed_network(event: Mapping[str, Any]) -> str:
    """Return the large network (/16, /32) of the address in the CDN's header, or else of the connection.

    A provider has several of them, so a phone may still change between them.

    Anyone can send such a header, so this must not decide what a client may do.
    """
    viewer = headers_of(event).get(VIEWER_HEADER, "")
    address: str = viewer if _is_address(viewer) else event["requestContext"]["http"]["sourceIp"]
    return _prefixes(address, _PROVIDER_BITS)[0]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _prefixes(address: str, *lengths: Mapping[int, int]) -> list[str]:
    """Return the networks of an address with these prefixes, each by version; an invalid address for each of them."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return [address] * len(lengths)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return [str(ip_network((parsed, bits[parsed.version]), strict=False)) for bits in lengths]
