"""Identify clients without storing IP addresses: keyed hashes of the address and of its network."""

import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from kolom.http.headers import headers_of
from kolom.security.signing import SigningKeys, keyed_hashes

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
        return cls.all_from_ip(address, keys)[0]

    @classmethod
    def all_from_ip(cls, address: str, keys: SigningKeys) -> "list[ClientId]":
        """Return the client by every key of the site, the current key's first, to find data from before a rotation."""
        prefixes = _prefixes(address, _ADDRESS_BITS, _NETWORK_BITS)
        hashes = (keyed_hashes(_PURPOSE, text, keys) for text in prefixes)
        return [cls(by_address, by_network) for by_address, by_network in zip(*hashes, strict=True)]


type OriginSecrets = Callable[[], Collection[str]]
"""Returns the secrets that authenticate the CDN, none without a CDN."""


def client_ip(event: Mapping[str, Any], origin_secrets: OriginSecrets) -> str:
    """Return the IP address of the client that sent an HTTP API event.

    Behind the CDN, a header has the address. Anyone can send such a header, so it is trusted only together with the
    secret that only the CDN knows. The secrets are loaded only if the request has both headers. Without a valid
    secret, the result is the address of the connection.
    """
    return _proven_viewer(event, origin_secrets) or _connection(event)


def proven_network(event: Mapping[str, Any], origin_secrets: OriginSecrets) -> str | None:
    """Return the large network (/16, /32) of the client; None if there is a CDN that did not forward the request.

    A provider has several of these networks, so a phone may change between them.
    """
    address = _proven_viewer(event, origin_secrets) or (None if origin_secrets() else _connection(event))
    return None if address is None else _prefixes(address, _PROVIDER_BITS)[0]


def _proven_viewer(event: Mapping[str, Any], origin_secrets: OriginSecrets) -> str | None:
    """Return the address in the CDN's header, if the request also has one of the CDN's secrets."""
    headers = headers_of(event)
    viewer, proof = headers.get(VIEWER_HEADER, ""), headers.get(ORIGIN_HEADER, "")
    if _is_address(viewer) and proof:
        given = proof.encode("utf-8", "replace")
        if any(hmac.compare_digest(given, expected.encode()) for expected in origin_secrets() if expected):
            return viewer
    return None


def _connection(event: Mapping[str, Any]) -> str:
    address: str = event["requestContext"]["http"]["sourceIp"]
    return address


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
