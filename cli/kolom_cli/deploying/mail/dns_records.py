"""The DNS records of an identity: DKIM, the custom MAIL FROM domain with its SPF, and DMARC."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from kolom_cli.deploying.domain_name import suffixes
from kolom_cli.deploying.hosted_zones import (
    HostedZone,
    Record,
    create_record,
    describe,
    find_records,
    find_zone,
    has_record,
)
from kolom_cli.deploying.mail.identities import MailIdentity

type State = Literal["verified", "created", "exists", "to create", "not checked", "other record", "kept"]

_DMARC: Final = "v=DMARC1; p=none;"
"""Asks receivers to do nothing about mail that fails DMARC."""

_SPF: Final = "v=spf1 include:amazonses.com ~all"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRecord:
    """A record that mail needs, and its state in the zone."""

    purpose: Literal["DKIM", "MAIL FROM", "SPF", "DMARC"]
    record: Record
    state: State = "to create"


def wanted_records(identity: MailIdentity, region: str) -> list[MailRecord]:
    """Return the records of a domain. SES says of the first ones whether it has found them."""
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
        state: State = "verified" if identity.return_status == "SUCCESS" else "to create"
        server = Record(name, "MX", f"10 feedback-smtp.{region}.amazonses.com")
        found += [
            MailRecord(purpose="MAIL FROM", record=server, state=state),
            MailRecord(purpose="SPF", record=Record(name, "TXT", _SPF), state=state),
        ]
    dmarc = Record(f"_dmarc.{domain}", "TXT", _DMARC)
    return [*found, MailRecord(purpose="DMARC", record=dmarc, state="not checked")]


def publish(zone: HostedZone, wanted: MailRecord) -> State:
    """Create the record in the zone unless SES has found it, and return its state. No record is changed.

    :raises DeploymentError: another record has its name
    """
    if wanted.state == "verified":
        return "verified"
    if has_record(zone, wanted.record):
        return "exists"
    create_record(zone, wanted.record)
    return "created"


def find_policy(zone: HostedZone, domain: str) -> str:
    """Return the DMARC record that applies already, of the domain or of one above it (RFC 7489, 6.6.3)."""
    return next((found for found in _policies(zone, domain) if found), "")


def _policies(zone: HostedZone, domain: str) -> Iterator[str]:
    for each in suffixes(domain):
        is_inside = each == zone.name or each.endswith(f".{zone.name}")
        answers = zone if is_inside else find_zone(each).zone
        if answers is not None and (records := find_records(answers, f"_dmarc.{each}")):
            yield f"_dmarc.{each} {describe(records)}"
