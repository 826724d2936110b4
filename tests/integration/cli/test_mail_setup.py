"""`kolom mail setup`, rehearsed against doubles of SES and CloudFormation, and moto."""

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import botocore.client
import pytest
from botocore.exceptions import ClientError

from kolom.mail import suppression
from kolom.security.signing import SigningKeys
from kolom_cli import project_file
from kolom_cli.commands import mail_setup as command
from kolom_cli.connection import OUTPUTS
from kolom_cli.deploying import change_set, operation
from kolom_cli.deploying.hosted_zones import HostedZone, Record, create_record, describe, find_records
from tests.integration.aws import client, empty_aws, restore_or_create
from tests.integration.cli.cloudformation import CloudFormationDouble, Evaluated, StackDouble, create_data, error
from tests.integration.cli.conftest import CommandResult, Kolom
from tests.integration.cli.dns import change
from tests.integration.cli.ses import SesDouble, bounces_to_bus, identity_state
from tests.paths import PROJECT

OWNER: Final = "me@example.org"
SENDER: Final = "blog@example.com"
SITE: Final = "https://blog.example.com"
RULE: Final = "kolom-suppressaddressesundeliverable"
FUNCTION: Final = "arn:aws:lambda:us-east-1:123456789012:function:kolom-suppressaddresses"
DKIM: Final = tuple(f"{token}._domainkey.example.com" for token in ("aaa", "bbb", "ccc"))
WRITES: Final = frozenset(
    {"CreateEmailIdentity", "ChangeResourceRecordSets", "ExecuteChangeSet", "PutAccountDetails", "SendEmail"}
)


class Account:
    """An account with a deployed blog. ``interrupt_at`` is the number of the call after which the user interrupts."""

    def __init__(self, folder: Path, **parameters: str) -> None:
        self.kolom = Kolom()
        self.ses = SesDouble()
        self.cloudformation = CloudFormationDouble()
        self.file = folder / "kolom.toml"
        self.interrupt_at: int | None = None
        self.has_terminal = False
        self.denied: dict[str, str] = {}
        self.calls: list[str] = []
        self.deploy(**parameters)

    def deploy(self, **parameters: str) -> None:
        """Replace the stack by one with these parameters."""
        body = (PROJECT / "template.yaml").read_text("utf-8")
        wanted = Evaluated("kolom", body, {"SiteUrl": SITE, "SiteTitle": "My Blog", **parameters})
        stack = StackDouble("kolom", 1, body=body)
        self.cloudformation.add_event(stack, None, "CREATE_COMPLETE")
        stack.parameters, stack.outputs = wanted.parameters, wanted.outputs
        stack.resources = {name: (kind, "CREATE_COMPLETE") for name, (kind, _) in wanted.resources.items()}
        stack.resources["SuppressAddressesUndeliverable"] = ("AWS::Events::Rule", "CREATE_COMPLETE")
        self.cloudformation.stacks = [stack]

    @property
    def parameters(self) -> dict[str, str]:
        return self.cloudformation.stacks[0].parameters

    def setup(self, *arguments: str, answer: str | None = None) -> CommandResult:
        self.calls.clear()
        self.has_terminal = answer is not None
        return self.kolom("mail", "setup", *arguments, answer=answer)

    def findings(self, *arguments: str) -> list[tuple[str, str]]:
        """Return the levels and subjects of what is not well."""
        found = self.setup(*arguments, "--json").json["findings"]
        assert all(each["fix"] for each in found if each["level"] != "ok"), found
        return [(each["level"], each["subject"]) for each in found if each["level"] != "ok"]

    def writes(self) -> list[str]:
        return [name for name in self.calls if name in WRITES]

    def call(self, service: str, model: Any, parameters: dict[str, Any]) -> dict[str, Any] | None:
        self.calls.append(model.name)
        if code := self.denied.get(model.name):
            raise error(model.name, code, f"refused: {model.name}")
        doubles: dict[str, Any] = {"sesv2": self.ses, "cloudformation": self.cloudformation}
        return doubles[service].call(model, parameters) if service in doubles else None


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Yield an account with a blog that has only the owner's address, and no zone."""

    def create() -> None:
        create_data("kolom", "OutboxTable", "AWS::DynamoDB::Table")
        create_data("kolom", "Secret", "AWS::SecretsManager::Secret")
        pattern = {"detail": {"mail": {"tags": {"ses:configuration-set": ["kolom-mailsettings"]}}}}
        client("events").put_rule(Name=RULE, EventPattern=json.dumps(pattern))
        client("events").put_targets(Rule=RULE, Targets=[{"Id": "function", "Arn": FUNCTION}])

    with empty_aws():
        restore_or_create("mail setup", create)
        found = Account(tmp_path, OwnerEmail=OWNER)
        original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

        def call(self: Any, name: str, parameters: dict[str, Any]) -> Any:
            service = self.meta.service_model
            try:
                answer = found.call(service.service_name, service.operation_model(name), parameters)
            except ClientError as error:  # A client's own exceptions are classes that only the client has.
                kind = self.exceptions.from_code(error.response["Error"]["Code"])
                raise kind(error.response, error.operation_name) from None
            answer = original(self, name, parameters) if answer is None else answer
            if found.interrupt_at == len(found.calls):
                raise KeyboardInterrupt
            return answer

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        monkeypatch.setattr(project_file, "PROJECT_FILE", found.file)
        monkeypatch.setattr(command, "is_interactive", lambda: found.has_terminal)
        for module in (change_set, operation):
            monkeypatch.setattr(module, "POLL_SECONDS", 0.0)
        yield found


