"""`kolom deploy`, `doctor`, `status` and `destroy`, rehearsed against moto and a double of CloudFormation."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import urllib3
from botocore.exceptions import NoCredentialsError

from kolom.articles import admin
from kolom_cli.commands import deploy as command
from kolom_cli.deploying import buckets as deploying_buckets
from kolom_cli.deploying import site_check, toolchain
from kolom_cli.deploying.account import Identity
from kolom_cli.deploying.buckets import ensure_bucket
from kolom_cli.deploying.change_set import create_change_set
from kolom_cli.deploying.destroyer import delete_stack
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.operation import StackEvent, follow
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.stack import find_stack, list_resources
from kolom_cli.sam.stack_import import import_input
from tests.integration.aws import client, empty_aws
from tests.integration.cli.cloudformation import StackDouble, create_data, error
from tests.integration.cli.rehearsal import OWNER, URL, Rehearsal, rehearse, with_blog
from tests.paths import PROJECT

UPLOADS: Final = "kolom-deploy-123456789012-us-east-1-kolom"
TABLES: Final = [f"kolom-{name}" for name in ("articles", "comments", "guard", "messages", "outbox", "search")]

ACCOUNT: Final = "123456789012"
TABLE: Final = "AWS::DynamoDB::Table"

PARAMETERS: Final = {"ArticlesTableName": ""}
"""Parameters by which a stack is recognized as one of Kolom."""


@pytest.fixture
def rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Yield an empty account."""
    with rehearse(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def deployed(rehearsal: Rehearsal) -> Rehearsal:
    """Return an account with a deployed blog."""
    return with_blog(rehearsal)


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "is_interactive", lambda: True)


def buckets() -> list[str]:
    return [each["Name"] for each in client("s3").list_buckets()["Buckets"]]


def tables() -> list[str]:
    return sorted(client("dynamodb").list_tables()["TableNames"])


def test_an_empty_account_becomes_a_running_blog(rehearsal: Rehearsal) -> None:
    ran = rehearsal.deploy("--yes", "--parameter", f"OwnerEmail={OWNER}")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == f"{URL}\n"
    assert tables() == TABLES
    assert rehearsal.stack.parameters["OwnerEmail"] == OWNER
    assert rehearsal.builds == ["build", f"package {UPLOADS} kolom us-east-1"]
    assert "\n  add 6 tables\n" in ran.stderr
    assert "created ArticlesTable (DynamoDB::Table)" in ran.stderr
    assert "waiting for Distribution (CloudFront::Distribution), which takes some minutes" in ran.stderr
    assert "Styles and scripts: " in ran.stderr
    assert [article.path for article in admin.list_by_status("published", limit=9).items] == ["/welcome/"]
    expected = {"account": ACCOUNT, "region": "us-east-1", "parameters": {"OwnerEmail": OWNER}}
    assert rehearsal.remembered == expected


def test_the_site_gets_its_own_url_without_a_second_run(deployed: Rehearsal) -> None:
    statuses = [each["ResourceStatus"] for each in deployed.stack.events if each["LogicalResourceId"] == "kolom"]
    assert [status for status in statuses if status.endswith("_COMPLETE")] == ["CREATE_COMPLETE", "UPDATE_COMPLETE"]
    assert deployed.stack.parameters["SiteUrl"] == URL


def test_a_chosen_url_is_kept(rehearsal: Rehearsal) -> None:
    ran = rehearsal.deploy("--yes", "--parameter", "SiteUrl=https://blog.example.com")
    assert ran.stdout == "https://blog.example.com\n"
    assert rehearsal.executions() == 1


def test_an_address_that_does_not_lead_to_the_site_needs_a_record_or_forwarding(rehearsal: Rehearsal) -> None:
    """A DNS record cannot have the URL of the API as its target."""
    rehearsal.broken = {"https://blog.example.com/api/health"}
    ran = rehearsal.deploy("--yes", "--parameter", "SiteUrl=https://blog.example.com")
    warning = "warning: https://blog.example.com does not lead to the site yet: "
    assert f"{warning}point its DNS record to {URL.removeprefix('https://')} (docs/deploy.md)\n" in ran.stderr
    ran = rehearsal.deploy("--yes", "--parameter", "Cdn=off")
    api = "https://api.execute-api.us-east-1.amazonaws.com"
    assert f"{warning}what answers there must forward requests to {api} (docs/deploy.md)\n" in ran.stderr


def test_without_the_cdn_the_site_is_at_the_url_of_the_api(rehearsal: Rehearsal) -> None:
    ran = rehearsal.deploy("--yes", "--parameter", "Cdn=off")
    assert ran.stdout == "https://api.execute-api.us-east-1.amazonaws.com\n"
    ran = rehearsal.deploy("--yes", "--parameter", "Cdn=on")
    assert ran.stdout == f"{URL}\n"
    ran = rehearsal.deploy("--yes", "--parameter", "Cdn=off")
    assert ran.stdout == "https://api.execute-api.us-east-1.amazonaws.com\n"
    assert rehearsal.remembered["parameters"] == {"Cdn": "off"}


def test_the_uploads_are_private_and_encrypted(deployed: Rehearsal) -> None:
    s3 = client("s3")
    access = s3.get_public_access_block(Bucket=UPLOADS)["PublicAccessBlockConfiguration"]
    assert set(access.values()) == {True}
    (rule,) = s3.get_bucket_encryption(Bucket=UPLOADS)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_the_uploads_are_in_the_region_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    identity = Identity(account_id="123456789012", arn="arn:aws:iam::123456789012:user/me")
    with empty_aws():
        for _ in range(2):
            ensure_bucket("uploads", identity, "eu-central-1")
            monkeypatch.setattr(deploying_buckets, "_exists", lambda *_: False)  # as if it was created a moment ago
        assert client("s3").get_bucket_location(Bucket="uploads")["LocationConstraint"] == "eu-central-1"


