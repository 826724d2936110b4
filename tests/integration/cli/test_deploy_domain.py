"""`kolom deploy --domain`, rehearsed against moto's ACM and Route 53, and a double of CloudFormation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.acm.models import CertBundle, acm_backends

from kolom_cli.deploying import certificates, domain_check
from kolom_cli.deploying.certificates import Certificate, find_certificates, request_certificate
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.hosted_zones import Record, create_record, find_zone, has_record
from kolom_cli.sam.intrinsics import ACCOUNT_ID
from tests.integration.aws import client, empty_aws
from tests.integration.cli import dns
from tests.integration.cli.cloudformation import error
from tests.integration.cli.conftest import CommandResult
from tests.integration.cli.rehearsal import OWNER, URL, Rehearsal, rehearse_in, with_blog

DOMAIN: Final = "blog.example.com"
SITE: Final = f"https://{DOMAIN}"
TARGET: Final = URL.removeprefix("https://")
STACK: Final = "us-east-1/kolom"
NAME: Final = f"_d930b28be6c5927595552b219965053e.{DOMAIN}"
VALUE: Final = "_c9edd76ee4a0e2a74388032f3861cc50.ykybfrwcxw.acm-validations.aws"
"""What moto asks for, instead of a secret of ACM."""
SOON: Final = datetime.now(UTC) + timedelta(days=5)
END: Final = datetime.now(UTC) + timedelta(days=300)

_key = rsa.generate_private_key(65537, 2048)


class Account(Rehearsal):
    """An account in which ACM issues a certificate as soon as its record is in a hosted zone, or in ``dns``."""

    dns: set[str]

    def watch_dns(self) -> None:
        self.dns = set()
        self.answers |= {"DescribeCertificate": self.validate, "ListDistributions": {"DistributionList": {}}}

    def validate(self, CertificateArn: str) -> None:  # noqa: N803
        certificate = stored(CertificateArn)
        if certificate is None or certificate.status != "PENDING_VALIDATION":
            return
        zones = client("route53").list_hosted_zones()["HostedZones"]
        is_known = any(dns.records(each["Id"], NAME) for each in zones) or NAME in self.dns
        if is_known:
            certificate.status = "ISSUED"

    def with_domain(self, *arguments: str) -> CommandResult:
        ran = self.deploy("--yes", "--domain", DOMAIN, *arguments)
        assert ran.exit_code == 0, ran.stderr
        return ran

    @property
    def values(self) -> Sequence[str]:
        return [self.stack.parameters[name] for name in ("Domain", "HostedZoneId", "CertificateArn", "SiteUrl")]


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Yield an empty account. There is only one private key, because to make and to check one takes long."""
    monkeypatch.setattr(rsa, "generate_private_key", lambda **_: _key)
    monkeypatch.setattr(CertBundle, "validate_pk", lambda _: _key)
    for name in ("POLL_SECONDS", "WAIT_SECONDS", "_RECORD_SECONDS", "_RELEASE_SECONDS"):
        monkeypatch.setattr(certificates, name, 0.0)
    with rehearse_in(Account(tmp_path), monkeypatch) as found:
        found.watch_dns()
        yield found


@pytest.fixture
def deployed(account: Account) -> Account:
    """Return an account with a blog without a domain."""
    with_blog(account)
    return account


def stored(arn: str) -> Any:
    return acm_backends[ACCOUNT_ID]["us-east-1"]._certificates.get(arn)


def arns() -> list[str]:
    return [each["CertificateArn"] for each in client("acm").list_certificates()["CertificateSummaryList"]]


def create_zone(name: str = "example.com", **options: Any) -> str:
    zone = client("route53").create_hosted_zone(Name=name, CallerReference=name, **options)["HostedZone"]["Id"]
    return str(zone.rpartition("/")[2])


def add(zone: str, kind: str, *values: str, name: str = DOMAIN) -> None:
    records = [{"Value": value} for value in values]
    dns.change(zone, "CREATE", [{"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": records}])


def kinds(zone: str, name: str = DOMAIN) -> list[str]:
    return sorted(each["Type"] for each in dns.records(zone, name))


def test_a_first_deployment_in_route_53_needs_one_run(account: Account) -> None:
    zone = create_zone()
    ran = account.with_domain("--parameter", f"OwnerEmail={OWNER}")
    (arn,) = arns()
    assert account.values == [DOMAIN, zone, arn, SITE]
    assert ran.stdout == f"{SITE}\n"
    assert account.executions() == 1
    assert (kinds(zone), kinds(zone, NAME)) == (["A", "AAAA"], ["CNAME"])
    assert {each["AliasTarget"]["DNSName"] for each in dns.records(zone, DOMAIN)} <= {TARGET, f"{TARGET}."}
    assert "add 1 group of DNS records (SiteRecords)" in ran.stderr
    assert account.remembered["domain"] == DOMAIN
    assert account.remembered["parameters"] == {"OwnerEmail": OWNER}


