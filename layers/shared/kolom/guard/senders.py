"""Where something came from, without keeping the address: keyed hashes of the address and of its network."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from kolom.signing import Secret, keyed_hash

SENDER_DAYS = 30
"""How long the hashes of a comment's sender are kept, for a moderator to ban it."""

_PURPOSE = "kolom.sender"
_ADDRESS_BITS = {4: 32, 6: 64}
_NETWORK_BITS = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class Sender:
    """Keyed hashes of an address (IPv4: /32, IPv6: /64, which is one customer's) and its network (/24, /48)."""

    address: str
    network: str

    @classmethod
    def of(cls, address: str, secret: Secret) -> "Sender":
        """The sender at an IP address; what is none is a sender of its own."""
        return cls(*(keyed_hash(_PURPOSE, text, secret) for text in _prefixes(address)))


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
