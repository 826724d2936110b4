"""The state of a stack, and how it goes on from there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from kolom_cli.deploying.account import client
from kolom_cli.deploying.errors import DeploymentError

type Condition = Literal["new", "ready", "busy", "creation failed", "rollback failed", "deletion failed", "stopped"]

DATA_TYPES: Final = frozenset({"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"})
ORIGIN: Final = "OriginSecret"
WITHOUT_DATA: Final = frozenset({ORIGIN})
"""Resources of these types that hold nothing worth keeping: a new value does the same."""

_OWN_PARAMETER: Final = "ArticlesTableName"
OWN_TABLE: Final = "ArticlesTable"
"""The logical id of the table by which a stack of Kolom is recognized."""

_OWN_RESOURCE: Final = (OWN_TABLE, "AWS::DynamoDB::Table")
_CREATION_FAILED: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
_ROLLBACK_FAILED: Final = frozenset({"UPDATE_ROLLBACK_FAILED"})
_STOPPED: Final = frozenset({"UPDATE_FAILED", "IMPORT_ROLLBACK_FAILED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack that exists, or did until it was deleted."""

    name: str
    stack_id: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def condition(self) -> Condition:
        """What can be done with the stack."""
        if self.status in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}:
            return "new"
        if self.status.endswith("_IN_PROGRESS"):
            return "busy"
        if self.status in _CREATION_FAILED:
            return "creation failed"
        if self.status in _ROLLBACK_FAILED:
            return "rollback failed"
        if self.status == "DELETE_FAILED":
            return "deletion failed"
        return "stopped" if self.status in _STOPPED else "ready"

    @property
    def succeeded(self) -> bool:
        """Whether the last operation did what it should."""
        return self.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackResource:
    """A resource of a stack."""

    logical_id: str
    physical_id: str
    type: str
    status: str

    @property
    def holds_data(self) -> bool:
        """Whether its deletion would lose content."""
        return holds_data(self.type, self.logical_id)


def holds_data(kind: str, logical_id: str) -> bool:
    """Return whether a resource of that type and logical id has content that cannot be made again."""
    return kind in DATA_TYPES and logical_id not in WITHOUT_DATA


def find_stack(name: str) -> Stack | None:
    """Return the stack with that name or id; None if there is none. Deleted stacks are found only by their id."""
    try:
        found = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if _is_missing_stack(error):
            return None
        raise
    return Stack(
        name=found["StackName"],
        stack_id=found["StackId"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())},
        parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", ())},
    )


def _is_missing_stack(error: ClientError) -> bool:
    """Return whether CloudFormation does not know the stack of a call."""
    detail: dict[str, Any] = dict(error.response["Error"])
    return detail["Code"] == "ValidationError" and "does not exist" in detail.get("Message", "")


def list_resources(stack_id: str) -> list[StackResource]:
    """Return the resources of a stack; by its id, also those of a deleted one."""
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_id)
    return [
        StackResource(
            logical_id=each["LogicalResourceId"],
            physical_id=each.get("PhysicalResourceId", ""),
            type=each["ResourceType"],
            status=each["ResourceStatus"],
        )
        for page in pages
        for each in page["StackResourceSummaries"]
    ]


def find_resource(stack_id: str, logical_id: str) -> StackResource | None:
    """Return a resource that the stack has now, or None."""
    found = (each for each in list_resources(stack_id) if each.logical_id == logical_id)
    return next((each for each in found if each.status != "DELETE_COMPLETE"), None)


def _is_own(stack: Stack) -> bool:
    """Return whether the stack is one of Kolom, or holds nothing. One that began with an import has no parameters."""
    if stack.condition == "new" or _OWN_PARAMETER in stack.parameters:
        return True
    return has_own_table(stack.stack_id)


def has_own_table(stack_id: str) -> bool:
    """Return whether a stack, which may be deleted, has or had the table of Kolom's articles."""
    return any((each.logical_id, each.type) == _OWN_RESOURCE for each in list_resources(stack_id))


def refuse_other(stack: Stack) -> None:
    """Refuse a stack of another application.

    :raises DeploymentError: it is not a stack of Kolom
    """
    if not _is_own(stack):
        raise DeploymentError(f"the stack {stack.name} is not a stack of Kolom", "use another stack name (--stack)")


def remaining_data(stack: Stack) -> list[str]:
    """Return the resources with data that a stack still has."""
    return [
        each.logical_id
        for each in list_resources(stack.stack_id)
        if each.holds_data and each.status not in {"DELETE_COMPLETE", "CREATE_FAILED"}
    ]