def create_zone(name: str = "example.com") -> HostedZone:
    answer = client("route53").create_hosted_zone(Name=name, CallerReference=name)
    return HostedZone(zone_id=answer["HostedZone"]["Id"].rpartition("/")[2], name=name)


def records(result: CommandResult) -> dict[str, str]:
    return {each["name"]: each["state"] for each in result.json["records"]}


def test_a_domain_in_route_53_is_set_up_in_two_runs(account: Account) -> None:
    zone = create_zone()
    first = account.setup("--from", SENDER)
    assert first.exit_code == 1, first.stdout
    assert "waiting  sender: example.com is not verified yet\n" in first.stdout
    assert "waiting  parameters: MailFrom: set when the sender is verified\n" in first.stdout
    for name in DKIM:
        assert describe(find_records(zone, name)) == f"CNAME {name.split('.')[0]}.dkim.amazonses.com"
    assert describe(find_records(zone, "_dmarc.example.com")) == "TXT v=DMARC1; p=none;"
    assert f"Fix: run `kolom mail setup --from {SENDER}` again\n" in first.stdout
    assert account.parameters["MailFrom"] == ""
    account.ses.verify("example.com")
    second = account.setup("--from", SENDER)
    assert second.exit_code == 0, second.stdout
    assert account.writes() == ["ExecuteChangeSet"]
    assert account.parameters["MailFrom"] == SENDER
    assert account.parameters["OwnerEmail"] == OWNER
    assert tomllib.loads(account.file.read_text("utf-8"))["stacks"]["kolom"]["parameters"] == {"MailFrom": SENDER}


def test_a_finished_setup_is_not_changed_by_another_run(account: Account) -> None:
    create_zone()
    account.setup("--from", SENDER)
    account.ses.verify("example.com")
    account.setup("--from", SENDER)
    ran = account.setup()
    assert ran.exit_code == 0, ran.stdout
    assert account.writes() == []
    assert "bounces and complaints of kolom-mailsettings arrive at the stack" in ran.stdout
    assert "problem" not in ran.stdout


def test_an_interrupted_run_is_continued(account: Account) -> None:
    zone = create_zone()
    assert run_interrupted(account, "--from", SENDER).exit_code == 1
    assert [len(find_records(zone, name)) for name in (*DKIM, "_dmarc.example.com")] == [1, 1, 1, 1]
    account.ses.verify("example.com")
    ran = run_interrupted(account, "--from", SENDER)
    assert ran.exit_code == 0
    assert set(records(ran).values()) == {"verified", "exists"}
    assert account.parameters["MailFrom"] == SENDER
    assert account.cloudformation.calls.count("ExecuteChangeSet") == 1


