"""The addresses of a stack's mail: the sender, the owner, and the identities that may cover them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from email_validator import EmailNotValidError, validate_email

from kolom.errors import KolomError

_PROVIDERS: Final = re.compile(
    r"(aol|fastmail|gmail|googlemail|hey|icloud|mac|mail|mailbox|me|pm|proton|protonmail|rocketmail|tutanota|ymail|zoho)"
    r"\.(com|me|org)"
    r"|(gmx|hotmail|live|msn|outlook|yahoo|yandex)\.(com?\.)?[a-z]{2,3}"
    r"|(126|139|163|foxmail|naver|qq|sina|daum|hanmail)\.(com|net)"
    r"|(bk|inbox|list|mail)\.ru|freenet\.de|t-online\.de|web\.de|libero\.it|orange\.fr|wp\.pl"
)
"""Domains in which anyone can get an address. SES verifies a domain only for those who can change its DNS records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The addresses for mail; ``identity`` is the parameter ``MailIdentity``. What is not set is empty."""

    owner: str
    sender: str
    identity: str

    @property
    def domain(self) -> str:
        """The domain of the sender."""
        return domain_of(self.sender)

    @property
    def permitted(self) -> tuple[str, ...]:
        """The identities that the function that sends mail may use (template.yaml)."""
        return tuple(each for each in (self.identity, self.sender, self.domain) if each)

    @property
    def parents(self) -> tuple[str, ...]:
        """The parent domains. An identity of one of them also covers the sender, but only as ``MailIdentity``."""
        labels = self.domain.split(".")
        return tuple(".".join(labels[first:]) for first in range(1, len(labels) - 1))


def read_addresses(parameters: Mapping[str, str]) -> Addresses:
    """Return the addresses of these parameters, as SES has them: with a domain in lower-case ASCII.

    :raises KolomError: one of them cannot send or receive mail
    """
    owner = normalize("OwnerEmail", parameters.get("OwnerEmail", ""))
    sender = normalize("MailFrom", parameters.get("MailFrom", ""))
    return Addresses(
        owner=owner, sender=sender or owner, identity=parameters.get("MailIdentity", "").lower().rstrip(".")
    )


def normalize(parameter: str, address: str) -> str:
    """Return the address with its domain in lower-case ASCII; empty if it is.

    :raises KolomError: SES cannot use it
    """
    if not address:
        return ""
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        raise KolomError(f"{parameter}: {address!r} is not an email address: {error}") from error
    if found.ascii_email is None:
        raise KolomError(f"{parameter}: SES needs an address with only ASCII characters before the @, not {address!r}")
    return found.ascii_email


def domain_of(address: str) -> str:
    """Return the domain of an address, or of an identity that is a domain."""
    return address.rpartition("@")[2]


def is_of_provider(address: str) -> bool:
    """Return whether the address is at a provider in whose domain anyone can have one."""
    return _PROVIDERS.fullmatch(domain_of(address)) is not None
