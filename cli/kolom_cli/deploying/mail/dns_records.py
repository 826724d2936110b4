"""The DNS records of an identity: DKIM, the custom MAIL FROM domain with its SPF, and DMARC."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

from kolom_cli.deploying.domain_name import suffixes
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.hosted_zones import (
    HostedZone,
    Record,
    ZoneSearch,
    create_record,
    describe,
    find_records,
    find_texts,
    has_record,
)
from kolom_cli.deploying.mail.identities import SesIdentity

type State = Literal["verified", "created", "exists", "to create", "not checked", "other record", "kept"]

_DMARC: Final = "v=DMARC1; p=none;"
"""Asks receivers to do nothing about mail that fails DMARC."""

_ONLY_WITHOUT_POLICY: Final = "only if the parent domain has no policy"
_INCLUDE: Final = "include:amazonses.com"
_SPF: Final = f"v=spf1 {_INCLUDE} ~all"
_POLICIES: Final = frozenset({"TXT", "CNAME"})
"""The types of records that can have a DMARC policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRecord:
    """A record that mail needs, and its state in the zone. ``condition`` says when it may be created by hand."""

    purpose: Literal["DKIM", "MAIL FROM", "SPF", "DMARC"]
    record: Record
    state: State = "to create"
    condition: str = ""

    @property
    def zone_name(self) -> str:
        """The name whose zone has the record: the keys of DKIM may be in a zone of their own."""
        return self.record.name.partition(".")[2] if self.purpose == "DKIM" else self.record.name

    def with_state(self, state: State) -> Self:
        """Return the record in another state."""
        return replace(self, state=state, condition=self.condition if state == "to create" else "")


def wanted_records(identity: SesIdentity, region: str) -> list[MailRecord]:
    """Return the records of a domain. SES says whether it has found those of DKIM and the MX record."""
    domain = identity.name
    dkim: State = "verified" if identity.dkim_status == "SUCCESS" else "to create"
    found = [
        MailRecord(
            purpose="DKIM",
            record=Record(f"{token}._domainkey.{domain}", "CNAME", f"{token}.{identity.dkim_zone}"),
            state=dkim,
        )
        for token in identity.dkim_tokens
    ]
    if name := identity.return_domain:
        is_found = identity.return_status == "SUCCESS"
        server = Record(name, "MX", f"10 feedback-smtp.{region}.amazonses.com")
        found += [
            MailRecord(purpose="MAIL FROM", record=server, state="verified" if is_found else "to create"),
            MailRecord(
                purpose="SPF", record=Record(name, "TXT", _SPF), state="not checked" if is_found else "to create"
            ),
        ]
    dmarc = Record(f"_dmarc.{domain}", "TXT", _DMARC)
    condition = _ONLY_WITHOUT_POLICY if len(suffixes(domain)) > 1 else ""
    return [*found, MailRecord(purpose="DMARC", record=dmarc, state="not checked", condition=condition)]


def publish(zone: HostedZone, wanted: MailRecord) -> State:
    """Create the record in the zone, and return its state. No record is changed.

    :raises DeploymentError: another record has its name
    """
    if (wanted.purpose == "SPF" and _permits_ses(zone, wanted.record.name)) or has_record(zone, wanted.record):
        return "exists"
    create_record(zone, wanted.record)
    return "created"


def _permits_ses(zone: HostedZone, name: str) -> bool:
    """Return whether the SPF record of the name permits SES; False if there is none.

    :raises DeploymentError: it does not. A name must not have a second SPF record (RFC 7208, 3.2).
    """
    found = [text for text in find_texts(zone, name) if text.lower().partition(" ")[0] == "v=spf1"]
    if found and not any(_INCLUDE in text.lower() for text in found):
        raise DeploymentError(
            f"the SPF record of {name} in the hosted zone {zone.name} does not permit SES: {', '.join(found)}",
            f"add {_INCLUDE} to it, after v=spf1, then run the command again",
        )
    return bool(found)


def find_policy(domain: str, find_zone: Callable[[str], ZoneSearch]) -> str | None:
    """Return the DMARC record of the domain or of one above it; empty if there is none.

    None means that the zone of one of these names cannot be read. The record of the domain decides, or else that of its
    organizational domain (RFC 7489, 6.6.3). Which one that is, only the public suffix list says, so all are read.
    """
    is_complete = True
    for each in suffixes(domain):
        name = f"_dmarc.{each}"
        zone = find_zone(name).zone
        if zone is None:
            is_complete = False
        elif records := [record for record in find_records(zone, name) if record["Type"] in _POLICIES]:
            return f"{name} {describe(records)}"
    return "" if is_complete else None
