"""Create a change set, say what it would do, refuse what would lose data, and execute it."""

import json
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from kolom_cli.deploying.account import client
from kolom_cli.deploying.errors import DeploymentError, fix_for
from kolom_cli.deploying.stack import Stack, find_stack, holds_data
from kolom_cli.terminal.plurals import count

PREFIX: Final = "kolom-deploy-"
"""The names of change sets begin with this; each run has its own."""

POLL_SECONDS: Final = 2.0
UNDO: Final = (
    "undo the parameter or the change in template.yaml that causes this; docs/deploy.md (Restore) says how to use "
    "other tables"
)
"""What to do if a deployment would lose data."""

_UNCHANGED: Final = ("didn't contain changes", "No updates are to be performed")
_OVERTAKEN: Final = frozenset({"ChangeSetNotFound", "InvalidChangeSetStatus", "AlreadyExistsException"})
_VERBS: Final = ("add", "change", "replace", "remove", "import")
_NOUNS: Final[Mapping[str, tuple[str, str]]] = {
    "AWS::ApiGatewayV2::Api": ("API", "APIs"),
    "AWS::ApiGatewayV2::Stage": ("stage of the API", "stages of APIs"),
    "AWS::Budgets::Budget": ("budget", "budgets"),
    "AWS::CloudFront::CachePolicy": ("cache policy", "cache policies"),
    "AWS::CloudFront::Distribution": ("CloudFront distribution", "CloudFront distributions"),
    "AWS::CloudFront::Function": ("CloudFront function", "CloudFront functions"),
    "AWS::CloudFront::OriginAccessControl": ("CloudFront access to the bucket", "CloudFront accesses to buckets"),
    "AWS::CloudFront::ResponseHeadersPolicy": ("response headers policy", "response headers policies"),
    "AWS::CloudWatch::Alarm": ("alarm", "alarms"),
    "AWS::CloudWatch::Dashboard": ("dashboard", "dashboards"),
    "AWS::DynamoDB::Table": ("table", "tables"),
    "AWS::Events::Rule": ("event rule", "event rules"),
    "AWS::IAM::ManagedPolicy": ("policy for authors", "policies for authors"),
    "AWS::IAM::Role": ("role", "roles"),
    "AWS::Lambda::Alias": ("alias of a function", "aliases of functions"),
    "AWS::Lambda::EventInvokeConfig": ("setting of retries", "settings of retries"),
    "AWS::Lambda::EventSourceMapping": ("event source", "event sources"),
    "AWS::Lambda::Function": ("function", "functions"),
    "AWS::Lambda::LayerVersion": ("layer", "layers"),
    "AWS::Lambda::Permission": ("permission to call a function", "permissions to call functions"),
    "AWS::Lambda::Version": ("version of a function", "versions of functions"),
    "AWS::Logs::LogGroup": ("log group", "log groups"),
    "AWS::Route53::RecordSetGroup": ("group of DNS records", "groups of DNS records"),
    "AWS::S3::Bucket": ("bucket", "buckets"),
    "AWS::S3::BucketPolicy": ("bucket policy", "bucket policies"),
    "AWS::SES::ConfigurationSet": ("mail setting", "mail settings"),
    "AWS::SES::ConfigurationSetEventDestination": ("event destination of mail", "event destinations of mail"),
    "AWS::SNS::Subscription": ("subscription to alarms", "subscriptions to alarms"),
    "AWS::SNS::Topic": ("topic of alarms", "topics of alarms"),
    "AWS::SQS::Queue": ("queue", "queues"),
    "AWS::Scheduler::Schedule": ("timer", "timers"),
    "AWS::SecretsManager::Secret": ("secret", "secrets"),
}
"""The names of the resource types of the stack, after the transform of SAM. Others are shown by their type."""

_BEFORE_TRANSFORM: Final = "AWS::Serverless::"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the change set does to one resource."""

    verb: str
    logical_id: str
    type: str
    is_certain: bool
    properties: tuple[str, ...]

    @property
    def loses_data(self) -> bool:
        """Whether content would be removed, or be left behind by a new, empty resource, or could be."""
        return self.verb in {"replace", "remove"} and _may_hold_data(self.type, self.logical_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A change set that can be executed. ``began_stack`` says whether there was no stack before it."""

    arn: str
    stack_id: str
    changes: tuple[Change, ...]
    began_stack: bool = False

    def describe(self) -> list[str]:
        """Return a line for each kind of change and resource."""
        groups: defaultdict[tuple[int, str], list[Change]] = defaultdict(list)
        for change in self.changes:
            groups[_VERBS.index(change.verb), change.type].append(change)
        return [_line(_VERBS[verb], kind, changes) for (verb, kind), changes in sorted(groups.items())]

    def check(self, fix: str) -> None:
        """Refuse to lose data; ``fix`` says what to do then.

        :raises DeploymentError: a resource that holds data, or may hold some, would be removed or replaced
        """
        if lost := [change for change in self.changes if change.loses_data]:
            named = ", ".join(
                f"{change.logical_id} ({change.verb}{'' if change.is_certain else ', depending on the values'}"
                f"{': ' + ', '.join(change.properties) if change.properties else ''})"
                for change in lost
            )
            raise DeploymentError(
                f"this deployment would remove or replace resources that may hold data: {named}. Nothing was changed",
                fix,
            )

    def execute(self) -> None:
        """Begin to make the changes.

        :raises DeploymentError: another run has changed the stack
        """
        with _reporting_refusals():
            client("cloudformation").execute_change_set(ChangeSetName=self.arn, ClientRequestToken=secrets.token_hex())

    def discard(self) -> None:
        """Delete the change set, and the empty stack that it began, unless another run uses that."""
        cloudformation = client("cloudformation")
        _delete(self.arn)
        if not self.began_stack:
            return
        stack = find_stack(self.stack_id)
        is_empty = stack is not None and stack.status == "REVIEW_IN_PROGRESS"
        if is_empty and not cloudformation.list_change_sets(StackName=self.stack_id)["Summaries"]:
            cloudformation.delete_stack(StackName=self.stack_id)


