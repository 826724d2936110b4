"""Who a person is, without their e-mail address: keyed hashes by which they can be found again, forgotten or spared."""

from typing import Final

from kolom import signing
from kolom.signing import Secret

_PURPOSE: Final = "kolom.person"


def person_of(email: str, secret: Secret) -> str:
    """What stands for an e-mail address: a keyed hash, whatever the address's case."""
    return persons_of(email, secret)[0]


def persons_of(email: str, secret: Secret) -> list[str]:
    """All that may stand for an e-mail address, by every key that the site has had, the current one's first."""
    return signing.keyed_hashes(_PURPOSE, email.strip().casefold(), secret)