def test_a_second_run_changes_nothing_and_says_so(deployed: Rehearsal) -> None:
    ran = deployed.deploy("--yes")
    assert ran.exit_code == 0
    assert ran.stdout == f"{URL}\n"
    assert "The stack is up to date: nothing changes." in ran.stderr
    assert "0 uploaded" in ran.stderr
    assert "/welcome" not in ran.stderr
    assert deployed.executions() == 0


def test_a_deleted_welcome_article_is_not_published_again(deployed: Rehearsal) -> None:
    assert deployed.kolom("delete", "welcome", "--yes").exit_code == 0
    ran = deployed.deploy()
    assert ran.exit_code == 0, ran.stderr
    assert admin.list_by_status("published", limit=9).items == ()


def test_a_parameter_changes_only_what_depends_on_it(deployed: Rehearsal) -> None:
    ran = deployed.deploy("--parameter", 'SiteTitle=My "Blog"')
    assert ran.exit_code == 0, ran.stderr
    assert deployed.stack.parameters["SiteTitle"] == 'My "Blog"'
    assert deployed.stack.parameters["OwnerEmail"] == OWNER
    assert deployed.stack.parameters["SiteUrl"] == URL
    assert deployed.remembered["parameters"] == {"OwnerEmail": OWNER, "SiteTitle": 'My "Blog"'}
    assert "Serverless::Function (Globals)" in ran.stderr
    assert "Table" not in ran.stderr
    assert "up to date" in deployed.deploy().stderr


def test_a_new_version_of_the_template_is_deployed(deployed: Rehearsal) -> None:
    old = deployed.template.read_text("utf-8")
    deployed.template.write_text(old.replace("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 86400"))
    ran = deployed.deploy()
    assert "change 1 queue (DroppedEvents; MessageRetentionPeriod)" in ran.stderr
    assert deployed.stack.status == "UPDATE_COMPLETE"


def test_a_first_deployment_asks_four_questions(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch)
    ran = rehearsal.deploy("--dry-run", answer="nobody\n\nMy Blog\nen\nMars\nAsia/Jakarta\n")
    assert ran.exit_code == 0, ran.stderr
    ran = rehearsal.deploy(answer=f"{OWNER}\nMy Blog\nen\nMars\nAsia/Jakarta\n")
    assert ran.exit_code == 0, ran.stderr
    assert "'Mars' is not a time zone" in ran.stderr
    expected = {"OwnerEmail": OWNER, "SiteTitle": "My Blog", "Languages": "en", "TimeZone": "Asia/Jakarta"}
    assert rehearsal.remembered["parameters"] == expected
    assert expected.items() <= rehearsal.stack.parameters.items()
    assert [article.title for article in admin.list_by_status("published", limit=9).items] == ["Welcome"]
    assert rehearsal.deploy(answer="").exit_code == 0