def test_records_that_ses_does_not_find_need_the_right_name_servers(account: Account) -> None:
    create_zone()
    account.setup("--from", SENDER)
    ran = account.setup("--from", SENDER)
    assert "waiting  DNS: the records exist in the zone example.com, but SES has not found them yet" in ran.stdout
    assert "check that the registrar of example.com names its servers: ns-" in ran.stdout


def test_an_interrupted_update_of_the_stack_is_followed(account: Account) -> None:
    account.ses.verify("example.com")
    account.cloudformation.interrupt_at = "ExecuteChangeSet"
    assert account.setup("--from", SENDER).exit_code == 130
    assert account.cloudformation.stacks[0].status == "UPDATE_IN_PROGRESS"
    ran = account.setup("--from", SENDER)
    assert (ran.exit_code, account.writes(), account.parameters["MailFrom"]) == (0, [], SENDER)


def test_a_rollback_that_failed_is_continued(account: Account) -> None:
    account.ses.verify("example.com")
    account.cloudformation.stacks[0].status = "UPDATE_ROLLBACK_FAILED"
    assert account.setup("--from", SENDER).exit_code == 0
    assert account.parameters["MailFrom"] == SENDER


def test_another_sender_is_remembered_only_after_the_update(account: Account) -> None:
    account.ses.verify("example.com")
    account.denied = {"ExecuteChangeSet": "AccessDeniedException"}
    assert ("problem", "parameters") in account.findings("--from", SENDER)
    assert not account.file.exists()


def test_an_older_sender_in_the_project_file_is_replaced(account: Account) -> None:
    account.deploy(OwnerEmail=OWNER, MailFrom=SENDER)  # The run that set it was interrupted before it wrote the file.
    account.ses.verify("example.com")
    account.file.write_text('[stacks.kolom.parameters]\nMailFrom = "old@example.com"\n', "utf-8")
    assert account.setup("--from", SENDER).exit_code == 0
    assert tomllib.loads(account.file.read_text("utf-8"))["stacks"]["kolom"]["parameters"] == {"MailFrom": SENDER}


def run_interrupted(account: Account, *arguments: str) -> CommandResult:
    """Run the command until it ends, interrupted at first after one call, then after two, and so on."""
    for account.interrupt_at in range(1, 100):
        ran = account.setup(*arguments, "--json")
        if ran.exit_code != 130:
            return ran
    raise AssertionError("the command does not end")


def test_existing_records_are_kept(account: Account) -> None:
    zone = create_zone()
    create_record(zone, Record(DKIM[0], "CNAME", "other.example.net"))
    create_record(zone, Record("_dmarc.example.com", "TXT", "v=DMARC1; p=reject;"))
    ran = account.setup("--from", SENDER)
    assert "ok       DNS: the existing DMARC record is kept: _dmarc.example.com TXT v=DMARC1; p=reject;" in ran.stdout
    assert f"problem  DNS: {DKIM[0]} has another record in the hosted zone example.com" in ran.stdout
    assert "change it to CNAME aaa.dkim.amazonses.com" in ran.stdout
    assert describe(find_records(zone, DKIM[0])) == "CNAME other.example.net"
    assert find_records(zone, DKIM[1])


def test_the_dmarc_policy_of_a_parent_domain_is_not_weakened(account: Account) -> None:
    zone = create_zone()
    create_record(zone, Record("_dmarc.example.com", "TXT", "v=DMARC1; p=reject;"))
    ran = account.setup("--from", "me@mail.example.com", "--json")
    assert records(ran)["_dmarc.mail.example.com"] == "kept"
    assert find_records(zone, "_dmarc.mail.example.com") == []


def test_a_policy_that_cannot_be_read_is_not_replaced(account: Account) -> None:
    zone = create_zone("mail.example.com")
    ran = account.setup("--from", "me@mail.example.com")
    assert find_records(zone, f"{DKIM[0].removesuffix('example.com')}mail.example.com")
    assert find_records(zone, "_dmarc.mail.example.com") == []
    assert "warning  DNS: _dmarc.mail.example.com is not created" in ran.stdout
    assert "to create (create it only if the parent domain has no policy)" in ran.stdout
    create_record(zone, Record("_dmarc.mail.example.com", "TXT", "v=DMARC1; p=none;"))
    assert records(account.setup("--from", "me@mail.example.com", "--json"))["_dmarc.mail.example.com"] == "exists"


