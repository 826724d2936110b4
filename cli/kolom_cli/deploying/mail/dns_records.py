"""The DNS records of an identity: DKIM, the custom MAIL FROM domain with its SPF, and DMARC."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from kolom_cli.deploying.dns_zones import Record, Zone, create_record, find_records, find_zone
from kolom_cli.deploying.mail.identities import MailIdentity

type State = Literal["verified", "created", "exists", "to create", "not checked", "other record", "kept"]

_DMARC: Final = "v=DMARC1; p=none;"
"""Changes nothing for receivers, but Gmail and others ask for a policy of each sender."""

_SPF: Final = "v=spf1 include:amazonses.com ~all"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRecord:
    """A record that mail needs, its state in the zone, and what has its name if that is something else."""

    purpose: Literal["DKIM", "MAIL FROM", "SPF", "DMARC"]
    record: Record
    state: State = "to create"
    existing: tuple[Record, ...] = ()


def wanted_records(identity: MailIdentity, region: str) -> list[MailRecord]:
    """Return the records of a domain. SES says of the first ones whether it has found them."""
    domain = identity.name
    dkim: State = "verified" if identity.dkim_status == "SUCCESS" else "to create"
    found = [
        MailRecord(
            purpose="DKIM",
            record=Record(name=f"{token}._domainkey.{domain}", type="CNAME", values=(f"{token}.{identity.dkim_zone}",)),
            state=dkim,
        )
        for token in identity.dkim_tokens
    ]
    if name := identity.return_domain:
        state: State = "verified" if identity.return_status == "SUCCESS" else "to create"
        host = f"10 feedback-smtp.{region}.amazonses.com"
        found += [
            MailRecord(purpose="MAIL FROM", record=Record(name=name, type="MX", values=(host,)), state=state),
            MailRecord(purpose="SPF", record=Record(name=name, type="TXT", values=(_SPF,)), state=state),
        ]
    dmarc = Record(name=f"_dmarc.{domain}", type="TXT", values=(_DMARC,))
    return [*found, MailRecord(purpose="DMARC", record=dmarc, state="not checked")]


def publish(zone: Zone, wanted: MailRecord) -> MailRecord:
    """Create the record in the zone unless SES has found it. Records that exist are never changed."""
    if wanted.state == "verified":
        return wanted
    if wanted.purpose == "DMARC" and (policy := _find_policy(zone, wanted.record)):
        state: State = "exists" if policy == (wanted.record,) else "kept"
        return replace(wanted, state=state, existing=policy)
    creation = create_record(zone, wanted.record)
    state = "other record" if creation.outcome == "taken" else creation.outcome
    return replace(wanted, state=state, existing=creation.existing)


def _find_policy(zone: Zone, record: Record) -> tuple[Record, ...]:
    """Return the DMARC policy that applies already: that of the domain, or of one above it (RFC 7489, 6.6.3)."""
    return next((found for found in _policies(zone, record.name) if found), ())


def _policies(zone: Zone, name: str) -> Iterator[tuple[Record, ...]]:
    domain = name.removeprefix("_dmarc.")
    while domain.count("."):
        answers = zone if domain.endswith(zone.name) else find_zone(domain)
        if answers is not None:
            yield tuple(find_records(answers, f"_dmarc.{domain}"))
        domain = domain.partition(".")[2]