def test_adding_a_domain_changes_only_the_address(deployed: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    zone = create_zone()
    before = dict(deployed.stack.parameters)
    ran = deployed.with_domain()
    (arn,) = arns()
    expected = {"Domain": DOMAIN, "HostedZoneId": zone, "CertificateArn": arn, "SiteUrl": SITE}
    assert deployed.stack.parameters == {**before, **expected}
    assert "change 1 CloudFront distribution (Distribution; DistributionConfig)" in ran.stderr
    calls = len(deployed.cloudformation.calls)
    ran = deployed.deploy("--yes")
    assert "up to date: nothing changes" in ran.stderr
    assert (ran.stdout, deployed.executions(), arns()) == (f"{SITE}\n", 1, [arn])
    assert len(deployed.cloudformation.calls) > calls
    status = deployed.kolom("status", "--json").json["domain"]
    assert status == f"{DOMAIN} (certificate until {stored(arn)._cert.not_valid_after_utc:%Y-%m-%d})"
    doctor = deployed.kolom("doctor").stdout
    assert f"ok       domain: {DOMAIN} leads to the distribution (example.com)\n" in doctor
    assert f"ok       domain: the certificate for {DOMAIN} is issued until" in doctor
    dns.change(zone, "DELETE", dns.records(zone, DOMAIN))
    monkeypatch.setattr(domain_check, "_RENEWED_BEFORE", timedelta(days=400))
    doctor = deployed.kolom("doctor").stdout
    assert f"warning  domain: the certificate for {DOMAIN} expires on 20" in doctor
    assert (
        f"Fix: create its record again if it is missing: {NAME} CNAME {VALUE}; ACM renews only what is in use\n"
        in doctor
    )
    assert f"warning  domain: the records of {DOMAIN} were deleted from the hosted zone example.com" in doctor


def test_the_records_of_the_stack_stay_if_their_zone_becomes_ambiguous(deployed: Account) -> None:
    zone = create_zone()
    deployed.with_domain()
    client("route53").create_hosted_zone(Name="example.com", CallerReference="second")
    ran = deployed.deploy("--yes")
    assert "warning: domain: there are 2 hosted zones example.com" in ran.stderr
    assert "up to date: nothing changes" in ran.stderr
    assert kinds(zone) == ["A", "AAAA"]


def test_without_a_zone_the_next_run_continues(deployed: Account) -> None:
    ran = deployed.with_domain("--parameter", "SiteTitle=Other")
    table = f"  name{' ' * (len(NAME) - 4)}  type   value\n  {NAME}  CNAME  {VALUE}\n"
    assert f"The certificate for {DOMAIN} needs this record in the DNS:\n{table}Create it at the provider" in ran.stderr
    assert ran.stderr.endswith("The values of --parameter were not applied: pass them again.\n")
    assert ran.stdout == ""
    assert (deployed.builds, deployed.executions()) == ([], 0)
    assert deployed.remembered["domain"] == DOMAIN
    assert deployed.remembered["parameters"] == {"OwnerEmail": OWNER}
    assert deployed.kolom("status", "--json").json["domain"] == f"{DOMAIN}: not deployed yet, `kolom deploy` continues"
    assert f"is not issued yet: it needs the record {NAME} CNAME {VALUE}" in deployed.kolom("doctor").stdout
    ran = deployed.deploy("--yes")
    assert ran.exit_code == 1
    assert table in ran.stderr
    assert "the certificate for blog.example.com is not issued yet\n  Fix: create the record _d930" in ran.stderr
    deployed.dns.add(NAME)
    deployed.broken = {f"{SITE}/api/health"}
    ran = deployed.deploy("--yes")
    assert ran.exit_code == 0, ran.stderr
    assert deployed.values == [DOMAIN, "", *arns(), SITE]
    assert f"It needs this record in the DNS, and no other:\n  name              type   value\n  {DOMAIN}  CNAME" in (
        ran.stderr
    )
    deployed.broken = set()
    assert "does not lead to the site" not in deployed.deploy("--yes").stderr


def test_a_removed_domain_leaves_nothing(deployed: Account) -> None:
    zone = create_zone()
    before = dict(deployed.stack.parameters)
    deployed.with_domain()
    (arn,) = arns()
    stored(arn).in_use_by.append("distribution")
    ran = deployed.deploy("--yes", "--domain", "")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == f"{URL}\n"
    assert deployed.stack.parameters == before
    assert "domain" not in deployed.remembered
    assert f"kept the certificate {arn}: it is still in use; run the command again later" in ran.stderr
    assert (kinds(zone), kinds(zone, NAME)) == ([], ["CNAME"])
    stored(arn).in_use_by.clear()
    ran = deployed.deploy("--yes", "--domain", "")
    assert f"deleted the record {NAME}\ndeleted the certificate for {DOMAIN}\n" in ran.stderr
    assert (kinds(zone, NAME), arns(), deployed.executions()) == ([], [], 2)


def test_another_domain_replaces_the_first(deployed: Account) -> None:
    zone = create_zone()
    deployed.with_domain()
    ran = deployed.deploy("--yes", "--domain", "Example.com.")
    assert ran.exit_code == 0, ran.stderr
    assert deployed.stack.parameters["SiteUrl"] == "https://example.com"
    assert (kinds(zone), len(arns())) == ([], 1)
    assert kinds(zone, "example.com") == ["A", "AAAA", "NS", "SOA"]
    ran = deployed.deploy("--yes", "--domain", "", "--parameter", "Cdn=off")
    assert ran.stdout == "https://api.execute-api.us-east-1.amazonaws.com\n"
    assert kinds(zone, "example.com") == ["NS", "SOA"]


def test_a_certificate_of_a_stack_that_was_never_deployed_is_deleted(account: Account) -> None:
    account.with_domain()
    ran = account.kolom("destroy")
    assert ran.stdout.endswith(f"deleted the certificate for {DOMAIN}\nThere is no stack kolom in us-east-1.\n")
    assert arns() == []


def test_what_was_not_created_is_not_deleted(deployed: Account) -> None:
    """The owner has a certificate, and both records."""
    zone = create_zone()
    add(zone, "CNAME", VALUE, name=NAME)
    alias = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": TARGET, "EvaluateTargetHealth": False}
    dns.change(zone, "CREATE", [{"Name": DOMAIN, "Type": "A", "AliasTarget": alias}])
    arn = client("acm").request_certificate(DomainName="*.example.com", ValidationMethod="DNS")["CertificateArn"]
    stored(arn).status = "ISSUED"
    deployed.with_domain()
    stored(request_certificate(DOMAIN, STACK).arn).status = "ISSUED"
    assert deployed.deploy("--yes").exit_code == 0
    assert deployed.values == [DOMAIN, "", arn, SITE]
    ran = deployed.kolom("destroy", answer="kolom\n")
    assert f"kept the record {NAME}: it was not created by `kolom deploy`\ndeleted the certificate" in ran.stdout
    assert f"kept the certificate {arn}\nkept the DNS records of {DOMAIN}" in ran.stdout
    assert (kinds(zone), kinds(zone, NAME), arns()) == (["A"], ["CNAME"], [arn])


def test_a_record_that_another_certificate_needs_is_kept(deployed: Account) -> None:
    zone = create_zone()
    deployed.with_domain()
    other = client("acm").request_certificate(DomainName=DOMAIN, ValidationMethod="DNS")["CertificateArn"]
    ran = deployed.kolom("destroy", answer="kolom\n")
    assert f"kept the record {NAME}: another certificate for {DOMAIN} needs it" in ran.stdout
    assert (kinds(zone, NAME), arns()) == (["CNAME"], [other])


@pytest.mark.parametrize("names", [[f"*.{DOMAIN}"], ["www.example.com", DOMAIN]], ids=["wildcard", "several"])
def test_a_record_that_a_certificate_for_other_names_needs_is_kept(deployed: Account, names: list[str]) -> None:
    """ACM asks for the same record for a name and for all names below it."""
    zone = create_zone()
    deployed.with_domain()
    arguments = {"DomainName": names[0], "SubjectAlternativeNames": names, "ValidationMethod": "DNS"}
    other = client("acm").request_certificate(**arguments)["CertificateArn"]
    ran = deployed.deploy("--yes", "--domain", "")
    assert f"kept the record {NAME}: another certificate for {names[0]} needs it" in ran.stderr
    assert (kinds(zone, NAME), arns()) == (["CNAME"], [other])


def test_a_record_that_a_kept_certificate_needs_is_kept(deployed: Account) -> None:
    """A distribution that does not belong to the stack uses the first certificate."""
    zone = create_zone()
    deployed.with_domain()
    (first,) = arns()
    stored(first).in_use_by.append("other")
    certificates.mark_record(request_certificate(DOMAIN, STACK), zone)
    ran = deployed.deploy("--yes", "--domain", "")
    assert f"kept the certificate {first}: it is still in use" in ran.stderr
    assert f"kept the record {NAME}: another certificate for {DOMAIN} needs it" in ran.stderr
    assert (kinds(zone, NAME), arns()) == (["CNAME"], [first])


def test_a_changed_record_is_reported(deployed: Account) -> None:
    """Route 53 deletes a record only with all its values, such as its TTL."""
    create_zone()
    deployed.with_domain()
    changed = error("ChangeResourceRecordSets", "InvalidChangeBatch", "the values provided do not match the current")

    def refuse(ChangeBatch: Mapping[str, Any], **_: object) -> None:  # noqa: N803
        if ChangeBatch["Changes"][0]["ResourceRecordSet"]["Name"].rstrip(".") == NAME:
            raise changed

    deployed.answers["ChangeResourceRecordSets"] = refuse
    ran = deployed.deploy("--yes", "--domain", "")
    assert f"did not delete the record {NAME}: it does not exist any more, or was changed" in ran.stderr
    assert arns() == []


def test_a_certificate_that_another_run_deletes_meanwhile_is_ignored(deployed: Account) -> None:
    create_zone()
    deployed.with_domain()
    gone = client("acm").request_certificate(DomainName=DOMAIN, ValidationMethod="DNS")["CertificateArn"]

    def describe(CertificateArn: str) -> None:  # noqa: N803
        if CertificateArn == gone:
            raise error("DescribeCertificate", "ResourceNotFoundException", "Could not find certificate")

    deployed.answers["DescribeCertificate"] = describe
    assert deployed.deploy("--yes").exit_code == 0
    ran = deployed.kolom("destroy", answer="kolom\n")
    assert (ran.exit_code, f"deleted the certificate for {DOMAIN}" in ran.stdout) == (0, True)


def test_a_deleted_stack_is_reported_if_its_certificate_cannot_be_read(deployed: Account) -> None:
    create_zone()
    deployed.with_domain()
    for call in ("DescribeCertificate", "ListTagsForCertificate"):
        deployed.answers[call] = error(call, "AccessDeniedException", "no")
    ran = deployed.kolom("destroy", answer="kolom\n")
    assert (ran.exit_code, "Deleted the stack kolom." in ran.stdout) == (0, True)
    assert f"kept the certificate {arns()[0]}\n" in ran.stdout


def test_the_records_move_if_their_zone_does_not_exist_any_more(deployed: Account) -> None:
    zone = create_zone()
    deployed.with_domain()
    dns.change(zone, "DELETE", [*dns.records(zone, DOMAIN), *dns.records(zone, NAME)])
    client("route53").delete_hosted_zone(Id=zone)
    zone = create_zone()
    assert f"ok       domain: {DOMAIN} gets its records in the hosted zone" in deployed.kolom("doctor").stdout
    assert deployed.deploy("--yes").exit_code == 0
    assert (deployed.values[1], kinds(zone)) == (zone, ["A", "AAAA"])


def test_doctor_notices_a_zone_that_is_used_instead_of_that_of_the_stack(deployed: Account) -> None:
    parent = create_zone()
    deployed.with_domain()
    dns.change(parent, "DELETE", dns.records(parent, DOMAIN))
    child = create_zone(DOMAIN)
    servers = client("route53").get_hosted_zone(Id=child)["DelegationSet"]["NameServers"]
    add(parent, "NS", *servers)
    said = f"warning  domain: the stack has the records of {DOMAIN} in the hosted zone {parent}, but {DOMAIN} is in use"
    assert said in deployed.kolom("doctor").stdout
    for domain in ("", DOMAIN):
        assert deployed.deploy("--yes", "--domain", domain).exit_code == 0
    assert (deployed.values[1], kinds(child)) == (child, ["A", "AAAA", "NS", "SOA"])


def test_doctor_checks_the_certificate_that_the_stack_has(deployed: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    create_zone()
    wildcard = client("acm").request_certificate(DomainName="*.example.com")["CertificateArn"]
    stored(wildcard).status = "ISSUED"
    deployed.with_domain()
    own = request_certificate(DOMAIN, STACK).arn
    stored(own).status = "ISSUED"
    original = certificates.find_certificates

    def find(*arguments: str) -> list[Certificate]:
        return [replace(each, not_after=END if each.arn == own else SOON) for each in original(*arguments)]

    monkeypatch.setattr(certificates, "find_certificates", find)
    assert deployed.values[2] == wildcard
    assert f"expires on {SOON:%Y-%m-%d}" in deployed.kolom("doctor").stdout


def test_an_https_record_of_others_is_in_the_way_if_it_names_a_host(deployed: Account) -> None:
    """Browsers follow it instead of the records of the stack."""
    zone = create_zone()
    add(zone, "HTTPS", "0 elsewhere.example.net.")
    deployed.broken = {f"{SITE}/api/health"}
    ran = deployed.with_domain()
    assert f"{DOMAIN} does not lead to the distribution: HTTPS elsewhere.example.net. It is not changed" in ran.stderr
    assert (deployed.values[1], kinds(zone)) == ("", ["HTTPS"])
    dns.change(zone, "DELETE", dns.records(zone, DOMAIN))
    add(zone, "HTTPS", "1 . alpn=h2")
    assert deployed.deploy("--yes").exit_code == 0
    assert (deployed.values[1], kinds(zone)) == (zone, ["A", "AAAA", "HTTPS"])
    assert f"ok       domain: {DOMAIN} leads to the distribution" in deployed.kolom("doctor").stdout


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("acm", "request_certificate"),
        ("acm", "add_tags_to_certificate"),
        ("route53", "change_resource_record_sets"),
    ],
)
def test_a_run_whose_call_got_no_response_is_continued(account: Account, service: str, call: str) -> None:
    zone = create_zone()
    name = call.title().replace("_", "")

    def interrupt(**parameters: Any) -> None:
        del account.answers[name]
        getattr(client(service), call)(**parameters)
        raise KeyboardInterrupt

    account.answers[name] = interrupt
    assert account.deploy("--yes", "--domain", DOMAIN).exit_code == 130
    assert account.deploy("--yes", "--domain", DOMAIN).exit_code == 0
    assert account.values == [DOMAIN, zone, *arns(), SITE]
    assert account.kolom("destroy", answer="kolom\n").exit_code == 0
    assert (arns(), kinds(zone, NAME), kinds(zone)) == ([], [], [])


