"""The certificate of a domain in ACM. For CloudFront, it must be in us-east-1, whatever the region of the stack."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from botocore.exceptions import ClientError

from kolom_cli.deploying.account import client
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.hosted_zones import Record, delete_record

REGION: Final = "us-east-1"
POLL_SECONDS: Final = 5.0
WAIT_SECONDS: Final = 600.0
"""How long one run waits for a certificate. ACM itself gives up after 72 hours."""

_RECORD_SECONDS: Final = 60.0
_RELEASE_SECONDS: Final = 60.0
_OWNER: Final = "kolom:stack"
_ZONE: Final = "kolom:validation-zone"
_KEY_TYPES: Final = ("RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1")
"""The keys that CloudFront supports. By default, ACM lists only certificates with RSA keys of up to 2048 bits."""

_REASONS: Final[Mapping[str, str]] = {
    "VALIDATION_TIMED_OUT": "its record did not appear in the DNS within 72 hours",
    "EXPIRED": "it has expired, because ACM did not renew it: its record is missing in the DNS, or nothing used it",
    "CAA_ERROR": "a CAA record of the domain does not allow amazon.com: add one that does",
    "DOMAIN_NOT_ALLOWED": "ACM does not issue certificates for this domain: open a case with AWS Support",
    "DOMAIN_VALIDATION_DENIED": "the domain is on a list of unsafe sites: open a case with AWS Support",
    "ADDITIONAL_VERIFICATION_REQUIRED": "ACM wants to verify this domain first: open a case with AWS Support",
    "INVALID_PUBLIC_DOMAIN": "the end of the name is not a public top-level domain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate. ``records`` prove that its names are yours; ``owner`` is the stack for which it was requested."""

    arn: str
    name: str
    status: str
    reason: str = ""
    records: frozenset[Record] = frozenset()
    not_after: datetime | None = None
    owner: str = ""
    validation_zone: str = ""

    @property
    def record(self) -> Record | None:
        """The record of a certificate that needs one; None if it needs several, or ACM has not said which it needs."""
        return next(iter(self.records)) if len(self.records) == 1 else None

    @property
    def is_issued(self) -> bool:
        """Whether CloudFront can use it."""
        return self.status == "ISSUED"

    @property
    def is_pending(self) -> bool:
        """Whether it waits for its record."""
        return self.status == "PENDING_VALIDATION"

    def explain(self) -> str:
        """Return why it cannot be used."""
        cause = self.reason or self.status
        return _REASONS.get(cause, cause)


def owner_of(stack: str, region: str) -> str:
    """Return the value of the tag that marks the certificates of a stack."""
    return f"{region}/{stack}"


def find_certificates(domain: str, owner: str) -> list[Certificate]:
    """Return the certificates for the domain, the best first: those issued, then those that wait for their record.

    All issued ones are returned. Others are returned if they belong to ``owner``, or if they wait for one record and
    have exactly this name. Imported ones are ignored, because ACM does not renew them.
    """
    found = list(_describe_all(each for each in _list() if _covers(each, domain)))
    usable = [
        each
        for each in found
        if each.is_issued or each.owner == owner or (each.is_pending and each.record and each.name == domain)
    ]
    return sorted(usable, key=lambda each: (not each.is_issued, not each.is_pending, each.owner != owner, each.arn))


