"""Pseudonyms: keyed hashes of email addresses, used to find, erase or suppress a person without storing the address."""

from dataclasses import replace
from typing import Final

from kolom.security import signing
from kolom.security.signing import SigningKeys

_PURPOSE: Final = "kolom.person"
_MAILBOX_PURPOSE: Final = "kolom.mailbox"
_GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})


def pseudonym_of(email: str, secret: SigningKeys) -> str:
    """Return the pseudonym of an email address: a keyed hash, the same for all spellings of the address."""
    return all_pseudonyms_of(email, secret)[0]


def all_pseudonyms_of(email: str, secret: SigningKeys) -> list[str]:
    """Return the pseudonyms of an email address by every key of the site, the current key's first."""
    return signing.keyed_hashes(_PURPOSE, _canonical(email), secret)


def retired_pseudonyms_of(email: str, secret: SigningKeys) -> list[str]:
    """Return the pseudonyms of an email address by the retired keys."""
    retired = {key_id: secret.keys[key_id] for key_id in secret.retired}
    return all_pseudonyms_of(email, replace(secret, keys=retired)) if retired else []


def mailbox_pseudonym_of(email: str, secret: SigningKeys) -> str:
    """Return a keyed hash of the mailbox of an email address, for rate limits.

    Addresses that differ only after a ``+`` count as one (RFC 5233); in Gmail addresses dots are ignored. Other servers
    may treat such addresses as different mailboxes, so this hash does not identify a person.
    """
    local, _, domain = _canonical(email).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return signing.keyed_hash(_MAILBOX_PURPOSE, f"{local}@{domain}", secret)


def _canonical(email: str) -> str:
    """Return the canonical spelling of an address: in lower case, and in ASCII if it has an ASCII form.

    An invalid address is only lowercased.
    """
    # Imported here, since most comments have no email address: it adds 30 ms to a cold start.
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(email.strip(), check_deliverability=False)
    except EmailNotValidError:
        return email.strip().lower()
    return (address.ascii_email or address.normalized).lower()