@pytest.mark.parametrize("call", ["RequestCertificate", "ChangeResourceRecordSets", "ListTagsForCertificate"])
def test_a_run_beside_another_keeps_the_records_of_the_other(deployed: Account, call: str) -> None:
    """Each run begins without a domain; the second one ends while the first one waits."""
    zone = create_zone()

    def run(**_: object) -> None:
        del deployed.answers[call]
        deployed.with_domain()

    deployed.answers[call] = run
    ran = deployed.with_domain()
    assert "remove" not in ran.stderr
    assert deployed.values == [DOMAIN, zone, *arns(), SITE]
    assert (kinds(zone), kinds(zone, NAME)) == (["A", "AAAA"], ["CNAME"])


def test_interrupted_runs_are_continued(account: Account) -> None:
    """The interruptions are before a call, except in CloudFormation."""
    zone = create_zone()
    for call in ("RequestCertificate", "AddTagsToCertificate", "ChangeResourceRecordSets"):
        account.answers[call] = KeyboardInterrupt()
        assert account.deploy("--yes", "--domain", DOMAIN).exit_code == 130, call
        del account.answers[call]
    assert len(arns()) == 1
    for cause, code in ((KeyboardInterrupt(), 130), (error("DescribeCertificate", "ExpiredToken", ""), 3)):

        def interrupt(cause: BaseException = cause, **_: object) -> None:
            if kinds(zone, NAME):
                raise cause

        if found := dns.records(zone, NAME):
            dns.change(zone, "DELETE", found)
        account.answers["DescribeCertificate"] = interrupt
        ran = account.deploy("--yes")
        assert (ran.exit_code, kinds(zone, NAME)) == (code, ["CNAME"])
        assert "ACM continues by itself. Run the command again to continue.\nkolom: " in ran.stderr
    account.answers["DescribeCertificate"] = account.validate
    account.cloudformation.interrupt_at = "ExecuteChangeSet"
    assert account.deploy("--yes").exit_code == 130
    assert account.deploy("--yes").exit_code == 0
    assert account.values == [DOMAIN, zone, *arns(), SITE]
    ran = account.kolom("destroy", answer="kolom\n")
    assert (
        f"It also deletes the certificate and the DNS records that `kolom deploy` created for {DOMAIN}." in ran.stderr
    )
    assert f"deleted the certificate for {DOMAIN}" in ran.stdout
    assert (ran.exit_code, arns(), kinds(zone, NAME), kinds(zone)) == (0, [], [], [])


