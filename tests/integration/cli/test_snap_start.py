"""Deployments with `SnapStart=on`, rehearsed like `kolom deploy`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from kolom_cli.deploying.answers import to_change_set
from kolom_cli.deploying.change_set import create_change_set
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.snap_start import ACTIONS, DIGEST, FUNCTIONS
from kolom_cli.deploying.stack import find_stack
from kolom_cli.sam.intrinsics import parse
from tests.integration.aws import client
from tests.integration.cli.rehearsal import OWNER, URL, Rehearsal, rehearse, with_blog

ON: Final = ("--parameter", "SnapStart=on")
OFF: Final = ("--parameter", "SnapStart=off")
UPLOADS: Final = "kolom-deploy-123456789012-us-east-1-kolom"
UP_TO_DATE: Final = "The stack is up to date: nothing changes."


@pytest.fixture
def rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Yield an empty account."""
    with rehearse(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def deployed(rehearsal: Rehearsal) -> Rehearsal:
    """Return an account with a deployed blog without SnapStart."""
    return with_blog(rehearsal)


def succeed(rehearsal: Rehearsal, *arguments: str) -> str:
    """Run a command, and return what it has reported."""
    ran = rehearsal.kolom(*arguments)
    assert ran.exit_code == 0, ran.stderr
    return ran.stderr


def digest_of(rehearsal: Rehearsal) -> str:
    return rehearsal.stack.parameters[DIGEST]


def published(rehearsal: Rehearsal) -> set[str]:
    """Return the functions of the stack with an alias."""
    resources: dict[str, Any] = parse(rehearsal.stack.body)["Resources"]
    return {name for name, each in resources.items() if "AutoPublishAlias" in each.get("Properties", {})}


def edit(rehearsal: Rehearsal, old: str, new: str) -> None:
    """Change the packaged template, as another version of the code does."""
    text = rehearsal.template.read_text("utf-8")
    assert old in text
    rehearsal.template.write_text(text.replace(old, new, 1), "utf-8")


def test_without_snapstart_the_packaged_template_is_deployed_as_it_is(deployed: Rehearsal) -> None:
    assert deployed.stack.body == deployed.template.read_text("utf-8")
    assert DIGEST not in deployed.stack.parameters


def test_snapstart_is_switched_on_and_off(deployed: Rehearsal) -> None:
    succeed(deployed, "deploy", *ON)
    assert published(deployed) == set(FUNCTIONS)
    assert deployed.remembered["parameters"] == {"OwnerEmail": OWNER, "SnapStart": "on"}
    assert UP_TO_DATE in succeed(deployed, "deploy")
    succeed(deployed, "deploy", *OFF)
    assert deployed.stack.body == deployed.template.read_text("utf-8")
    assert DIGEST not in deployed.stack.parameters


def test_a_new_blog_with_snapstart_is_up_to_date_after_the_first_run(rehearsal: Rehearsal) -> None:
    """The address of the site is set by a second update, which publishes versions, too."""
    succeed(rehearsal, "deploy", "--yes", *ON)
    assert rehearsal.stack.parameters["SiteUrl"] == URL
    assert rehearsal.executions() == 2
    before = digest_of(rehearsal)
    assert UP_TO_DATE in succeed(rehearsal, "deploy", "--yes")
    assert digest_of(rehearsal) == before


def test_each_change_publishes_new_versions(deployed: Rehearsal) -> None:
    succeed(deployed, "deploy", *ON)
    digests = [digest_of(deployed)]
    succeed(deployed, "deploy", "--parameter", "SiteTitle=Other")
    digests.append(digest_of(deployed))
    edit(deployed, "ContentUri: layers/shared/", "ContentUri: s3://uploads/another-layer")
    report = succeed(deployed, "deploy")
    assert "change 4 Serverless::Function (AutoPublishCodeSha256)\n" in report
    digests.append(digest_of(deployed))
    assert len(set(digests)) == 3


def test_a_dry_run_publishes_nothing(deployed: Rehearsal) -> None:
    report = succeed(deployed, "deploy", *ON, "--dry-run")
    assert "change 4 Serverless::Function" in report
    assert (deployed.stack.change_sets, deployed.executions()) == ({}, 0)


def test_a_template_that_another_tool_deploys_is_refused(deployed: Rehearsal) -> None:
    """It would have no versions, and the parameter no effect."""
    stack = find_stack("kolom")
    assert stack is not None
    client("s3").put_object(Bucket=UPLOADS, Key="plain", Body=deployed.template.read_bytes())
    url = f"https://{UPLOADS}.s3.us-east-1.amazonaws.com/plain"
    parameters = to_change_set({"SnapStart": "on"}, stack.parameters)
    with pytest.raises(DeploymentError, match="SnapStart=on needs `kolom deploy`"):
        create_change_set("kolom", stack, parameters, template_url=url)


def test_a_rollback_publishes_the_versions_of_the_earlier_deployment(deployed: Rehearsal) -> None:
    succeed(deployed, "deploy", *ON)
    before = (digest_of(deployed), deployed.stack.body)
    edit(deployed, "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 86400")
    succeed(deployed, "deploy")
    assert digest_of(deployed) != before[0]
    report = succeed(deployed, "rollback")
    assert (digest_of(deployed), deployed.stack.body) == before
    assert DIGEST not in report
    assert UP_TO_DATE in succeed(deployed, "rollback")


def test_a_rollback_keeps_snapstart_on_or_off(deployed: Rehearsal) -> None:
    edit(deployed, "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 86400")
    succeed(deployed, "deploy", *ON)
    report = succeed(deployed, "rollback")
    assert "The parameter SnapStart stays 'on'; deployment 1 had 'off'." in report
    assert published(deployed) == set(FUNCTIONS)
    assert parse(deployed.stack.body)["Resources"]["DroppedEvents"]["Properties"]["MessageRetentionPeriod"] == 1209600
    succeed(deployed, "deploy", *OFF)
    succeed(deployed, "rollback", "--to", "2")
    assert published(deployed) == set()


def test_a_deployment_that_only_switches_snapstart_on_is_not_rolled_back(deployed: Rehearsal) -> None:
    succeed(deployed, "deploy", *ON)
    ran = deployed.kolom("rollback")
    assert ran.exit_code == 1
    assert "changed only parameters, which a rollback keeps: SnapStart\n" in ran.stderr


def test_a_rollback_to_a_version_without_snapstart_has_none(deployed: Rehearsal) -> None:
    text = deployed.template.read_text("utf-8")
    document = parse(text)
    del document["Parameters"]["SnapStart"], document["Rules"]
    deployed.template.write_text(json.dumps(document), "utf-8")
    succeed(deployed, "deploy")
    deployed.template.write_text(text, "utf-8")
    succeed(deployed, "deploy", *ON)
    report = succeed(deployed, "rollback")
    assert "The parameter SnapStart does not exist in deployment 2." in report
    assert published(deployed) == set()
    assert DIGEST not in deployed.stack.parameters


def test_only_snapstart_needs_the_rights_to_publish_versions(rehearsal: Rehearsal) -> None:
    asked: list[str] = []

    def simulate(ActionNames: list[str], **_: object) -> Any:  # noqa: N803
        asked[:] = ActionNames
        return {"EvaluationResults": [{"EvalActionName": name, "EvalDecision": "allowed"} for name in ActionNames]}

    rehearsal.answers["SimulatePrincipalPolicy"] = simulate
    succeed(rehearsal, "doctor")
    assert asked
    assert set(asked).isdisjoint(ACTIONS)
    succeed(rehearsal, "doctor", *ON)
    assert set(asked) >= set(ACTIONS)