def create_change_set(
    stack: str,
    existing: Stack | None,
    parameters: Sequence[Mapping[str, Any]],
    *,
    template_url: str | None = None,
) -> ChangeSet | None:
    """Create a change set from a template, by default that of the stack. Return None if nothing would change.

    Change sets of earlier runs stay until one of the stack is executed.

    :raises DeploymentError: CloudFormation cannot create it, or another run has changed the stack
    """
    source: dict[str, Any] = {"UsePreviousTemplate": True} if template_url is None else {"TemplateURL": template_url}
    is_update = existing is not None and existing.condition != "new"
    return _create(
        stack,
        is_new=not is_update,
        ChangeSetType="UPDATE" if is_update else "CREATE",
        Parameters=list(parameters),
        Capabilities=["CAPABILITY_IAM"],
        **source,
    )


def create_import(stack: str, template: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> ChangeSet:
    """Create a change set that begins a stack with existing ``resources``, which are all that the template has.

    :raises DeploymentError: CloudFormation cannot import a resource, or another run has changed the stack
    """
    found = _create(
        stack,
        is_new=True,
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(template),
        ResourcesToImport=list(resources),
    )
    assert found is not None  # It has all resources of the template.
    return found


def _create(stack: str, *, is_new: bool, **arguments: Any) -> ChangeSet | None:
    cloudformation = client("cloudformation")
    began_stack = is_new and find_stack(stack) is None
    name = PREFIX + secrets.token_hex(4)
    with _reporting_refusals():
        # The tokens let the SDK repeat a call whose response was lost.
        created = cloudformation.create_change_set(StackName=stack, ChangeSetName=name, ClientToken=name, **arguments)
        arn, stack_id = created["Id"], created["StackId"]
        while (described := cloudformation.describe_change_set(ChangeSetName=arn))["Status"] in {
            "CREATE_PENDING",
            "CREATE_IN_PROGRESS",
        }:
            time.sleep(POLL_SECONDS)
        if described["Status"] == "CREATE_COMPLETE":
            changes = tuple(_changes(arn, described))
            return ChangeSet(arn=arn, stack_id=stack_id, changes=changes, began_stack=began_stack)
    reason = described.get("StatusReason", "")
    ChangeSet(arn=arn, stack_id=stack_id, changes=(), began_stack=began_stack).discard()
    if any(text in reason for text in _UNCHANGED):
        return None
    raise DeploymentError(f"CloudFormation refused the change set: {reason or described['Status']}", fix_for(reason))


def _delete(arn: str) -> None:
    """Delete a change set, unless another run was faster."""
    try:
        client("cloudformation").delete_change_set(ChangeSetName=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _OVERTAKEN:
            raise


@contextmanager
def _reporting_refusals() -> Iterator[None]:
    """Report a call that CloudFormation refuses, or that another run has overtaken."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            reason = error.response["Error"].get("Message", "")
            raise DeploymentError(f"CloudFormation refused the change set: {reason}", fix_for(reason)) from error
        if error.response["Error"]["Code"] not in _OVERTAKEN:
            raise
        raise DeploymentError(
            "another run has changed the stack in the meantime", "wait until it has ended, then run the command again"
        ) from error


def _changes(arn: str, page: Mapping[str, Any]) -> Iterator[Change]:
    while True:
        for each in page.get("Changes", ()):
            if "ResourceChange" in each:
                yield _change(each["ResourceChange"])
        if not page.get("NextToken"):
            return
        page = client("cloudformation").describe_change_set(ChangeSetName=arn, NextToken=page["NextToken"])


def _change(change: Mapping[str, Any]) -> Change:
    verb = change["Action"].lower()
    # CloudFormation may not know yet what will happen: "Dynamic" for the action, "Conditional" for a replacement.
    replacement = change.get("Replacement", "Conditional" if verb == "dynamic" else "False")
    if verb not in _VERBS:
        is_risk = replacement != "False" and _may_hold_data(change["ResourceType"], change["LogicalResourceId"])
        verb = "replace" if replacement == "True" or is_risk else "change"
    targets = (detail.get("Target", {}) for detail in change.get("Details", ()))
    names = {target.get("Name") or target.get("Attribute", "") for target in targets}
    return Change(
        verb=verb,
        logical_id=change["LogicalResourceId"],
        type=change["ResourceType"],
        is_certain=replacement != "Conditional",
        properties=tuple(sorted(names - {""})),
    )


def is_known(kind: str) -> bool:
    """Return whether the template has resources of that type, so that it is known whether they hold data."""
    return kind in _NOUNS or kind.startswith(_BEFORE_TRANSFORM)


def _may_hold_data(kind: str, logical_id: str) -> bool:
    return holds_data(kind, logical_id) or not is_known(kind)


def _line(verb: str, kind: str, changes: Sequence[Change]) -> str:
    name = kind.removeprefix("AWS::")
    what = count(len(changes), *_NOUNS.get(kind, (name, name)))
    properties = sorted({name for change in changes for name in change.properties})
    is_short = len(changes) <= 3 or verb in {"replace", "remove"}
    names = ", ".join(change.logical_id for change in changes) if is_short else ""
    detail = "; ".join(part for part in (names, ", ".join(properties)) if part)
    return f"{verb} {what}" + (f" ({detail})" if detail else "")