def test_records_of_others_are_never_overwritten(deployed: Account) -> None:
    zone = create_zone()
    add(zone, "A", "192.0.2.1")
    deployed.broken = {f"{SITE}/api/health"}
    ran = deployed.with_domain()
    assert f"warning: domain: {DOMAIN} does not lead to the distribution: A 192.0.2.1. It is not changed" in ran.stderr
    assert f"  {DOMAIN}  CNAME  {TARGET}\n" in ran.stderr
    assert (deployed.values[:2], kinds(zone)) == ([DOMAIN, ""], ["A"])
    dns.change(zone, "DELETE", dns.records(zone, DOMAIN))
    assert deployed.deploy("--yes").exit_code == 0
    assert (deployed.values[:2], kinds(zone)) == ([DOMAIN, zone], ["A", "AAAA"])


def test_a_record_that_appears_meanwhile_is_not_overwritten(deployed: Account) -> None:
    zone = create_zone()
    deployed.cloudformation.before["ExecuteChangeSet"] = lambda: add(zone, "A", "192.0.2.1")
    ran = deployed.deploy("--yes", "--domain", DOMAIN)
    assert ran.exit_code == 1
    assert "Fix: the domain has a record already, which is not overwritten" in ran.stderr
    assert (kinds(zone), deployed.stack.parameters["SiteUrl"]) == (["A"], URL)