def test_the_table_says_when_a_policy_must_not_be_created(account: Account) -> None:
    ran = account.setup("--from", "me@mail.example.com")
    assert "not checked (create it only if the parent domain has no policy)" in ran.stdout
    assert account.setup("--from", SENDER, "--json").json["records"][-1]["condition"] is None


def test_records_in_a_delegated_zone_are_not_created_in_its_parent(account: Account) -> None:
    zone = create_zone()
    delegate(zone, "_domainkey.example.com", "_dmarc.example.com")
    ran = account.setup("--from", SENDER)
    assert "waiting  DNS: the hosted zone example.com delegates _domainkey.example.com to ns1.example.net" in ran.stdout
    assert account.writes() == ["CreateEmailIdentity"]


def delegate(zone: HostedZone, *names: str) -> None:
    for name in names:
        entry = {"Name": name, "Type": "NS", "TTL": 60, "ResourceRecords": [{"Value": "ns1.example.net."}]}
        change(zone.zone_id, "CREATE", [entry])


def test_without_a_zone_the_records_are_shown(account: Account) -> None:
    ran = account.setup("--from", SENDER)
    assert "waiting  DNS: Route 53 has no public zone of example.com in this account" in ran.stdout
    for name, token in zip(DKIM, ("aaa", "bbb", "ccc"), strict=True):
        assert f"{name}" in ran.stdout
        assert f"{token}.dkim.amazonses.com" in ran.stdout
    assert "_dmarc.example.com" in ran.stdout
    assert "spf" not in ran.stdout
    assert account.writes() == ["CreateEmailIdentity"]


