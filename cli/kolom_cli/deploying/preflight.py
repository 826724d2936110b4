"""Check what could prevent a deployment, and report all problems at once, each with its fix."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from kolom_cli.connection import explain
from kolom_cli.deploying import toolchain
from kolom_cli.deploying.account import Identity, client, get_identity, refuse_other_account
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import Findings
from kolom_cli.deploying.mail.sender_check import check_sender
from kolom_cli.deploying.stack import Stack, find_stack, refuse_other, remaining_data

_REJECTED: Final = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"})
_STACK_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,39}")
_TABLES: Final = ("articles", "comments", "messages", "outbox", "search", "guard")
_POLICIES: Final = 3
"""The response headers policies of a stack. An account may have 20 of its own."""
_MAX_POLICIES: Final = 20
"""The quota of new accounts. One that was raised cannot be read without another permission."""

_FEW_INVOCATIONS: Final = 100
_ACTIONS: Final = (
    "cloudformation:CreateChangeSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:DescribeStackEvents",
    "s3:CreateBucket",
    "s3:PutObject",
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

_WITHOUT_BUDGETS: Final = re.compile(
    r"af-south-1|ap-east-[12]|ap-northeast-3|ap-south-2|ap-southeast-[3-7]|ca-west-1|eu-central-2|eu-north-1"
    r"|eu-south-[12]|il-central-1|me-central-1|mx-central-1|us-gov-.*"
)
"""Regions in which CloudFormation has no type for budgets (docs/cost.md)."""


@dataclass(slots=True, kw_only=True)
class Preflight(Findings):
    """The results of all checks, and what they found on the way. ``identity`` is None without valid credentials."""

    command: str = "kolom doctor"
    identity: Identity | None = None
    stack: Stack | None = None


def check(stack: str, region: str, parameters: Mapping[str, str], *, account_id: str = "") -> Preflight:
    """Make all checks. ``parameters`` are those that a deployment would set; the stack's own values fill the rest.

    ``account_id`` is the account of the stack, if it is known.
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
        _check_stack(result, stack)
    values = {**(result.stack.parameters if result.stack else {}), **parameters}
    checks: Sequence[tuple[str, Callable[[], None]]] = (
        ("rights", lambda: _check_rights(result, values)),
        ("names", lambda: _check_names(result, stack, parameters)),
        ("CloudFront", lambda: _check_cdn(result, stack, region, values)),
        ("Lambda", lambda: _check_lambda(result)),
        ("mail", lambda: check_sender(result, region, values)),
        ("budget", lambda: _check_budget(result, region, values)),
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


def _check_stack(result: Preflight, name: str) -> None:
    stack = result.stack
    if stack is None or stack.condition == "new":
        result.add("ok", "stack", f"{name} does not exist yet")
        return
    try:
        refuse_other(stack)
    except DeploymentError as error:
        result.add("problem", "stack", error.text, error.fix)
        return
    match stack.condition:
        case "ready":
            result.add("ok", "stack", f"{name} can be updated ({stack.status})")
        case "busy":
            result.add("ok", "stack", f"an operation is running ({stack.status}); it is waited for")
        case "never created":
            _check_remains(result, stack)
        case "rollback failed":
            result.add("warning", "stack", f"the rollback of {name} failed", "`kolom deploy` continues it")
        case "deletion failed":
            result.add("problem", "stack", f"{name} is deleted in part", "run `kolom destroy` again, then deploy")
        case "stopped":
            fix = f"roll it back: aws cloudformation rollback-stack --stack-name {name}"
            result.add("problem", "stack", f"{name} was stopped in the middle of an operation ({stack.status})", fix)


def _check_remains(result: Preflight, stack: Stack) -> None:
    if left := remaining_data(stack):
        result.add(
            "problem",
            "stack",
            f"the creation of {stack.name} failed, and it still has {', '.join(left)} ({stack.status})",
            "check that they are empty, and run `kolom destroy`, then deploy",
        )
    else:
        result.add("warning", "stack", f"the creation of {stack.name} failed", "`kolom deploy` removes what is left")


def _check_rights(result: Preflight, values: Mapping[str, str]) -> None:
    identity = result.identity
    assert identity is not None
    if identity.is_root:
        return
    principal = _principal(identity)
    actions = [*_ACTIONS, "budgets:ModifyBudget"] if _has_budget(values) else list(_ACTIONS)
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
            "import them (docs/deploy.md, Restore), delete them (`kolom destroy --with-data`), or use another --stack",
        )
    else:
        result.add("ok", "names", "the names of the tables are free")