def test_an_address_that_the_owner_has_set_stays(deployed: Account) -> None:
    create_zone()
    url = "https://www.example.org"
    ran = deployed.with_domain("--parameter", f"SiteUrl={url}")
    assert f"SiteUrl stays {url}, which you have set" in ran.stderr
    assert (deployed.values[0], deployed.values[3]) == (DOMAIN, url)
    assert deployed.deploy("--yes", "--domain", "").exit_code == 0
    assert (deployed.values[0], deployed.values[3]) == ("", url)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--parameter", "Cdn=off"),
            f"domain: {DOMAIN} needs CloudFront, and Cdn is off\n  Fix: use --parameter Cdn=on",
        ),
        (("--parameter", "CertificateArn=arn:aws:acm:us-east-1:123456789012:certificate/1"), "CertificateArn is set"),
        (("--parameter", f"Domain={DOMAIN}"), "parameter Domain: `kolom deploy --domain` sets it"),
        (("--region", "cn-north-1"), f"domain: {DOMAIN} needs CloudFront with a certificate in us-east-1"),
    ],
    ids=["no CDN", "certificate", "parameter", "partition"],
)
def test_what_cannot_have_a_domain_is_refused(account: Account, options: Sequence[str], said: str) -> None:
    account.answers["GetCallerIdentity"] = {"Account": ACCOUNT_ID, "Arn": "arn:aws:iam::123456789012:user/me"}
    ran = account.deploy("--yes", "--domain", DOMAIN, *options)
    assert ran.exit_code == 1
    assert said in ran.stderr
    assert (arns(), account.builds, account.file.exists()) == ([], [], False)