def request_certificate(domain: str, owner: str) -> Certificate:
    """Request a certificate, and return it with the record that it needs, or without it.

    ACM usually knows the record after some seconds. If it does not within a minute, the certificate has none.

    :raises DeploymentError: the account has too many certificates
    """
    acm = client("acm", REGION)
    try:
        arn = acm.request_certificate(
            DomainName=domain,
            ValidationMethod="DNS",
            # botocore repeats a call that got no response: the token prevents a second certificate.
            IdempotencyToken=secrets.token_hex(16),
            Tags=[{"Key": _OWNER, "Value": owner}],
        )["CertificateArn"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "LimitExceededException":
            raise
        raise DeploymentError(
            f"ACM does not accept another certificate: {error.response['Error'].get('Message', '')}",
            "delete certificates in us-east-1 that you do not use, or request a higher quota in Service Quotas",
        ) from error
    # A new certificate, and then its record, can be read after some seconds.
    unknown = Certificate(arn=arn, name=domain, status="PENDING_VALIDATION")
    read = partial(_describe_or, unknown)
    return _poll(
        read, _RECORD_SECONDS, lambda certificate: certificate.record is not None or not certificate.is_pending
    )


def mark_record(certificate: Certificate, zone_id: str) -> None:
    """Note on the certificate that `kolom deploy` creates its record, in this zone."""
    tags = [{"Key": _ZONE, "Value": zone_id}]
    client("acm", REGION).add_tags_to_certificate(CertificateArn=certificate.arn, Tags=tags)


def wait_for_issue(certificate: Certificate, on_wait: Callable[[int], None]) -> Certificate:
    """Wait until the certificate is issued or has failed, but not for ever. ``on_wait`` gets the minutes so far."""
    began, minutes = time.monotonic(), 0

    def is_done(current: Certificate) -> bool:
        nonlocal minutes
        if (passed := int((time.monotonic() - began) / 60)) > minutes:
            minutes = passed
            on_wait(minutes)
        return not current.is_pending

    return _poll(partial(_describe, certificate.arn), WAIT_SECONDS, is_done)


def delete_certificates(owner: str, *, keep: str = "") -> Iterator[str]:
    """Delete the certificates that were requested for the stack, with their records; yield what was done.

    ``keep`` is the ARN of the certificate that the stack uses.
    """
    kept: list[Certificate] = []
    unused: list[Certificate] = []
    for certificate in _describe_all(_list()):
        if certificate.owner != owner or certificate.arn == keep:
            kept.append(certificate)
        elif _wait_for_release(certificate):
            unused.append(certificate)
        else:
            kept.append(certificate)
            yield f"kept the certificate {certificate.arn}: it is still in use; run the command again later"
    # A certificate for a name and one for all names below it need the same record.
    needed = {record: certificate for certificate in kept for record in certificate.records}
    for certificate in unused:
        if certificate.record is not None:
            yield _delete_record(certificate, certificate.record, needed.get(certificate.record))
        client("acm", REGION).delete_certificate(CertificateArn=certificate.arn)
        yield f"deleted the certificate for {certificate.name}"


def _delete_record(certificate: Certificate, record: Record, other: Certificate | None) -> str:
    """Delete the record of a certificate, unless ``other`` needs it or `kolom deploy` did not create it.

    Return what was done.
    """
    if not certificate.validation_zone:
        return f"kept the record {record.name}: it was not created by `kolom deploy`"
    if other is not None:
        return f"kept the record {record.name}: another certificate for {other.name} needs it"
    if not delete_record(certificate.validation_zone, record):
        return f"did not delete the record {record.name}: it does not exist any more, or was changed"
    return f"deleted the record {record.name}"


def find_certificate(arn: str) -> Certificate | None:
    """Return a certificate; None if it does not exist."""
    try:
        return _describe(arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise


def _list() -> Iterator[Mapping[str, Any]]:
    pages = client("acm", REGION).get_paginator("list_certificates").paginate(Includes={"keyTypes": list(_KEY_TYPES)})
    for page in pages:
        for each in page["CertificateSummaryList"]:
            if each.get("Type") == "AMAZON_ISSUED" and not each.get("ManagedBy"):
                yield each


def _covers(summary: Mapping[str, Any], domain: str) -> bool:
    names = {summary["DomainName"], *summary.get("SubjectAlternativeNameSummaries", ())}
    return bool(names & {domain, f"*.{domain.partition('.')[2]}"})


def _describe(arn: str) -> Certificate:
    acm = client("acm", REGION)
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    tags = {
        each["Key"]: each.get("Value", "") for each in acm.list_tags_for_certificate(CertificateArn=arn).get("Tags", ())
    }
    options = found.get("DomainValidationOptions", ())
    records = {
        Record(each["Name"].removesuffix("."), each["Type"], each["Value"].removesuffix("."))
        for each in (option.get("ResourceRecord") for option in options)
        if each
    }
    return Certificate(
        arn=arn,
        name=found["DomainName"],
        status=found["Status"],
        reason=found.get("FailureReason", ""),
        records=frozenset(records),
        not_after=found.get("NotAfter"),
        owner=tags.get(_OWNER, ""),
        validation_zone=tags.get(_ZONE, ""),
    )


def _describe_all(summaries: Iterable[Mapping[str, Any]]) -> Iterator[Certificate]:
    """Yield the certificates that still exist: another run may delete one after the list was read."""
    return filter(None, (find_certificate(each["CertificateArn"]) for each in summaries))


def _describe_or(unknown: Certificate) -> Certificate:
    return find_certificate(unknown.arn) or unknown


def _poll[T](read: Callable[[], T], seconds: float, is_done: Callable[[T], bool]) -> T:
    deadline = time.monotonic() + seconds
    while not is_done(found := read()) and time.monotonic() + POLL_SECONDS <= deadline:
        time.sleep(POLL_SECONDS)
    return found


def _wait_for_release(certificate: Certificate) -> bool:
    """Return whether nothing uses the certificate. ACM learns that some time after CloudFront."""
    acm = client("acm", REGION)

    def is_unused() -> bool:
        return not acm.describe_certificate(CertificateArn=certificate.arn)["Certificate"].get("InUseBy")

    return _poll(is_unused, _RELEASE_SECONDS, bool)
