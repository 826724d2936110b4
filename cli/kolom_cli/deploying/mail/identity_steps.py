"""The steps of the setup that make sure of the identities of sender and owner, and of the DNS records."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

from botocore.exceptions import ClientError

from kolom_cli.connection import explain
from kolom_cli.deploying.account import aws_options, client
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import is_denied
from kolom_cli.deploying.hosted_zones import ZoneSearch, find_zone, name_servers
from kolom_cli.deploying.mail.addresses import Addresses, covers, domain_of, is_of_provider
from kolom_cli.deploying.mail.dns_records import MailRecord, find_policy, publish
from kolom_cli.deploying.mail.identities import SesIdentity, create_identity, find_identity, find_verified
from kolom_cli.deploying.mail.report import SetupReport

_BY_HAND: Final = "create the records of the table where the DNS of the domain is"
_OWN_KEY: Final = "correct the TXT record of your DKIM key"


def ensure_sender(
    found: SetupReport, addresses: Addresses, *, address_only: bool, keeps_verified_address: bool
) -> SesIdentity:
    """Find or create the identity of the sender, and report how far its verification is.

    It is the domain, because DKIM and DMARC need it. It is the address if the user wants that, or has to, or wants to
    keep one that is verified.
    """
    is_alone = address_only or is_of_provider(addresses.sender)
    wanted = addresses.identity or (addresses.sender if is_alone else addresses.domain)
    domains = [addresses.identity] if addresses.identity else [addresses.domain, *addresses.parents]
    sender = find_verified(domains) or find_identity(wanted)
    if sender is None and keeps_verified_address:
        sender = find_verified([addresses.sender])
    if sender is None:
        sender = create_identity(wanted)
    _report(found, "sender", sender)
    if not sender.is_domain:
        _report_address(found, addresses)
    elif sender.is_verified:
        _check_signing(found, sender)
    return sender


def _report(found: SetupReport, subject: str, identity: SesIdentity) -> None:
    name, region = identity.name, client("sesv2").meta.region_name
    if identity.is_verified:
        found.add("ok", subject, f"{name} is verified in {region}")
    elif identity.status == "FAILED":
        reason = f" ({identity.error})" if identity.error else ""
        found.add("problem", subject, f"the verification of {name} failed{reason}", _begin_again(found, identity))
    elif identity.is_domain:
        record = "TXT record of your DKIM key" if identity.has_own_key else "DKIM records"
        address_only = found.commands.setup("--address-only")
        fix = (
            f"SES looks for the {record} for up to 72 hours; {found.again}. If you cannot change the DNS of the "
            f"domain: `{address_only}`"
        )
        found.add("waiting", subject, f"{name} is not verified yet", fix)
    else:
        fix = f"follow the link in it within 24 hours, then {found.again}"
        found.add("waiting", subject, f"{name} is not verified yet: AWS has sent mail to it", fix)


def _begin_again(found: SetupReport, identity: SesIdentity) -> str:
    """Return how to repeat a verification that failed. The deletion of an identity is the last resort."""
    delete = f"aws sesv2 delete-email-identity {aws_options()} --email-identity {identity.name}"
    if not identity.is_domain:
        return f"delete the identity, with its settings and policies: `{delete}`, then {found.again}"
    if identity.has_own_key:
        return f"{_OWN_KEY}, give SES the key again, then {found.again}"
    return (
        f"correct the DNS records, restart DKIM: `{_use_easy_dkim(identity)}`, then {found.again}. If that does not "
        f"help, delete the identity, with its MAIL FROM domain, settings and policies: `{delete}`"
    )


def _use_easy_dkim(identity: SesIdentity) -> str:
    return (
        f"aws sesv2 put-email-identity-dkim-signing-attributes {aws_options()} --email-identity {identity.name} "
        "--signing-attributes-origin AWS_SES --signing-attributes NextSigningKeyLength=RSA_2048_BIT"
    )


def _report_address(found: SetupReport, addresses: Addresses) -> None:
    address = addresses.sender
    is_of_others = is_of_provider(address)
    flags = tuple(each for each in found.commands.flags if each != "--address-only")
    commands = replace(found.commands, sender="blog@YOUR-DOMAIN" if is_of_others else address, flags=flags)
    how = "send from a domain of yours" if is_of_others else "to verify the domain"
    text = f"mail from {address} is not signed by {addresses.domain}, so it fails DMARC and may be taken for spam"
    found.add("warning", "sender", text, f"{how}: `{commands.setup()}`")


def _check_signing(found: SetupReport, sender: SesIdentity) -> None:
    text = f"mail from {sender.name} is not signed"
    if sender.dkim_status == "SUCCESS" and not sender.is_signing:
        options = f"{aws_options()} --email-identity {sender.name}"
        found.add("warning", "DKIM", text, f"aws sesv2 put-email-identity-dkim-attributes {options} --signing-enabled")
    elif sender.dkim_status in {"PENDING", "TEMPORARY_FAILURE"}:
        found.add("waiting", "DKIM", f"SES has not found the records of {sender.name} yet", found.again)
    elif sender.dkim_status != "SUCCESS":
        fix = f"{_OWN_KEY}, and give SES the key again" if sender.has_own_key else f"`{_use_easy_dkim(sender)}`"
        found.add("warning", "DKIM", f"{text}: {sender.dkim_status}", f"{fix}, then {found.again}")


def ensure_recipient(found: SetupReport, addresses: Addresses, sender: SesIdentity | None) -> None:
    """Make sure that SES sends to the owner, too: in the sandbox, only to verified addresses."""
    owner = addresses.owner
    if sender is not None and covers(sender.name, owner):
        return
    recipient = find_verified([domain_of(owner), owner]) or find_identity(owner) or create_identity(owner)
    _report(found, "owner", recipient)


def ensure_records(found: SetupReport, sender: SesIdentity, records: list[MailRecord]) -> None:
    """Create the DNS records of the domain if Route 53 has their zones, and report those that are missing.

    The states of the records are updated in the list.
    """
    zone_of = cache(find_zone)
    try:
        for index, each in enumerate(records):
            if each.purpose == "DMARC":
                records[index] = _ensure_policy(found, zone_of, sender.name, each)
            elif each.state != "verified":
                records[index] = _ensure_record(found, zone_of, each)
    except ClientError as error:
        if not is_denied(error):
            raise
        text = f"the zones of Route 53 cannot be read or changed: {explain(error)}"
        found.add("warning", "DNS", text, f"{found.fix_of_call(error)}, or {_BY_HAND}")
        return
    if created := [each.record.name for each in records if each.state == "created"]:
        found.add("ok", "DNS", f"created: {', '.join(created)}")
    missing = [zone_of(each.zone_name) for each in records if each.state == "to create" and each.purpose != "DMARC"]
    nowhere = f"Route 53 has no public zone of {sender.name} in this account"
    for text in dict.fromkeys(each.problem or nowhere for each in missing):
        found.add("waiting", "DNS", text, _BY_HAND)
    dkim = [each for each in records if each.purpose == "DKIM"]
    if dkim and not sender.is_verified and all(each.state == "exists" for each in dkim):
        _report_wait(found, zone_of(dkim[0].zone_name))


def _report_wait(found: SetupReport, search: ZoneSearch) -> None:
    assert search.zone is not None
    name, servers = search.zone.name, ", ".join(sorted(name_servers(search.zone)))
    text = f"the records exist in the zone {name}, but SES has not found them yet"
    found.add("waiting", "DNS", text, f"wait; check that the registrar of {name} names its servers: {servers}")


def _ensure_record(found: SetupReport, zone_of: Callable[[str], ZoneSearch], wanted: MailRecord) -> MailRecord:
    zone = zone_of(wanted.zone_name).zone
    if zone is None:
        return wanted
    try:
        return wanted.with_state(publish(zone, wanted))
    except DeploymentError as error:
        found.add("problem", "DNS", error.text, error.fix)
        return wanted.with_state("other record")


def _ensure_policy(
    found: SetupReport, zone_of: Callable[[str], ZoneSearch], domain: str, wanted: MailRecord
) -> MailRecord:
    """Create the DMARC record if it is certain that no policy applies yet: it would replace that of a parent domain."""
    record = wanted.record
    policy = find_policy(domain, zone_of)
    if policy:
        if policy == f"{record.name} {record.type} {record.value}":
            return wanted.with_state("exists")
        found.add("ok", "DNS", f"the existing DMARC record is kept: {policy}")
        return wanted.with_state("kept")
    if policy is None and zone_of(record.name).zone is not None:
        text = f"{record.name} is not created, because the DMARC policy of the parent domain cannot be read here"
        found.add("warning", "DNS", text, "create the record of the table, but only if the parent domain has no policy")
        return wanted.with_state("to create")
    return wanted if policy is None else _ensure_record(found, zone_of, wanted)