def test_the_domain_of_another_distribution_is_refused(account: Account) -> None:
    item = {"Id": "E2", "Aliases": {"Quantity": 1, "Items": [DOMAIN]}}
    account.answers["ListDistributions"] = {"DistributionList": {"Items": [item], "IsTruncated": False}}
    ran = account.deploy("--yes", "--domain", DOMAIN)
    assert ran.exit_code == 1
    assert f"problem: domain: the distribution E2 of this account has the name {DOMAIN}\n  Fix: remove" in ran.stderr
    account.answers["ListDistributions"] = {"DistributionList": {}}
    create_zone()
    account.cloudformation.fail_at = ("Distribution", "One or more of the CNAMEs you provided are already associated")
    ran = account.deploy("--yes", "--domain", DOMAIN)
    assert "Fix: another distribution has this domain" in ran.stderr
    assert len(arns()) == 1
    assert account.deploy("--yes").exit_code == 0


def test_the_quota_of_certificates_is_explained(account: Account) -> None:
    reached = error("RequestCertificate", "LimitExceededException", "you have reached your limit of 2500")
    account.answers["RequestCertificate"] = reached
    ran = account.deploy("--yes", "--domain", DOMAIN)
    assert ran.exit_code == 1
    assert ran.stderr.endswith(
        "kolom: ACM does not accept another certificate: you have reached your limit of 2500\n  Fix: delete "
        "certificates in us-east-1 that you do not use, or request a higher quota in Service Quotas\n"
    )


