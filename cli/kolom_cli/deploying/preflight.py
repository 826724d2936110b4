"""Check what could prevent a deployment, and report all problems at once, each with its fix."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from kolom_cli.connection import explain
from kolom_cli.deploying import snap_start, toolchain
from kolom_cli.deploying.account import Identity, client, get_identity, refuse_other_account
from kolom_cli.deploying.budget_check import check_budget, has_budget
from kolom_cli.deploying.domain_check import DOMAIN_ACTIONS, check_domain
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import Preflight
from kolom_cli.deploying.mail.sender_check import check_sender
from kolom_cli.deploying.quota_checks import check_cdn, check_lambda
from kolom_cli.deploying.stack import Stack, find_stack, remaining_data
from kolom_cli.deploying.stack_check import check_stack

_REJECTED: Final = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"})
_STACK_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,39}")
_TABLES: Final = ("articles", "comments", "messages", "outbox", "search", "guard")
_ACTIONS: Final = (
    "cloudformation:CreateChangeSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:DescribeStackEvents",
    "s3:CreateBucket",
    "s3:PutObject",
    "s3:GetObject",
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:PassRole",
    "lambda:CreateFunction",
    "lambda:PublishLayerVersion",
    "lambda:CreateEventSourceMapping",
    "apigateway:POST",
    "dynamodb:CreateTable",
    "dynamodb:UpdateContinuousBackups",
    "cloudfront:CreateDistribution",
    "cloudfront:CreateFunction",
    "cloudfront:CreateResponseHeadersPolicy",
    "secretsmanager:CreateSecret",
    "logs:CreateLogGroup",
    "cloudwatch:PutMetricAlarm",
    "sns:CreateTopic",
    "sqs:CreateQueue",
    "events:PutRule",
    "scheduler:CreateSchedule",
    "ses:CreateConfigurationSet",
)
"""A sample: one action for each of the most important kinds of resources, and those of the deployment itself."""


def check(
    stack: str, region: str, parameters: Mapping[str, str], *, account_id: str = "", domain: str | None = None
) -> Preflight:
    """Make all checks. ``parameters`` are those that a deployment would set; the stack's own values fill the rest.

    ``account_id`` is the account of the stack, if it is known, and ``domain`` the name that the site gets; None keeps
    that of the stack.
    """
    result = Preflight()
    _check_tools(result)
    _check_name(result, stack)
    if not _check_region(result, region):
        return result
    _check_credentials(result, region)
    if result.identity is None or not _check_account(result, result.identity, account_id, stack):
        return result
    with result.checking("stack"):
        result.stack = find_stack(stack)
        check_stack(result, stack)
    values = {**(result.stack.parameters if result.stack else {}), **parameters}
    name = values.get("Domain", "") if domain is None else domain
    checks: Sequence[tuple[str, Callable[[], None]]] = (
        ("rights", lambda: _check_rights(result, values, name)),
        ("names", lambda: _check_names(result, stack, parameters)),
        ("CloudFront", lambda: check_cdn(result, stack, region, values)),
        ("Lambda", lambda: check_lambda(result)),
        ("mail", lambda: check_sender(result, region, values)),
        ("budget", lambda: check_budget(result, region, values)),
        ("domain", lambda: check_domain(result, name, stack, region, values, parameters)),
    )
    for subject, run in checks:
        with result.checking(subject):
            run()
    return result


def check_names(stack: str, parameters: Mapping[str, str]) -> Preflight:
    """Check only the names for a stack that does not exist any more."""
    result = Preflight()
    with result.checking("names"):
        _check_names(result, stack, parameters)
    return result


def _check_tools(result: Preflight) -> None:
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    if missing := toolchain.missing_tools():
        result.add("problem", "tools", f"not found: {', '.join(missing)}", f"install {', '.join(missing)}")
    elif not toolchain.SAM.exists():
        result.add("ok", "tools", f"{version} and make; SAM CLI will be installed by the build")
    else:
        result.add("ok", "tools", f"{version}, make and SAM CLI")


def _check_name(result: Preflight, stack: str) -> None:
    if not _STACK_NAME.fullmatch(stack):
        result.add(
            "problem",
            "name",
            f"{stack!r} cannot be the name of a stack",
            "use 1 to 40 letters, digits and hyphens, beginning with a letter",
        )


def _check_region(result: Preflight, region: str) -> bool:
    session = boto3.Session()
    if not region:
        result.add("problem", "region", "no AWS region is set", "pass --region, or set AWS_REGION")
        return False
    known = {each for partition in session.get_available_partitions() for each in _regions(session, partition)}
    if region not in known:
        near = [each for each in sorted(known) if each[:5] == region[:5]] or ["us-east-1", "eu-central-1"]
        result.add("problem", "region", f"{region!r} is not an AWS region", f"use one such as {', '.join(near[:4])}")
        return False
    return True


def _regions(session: Any, partition: str) -> list[str]:
    return list(session.get_available_regions("cloudformation", partition_name=partition))


def _check_credentials(result: Preflight, region: str) -> None:
    try:
        result.identity = get_identity(region)
    except ClientError as error:
        if error.response["Error"]["Code"] in _REJECTED and _is_valid_elsewhere(region):
            result.add(
                "problem",
                "region",
                f"{region} is not enabled in this account",
                "enable it in the account settings (AWS Regions), or use another region",
            )
        else:
            fix = "sign in again (`aws sso login`, `aws configure`), or use another --profile"
            result.add("problem", "credentials", explain(error), fix)
    except BotoCoreError as error:
        fix = "run `aws configure`, `aws sso login`, or pass --profile; without a connection, check the network"
        result.add("problem", "credentials", explain(error), fix)
    else:
        result.add("ok", "credentials", f"account {result.identity.account_id} in {region}, {result.identity.arn}")
        if result.identity.is_root:
            result.add("warning", "credentials", "these are the root user's", "create a user or role to deploy with")


def _check_account(result: Preflight, identity: Identity, account_id: str, stack: str) -> bool:
    try:
        refuse_other_account(identity, account_id, stack)
    except DeploymentError as error:
        result.add("problem", "account", error.text, error.fix)
        return False
    return True


def _is_valid_elsewhere(region: str) -> bool:
    try:
        get_identity("us-east-1")
    except (ClientError, BotoCoreError):
        return False
    return region != "us-east-1"


def _check_rights(result: Preflight, values: Mapping[str, str], domain: str) -> None:
    identity = result.identity
    assert identity is not None
    if identity.is_root:
        return
    principal = _principal(identity)
    actions = list(_ACTIONS)
    actions += ["budgets:ModifyBudget"] if has_budget(values) else []
    actions += DOMAIN_ACTIONS if domain else []
    actions += snap_start.ACTIONS if snap_start.is_on(values) else []
    pages = client("iam").get_paginator("simulate_principal_policy")
    denied = [
        each["EvalActionName"]
        for page in pages.paginate(PolicySourceArn=principal, ActionNames=actions)
        for each in page["EvaluationResults"]
        if each["EvalDecision"] != "allowed"
    ]
    if denied:
        # A simulation for all resources denies what is allowed only for some, so this is not certain.
        text = f"these actions may be denied: {', '.join(denied)}"
        result.add("warning", "rights", text, "add them to the policies of the user or role that deploys")
    else:
        result.add("ok", "rights", f"{len(actions)} actions that a deployment needs are allowed")


def _principal(identity: Identity) -> str:
    """Return the ARN that the simulation accepts: for a session, that of its role, whose path only IAM knows."""
    if match := re.fullmatch(r"arn:[^:]+:sts::\d+:assumed-role/([^/]+)/.*", identity.arn):
        return str(client("iam").get_role(RoleName=match[1])["Role"]["Arn"])
    return identity.arn


def _check_names(result: Preflight, stack: str, values: Mapping[str, str]) -> None:
    if result.stack is not None and not _will_be_created(result.stack):
        return
    dynamodb = client("dynamodb")
    taken = []
    for table in _TABLES:
        name = values.get(f"{table.title()}TableName") or f"{stack}-{table}"
        try:
            dynamodb.describe_table(TableName=name)
        except dynamodb.exceptions.ResourceNotFoundException:
            continue
        taken.append(name)
    if taken:
        result.add(
            "problem",
            "names",
            f"tables exist that the stack would create: {', '.join(taken)}",
            "import them (`kolom import-resources`), delete them (`kolom destroy --with-data`), or use another --stack",
        )
    else:
        result.add("ok", "names", "the names of the tables are free")


def _will_be_created(stack: Stack) -> bool:
    """Return whether a deployment creates the stack again.

    It does not if an earlier creation has left tables: the check of the stack reports them.
    """
    if stack.condition == "creation failed":
        return not remaining_data(stack)
    return stack.condition == "new" or stack.status == "DELETE_IN_PROGRESS"
