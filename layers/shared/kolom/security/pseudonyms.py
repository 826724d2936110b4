"""Who a person is, without their e-mail address: keyed hashes by which they can be found again, forgotten or spared."""

from typing import Final

from email_validator import EmailNotValidError, validate_email

from kolom.security import signing
from kolom.security.signing import SigningKeys

_PURPOSE: Final = "kolom.person"
_MAILBOX_PURPOSE: Final = "kolom.mailbox"
_GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})


def pseudonym_of(email: str, secret: SigningKeys) -> str:
    """What stands for an e-mail address: a keyed hash, the same for all its spellings."""
    return all_pseudonyms_of(email, secret)[0]


def all_pseudonyms_of(email: str, secret: SigningKeys) -> list[str]:
    """All that may stand for an e-mail address, by every key that the site has had, the current one's first."""
    return signing.keyed_hashes(_PURPOSE, _canonical(email), secret)


def mailbox_pseudonym_of(email: str, secret: SigningKeys) -> str:
    """What stands for the mailbox that an address leads to, for limits: a keyed hash.

    Addresses that differ only in what follows a ``+`` count as one (RFC 5233), and those of Gmail without their dots.
    A server may deliver them apart, so this is nobody's identity.
    """
    local, _, domain = _canonical(email).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return signing.keyed_hash(_MAILBOX_PURPOSE, f"{local}@{domain}", secret)


def _canonical(email: str) -> str:
    """The one spelling of an address: its domain as in the DNS, in lower case. What is none stays as it is."""
    try:
        address = validate_email(email.strip(), check_deliverability=False)
    except EmailNotValidError:
        return email.strip().lower()
    return (address.ascii_email or address.normalized).lower()
