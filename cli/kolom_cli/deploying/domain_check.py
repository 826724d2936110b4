"""Check what could prevent the use of a domain. It only reads."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kolom_cli.deploying import certificates, hosted_zones
from kolom_cli.deploying.account import client
from kolom_cli.deploying.certificates import Certificate, owner_of
from kolom_cli.deploying.findings import Preflight
from kolom_cli.deploying.hosted_zones import ZoneSearch
from kolom_cli.deploying.stack import list_resources

DOMAIN_ACTIONS: Final = (
    "acm:AddTagsToCertificate",
    "acm:DeleteCertificate",
    "acm:DescribeCertificate",
    "acm:ListCertificates",
    "acm:ListTagsForCertificate",
    "acm:RequestCertificate",
    "cloudfront:ListDistributions",
    "route53:ChangeResourceRecordSets",
    "route53:GetChange",
    "route53:GetHostedZone",
    "route53:ListHostedZones",
    "route53:ListResourceRecordSets",
)
"""The actions that a domain needs in addition. CloudFormation makes some of the calls, with the same rights."""

_SUBJECT: Final = "domain"
_RENEWED_BEFORE: Final = timedelta(days=30)
"""The rest of its life with which a certificate counts as not renewed: ACM renews it 45 days or more before the end."""


def check_domain(  # noqa: PLR0913, RUF100 (what a deployment consists of)
    result: Preflight,
    name: str,
    stack: str,
    region: str,
    values: Mapping[str, str],
    parameters: Mapping[str, str],
) -> None:
    """Add the findings about the domain, if the site has one or gets one.

    ``values`` are the parameters of the stack after the deployment, and ``parameters`` those that the user has set.
    """
    if not name:
        return
    if values.get("Cdn", "on") == "off":
        fix = "use --parameter Cdn=on, or --domain '' for a site without a domain"
        result.add("problem", _SUBJECT, f"{name} needs CloudFront, and Cdn is off", fix)
        return
    if region.startswith(("cn-", "us-gov-")):
        text = f"{name} needs CloudFront with a certificate in us-east-1, which accounts of {region} do not have"
        result.add("problem", _SUBJECT, text, "use another region, or --domain '' for a site without a domain")
        return
    if parameters.get("CertificateArn"):
        text = f"CertificateArn is set, but `kolom deploy` chooses the certificate for {name} itself"
        fix = "remove CertificateArn from the parameters (kolom.toml): an issued certificate of ACM is found and used"
        result.add("problem", _SUBJECT, text, fix)
        return
    distribution = _distribution_id(result)
    if other := next((each for each in _distributions_with(name) if each != distribution), ""):
        fix = f"remove {name} from that distribution first, or use another domain"
        result.add("problem", _SUBJECT, f"the distribution {other} of this account has the name {name}", fix)
        return
    search = hosted_zones.find_zone(name)
    _check_records(result, name, search, values)
    found = certificates.find_certificates(name, owner_of(stack, region))
    used = next((each for each in found if each.is_issued and each.arn == values.get("CertificateArn")), None)
    _check_certificate(result, name, used or next(iter(found), None), search)


def _check_records(result: Preflight, name: str, search: ZoneSearch, values: Mapping[str, str]) -> None:
    if search.zone is None:
        if search.problem:
            text = f"{search.problem}; `kolom deploy` creates no records there"
            result.add("warning", _SUBJECT, text, "create records that are missing yourself, or correct the zone")
        else:
            result.add("ok", _SUBJECT, f"no hosted zone of the account has {name}: you create its records yourself")
        return
    records = hosted_zones.address_records(search.zone, name)
    used = values.get("HostedZoneId", "") if values.get("Domain") == name else ""
    host = "" if result.stack is None else result.stack.outputs.get("DistributionDomain", "")
    if not records and used and hosted_zones.may_exist(used):
        text = f"the records of {name} were deleted from the hosted zone {search.zone.name}"
        if used != search.zone.zone_id:
            text = f"the stack has the records of {name} in the hosted zone {used}, but {search.zone.name} is in use"
        fix = "create them again: kolom deploy --domain '', then kolom deploy --domain " + name
        result.add("warning", _SUBJECT, text, fix)
    elif records and not (host and hosted_zones.lead_to(records, host)):
        text = f"{name} does not lead to the distribution: {hosted_zones.describe(records)}. It is not changed"
        fix = f"delete these records and run `kolom deploy`, or change them to {host or 'the distribution'}"
        result.add("warning", _SUBJECT, text, fix)
    elif records:
        result.add("ok", _SUBJECT, f"{name} leads to the distribution ({search.zone.name})")
    else:
        result.add("ok", _SUBJECT, f"{name} gets its records in the hosted zone {search.zone.name}")


def _check_certificate(result: Preflight, name: str, found: Certificate | None, search: ZoneSearch) -> None:
    if found is None:
        result.add("ok", _SUBJECT, f"a certificate for {name} will be requested")
    elif found.is_issued:
        expires = found.not_after
        if expires is not None and expires < datetime.now(UTC) + _RENEWED_BEFORE:
            fix = f"create its record again if it is missing: {_record_of(found)}; ACM renews only what is in use"
            result.add("warning", _SUBJECT, f"the certificate for {name} expires on {expires:%Y-%m-%d}", fix)
        else:
            until = f" until {expires:%Y-%m-%d}; ACM renews it" if expires else ""
            result.add("ok", _SUBJECT, f"the certificate for {name} is issued{until}")
    elif found.is_pending:
        who = "`kolom deploy` creates" if search.zone else "it needs"
        result.add(
            "ok", _SUBJECT, f"the certificate for {name} is not issued yet: {who} the record {_record_of(found)}"
        )
    else:
        text = f"the certificate for {name} cannot be used: {found.explain()}"
        result.add("warning", _SUBJECT, text, "correct the cause; `kolom deploy` requests another one")


def _record_of(certificate: Certificate) -> str:
    record = certificate.record
    return f"{record.name} {record.type} {record.value}" if record else "that the console of ACM shows"


def _distribution_id(result: Preflight) -> str:
    if result.stack is None:
        return ""
    resources = list_resources(result.stack.stack_id)
    return next((each.physical_id for each in resources if each.type == "AWS::CloudFront::Distribution"), "")


def _distributions_with(name: str) -> Iterator[str]:
    """Yield the ids of the distributions of the account that have the name. Those of others cannot be seen."""
    pages: Any = client("cloudfront").get_paginator("list_distributions").paginate()
    for page in pages:
        for each in page["DistributionList"].get("Items", ()):
            if name in each["Aliases"].get("Items", ()):
                yield each["Id"]
