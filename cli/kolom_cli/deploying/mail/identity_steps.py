"""The steps of the setup that make sure of the identities of sender and owner, and of the DNS records."""

from dataclasses import replace

from botocore.exceptions import ClientError

from kolom_cli.connection import explain
from kolom_cli.deploying.account import client
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import DENIED, Findings
from kolom_cli.deploying.hosted_zones import HostedZone, find_zone, name_servers
from kolom_cli.deploying.mail.addresses import Addresses, domain_of, is_of_provider
from kolom_cli.deploying.mail.dns_records import MailRecord, State, find_policy, publish
from kolom_cli.deploying.mail.identities import MailIdentity, create_identity, find_identity, find_verified


def ensure_sender(found: Findings, addresses: Addresses, *, address_only: bool) -> MailIdentity:
    """Find or create the identity of the sender, and report how far its verification is.

    It is the domain, because DKIM and DMARC need it. It is the address if the user wants that, or has to.

    :raises DeploymentError: the parameter ``MailIdentity`` is not one of the sender
    """
    if addresses.identity and not _covers(addresses.identity, addresses.sender):
        raise DeploymentError(
            f"the parameter MailIdentity ({addresses.identity}) is not an identity of {addresses.sender}",
            "remove it: `kolom deploy --parameter MailIdentity=`",
        )
    is_alone = address_only or is_of_provider(addresses.sender)
    wanted = addresses.identity or (addresses.sender if is_alone else addresses.domain)
    domains = [addresses.identity] if addresses.identity else [addresses.domain, *addresses.parents]
    sender = find_verified(domains) or find_identity(wanted) or create_identity(wanted)
    _report(found, "sender", sender)
    if not sender.is_domain:
        text = (
            f"mail from {sender.name} is not signed by {addresses.domain}, so it fails DMARC and may be taken for spam"
        )
        found.add("warning", "sender", text, "send from a domain of yours: `kolom mail setup --from blog@YOUR-DOMAIN`")
    elif sender.is_verified:
        _check_signing(found, sender)
    return sender


def _covers(identity: str, address: str) -> bool:
    return identity in {address, domain_of(address)} or domain_of(address).endswith(f".{identity}")


def _report(found: Findings, subject: str, identity: MailIdentity) -> None:
    name, region = identity.name, client("sesv2").meta.region_name
    if identity.is_verified:
        found.add("ok", subject, f"{name} is verified in {region}")
    elif identity.status == "FAILED":
        reason = f" ({identity.error})" if identity.error else ""
        how = "correct the DNS records, then begin again" if identity.is_domain else "begin again"
        delete = f"aws sesv2 delete-email-identity --region {region} --email-identity {name}"
        fix = f"{how}: `{delete}`, then `{found.command}`"
        found.add("problem", subject, f"the verification of {name} failed{reason}", fix)
    elif identity.is_domain:
        fix = f"SES looks for the DKIM records for up to 72 hours; run `{found.command}` again"
        found.add("waiting", subject, f"{name} is not verified yet", fix)
    else:
        fix = f"follow the link in it within 24 hours, then run `{found.command}` again"
        found.add("waiting", subject, f"{name} is not verified yet: AWS has sent mail to it", fix)


def _check_signing(found: Findings, sender: MailIdentity) -> None:
    command = f"--region {client('sesv2').meta.region_name} --email-identity {sender.name}"
    if sender.dkim_status == "SUCCESS" and not sender.is_signing:
        fix = f"aws sesv2 put-email-identity-dkim-attributes {command} --signing-enabled"
        found.add("warning", "DKIM", f"mail from {sender.name} is not signed", fix)
    elif sender.dkim_status in {"PENDING", "TEMPORARY_FAILURE"}:
        found.add(
            "waiting", "DKIM", f"SES has not found the records of {sender.name} yet", f"run `{found.command}` again"
        )
    elif sender.dkim_status != "SUCCESS":
        fix = (
            f"aws sesv2 put-email-identity-dkim-signing-attributes {command} --signing-attributes-origin AWS_SES "
            f"--signing-attributes NextSigningKeyLength=RSA_2048_BIT, then `{found.command}`"
        )
        found.add("warning", "DKIM", f"mail from {sender.name} is not signed: {sender.dkim_status}", fix)


def ensure_recipient(found: Findings, addresses: Addresses, sender: MailIdentity | None) -> None:
    """Make sure that SES sends to the owner, too: in the sandbox, only to verified addresses."""
    owner = addresses.owner
    if sender is not None and _covers(sender.name, owner):
        return
    recipient = find_verified([domain_of(owner), owner]) or find_identity(owner) or create_identity(owner)
    _report(found, "owner", recipient)


def ensure_records(found: Findings, sender: MailIdentity, records: list[MailRecord]) -> None:
    """Create the DNS records of the domain if Route 53 has its zone, and report those that are missing.

    The states of the records are updated in the list.
    """
    by_hand = "create the records of the table where the DNS of the domain is"
    try:
        search = find_zone(sender.name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        found.add(
            "warning", "DNS", f"the zones of Route 53 cannot be read: {explain(error)}", f"allow it, or {by_hand}"
        )
        return
    zone = search.zone
    if zone is None:
        if any(each.state == "to create" for each in records):
            text = search.problem or f"Route 53 has no public zone of {sender.name} in this account"
            found.add("waiting", "DNS", text, by_hand)
        return
    for index, each in enumerate(records):
        records[index] = replace(each, state=_publish(found, zone, sender, each))
    if created := [each.record.name for each in records if each.state == "created"]:
        found.add("ok", "DNS", f"created in the zone {zone.name}: {', '.join(created)}")
    if not sender.is_verified and all(each.state == "exists" for each in records if each.purpose == "DKIM"):
        servers = ", ".join(sorted(name_servers(zone)))
        text = f"the records exist in the zone {zone.name}, but SES has not found them yet"
        found.add("waiting", "DNS", text, f"wait; check that the registrar of {zone.name} names its servers: {servers}")


def _publish(found: Findings, zone: HostedZone, sender: MailIdentity, wanted: MailRecord) -> State:
    record = wanted.record
    if wanted.purpose == "DMARC":
        policy = find_policy(zone, sender.name)
        if policy not in {"", f"{record.name} {record.type} {record.value}"}:
            found.add("ok", "DNS", f"the existing DMARC record is kept: {policy}")
            return "kept"
    try:
        return publish(zone, wanted)
    except DeploymentError as error:
        found.add("problem", "DNS", error.text, error.fix)
        return "other record"