def test_a_missing_region_is_asked_for(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    ran = rehearsal.deploy("--yes")
    assert ran.exit_code == 1
    assert "problem: region: no AWS region is set\n  Fix: pass --region" in ran.stderr
    at_a_terminal(monkeypatch)
    ran = rehearsal.deploy(answer="us-east-1\n\nBlog\nen\nUTC\n")
    assert ran.exit_code == 0, ran.stderr
    assert rehearsal.remembered["region"] == "us-east-1"
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    assert rehearsal.kolom("articles", "list").exit_code == 0


def test_the_region_of_a_deployed_stack_cannot_be_changed(deployed: Rehearsal) -> None:
    ran = deployed.deploy("--region", "eu-central-1")
    assert ran.exit_code == 3
    assert "kolom.toml says that the stack 'kolom' is in us-east-1, not in eu-central-1" in ran.stderr
    assert deployed.cloudformation.calls == []


@pytest.mark.parametrize("arguments", [("deploy", "--yes"), ("doctor",), ("destroy",)], ids=" ".join)
def test_another_account_is_refused(deployed: Rehearsal, arguments: Sequence[str]) -> None:
    deployed.file.write_text('[stacks.kolom]\naccount = "210987654321"\nregion = "us-east-1"\n', "utf-8")
    ran = deployed.kolom(*arguments)
    assert ran.exit_code == 1
    said = (
        "kolom.toml says that the stack kolom is in the account 210987654321, but the credentials are of 123456789012"
    )
    assert said in ran.stdout + ran.stderr
    assert (
        "Fix: use another profile (--profile) or stack name (--stack), or change kolom.toml" in ran.stdout + ran.stderr
    )
    assert deployed.cloudformation.calls == []


def test_an_invalid_parameter_in_the_file_stops_only_what_uses_it(deployed: Rehearsal) -> None:
    deployed.file.write_text("[stacks.kolom.parameters]\nSiteTitel = 'x'\n", "utf-8")
    for arguments in (("deploy", "--yes"), ("doctor",)):
        ran = deployed.kolom(*arguments)
        assert ran.exit_code == 1
        assert f"{deployed.file}, [stacks.kolom.parameters]: no such parameter: SiteTitel" in ran.stderr
    assert deployed.kolom("status").exit_code == 0
    assert deployed.kolom("destroy", answer="kolom\n").exit_code == 0


def test_nothing_that_holds_data_is_replaced_or_removed(deployed: Rehearsal) -> None:
    ran = deployed.deploy("--parameter", "CommentsTableName=other-comments")
    assert ran.exit_code == 1
    assert "would remove or replace resources that may hold data: CommentsTable (replace: TableName)" in ran.stderr
    template = deployed.template.read_text("utf-8")
    deployed.template.write_text(
        template.replace("  MediaBucket:\n", "  OtherBucket:\n").replace("MediaBucket", "OtherBucket")
    )
    deployed.file.unlink()
    ran = deployed.deploy()
    assert "MediaBucket (remove)" in ran.stderr
    assert deployed.executions() == 0
    assert deployed.stack.change_sets == {}


@pytest.mark.parametrize(
    "arguments", [("deploy", "--yes"), ("deploy", "--dry-run"), ("destroy", "--with-data")], ids=" ".join
)
def test_the_stack_of_another_application_is_refused(rehearsal: Rehearsal, arguments: Sequence[str]) -> None:
    shop = StackDouble("shop", 9, status="CREATE_COMPLETE", resources={"Database": ("AWS::RDS::DBInstance", "")})
    rehearsal.cloudformation.stacks.append(shop)
    ran = rehearsal.kolom(*arguments, "--stack", "shop", answer="shop\n")
    assert ran.exit_code == 1
    assert "the stack shop is not a stack of Kolom" in ran.stderr
    assert not {"CreateChangeSet", "DeleteStack"} & {*rehearsal.cloudformation.calls}


def test_a_refused_parameter_is_not_remembered(deployed: Rehearsal) -> None:
    deployed.deploy("--parameter", "CommentsTableName=other-comments")
    assert deployed.remembered["parameters"] == {"OwnerEmail": OWNER}


def test_a_dry_run_leaves_the_stack_as_it_is(rehearsal: Rehearsal) -> None:
    ran = rehearsal.deploy("--yes", "--dry-run")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == "Dry run: the stack was not changed.\n"
    assert "add 6 tables" in ran.stderr
    assert [stack.status for stack in rehearsal.cloudformation.stacks] == ["DELETE_COMPLETE"]
    assert not rehearsal.file.exists()
    assert tables() == []


def test_a_dry_run_does_not_delete_the_stack_of_another_run(rehearsal: Rehearsal) -> None:
    stacks = rehearsal.cloudformation.stacks

    def begin() -> None:
        stacks.append(StackDouble("kolom", 9, change_sets={"other": {}}))

    rehearsal.cloudformation.before["CreateChangeSet"] = begin
    assert rehearsal.deploy("--yes", "--dry-run").exit_code == 0
    assert (rehearsal.stack.status, [*rehearsal.stack.change_sets]) == ("REVIEW_IN_PROGRESS", ["other"])
    rehearsal.cloudformation.before["DeleteChangeSet"] = lambda: setattr(rehearsal.stack, "status", "CREATE_COMPLETE")
    stacks.clear()
    assert rehearsal.deploy("--yes", "--dry-run").exit_code == 0
    assert rehearsal.stack.status == "CREATE_COMPLETE"


def test_a_change_set_that_another_run_has_overtaken_is_reported(deployed: Rehearsal) -> None:
    deployed.cloudformation.before["ExecuteChangeSet"] = lambda: deployed.stack.change_sets.clear()
    ran = deployed.deploy("--parameter", "SiteTitle=Other")
    assert ran.exit_code == 1
    assert "another run has changed the stack in the meantime" in ran.stderr


@pytest.mark.parametrize("operation", ["CreateChangeSet", "ExecuteChangeSet"])
def test_a_call_that_was_repeated_after_a_lost_response_succeeds(deployed: Rehearsal, operation: str) -> None:
    deployed.cloudformation.lost.add(operation)
    ran = deployed.kolom("deploy", "--yes", "--parameter", "CommentsPerMinute=9")
    assert (ran.exit_code, deployed.cloudformation.lost) == (0, set()), ran.stderr
    (stack,) = deployed.cloudformation.stacks
    assert stack.parameters["CommentsPerMinute"] == "9"


def test_only_one_run_at_a_time_builds_in_a_checkout(deployed: Rehearsal) -> None:
    with toolchain.lock_checkout():
        ran = deployed.deploy("--yes")
    assert ran.exit_code == 1
    assert "another run of `kolom deploy` is building in this checkout" in ran.stderr
    assert deployed.builds == []


def test_a_failed_creation_says_why_and_the_next_run_works(rehearsal: Rehearsal) -> None:
    reason = "Your account must be verified before you can add new CloudFront resources."
    rehearsal.cloudformation.fail_at = ("Distribution", reason)
    ran = rehearsal.deploy("--yes")
    assert ran.exit_code == 1
    assert ran.stderr.endswith(
        f"kolom: the deployment failed, and CloudFormation has undone it: Distribution (AWS::CloudFront::Distribution) "
        f"failed: {reason}\n  Fix: AWS must verify a new account before it may use CloudFront: open a case with AWS "
        "Support (Account and billing), or deploy without CloudFront for now: --parameter Cdn=off\n"
    )
    assert rehearsal.stack.status == "ROLLBACK_COMPLETE"
    assert tables() == []
    ran = rehearsal.deploy("--yes")
    assert ran.exit_code == 0, ran.stderr
    assert "Removing what the failed creation left (ROLLBACK_COMPLETE)" in ran.stderr


def test_a_failed_creation_that_still_has_data_is_not_removed(rehearsal: Rehearsal) -> None:
    rehearsal.cloudformation.fail_at = ("Distribution", "no")
    rehearsal.cloudformation.fail_rollback = True
    rehearsal.cloudformation.interrupt_at = "ExecuteChangeSet"
    assert rehearsal.deploy("--yes").exit_code == 130
    for _ in range(2):  # first after waiting for the end of the rollback
        ran = rehearsal.deploy("--yes")
        assert ran.exit_code == 1
        assert "it still has ArticlesTable, CommentsTable (ROLLBACK_FAILED)" in ran.stderr
        assert "kolom-articles" in tables()


@pytest.mark.parametrize("operation_name", ["ExecuteChangeSet", "DeleteStack"])
def test_credentials_that_expire_meanwhile_do_not_stop_cloudformation(deployed: Rehearsal, operation_name: str) -> None:
    double = deployed.cloudformation
    double.before[operation_name] = lambda: double.denied.update(DescribeStackEvents="ExpiredToken")
    if operation_name == "DeleteStack":
        ran = deployed.kolom("destroy", answer="kolom\n")
    else:
        ran = deployed.deploy("--parameter", "SiteTitle=Other")
    assert ran.exit_code == 3
    assert ran.stderr.endswith(
        "CloudFormation continues by itself. Run the command again to follow it.\n"
        "kolom: AWS rejected the credentials: they may have expired\n"
    )


def test_a_failed_update_is_undone_and_the_next_run_works(deployed: Rehearsal) -> None:
    deployed.cloudformation.fail_at = ("ServePages", "Rate exceeded (Service: Lambda)")
    ran = deployed.deploy("--parameter", "SiteTitle=Other")
    assert ran.exit_code == 1
    assert "failed ServePages (Serverless::Function): Rate exceeded" in ran.stderr
    assert ran.stderr.endswith("Fix: run the command again\n")
    assert deployed.stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert deployed.deploy().exit_code == 0
    assert deployed.stack.parameters["SiteTitle"] == "Other"


def test_a_failed_rollback_is_continued(deployed: Rehearsal) -> None:
    deployed.cloudformation.fail_at = ("ServePages", "no")
    deployed.cloudformation.fail_rollback = True
    ran = deployed.deploy("--parameter", "SiteTitle=Other")
    assert ran.exit_code == 1
    assert "the deployment failed, and CloudFormation could not undo it (UPDATE_ROLLBACK_FAILED): Serve" in ran.stderr
    assert deployed.stack.status == "UPDATE_ROLLBACK_FAILED"
    ran = deployed.deploy()
    assert ran.exit_code == 0, ran.stderr
    assert "Continuing the rollback that failed" in ran.stderr


def interrupt_upload(part: str) -> Callable[..., None]:
    """Return what interrupts a run when it uploads an object with that part in its key."""

    def put(Key: str, **_: object) -> None:  # noqa: N803
        if part in Key:
            raise KeyboardInterrupt

    return put


def test_interrupted_runs_are_continued(rehearsal: Rehearsal) -> None:
    """An interruption comes after the call: CloudFormation has got it."""
    for call in ("CreateBucket", "PutBucketEncryption"):
        rehearsal.answers[call] = KeyboardInterrupt()
        assert rehearsal.deploy("--yes").exit_code == 130
        del rehearsal.answers[call]
    for uploaded in (".assets.zip", ".template", "deployments.json"):
        rehearsal.answers["PutObject"] = interrupt_upload(uploaded)
        assert rehearsal.deploy("--yes").exit_code == 130, uploaded
    del rehearsal.answers["PutObject"]
    for call in ("CreateChangeSet", "ExecuteChangeSet", "DescribeStackEvents"):
        rehearsal.cloudformation.interrupt_at = call
        ran = rehearsal.deploy("--yes")
        assert ran.exit_code == 130, call
        assert ran.stderr.endswith("kolom: interrupted\n")
    assert rehearsal.stack.status == "CREATE_IN_PROGRESS"
    assert "CloudFormation continues by itself. Run the command again to follow it." in ran.stderr
    rehearsal.answers["PutObject"] = interrupt_upload("assets/theme/")
    assert rehearsal.deploy("--yes").exit_code == 130
    assert rehearsal.stack.status == "UPDATE_COMPLETE"
    del rehearsal.answers["PutObject"]
    ran = rehearsal.deploy("--yes")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == f"{URL}\n"
    (recorded,) = rehearsal.kolom("rollback", "--list", "--json").json
    assert (recorded["complete"], recorded["parameters"]["SiteUrl"]) == (True, URL)


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (
            "ExpiredToken",
            "expired",
            "problem: credentials: AWS rejected the credentials: they may have expired\n  Fix: sign in",
        ),
        ("AccessDenied", "an SCP", "problem: credentials: AWS denied access: an SCP\n"),
    ],
    ids=["expired", "denied"],
)
def test_unusable_credentials_change_nothing(rehearsal: Rehearsal, code: str, message: str, said: str) -> None:
    rehearsal.answers["GetCallerIdentity"] = error("GetCallerIdentity", code, message)
    ran = rehearsal.deploy("--yes")
    assert ran.exit_code == 1
    assert said in ran.stderr
    assert rehearsal.builds == []


