"""What a change set would do, in words, and what is refused."""

import pytest

from kolom_cli.deploying.answers import template_document
from kolom_cli.deploying.change_set import UNDO, Change, ChangeSet, _change, is_known
from kolom_cli.deploying.errors import DeploymentError, fix_for


def change(verb: str, logical_id: str, kind: str, *properties: str) -> Change:
    return Change(verb=verb, logical_id=logical_id, type=kind, is_certain=True, properties=properties)


def change_set(*changes: Change) -> ChangeSet:
    return ChangeSet(arn="arn", stack_id="stack", changes=changes)


def test_equal_changes_of_a_kind_share_a_line() -> None:
    functions = [change("change", f"F{number}", "AWS::Lambda::Function", "Environment") for number in range(4)]
    table = change("add", "GuardTable", "AWS::DynamoDB::Table")
    permissions = [change("remove", f"P{number}", "AWS::Lambda::Permission") for number in range(2)]
    assert change_set(*functions, table, *permissions).describe() == [
        "add 1 table (GuardTable)",
        "change 4 functions (Environment)",
        "remove 2 permissions to call functions (P0, P1)",
    ]


@pytest.mark.parametrize(
    ("kind", "logical_id", "replacement", "is_refused"),
    [
        ("AWS::DynamoDB::Table", "GuardTable", "True", True),
        ("AWS::DynamoDB::Table", "GuardTable", "Conditional", True),
        ("AWS::DynamoDB::Table", "GuardTable", "False", False),
        ("AWS::S3::Bucket", "MediaBucket", "True", True),
        ("AWS::SecretsManager::Secret", "Secret", "True", True),
        ("AWS::SecretsManager::Secret", "OriginSecret", "True", False),
        ("AWS::Lambda::Function", "ServePages", "Conditional", False),
        ("AWS::RDS::DBInstance", "Database", "True", True),
        ("AWS::EFS::FileSystem", "Files", "Conditional", True),
    ],
    ids=[
        *("table", "table perhaps", "table kept", "bucket", "secret", "secret of the CDN", "function"),
        *("another database", "another file system perhaps"),
    ],
)
def test_only_the_replacement_of_what_may_hold_data_is_refused(
    kind: str, logical_id: str, replacement: str, is_refused: bool
) -> None:
    details = [{"Target": {"Attribute": "Properties", "Name": "Name"}}]
    described = {"Action": "Modify", "LogicalResourceId": logical_id, "ResourceType": kind, "Details": details}
    planned = change_set(_change({**described, "Replacement": replacement}))
    if is_refused:
        with pytest.raises(
            DeploymentError, match=rf"may hold data: {logical_id} \(replace.*: Name\)\. Nothing was changed"
        ):
            planned.check(UNDO)
    else:
        planned.check(UNDO)


@pytest.mark.parametrize(
    ("reason", "fix"),
    [
        ("Your account must be verified before you can add new CloudFront resources", "AWS Support"),
        ("User: arn:aws:iam::1:user/x is not authorized to perform: iam:CreateRole", "add this permission"),
        ("kolom-articles already exists in stack arn:…", "something else has this name"),
        ("Resource limit exceeded: TooManyResponseHeadersPolicies", "Service Quotas"),
        ("Rate exceeded for operation 'AWS::Lambda::Permission'. Limit", "run the command again"),
        ("InvalidViewerCertificate", "us-east-1"),
        ("Something new", "correct the cause"),
    ],
    ids=["verification", "permission", "name", "quota", "throttled", "certificate", "other"],
)
def test_each_common_reason_of_a_failure_has_its_fix(reason: str, fix: str) -> None:
    assert fix in fix_for(reason)


def test_an_action_that_is_not_known_yet_is_refused_for_data() -> None:
    described = {"Action": "Dynamic", "LogicalResourceId": "Secret", "ResourceType": "AWS::SecretsManager::Secret"}
    with pytest.raises(DeploymentError, match=r"Secret \(replace, depending on the values\)"):
        change_set(_change(described)).check(UNDO)


def test_each_resource_of_the_template_is_of_a_known_type() -> None:
    resources = template_document()["Resources"]
    assert not [name for name, entry in resources.items() if not is_known(entry["Type"])]