def test_denied_calls_stop_only_what_needs_them(deployed: Account) -> None:
    create_zone()
    denied = error("RequestCertificate", "AccessDeniedException", "not authorized to perform: acm:RequestCertificate")
    deployed.answers["RequestCertificate"] = denied
    ran = deployed.deploy("--yes", "--domain", DOMAIN)
    assert ran.exit_code == 3
    assert ran.stderr.endswith("kolom: AWS denied access: not authorized to perform: acm:RequestCertificate\n")
    assert "domain" not in deployed.remembered
    del deployed.answers["RequestCertificate"]
    deployed.with_domain()
    values = deployed.values
    deployed.answers["ListCertificates"] = error("ListCertificates", "AccessDeniedException", "no")
    deployed.answers["ListHostedZones"] = error("ListHostedZones", "AccessDenied", "no")
    ran = deployed.deploy("--yes", "--parameter", "SiteTitle=Other")
    assert ran.exit_code == 0, ran.stderr
    assert "warning: domain: could not be checked: AWS denied access: no" in ran.stderr
    assert f"warning: {DOMAIN} stays as it is, because it cannot be checked: AWS denied access: no" in ran.stderr
    assert (deployed.values, deployed.stack.parameters["SiteTitle"]) == (values, "Other")
    ran = deployed.kolom("destroy", answer="kolom\n")
    assert "warning: certificates that are not used any more could not be deleted: AWS denied access: no" in ran.stdout
    assert ran.exit_code == 0


def test_a_certificate_that_failed_or_expired_is_replaced(deployed: Account) -> None:
    deployed.with_domain()
    (first,) = arns()
    stored(first).status = "VALIDATION_TIMED_OUT"
    zone = create_zone()
    ran = deployed.with_domain()
    assert "The last one: its record did not appear in the DNS within 72 hours." in ran.stderr
    assert deployed.values == [DOMAIN, zone, *arns(), SITE]
    assert first not in arns()
    (second,) = arns()
    stored(second).status = "EXPIRED"
    assert "cannot be used: it has expired, because ACM did not renew it" in deployed.kolom("doctor").stdout
    assert "certificate: it has expired" in deployed.kolom("status", "--json").json["domain"]
    deployed.with_domain()
    assert deployed.values[2:3] == arns() != [second]


def test_a_certificate_that_fails_says_why(account: Account) -> None:
    found = certificates.Certificate(arn="a", name=DOMAIN, status="FAILED", reason="CAA_ERROR")
    assert found.explain() == "a CAA record of the domain does not allow amazon.com: add one that does"

    def fail(CertificateArn: str) -> None:  # noqa: N803
        stored(CertificateArn).status = "FAILED"

    account.answers["DescribeCertificate"] = fail
    ran = account.deploy("--yes", "--domain", DOMAIN)
    assert ran.exit_code == 1
    assert f"the certificate for {DOMAIN} failed: FAILED\n  Fix: correct the cause" in ran.stderr
    account.deploy("--yes")
    ran = account.deploy("--yes")
    assert (ran.exit_code, ran.stderr.count("A new certificate is needed")) == (1, 1)