def test_a_denied_call_is_reported_and_the_next_run_works(rehearsal: Rehearsal) -> None:
    rehearsal.cloudformation.denied = {"CreateChangeSet": "AccessDenied"}
    ran = rehearsal.deploy("--yes")
    assert ran.exit_code == 3
    assert "kolom: AWS denied access: not authorized to perform: cloudformation:CreateChangeSet\n" in ran.stderr
    rehearsal.cloudformation.denied = {}
    assert rehearsal.deploy("--yes").exit_code == 0


def test_a_failed_build_shows_its_last_lines(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DeploymentError("the build failed:\n    no wheel", "correct the error")

    monkeypatch.setattr(toolchain, "build", fail)
    ran = rehearsal.deploy("--yes")
    assert ran.stderr.endswith("kolom: the build failed:\n    no wheel\n  Fix: correct the error\n")
    assert rehearsal.cloudformation.stacks == []


def test_a_site_that_cannot_be_connected_to_is_a_warning(deployed: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(url: str) -> None:
        raise urllib3.exceptions.MaxRetryError(None, url)  # type: ignore[arg-type]

    monkeypatch.setattr(site_check, "fetch", fail)
    ran = deployed.deploy()
    assert ran.exit_code == 0
    assert ran.stdout == f"{URL}\n"
    assert f"warning: {URL} cannot be connected to from here, so it was not read" in ran.stderr


def test_a_site_that_does_not_work_is_reported(deployed: Rehearsal) -> None:
    deployed.broken = {"/feeds/atom.xml", "/assets/theme/kolom.css"}
    ran = deployed.deploy()
    assert ran.exit_code == 1
    assert (
        f"  feed: {URL}/feeds/atom.xml answers 500\n  stylesheet: {URL}/assets/theme/kolom.css answers 500"
        in ran.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--parameter", "Title=x"), "no such parameter: Title"),
        (("--parameter", "SiteTitle"), "--parameter needs KEY=VALUE, got 'SiteTitle'"),
        (("--parameter", "SiteTitle=caf\udce9"), "--parameter SiteTitle: the value is not valid UTF-8"),
        (("--parameter", "TimeZone=Mars"), "'Mars' is not a time zone"),
        (("--parameter", "Architecture=x86_64"), "builds for arm64 only"),
        (("--stack", "my_blog"), "'my_blog' cannot be the name of a stack"),
        (("--region", "eu-centrall-1"), "'eu-centrall-1' is not an AWS region\n  Fix: use one such as eu-central-1"),
    ],
    ids=["name", "no value", "encoding", "time zone", "architecture", "stack", "region"],
)
def test_invalid_options_are_refused_before_anything_is_built(
    rehearsal: Rehearsal, arguments: Sequence[str], said: str
) -> None:
    ran = rehearsal.deploy("--yes", *arguments)
    assert ran.exit_code == 1
    assert said in ran.stderr
    assert rehearsal.builds == []


def test_an_unknown_profile_is_reported_in_one_line(rehearsal: Rehearsal) -> None:
    ran = rehearsal.deploy("--yes", "--profile", "nobody")
    assert ran.exit_code == 3
    assert ran.stderr == "kolom: The config profile (nobody) could not be found\n"


def test_the_local_stack_is_not_deployed(rehearsal: Rehearsal) -> None:
    ran = rehearsal.kolom("--local", "deploy")
    assert ran.exit_code == 3
    assert "this command is for AWS" in ran.stderr


def test_the_doctor_finds_nothing_in_a_ready_account(rehearsal: Rehearsal) -> None:
    ran = rehearsal.kolom("doctor", "--parameter", f"OwnerEmail={OWNER}", "--json")
    assert ran.exit_code == 0
    assert {each["subject"]: each["level"] for each in ran.json} == dict.fromkeys(
        ("tools", "credentials", "stack", "rights", "names", "CloudFront", "Lambda", "mail"), "ok"
    )


def test_the_doctor_reports_an_address_that_ses_has_in_another_form(rehearsal: Rehearsal) -> None:
    ran = rehearsal.kolom("doctor", "--parameter", "OwnerEmail=Me@Example.COM")
    text = "OwnerEmail is 'Me@Example.COM', but mail from Me@example.com needs 'Me@example.com'"
    assert f"warning  mail: {text}\n" in ran.stdout
    assert "Fix: pass --parameter OwnerEmail=Me@example.com\n" in ran.stdout


def test_the_doctor_reports_all_problems_at_once(rehearsal: Rehearsal) -> None:
    client("dynamodb").create_table(
        TableName="kolom-guard",
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    policy = {"ResponseHeadersPolicyConfig": {"Name": "kolom-us-east-1-pages"}}
    denied = {"EvalActionName": "iam:CreateRole", "EvalDecision": "implicitDeny"}
    rehearsal.answers |= {
        "ListResponseHeadersPolicies": {"ResponseHeadersPolicyList": {"Items": [{"ResponseHeadersPolicy": policy}]}},
        "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 10}},
        "GetAccount": {"SendingEnabled": True, "ProductionAccessEnabled": False},
        "GetEmailIdentity": {"VerifiedForSendingStatus": False},
        "SimulatePrincipalPolicy": {"EvaluationResults": [denied]},
    }
    ran = rehearsal.kolom("doctor", "--parameter", f"OwnerEmail={OWNER}")
    assert ran.exit_code == 1
    lines = [line for line in ran.stdout.splitlines() if not line.startswith(" ")]
    assert [line.split(":")[0].split() for line in lines if not line.startswith("ok")] == [
        ["warning", "rights"],
        ["problem", "names"],
        ["problem", "CloudFront"],
        ["warning", "Lambda"],
        ["warning", "mail"],
        ["warning", "mail"],
    ]
    assert "these actions may be denied: iam:CreateRole" in ran.stdout
    assert "only 10 functions may run at the same time" in ran.stdout
    assert ran.stdout.count("Fix: ") == 6


def test_the_doctor_checks_whether_a_budget_can_be_created(rehearsal: Rehearsal) -> None:
    asked: list[str] = []

    def simulate(ActionNames: Sequence[str], **_: object) -> Mapping[str, Any]:  # noqa: N803
        asked.extend(ActionNames)
        return {"EvaluationResults": []}

    rehearsal.answers["SimulatePrincipalPolicy"] = simulate
    options = ("--parameter", f"OwnerEmail={OWNER}", "--parameter", "MonthlyBudget=7.50")
    assert rehearsal.kolom("doctor").exit_code == 0
    assert "budgets:ModifyBudget" not in asked
    assert rehearsal.kolom("doctor", *options).exit_code == 0
    assert "budgets:ModifyBudget" in asked
    ran = rehearsal.kolom("doctor", *options, "--region", "ap-southeast-3")
    assert ran.exit_code == 1
    assert "problem  budget: CloudFormation has no type for budgets in ap-southeast-3" in ran.stdout
    assert rehearsal.kolom("doctor", "--region", "ap-southeast-3").exit_code == 0
    ran = rehearsal.kolom("doctor", *options[2:])
    assert (ran.exit_code, "warning  budget: there is none without an address for its mail" in ran.stdout) == (0, True)


def test_a_quota_that_may_be_used_up_prevents_nothing(rehearsal: Rehearsal) -> None:
    policy = {"ResponseHeadersPolicy": {"ResponseHeadersPolicyConfig": {"Name": "other"}}}
    rehearsal.answers["ListResponseHeadersPolicies"] = {"ResponseHeadersPolicyList": {"Items": [policy] * 18}}
    ran = rehearsal.kolom("doctor")
    assert ran.exit_code == 0
    assert "warning  CloudFront: the account has 18 response headers policies, and this needs 3 more" in ran.stdout


def test_names_are_checked_for_a_stack_that_will_not_be_updated(deployed: Rehearsal) -> None:
    deployed.cloudformation.interrupt_at = "DeleteStack"
    assert deployed.kolom("destroy", answer="kolom\n").exit_code == 130
    assert "problem  names: tables exist that the stack would create: kolom-articles" in deployed.kolom("doctor").stdout
    deployed.cloudformation.stacks = [StackDouble("kolom", 9, status="ROLLBACK_COMPLETE", parameters=PARAMETERS)]
    assert "problem  names: tables exist that the stack would create: kolom-articles" in deployed.kolom("doctor").stdout


def test_names_are_checked_again_after_what_an_earlier_run_left(rehearsal: Rehearsal) -> None:
    left = StackDouble("kolom", 9, status="ROLLBACK_COMPLETE", parameters=PARAMETERS)
    rehearsal.cloudformation.stacks = [left]
    rehearsal.cloudformation.before["DeleteStack"] = lambda: create_data("kolom", "GuardTable", TABLE)
    ran = rehearsal.deploy("--yes")
    assert ran.exit_code == 1
    assert "problem: names: tables exist that the stack would create: kolom-guard" in ran.stderr
    assert rehearsal.builds == []
    assert not rehearsal.file.exists()


def test_the_doctor_says_what_it_may_not_check(rehearsal: Rehearsal) -> None:
    rehearsal.answers["SimulatePrincipalPolicy"] = error("SimulatePrincipalPolicy", "AccessDenied", "no")
    ran = rehearsal.kolom("doctor")
    assert ran.exit_code == 0
    assert "warning  rights: could not be checked: AWS denied access: no\n" in ran.stdout
    assert "Fix: allow the call SimulatePrincipalPolicy to the user or role of these credentials" in ran.stdout


def test_the_doctor_recognizes_a_region_that_is_not_enabled(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(self: Rehearsal, name: str, _: object) -> Any:
        if name != "GetCallerIdentity":
            return self.answers.get(name)
        rehearsal.answers["asked"] = number = rehearsal.answers.get("asked", 0) + 1
        if number == 1:
            raise error(name, "InvalidClientTokenId", "The security token included in the request is invalid")
        return {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me"}

    monkeypatch.setattr(Rehearsal, "call", call)
    ran = rehearsal.kolom("doctor", "--region", "ap-southeast-3")
    assert ran.exit_code == 1
    assert "problem  region: ap-southeast-3 is not enabled in this account" in ran.stdout


def test_the_doctor_says_what_to_do_without_credentials(rehearsal: Rehearsal) -> None:
    rehearsal.answers["GetCallerIdentity"] = NoCredentialsError()
    ran = rehearsal.kolom("doctor")
    assert ran.exit_code == 1
    assert "Fix: run `aws configure`, `aws sso login`, or pass --profile" in ran.stdout


def test_the_rights_of_a_role_are_checked_by_its_arn(rehearsal: Rehearsal) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/deployer/me"
    rehearsal.answers["GetCallerIdentity"] = {"Account": "123456789012", "Arn": arn}
    assert "actions that a deployment needs are allowed" in rehearsal.kolom("doctor").stdout
    rehearsal.answers["GetCallerIdentity"] = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root"}
    assert "warning  credentials: these are the root user's" in rehearsal.kolom("doctor").stdout


def test_a_stack_is_destroyed_only_if_its_name_is_typed(deployed: Rehearsal) -> None:
    ran = deployed.kolom("destroy", answer="yes\n")
    assert ran.exit_code == 1
    assert ran.stderr.endswith("kolom: not confirmed: nothing was deleted\n")
    assert "DeleteStack" not in deployed.cloudformation.calls


def test_a_destroyed_stack_keeps_its_data(deployed: Rehearsal) -> None:
    ran = deployed.kolom("destroy", answer="kolom\n")
    assert ran.exit_code == 0, ran.stderr
    assert "This keeps the content: kolom-articles, " in ran.stderr
    assert "kept ArticlesTable (DynamoDB::Table)" in ran.stderr
    assert "\nDeleted the stack kolom.\nKept, and billed as before: kolom-articles, " in ran.stdout
    assert tables() == TABLES
    assert buckets() == ["kolom-mediabucket"]
    ran = deployed.deploy("--yes")
    assert ran.exit_code == 1
    assert "problem: names: tables exist that the stack would create: kolom-articles" in ran.stderr


def test_the_data_can_be_deleted_with_the_stack_or_later(deployed: Rehearsal) -> None:
    client("dynamodb").update_table(TableName="kolom-articles", DeletionProtectionEnabled=True)
    deployed.kolom("destroy", answer="kolom\n")
    assert "it has kept kolom-articles, " in deployed.kolom("destroy").stdout
    ran = deployed.kolom("destroy", "--with-data", "--stack", "other", answer="other\n")
    assert ran.stdout == "There is no stack other in us-east-1.\n"
    assert tables() == TABLES
    ran = deployed.kolom("destroy", "--with-data", answer="kolom\n")
    assert ran.exit_code == 0, ran.stderr
    assert "DELETES ALL CONTENT, for ever: kolom-articles, " in ran.stderr
    assert tables() == []
    assert buckets() == []
    client("s3").create_bucket(Bucket=UPLOADS)
    assert "There is no stack kolom in us-east-1." in deployed.kolom("destroy", "--with-data").stdout
    assert buckets() == []


def test_the_data_of_another_application_is_not_deleted(deployed: Rehearsal) -> None:
    """Its deleted stack had the same name."""
    deployed.kolom("destroy", answer="kolom\n")
    resources = deployed.cloudformation.stacks[0].resources
    resources["Orders"] = resources.pop("ArticlesTable")
    ran = deployed.kolom("destroy", "--with-data", answer="kolom\n")
    assert "There is no stack kolom in us-east-1." in ran.stdout
    assert tables() == TABLES


def test_data_that_another_stack_has_imported_is_not_deleted(deployed: Rehearsal) -> None:
    deployed.kolom("destroy", answer="kolom\n")
    deleted = deployed.cloudformation.stacks[0]
    imported = {name: (kind, "IMPORT_COMPLETE") for name, (kind, _) in deleted.resources.items() if kind == TABLE}
    other = StackDouble("other", 9, prefix="kolom", status="UPDATE_COMPLETE", resources=imported)
    deployed.cloudformation.stacks.append(other)
    ran = deployed.kolom("destroy", "--with-data", answer="kolom\n")
    assert "kept kolom-articles: it belongs to the stack other now" in ran.stdout
    assert tables() == TABLES


def test_data_that_a_stack_could_not_create_or_import_is_not_deleted(deployed: Rehearsal) -> None:
    """The stack has the names of existing tables, as after a conflict. Two of them belong to no stack any more."""
    del deployed.stack.resources["SearchTable"], deployed.stack.resources["OutboxTable"]
    statuses = {
        "ArticlesTable": "CREATE_FAILED",
        "CommentsTable": "IMPORT_ROLLBACK_COMPLETE",
        "MessagesTable": "DELETE_SKIPPED",
        "OutboxTable": "IMPORT_ROLLBACK_FAILED",
        "SearchTable": "CREATE_FAILED",
        "GuardTable": "UPDATE_COMPLETE",
    }
    second = replace(deployed.stack.copied(), name="second", number=9, prefix="kolom")
    second.resources, second.events = {}, []
    for name, status in statuses.items():
        deployed.cloudformation.add_event(second, name, status, TABLE)
    second.status = "DELETE_FAILED"
    deployed.cloudformation.stacks.append(second)
    ran = deployed.kolom("destroy", "--with-data", "--stack", "second", answer="second\n")
    assert ran.exit_code == 0, ran.stderr
    assert "kept kolom-guard: it belongs to the stack kolom now" in ran.stdout
    assert tables() == TABLES
    ran = deployed.kolom("destroy", "--with-data", "--stack", "second", answer="second\n")
    assert "kept kolom-guard: it belongs to the stack kolom now" in ran.stdout
    assert tables() == TABLES


@pytest.mark.parametrize(
    ("options", "announced", "done", "left"),
    [
        (
            (),
            "This keeps the content that the running operation leaves.",
            "Kept, and billed as before: kolom-a",
            TABLES,
        ),
        (("--with-data",), "also what the running operation leaves.", "deleted kolom-articles", []),
    ],
    ids=["kept", "with data"],
)
def test_data_that_a_running_operation_creates_is_deleted_or_reported(
    rehearsal: Rehearsal, options: Sequence[str], announced: str, done: str, left: Sequence[str]
) -> None:
    rehearsal.cloudformation.interrupt_at = "ExecuteChangeSet"
    assert rehearsal.deploy("--yes").exit_code == 130
    ran = rehearsal.kolom("destroy", *options, answer="kolom\n")
    assert announced in ran.stderr
    assert done in ran.stdout
    assert tables() == left


def test_a_destruction_that_fails_or_is_interrupted_is_continued(deployed: Rehearsal) -> None:
    deployed.cloudformation.interrupt_at = "DescribeStackEvents"
    assert deployed.kolom("destroy", answer="kolom\n").exit_code == 130
    deployed.cloudformation.fail_at = ("NameViewer", "The function is in use")
    deployed.cloudformation.interrupt_at = "DeleteStack"
    assert deployed.kolom("destroy", answer="kolom\n").exit_code == 130
    ran = deployed.kolom("destroy", answer="kolom\n")
    assert ran.exit_code == 1
    assert "the stack is deleted only in part: NameViewer (AWS::CloudFront::Function) failed" in ran.stderr
    assert "run `kolom destroy` again, then deploy" in deployed.deploy().stderr
    assert deployed.kolom("destroy", answer="kolom\n").exit_code == 0


def test_the_status_shows_versions_and_what_waits(deployed: Rehearsal) -> None:
    """Alarms of other stacks whose names begin in the same way are not shown."""
    names = ("kolom-mailfails", "kolom-2-mailfails")

    def measured(MetricName: str, **_: object) -> Mapping[str, Any]:  # noqa: N803
        if MetricName == "IteratorAge":
            return {"Datapoints": [{"Maximum": 61_000.0}]}
        days = [datetime(2026, 11, day, tzinfo=UTC) for day in (29, 28)]
        newest = 3_456_789.0 if MetricName == "BucketSizeBytes" else 12.0
        return {"Datapoints": [{"Timestamp": days[0], "Average": newest}, {"Timestamp": days[1], "Average": 1.0}]}

    table = {"ItemCount": 1234, "TableSizeBytes": 400_000, "GlobalSecondaryIndexes": [{"IndexSizeBytes": 100_000}, {}]}
    alarms = [{"AlarmName": name, "AlarmDescription": "A mail failed"} for name in names]
    deployed.answers |= {
        "GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "2"}},
        "GetMetricStatistics": measured,
        "DescribeAlarms": {"MetricAlarms": alarms},
        "DescribeTable": {"Table": table},
    }
    assert deployed.kolom("status", "--json").json == {
        "stack": "kolom",
        "state": "UPDATE_COMPLETE",
        "site": URL,
        "local_version": "0.1.0",
        "deployed_version": "0.1.0",
        "comments_to_moderate": 0,
        "new_messages": 0,
        "mail_waiting": 0,
        "mail_failed": 0,
        "dropped_events": 2,
        "index_lag_seconds": 61,
        "alarms": ["kolom-mailfails: A mail failed"],
        "domain": "",
        "tables": {name.removeprefix("kolom-"): {"items": 1234, "bytes": 500_000} for name in TABLES},
        "bucket": {"objects": 12, "bytes": 3_456_789},
    }
    shown = deployed.kolom("status").stdout
    assert "  search: 1,234 items, 500 KB\n" in shown
    assert "bucket                12 objects, 3.5 MB\n" in shown
    assert "cost this month       not asked for: --cost\n" in shown
    deployed.answers["GetMetricStatistics"] = {"Datapoints": []}
    assert deployed.kolom("status", "--json").json["bucket"] is None
    deployed.answers["GetMetricStatistics"] = error("GetMetricStatistics", "AccessDenied", "no")
    shown = deployed.kolom("status").stdout
    assert "index lag seconds     cannot be read: AWS denied access: no" in shown
    assert "bucket                cannot be read: AWS denied access: no" in shown


def test_a_stack_without_some_outputs_still_has_a_status(deployed: Rehearsal) -> None:
    for name in ("ApiUrl", "DistributionDomain", "DroppedEventsUrl"):
        del deployed.stack.outputs[name]
    del deployed.stack.resources["IndexArticles"]
    fields = deployed.kolom("status", "--json").json
    assert fields["deployed_version"] == "cannot be read: the stack has no output ApiUrl"
    assert fields["dropped_events"] == "cannot be read: the stack has no output DroppedEventsUrl"
    assert fields["index_lag_seconds"] == "cannot be read: the stack has no function IndexArticles"


def test_a_missing_stack_has_no_status(rehearsal: Rehearsal) -> None:
    ran = rehearsal.kolom("status")
    assert ran.exit_code == 3
    assert ran.stderr == "kolom: no deployed stack 'kolom' in us-east-1\n"


def test_a_stack_of_imported_tables_is_completed(deployed: Rehearsal) -> None:
    identifiers = {f"{name.removeprefix('kolom-').title()}Table": name for name in TABLES}
    identifiers |= {
        "MediaBucket": "kolom-mediabucket",
        "Secret": "arn:aws:secretsmanager:us-east-1:1:secret:kolom-secret",
    }
    template, _ = import_input(PROJECT / "template.yaml", identifiers)
    imported = StackDouble("kolom", 7, status="IMPORT_COMPLETE", body=json.dumps(template))
    imported.resources = {name: (entry["Type"], "IMPORT_COMPLETE") for name, entry in template["Resources"].items()}
    imported.events = list(deployed.stack.events)
    deployed.cloudformation.stacks = [imported]
    client("secretsmanager").delete_secret(SecretId="kolom-originsecret", ForceDeleteWithoutRecovery=True)
    ran = deployed.deploy("--yes")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == f"{URL}\n"
    assert "\n  add 13 Serverless::Function\n" in ran.stderr
    changes = ran.stderr.partition("Changes:")[2].partition("created")[0]
    assert not any(word in changes for word in ("replace", "remove", "table"))


def test_the_calls_also_work_with_the_cloudformation_of_moto() -> None:
    """It is an independent implementation, but knows neither SAM nor failures."""
    template = {
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}},
    }
    with empty_aws():
        client("s3").create_bucket(Bucket="uploads")
        client("s3").put_object(Bucket="uploads", Key="t", Body=json.dumps(template).encode())
        url = "https://uploads.s3.us-east-1.amazonaws.com/t"
        first = [{"ParameterKey": "Name", "ParameterValue": "one"}]
        planned = create_change_set("kolom", None, first, template_url=url)
        assert planned is not None
        assert planned.describe() == ["add 1 queue (Queue)"]
        planned.execute()
        events: list[StackEvent] = []
        created = follow(planned.stack_id, events.append)
        assert created.succeeded
        assert created.parameters == {"Name": "one"}
        assert "REVIEW_IN_PROGRESS" not in [event.status for event in events]
        assert create_change_set("kolom", created, first, template_url=url) is None
        assert [each.logical_id for each in list_resources(created.stack_id)] == ["Queue"]
        delete_stack(created, Progress())
        assert find_stack("kolom") is None