def _will_be_created(stack: Stack) -> bool:
    """Return whether a deployment creates the stack again.

    It does not if an earlier creation has left tables: :func:`_check_remains` reports them.
    """
    if stack.condition == "never created":
        return not remaining_data(stack)
    return stack.condition == "new" or stack.status == "DELETE_IN_PROGRESS"


def _check_cdn(result: Preflight, stack: str, region: str, values: Mapping[str, str]) -> None:
    if values.get("Cdn", "on") == "off" or (result.stack is not None and result.stack.condition != "new"):
        return
    names = [
        each["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]["Name"]
        for each in _response_headers_policies(client("cloudfront"))
    ]
    if own := [name for name in names if name.startswith(f"{stack}-{region}-")]:
        fix = "delete them in the console of CloudFront, or use another --stack"
        result.add("problem", "CloudFront", f"policies of an earlier stack are left: {', '.join(own)}", fix)
    elif len(names) + _POLICIES > _MAX_POLICIES:
        fix = "delete some, or request a higher quota in Service Quotas"
        text = (
            f"the account has {len(names)} response headers policies, and this needs {_POLICIES} more; "
            f"the quota of a new account is {_MAX_POLICIES}"
        )
        result.add("warning", "CloudFront", text, fix)
    else:
        result.add("ok", "CloudFront", "names and quota of policies are free; a new account may have to be verified")


def _response_headers_policies(cloudfront: Any) -> Iterator[Mapping[str, Any]]:
    marker: dict[str, str] = {}
    while True:
        found = cloudfront.list_response_headers_policies(Type="custom", **marker)["ResponseHeadersPolicyList"]
        yield from found.get("Items", ())
        if not found.get("NextMarker"):
            return
        marker = {"Marker": found["NextMarker"]}


def _check_lambda(result: Preflight) -> None:
    limit = client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < _FEW_INVOCATIONS:
        text = f"only {limit} functions may run at the same time in this account and region; requests beyond that fail"
        fix = "request 1,000 concurrent executions in Service Quotas (Lambda); this is free"
        result.add("warning", "Lambda", text, fix)
    else:
        result.add("ok", "Lambda", f"{limit:,} functions may run at the same time")


def _has_budget(values: Mapping[str, str]) -> bool:
    return bool(values.get("OwnerEmail")) and _wants_budget(values)


def _wants_budget(values: Mapping[str, str]) -> bool:
    return values.get("MonthlyBudget", "0") != "0"


def _check_budget(result: Preflight, region: str, values: Mapping[str, str]) -> None:
    if _wants_budget(values) and not _has_budget(values):
        text = "there is none without an address for its mail"
        result.add("warning", "budget", text, "pass --parameter OwnerEmail=ADDRESS")
    elif _has_budget(values) and not knows_budgets(region):
        text = f"CloudFormation has no type for budgets in {region}, so a deployment with MonthlyBudget is refused"
        fix = "create the budget yourself (docs/cost.md), and pass --parameter MonthlyBudget=0"
        result.add("problem", "budget", text, fix)


def knows_budgets(region: str) -> bool:
    """Return whether CloudFormation has a type for budgets in the region."""
    return _WITHOUT_BUDGETS.fullmatch(region) is None