def test_a_custom_mail_from_domain_needs_mx_and_spf(account: Account) -> None:
    zone = create_zone()
    attributes = {"MailFromDomain": "bounce.example.com", "MailFromDomainStatus": "PENDING"}
    account.ses.identities["example.com"] = identity_state(
        "example.com", status="SUCCESS", MailFromAttributes={**attributes, "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    )
    account.setup("--from", SENDER)
    assert describe(find_records(zone, "bounce.example.com")) == (
        "MX 10 feedback-smtp.us-east-1.amazonses.com, TXT v=spf1 include:amazonses.com ~all"
    )
    assert find_records(zone, DKIM[0]) == []


def use_return_domain(account: Account, name: str = "bounce.example.com", *, status: str = "SUCCESS") -> None:
    attributes = {"MailFromDomain": name, "MailFromDomainStatus": status, "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    state = identity_state("example.com", status="SUCCESS", MailFromAttributes=attributes)
    account.ses.identities["example.com"] = state


def spf(account: Account) -> str:
    found = account.setup("--from", SENDER, "--json").json["records"]
    return str(next(each["state"] for each in found if each["for"] == "SPF"))


def test_spf_is_checked_in_the_zone(account: Account) -> None:
    use_return_domain(account)
    assert spf(account) == "not checked"
    create_zone()
    assert [spf(account), spf(account)] == ["created", "exists"]


def test_an_spf_record_that_permits_ses_is_enough(account: Account) -> None:
    use_return_domain(account)
    create_record(create_zone(), Record("bounce.example.com", "TXT", "v=spf1 mx include:amazonses.com -all"))
    assert spf(account) == "exists"


def test_an_spf_record_of_others_is_to_be_extended(account: Account) -> None:
    use_return_domain(account)
    create_record(create_zone(), Record("bounce.example.com", "TXT", "v=spf1 mx -all"))
    ran = account.setup("--from", SENDER)
    assert "does not permit SES: v=spf1 mx -all\n" in ran.stdout
    assert "Fix: add include:amazonses.com to it" in ran.stdout


def test_a_mail_from_domain_in_upper_case_is_recognized(account: Account) -> None:
    create_zone()
    use_return_domain(account, "Bounce.Example.com", status="PENDING")
    account.setup("--from", SENDER)
    assert set(records(account.setup("--from", SENDER, "--json")).values()) == {"verified", "exists"}


def use_own_key(account: Account, status: str, dkim: str) -> None:
    state = identity_state("example.com", status=status, dkim=dkim)
    state["DkimAttributes"] |= {"SigningAttributesOrigin": "EXTERNAL", "Tokens": ["selector"]}
    account.ses.identities["example.com"] = state


def test_the_own_dkim_key_of_an_identity_is_kept(account: Account) -> None:
    create_zone()
    for status, dkim in (("PENDING", "PENDING"), ("FAILED", "FAILED"), ("SUCCESS", "FAILED")):
        use_own_key(account, status, dkim)
        ran = account.setup("--from", SENDER)
        assert "TXT record of your DKIM key" in ran.stdout
        assert "AWS_SES" not in ran.stdout
        assert "delete-email-identity" not in ran.stdout
        assert "the records exist in the zone" not in ran.stdout


def test_a_failed_domain_is_deleted_only_as_a_last_resort(account: Account) -> None:
    account.ses.identities["example.com"] = identity_state("example.com", status="FAILED")
    fix = next(line for line in account.setup("--from", SENDER).stdout.splitlines() if "delete-email-identity" in line)
    before, _, after = fix.partition("If that does not help, delete the identity, with its MAIL FROM domain")
    assert "put-email-identity-dkim-signing-attributes" in before
    assert "delete-email-identity" in after


def test_the_domain_of_a_mail_provider_is_not_verified(account: Account) -> None:
    account.deploy(OwnerEmail="me@gmail.com")
    ran = account.setup()
    assert list(account.ses.identities) == ["me@gmail.com"]
    assert "waiting  sender: me@gmail.com is not verified yet: AWS has sent mail to it" in ran.stdout
    assert "warning  sender: mail from me@gmail.com is not signed by gmail.com, so it fails DMARC" in ran.stdout


def test_an_address_alone_is_verified_on_request(account: Account) -> None:
    account.setup("--from", SENDER, "--address-only")
    assert list(account.ses.identities) == [SENDER]


def test_a_check_keeps_the_verified_address_of_the_sender(account: Account) -> None:
    create_zone()
    account.ses.verify(SENDER)
    account.setup("--from", SENDER, "--address-only")
    ran = account.setup()
    assert (ran.exit_code, account.writes(), list(account.ses.identities)) == (0, [], [SENDER])
    assert f"Fix: to verify the domain: `kolom mail setup --from {SENDER}`\n" in ran.stdout


def test_a_verified_address_sends_until_its_domain_is_verified(account: Account) -> None:
    account.ses.verify(SENDER)
    ran = account.setup("--from", SENDER)
    assert set(account.ses.identities) == {SENDER, "example.com"}
    assert f"until then, mail is sent, because {SENDER} is verified" in ran.stdout
    assert account.parameters["MailFrom"] == SENDER


def test_a_verified_parent_domain_becomes_the_identity_of_the_stack(account: Account) -> None:
    account.ses.verify("example.com")
    assert account.setup("--from", "me@mail.example.com").exit_code == 0
    assert list(account.ses.identities) == ["example.com"]
    assert account.parameters["MailIdentity"] == "example.com"


def test_in_the_sandbox_the_owner_is_verified_too(account: Account) -> None:
    account.ses.use_sandbox()
    account.ses.verify("example.com")
    ran = account.setup("--from", SENDER)
    assert OWNER in account.ses.identities
    assert f"waiting  owner: {OWNER} is not verified yet" in ran.stdout
    assert "warning  sandbox: SES sends only to verified addresses, so readers get no mail\n" in ran.stdout
    assert "https://console.aws.amazon.com/ses/home?region=us-east-1#/account" in ran.stdout
    for expected in (f"My Blog ({SITE})", "double opt-in", "RFC 8058", "Bounces and complaints", "At most 144 mails"):
        assert expected in ran.stdout
    assert account.ses.requests == []


def test_an_owner_in_the_domain_of_the_sender_needs_no_identity(account: Account) -> None:
    account.ses.use_sandbox()
    account.deploy(OwnerEmail="me@example.com", MailFrom=SENDER)
    account.setup()
    assert list(account.ses.identities) == ["example.com"]


def test_the_request_to_leave_the_sandbox_is_sent_only_after_a_question(account: Account) -> None:
    account.ses.use_sandbox()
    account.ses.verify("example.com")
    ran = account.setup("--from", SENDER, "--request-production", answer="n\n")
    assert (account.ses.requests, "the request was not sent" in ran.stdout) == ([], True)
    ran = account.setup("--from", SENDER, "--request-production", answer="y\n")
    [request] = account.ses.requests
    assert (request["WebsiteURL"], request["MailType"], request["ProductionAccessEnabled"]) == (
        SITE,
        "TRANSACTIONAL",
        True,
    )
    assert request["UseCaseDescription"] in ran.stderr
    assert "waiting  sandbox: the request is sent" in ran.stdout
    ran = account.setup("--request-production")
    assert "waiting  sandbox: AWS is reviewing the request to leave the sandbox (case 42)" in ran.stdout
    assert len(account.ses.requests) == 1


def test_the_request_is_not_sent_without_a_terminal(account: Account) -> None:
    account.ses.use_sandbox()
    account.ses.verify("example.com")
    ran = account.setup("--from", SENDER, "--request-production", "--json")
    assert (ran.exit_code, account.ses.requests) == (1, [])
    assert ("problem", "sandbox") in [(each["level"], each["subject"]) for each in ran.json["findings"]]
    assert ran.json["production_request"]["website"] == SITE


def test_a_run_that_is_aborted_reports_what_it_did(account: Account) -> None:
    account.ses.use_sandbox()
    account.ses.verify("example.com")
    ran = account.setup("--from", SENDER, "--request-production", answer="")
    assert ran.exit_code == 1
    assert "ok       parameters: set for the stack: MailFrom\n" in ran.stdout


def test_a_request_that_is_denied_is_shown(account: Account) -> None:
    account.ses.use_sandbox()
    account.ses.verify("example.com")
    account.denied = {"PutAccountDetails": "AccessDeniedException"}
    ran = account.setup("--from", SENDER, "--request-production", answer="y\n")
    assert "Fix: allow the call PutAccountDetails to the user or role of these credentials\n" in ran.stdout
    assert "Request to leave the sandbox, for https://" in ran.stdout


def test_a_request_needs_the_address_of_the_site(account: Account) -> None:
    account.ses.use_sandbox()
    account.ses.verify("example.com")
    account.deploy(OwnerEmail=OWNER, MailFrom=SENDER, SiteUrl="https://pending.invalid")
    ran = account.setup("--request-production", answer="y\n")
    assert (ran.exit_code, account.ses.requests) == (1, [])
    assert "the request needs the address of the site, which is not set yet" in ran.stdout


def test_the_request_waits_for_a_verified_sender(account: Account) -> None:
    account.ses.use_sandbox(ReviewDetails={"Status": "DENIED", "CaseId": "41"})
    ran = account.setup("--from", SENDER, "--request-production", answer="y\n")
    assert "AWS has declined the last request (case 41); the request needs a verified sender" in ran.stdout
    assert account.ses.requests == []


def test_a_second_request_to_leave_the_sandbox_is_explained(account: Account) -> None:
    account.ses.use_sandbox()
    account.ses.verify("example.com")
    account.ses.denied["PutAccountDetails"] = "ConflictException"
    ran = account.setup("--from", SENDER, "--request-production", answer="y\n")
    assert "problem  sandbox: AWS has another request of this account already" in ran.stdout


def test_a_test_mail_goes_to_the_owner(account: Account) -> None:
    account.ses.verify("example.com")
    ran = account.setup("--from", SENDER, "--test")
    assert f"ok       test: SES accepted a mail to {OWNER}: message-1" in ran.stdout
    [mail] = account.ses.sent
    assert mail["FromEmailAddress"] == f"My Blog <{SENDER}>"
    assert mail["Destination"] == {"ToAddresses": [OWNER]}
    assert mail["ConfigurationSetName"] == "kolom-mailsettings"
    assert account.setup("--test", "--json").json["message_id"] == "message-2"


def test_a_test_mail_waits_for_a_verified_sender(account: Account) -> None:
    assert ("waiting", "test") in account.findings("--from", SENDER, "--test")
    assert account.ses.sent == []


def test_a_refused_test_mail_has_a_fix(account: Account) -> None:
    account.ses.verify("example.org")
    account.ses.denied["SendEmail"] = "MessageRejected"
    ran = account.setup("--test")
    assert "problem  test: SES refuses the test mail: AWS error MessageRejected: refused: SendEmail" in ran.stdout
    assert "Fix: in the sandbox, both addresses must be verified" in ran.stdout


def test_all_problems_are_reported_at_once(account: Account) -> None:
    account.ses.account |= {
        "SendingEnabled": False,
        "SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 200.0},
    }
    info = {"ErrorType": "HOST_NOT_FOUND"}
    account.ses.identities["example.org"] = identity_state("example.org", status="FAILED", VerificationInfo=info)
    account.ses.configuration_set = {"SendingOptions": {"SendingEnabled": False}}
    account.ses.destinations = [bounces_to_bus(MatchingEventTypes=["BOUNCE"])]
    client("events").disable_rule(Name=RULE)
    client("events").remove_targets(Rule=RULE, Ids=["function"])
    account.ses.suppressed.add(OWNER)
    ran = account.setup()
    assert ran.exit_code == 1
    for expected in (
        "mail: SES has stopped sending for this account",
        "mail: 200 of the 200 mails that may be sent in 24 hours are sent",
        "sender: the verification of example.org failed (HOST_NOT_FOUND)",
        "bounces: sending is paused for the configuration set kolom-mailsettings",
        "bounces: the configuration set kolom-mailsettings does not report COMPLAINT to EventBridge",
        f"bounces: the rule {RULE} is disabled",
        f"bounces: the rule {RULE} does not call SuppressAddresses of the stack",
        f"suppression: SES sends no mail to {OWNER}: it bounced or was reported as spam",
    ):
        assert f"problem  {expected}\n" in ran.stdout
    assert ran.stdout.count("problem  ") == 8
    assert "aws sesv2 delete-email-identity --region us-east-1 --email-identity example.org" in ran.stdout


def test_a_deleted_configuration_set_is_found(account: Account) -> None:
    account.ses.verify("example.org")
    account.ses.configuration_set = None
    assert ("problem", "bounces") in account.findings()


def test_a_deleted_rule_is_found(account: Account) -> None:
    account.ses.verify("example.org")
    client("events").remove_targets(Rule=RULE, Ids=["function"])
    client("events").delete_rule(Name=RULE)
    assert ("problem", "bounces") in account.findings()


def test_an_owner_who_is_suppressed_by_the_blog_is_found(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in account.cloudformation.stacks[0].outputs.items():
        if name in OUTPUTS:
            monkeypatch.setenv(OUTPUTS[name], value)
    now = datetime.now(UTC)
    suppression.suppress(OWNER, "bounce", SigningKeys.parse("s" * 64, now), now=now)
    ran = account.setup()
    assert f"problem  suppression: the blog sends no mail to {OWNER}" in ran.stdout
    assert f"Fix: kolom mail allow {OWNER}\n" in ran.stdout


def test_denied_calls_do_not_stop_the_other_steps(account: Account) -> None:
    account.denied = dict.fromkeys(
        ("GetAccount", "CreateEmailIdentity", "GetSuppressedDestination", "GetSecretValue"), "AccessDeniedException"
    )
    found = account.findings("--from", SENDER)
    assert [subject for level, subject in found if level == "problem"] == [
        *("account", "sender", "suppression", "suppression"),
    ]
    account.denied = {"ListHostedZones": "AccessDenied"}
    ran = account.setup("--from", SENDER)
    assert "warning  DNS: the zones of Route 53 cannot be read or changed: AWS denied access" in ran.stdout
    assert DKIM[0] in ran.stdout


def test_denied_calls_of_the_tables_and_the_stack_are_named(account: Account) -> None:
    account.ses.verify("example.com")
    account.denied = dict.fromkeys(("GetItem", "CreateChangeSet"), "AccessDeniedException")
    ran = account.setup("--from", SENDER, "--test")
    for name in account.denied:
        assert f"Fix: allow the call {name} to the user or role of these credentials\n" in ran.stdout
    assert "waiting  test: the stack must get its addresses before the test mail\n" in ran.stdout


@pytest.mark.parametrize("address", ["me", "me@localhost", "bü@example.com", "a@b@example.com"], ids=ascii)
def test_an_invalid_address_is_refused(account: Account, address: str) -> None:
    ran = account.setup("--from", address)
    assert (ran.exit_code, account.writes()) == (1, [])
    assert ran.stderr.startswith("kolom: --from: ")


def test_a_stack_without_addresses_is_refused(account: Account) -> None:
    account.deploy()
    assert account.findings() == [("problem", "addresses")]
    assert account.findings("--owner", OWNER)[0] == ("waiting", "sender")


def test_the_identity_of_another_sender_is_removed_with_it(account: Account) -> None:
    account.ses.verify("example.com")
    account.setup("--from", "me@mail.example.com")
    assert "MailFrom, MailIdentity: set when" in account.setup("--from", "blog@example.net").stdout
    assert account.parameters["MailFrom"] == "me@mail.example.com"
    assert account.parameters["MailIdentity"] == "example.com"
    account.ses.verify("example.net")
    assert account.setup("--from", "blog@example.net").exit_code == 0
    assert (account.parameters["MailFrom"], account.parameters["MailIdentity"]) == ("blog@example.net", "")


@pytest.mark.parametrize(
    ("address", "corrected", "identity"),
    [
        ("Me@Example.COM", "Me@example.com", "example.com"),
        ("blog@bücher.example", "blog@xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
    ids=["upper case", "not ascii"],
)
def test_the_address_of_the_stack_is_corrected(account: Account, address: str, corrected: str, identity: str) -> None:
    account.deploy(OwnerEmail=address)
    account.ses.verify(identity)
    assert account.setup("--test").exit_code == 0
    assert account.parameters["OwnerEmail"] == corrected
    assert account.ses.sent[0]["FromEmailAddress"] == f"My Blog <{corrected}>"


def test_the_shown_commands_have_the_options_of_the_run(account: Account) -> None:
    account.ses.use_sandbox()
    account.cloudformation.stacks[0].name = "second"
    options = ("--region", "us-east-1", "--stack", "second", "--from", SENDER, "--owner", OWNER, "--address-only")
    shown = [part for part in account.setup(*options).stdout.split("`") if part.startswith("kolom mail setup")]
    assert shown
    for each in shown:
        is_other = each.endswith(f"--owner {OWNER}")  # It verifies the domain instead.
        assert each.startswith("kolom mail setup " + " ".join(options[: -1 if is_other else None])), each


def test_the_new_address_of_the_owner_gets_a_budget_and_alarms(account: Account) -> None:
    account.deploy(MonthlyBudget="5")
    account.ses.verify("example.org")
    ran = account.setup("--owner", OWNER)
    assert ran.exit_code == 0, ran.stdout
    assert "\n  add 1 budget" in ran.stderr
    assert f"warning  alarms: AWS has sent mail to {OWNER}, with a link to confirm that it gets alarms" in ran.stdout


def test_an_owner_whose_budget_is_refused_is_not_set(account: Account) -> None:
    account.deploy(MonthlyBudget="5")
    account.ses.verify("example.org")
    assert ("problem", "budget") in account.findings("--owner", OWNER, "--region", "eu-north-1")
    assert account.parameters["OwnerEmail"] == ""


def test_a_region_without_ses_is_refused(account: Account) -> None:
    assert account.findings("--region", "eu-south-2") == [("problem", "region")]


def test_a_stack_that_is_not_deployed_is_refused(account: Account) -> None:
    account.cloudformation.stacks[0].status = "ROLLBACK_COMPLETE"
    assert "the stack kolom is not deployed (ROLLBACK_COMPLETE)" in account.setup().stderr
    account.cloudformation.stacks = []
    ran = account.setup()
    assert (ran.exit_code, "deploy it first" in ran.stderr) == (3, True)