def test_a_new_certificate_may_be_readable_only_later(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = error("DescribeCertificate", "ResourceNotFoundException", "Could not find certificate")

    def describe(CertificateArn: str) -> None:  # noqa: N803
        if account.answers.pop("missing", None):
            raise missing

    account.answers |= {"DescribeCertificate": describe, "missing": True}
    ran = account.deploy("--yes", "--domain", DOMAIN)
    assert (ran.exit_code, "ACM has not decided yet which record proves that" in ran.stderr) == (1, True)
    client("acm").delete_certificate(CertificateArn=arns()[0])
    monkeypatch.setattr(certificates, "_RECORD_SECONDS", 9.0)
    account.answers["missing"] = True
    assert NAME in account.with_domain().stderr


def test_a_dry_run_creates_nothing(deployed: Account) -> None:
    zone = create_zone()
    ran = deployed.deploy("--dry-run", "--domain", DOMAIN)
    assert ran.exit_code == 0, ran.stderr
    assert f"The certificate for {DOMAIN} is not requested yet, so these changes are without the domain." in ran.stderr
    assert (arns(), kinds(zone, NAME), deployed.executions()) == ([], [], 0)
    deployed.with_domain()
    ran = deployed.deploy("--dry-run", "--domain", "")
    assert "remove 1 group of DNS records" in ran.stderr
    assert deployed.executions() == 1


def test_a_domain_in_the_file_must_be_a_name(account: Account) -> None:
    for text, said in (
        ("Blog.Example.com", "must be 'blog.example.com', not 'Blog.Example.com'"),
        (SITE, f"--domain needs a name such as blog.example.com, not a URL: got '{SITE}'"),
    ):
        account.file.write_text(f'[stacks.kolom]\ndomain = "{text}"\n', "utf-8")
        ran = account.deploy("--yes")
        assert ran.exit_code == 1
        assert f"[stacks.kolom], domain: {said}" in ran.stderr


@pytest.fixture
def aws() -> Iterator[None]:
    """An empty account without a rehearsal."""
    with empty_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_the_zone_of_the_closest_parent_is_used() -> None:
    assert find_zone(DOMAIN).zone is None
    create_zone("other.com")
    parent = create_zone()
    found = find_zone(f"a.{DOMAIN}").zone
    assert found is not None
    assert (found.zone_id, found.name) == (parent, "example.com")
    child = create_zone(DOMAIN)
    servers = client("route53").get_hosted_zone(Id=child)["DelegationSet"]["NameServers"]
    assert f"the hosted zone {DOMAIN} is not in use: example.com delegates it to no name servers" in (
        find_zone(DOMAIN).problem
    )
    add(parent, "NS", "ns.elsewhere.example.", name=DOMAIN)
    assert "delegates it to ns.elsewhere.example, but its own are" in find_zone(DOMAIN).problem
    dns.change(parent, "DELETE", dns.records(parent, DOMAIN))
    add(parent, "NS", *(f"{server.upper()}." for server in servers), name=DOMAIN)
    zone = find_zone(f"a.{DOMAIN}").zone
    assert zone is not None
    assert zone.zone_id == child


@pytest.mark.usefixtures("aws")
def test_a_zone_is_not_used_if_the_zone_that_delegates_to_it_is_not() -> None:
    create_zone()
    middle, lowest = create_zone(DOMAIN), create_zone(f"a.{DOMAIN}")
    servers = client("route53").get_hosted_zone(Id=lowest)["DelegationSet"]["NameServers"]
    add(middle, "NS", *servers, name=f"a.{DOMAIN}")
    said = f"the hosted zone {DOMAIN} is not in use: example.com delegates it to no name servers"
    assert find_zone(f"b.a.{DOMAIN}").problem.startswith(said)
    client("route53").create_hosted_zone(Name=DOMAIN, CallerReference="second")
    zone = find_zone(f"b.a.{DOMAIN}").zone
    assert zone is not None
    assert zone.zone_id == lowest


@pytest.mark.usefixtures("aws")
def test_zones_that_cannot_be_in_use_are_not_used() -> None:
    vpc: Mapping[str, Any] = {"VPC": {"VPCRegion": "us-east-1", "VPCId": "vpc-1"}}
    create_zone("example.org", HostedZoneConfig={"PrivateZone": True, "Comment": ""}, **vpc)
    assert find_zone("blog.example.org").problem.startswith("the hosted zone example.org is private")
    delegating = create_zone("example.net")
    add(delegating, "NS", "ns.elsewhere.example.", name="b.example.net")
    assert find_zone("a.b.example.net").problem == (
        "the hosted zone example.net delegates b.example.net to ns.elsewhere.example"
    )
    ids = []
    for number in "12":
        zone = client("route53").create_hosted_zone(Name="example.com", CallerReference=number)["HostedZone"]
        ids.append(zone["Id"].rpartition("/")[2])
    problem = find_zone(DOMAIN).problem
    assert problem.startswith("there are 2 hosted zones example.com (")
    assert all(each in problem for each in ids)


@pytest.mark.usefixtures("aws")
def test_a_validation_record_with_another_value_is_not_overwritten() -> None:
    create_zone()
    zone = find_zone(DOMAIN).zone
    assert zone is not None
    record = Record(NAME, "CNAME", VALUE)
    assert not has_record(zone, record)
    create_record(zone, record)
    assert has_record(zone, record)
    with pytest.raises(DeploymentError, match=f"is not overwritten: CNAME {VALUE}"):
        has_record(zone, Record(NAME, "CNAME", "_other.acm-validations.aws"))


def test_an_issued_certificate_comes_before_others(account: Account) -> None:
    own = request_certificate(DOMAIN, STACK)
    acm = client("acm")
    imported = {"Certificate": stored(own.arn).cert, "PrivateKey": stored(own.arn).key}
    acm.import_certificate(**imported)
    for name in ("example.com", "*.blog.example.com", "a.example.com"):
        stored(acm.request_certificate(DomainName=name)["CertificateArn"]).status = "ISSUED"
    pending = acm.request_certificate(DomainName=DOMAIN)["CertificateArn"]
    assert [each.arn for each in find_certificates(DOMAIN, STACK)] == [own.arn, pending]
    wildcard = acm.request_certificate(DomainName="*.example.com")["CertificateArn"]
    assert [each.arn for each in find_certificates(DOMAIN, STACK)] == [own.arn, pending]
    stored(wildcard).status = "ISSUED"
    assert [each.arn for each in find_certificates(DOMAIN, STACK)] == [wildcard, own.arn, pending]
    stored(own.arn).status = stored(pending).status = "FAILED"
    assert [each.arn for each in find_certificates(DOMAIN, STACK)] == [wildcard, own.arn]
