"""Where something came from, without keeping the address: keyed hashes of the address and of its network."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from kolom.http.headers import headers_of
from kolom.security.signing import SigningKeys, keyed_hash

VIEWER_HEADER: Final = "x-kolom-viewer"
"""In which the CDN says whom it asks for."""
ORIGIN_HEADER: Final = "x-kolom-origin"
"""In which the CDN proves that it is the one who asks."""

CLIENT_ID_DAYS = 30
"""How long the hashes of a comment's sender are kept, for a moderator to ban it."""

_PURPOSE = "kolom.sender"
_ADDRESS_BITS = {4: 32, 6: 64}
_NETWORK_BITS = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class ClientId:
    """Keyed hashes of an address (IPv4: /32, IPv6: /64, which is one customer's) and its network (/24, /48)."""

    address: str
    network: str

    @classmethod
    def from_ip(cls, address: str, secret: SigningKeys) -> "ClientId":
        """The sender at an IP address; what is none is a sender of its own."""
        return cls(*(keyed_hash(_PURPOSE, text, secret) for text in _prefixes(address)))


def client_ip(event: Mapping[str, Any], origin_secret: Callable[[], str | None]) -> str:
    """The IP address that an HTTP API event comes from.

    Behind the CDN that is what the CDN says in a header. Anyone can write such a header, so it counts only beside the
    secret that the CDN alone knows (``origin_secret`` is called when both are there, and gives None where there is no
    CDN). Otherwise it is the address of the connection.
    """
    headers = headers_of(event)
    viewer, proof = headers.get(VIEWER_HEADER, ""), headers.get(ORIGIN_HEADER, "")
    if _is_address(viewer) and proof:
        expected = origin_secret()
        if expected and hmac.compare_digest(proof.encode("utf-8", "replace"), expected.encode()):
            return viewer
    connection: str = event["requestContext"]["http"]["sourceIp"]
    return connection


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _prefixes(address: str) -> tuple[str, str]:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address, address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    first, second = (
        str(ip_network((parsed, bits[parsed.version]), strict=False)) for bits in (_ADDRESS_BITS, _NETWORK_BITS)
    )
    return first, second
