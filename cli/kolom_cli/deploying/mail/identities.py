"""Identities in SES: the addresses and domains that may send, and how far their verification is."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from kolom_cli.deploying.account import client

_DEFAULT_DKIM_ZONE: Final = "dkim.amazonses.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class SesIdentity:
    """An identity. The states are those of SES: NOT_STARTED, PENDING, SUCCESS, FAILED or TEMPORARY_FAILURE.

    ``dkim_tokens`` are those of Easy DKIM, for which SES keeps the keys; none if the owner ``has_own_key``.
    ``return_domain`` is the custom MAIL FROM domain, to which other servers return mail; empty if it is SES's own.
    """

    name: str
    is_verified: bool
    status: str
    error: str = ""
    dkim_status: str = ""
    is_signing: bool = False
    dkim_tokens: tuple[str, ...] = ()
    dkim_zone: str = _DEFAULT_DKIM_ZONE
    has_own_key: bool = False
    return_domain: str = ""
    return_status: str = ""

    @property
    def is_domain(self) -> bool:
        """Whether the identity covers all addresses of a domain."""
        return "@" not in self.name


def find_identity(name: str) -> SesIdentity | None:
    """Return the identity of exactly that name; None if there is none in this region."""
    ses = client("sesv2")
    try:
        found: Mapping[str, Any] = ses.get_email_identity(EmailIdentity=name)
    except ses.exceptions.NotFoundException:
        return None
    dkim, mail_from = found.get("DkimAttributes", {}), found.get("MailFromAttributes", {})
    # With keys of the owner, the tokens are only the name of a record that the owner has made.
    is_easy = dkim.get("SigningAttributesOrigin", "AWS_SES").startswith("AWS_SES")
    return SesIdentity(
        name=name,
        is_verified=bool(found["VerifiedForSendingStatus"]),
        status=found.get("VerificationStatus", ""),
        error=found.get("VerificationInfo", {}).get("ErrorType", ""),
        dkim_status=dkim.get("Status", ""),
        is_signing=dkim.get("SigningEnabled", False),
        dkim_tokens=tuple(dkim.get("Tokens", ())) if is_easy else (),
        dkim_zone=dkim.get("SigningHostedZone") or _DEFAULT_DKIM_ZONE,
        has_own_key=not is_easy,
        return_domain=mail_from.get("MailFromDomain", "").lower(),
        return_status=mail_from.get("MailFromDomainStatus", ""),
    )


def find_verified(names: Iterable[str]) -> SesIdentity | None:
    """Return the first of these identities that may send."""
    found = (find_identity(name) for name in names)
    return next((each for each in found if each is not None and each.is_verified), None)


def create_identity(name: str) -> SesIdentity:
    """Create the identity, unless another run has. For an address, AWS sends mail with a link to it."""
    ses = client("sesv2")
    with suppress(ses.exceptions.AlreadyExistsException):
        ses.create_email_identity(EmailIdentity=name)
    found = find_identity(name)
    assert found is not None
    return found
