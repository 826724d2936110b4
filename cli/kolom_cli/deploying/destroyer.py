"""Delete a stack, and only if it is wanted also the data that CloudFormation keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from kolom_cli.deploying import buckets
from kolom_cli.deploying.account import Identity, client
from kolom_cli.deploying.operation import events_of_operation, failure, follow, latest_event, never_created
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.stack import Stack, StackResource, find_stack, has_own_table, list_resources, refuse_other
from kolom_cli.deploying.tables import delete_table, describe_table

SECRET_DAYS: Final = 7
"""The days in which a deleted secret can be restored; the minimum."""

_DELETED: Final = "DELETE_COMPLETE"
_KEPT: Final = "DELETE_SKIPPED"
_NOT_OWNED: Final = frozenset(
    {_DELETED, "CREATE_FAILED", "IMPORT_FAILED", "IMPORT_ROLLBACK_IN_PROGRESS"}
    | {"IMPORT_ROLLBACK_FAILED", "IMPORT_ROLLBACK_COMPLETE"}
)
"""Statuses of resources that the stack does not have.

Such a resource may have the name of something that belongs to others: of a table that existed before, for example.
"""

_BEGINNING: Final = frozenset({"CREATE_IN_PROGRESS", "IMPORT_IN_PROGRESS"})
"""Statuses of resources of which it is not known yet whether the stack will have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What can be deleted: the stack, and the data that it keeps or has kept.

    ``stack`` is None if the stack was deleted by an earlier run.
    """

    stack: Stack | None
    data: tuple[StackResource, ...]


def find_removal(name: str) -> Removal:
    """Return what exists of a stack: of a deleted one, the data that it has kept.

    CloudFormation remembers a deleted stack for 90 days. Deleted stacks of other applications are ignored.

    :raises DeploymentError: the stack belongs to another application
    """
    stack = find_stack(name)
    if stack is not None:
        refuse_other(stack)
        excluded = _NOT_OWNED | _BEGINNING
        data = [each for each in _data_resources(stack.stack_id) if each.status not in excluded]
    else:
        data = [each for _, each in find_kept(name)]
    unique = {each.physical_id: each for each in data}
    return Removal(stack=stack, data=tuple(unique.values()))


def find_kept(name: str) -> list[tuple[str, StackResource]]:
    """Return what deleted stacks with that name have kept and still exists, each with the id of its stack."""
    return [
        (stack_id, each)
        for deleted, stack_id in _stacks([_DELETED])
        if deleted == name and has_own_table(stack_id)
        for each in _data_resources(stack_id)
        if each.status == _KEPT and exists(each)
    ]


def delete_stack(stack: Stack, progress: Progress) -> Removal:
    """Wait for a running operation, then delete the stack and wait until it is deleted. Return what it has kept.

    :raises DeploymentError: a resource could not be deleted
    """
    if stack.condition == "busy" and stack.status != "DELETE_IN_PROGRESS":
        progress.step(f"Waiting for the operation that is running: {stack.status}")
        with progress.following():
            stack = follow(stack.stack_id, progress.event)
    owned = {each.physical_id for each in _data_resources(stack.stack_id) if each.status not in _NOT_OWNED}
    after = None
    if stack.status != "DELETE_IN_PROGRESS":
        after = latest_event(stack.stack_id)
        client("cloudformation").delete_stack(StackName=stack.stack_id)
    with progress.following():
        deleted = follow(stack.stack_id, progress.event, after=after)
    if deleted.status != _DELETED:
        raise failure(deleted, events_of_operation(stack.stack_id), "the stack is deleted only in part")
    kept = [each for each in _data_resources(stack.stack_id) if each.status == _KEPT]
    return Removal(stack=deleted, data=tuple(each for each in kept if each.physical_id in owned))


def delete_data(removal: Removal, identity: Identity, region: str) -> Iterator[str]:
    """Delete what the deleted stack has kept; yield a line for each resource that still exists.

    What belongs to another stack now, because it was imported there, stays.
    """
    owners = find_owners([each.physical_id for each in removal.data], removal.stack.stack_id if removal.stack else "")
    for each in removal.data:
        if owner := owners.get(each.physical_id):
            yield f"kept {each.physical_id}: it belongs to the stack {owner} now"
            continue
        if each.type == "AWS::DynamoDB::Table":
            is_deleted = delete_table(each.physical_id)
        elif each.type == "AWS::S3::Bucket":
            is_deleted = buckets.delete_bucket(each.physical_id, identity, region)
        else:
            is_deleted = _delete_secret(each.physical_id)
        if is_deleted:
            yield f"deleted {each.physical_id}"


def _stacks(statuses: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names and ids of the stacks of the account with one of the statuses, newest first."""
    pages = client("cloudformation").get_paginator("list_stacks").paginate(StackStatusFilter=list(statuses))
    found = [each for page in pages for each in page["StackSummaries"]]
    for each in sorted(found, key=lambda summary: summary["CreationTime"], reverse=True):
        yield each["StackName"], each["StackId"]


def find_owners(physical_ids: Sequence[str], own_id: str = "") -> dict[str, str]:
    """Return the names of the stacks that have these resources now, without the stack ``own_id``.

    CloudFormation cannot be asked for the owner of a resource: its answer may also be a deleted stack.
    """
    if not physical_ids:
        return {}
    every_status = set(client("cloudformation").meta.service_model.shape_for("StackStatus").enum)
    return {
        resource.physical_id: name
        for name, stack_id in _stacks(sorted(every_status - {_DELETED}))
        if stack_id != own_id
        for resource in list_resources(stack_id)
        if resource.physical_id in physical_ids and resource.status not in _NOT_OWNED | {_KEPT}
    }


def _data_resources(stack_id: str) -> list[StackResource]:
    """Return the resources with data, without those that the stack never had."""
    found = [each for each in list_resources(stack_id) if each.holds_data and each.physical_id]
    never_had = never_created(stack_id) if found else set()
    return [each for each in found if each.logical_id not in never_had]


def exists(resource: StackResource) -> bool:
    """Return whether a resource with data still exists."""
    if resource.type == "AWS::DynamoDB::Table":
        return describe_table(resource.physical_id) is not None
    if resource.type == "AWS::S3::Bucket":
        return _found(lambda: client("s3").head_bucket(Bucket=resource.physical_id), "404")
    secrets = client("secretsmanager")
    try:
        return "DeletedDate" not in secrets.describe_secret(SecretId=resource.physical_id)
    except secrets.exceptions.ResourceNotFoundException:
        return False


def _found(call: Any, missing: str) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] == missing:
            return False
        raise
    return True


def _delete_secret(arn: str) -> bool:
    secrets = client("secretsmanager")
    try:
        secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=SECRET_DAYS)
    except secrets.exceptions.ResourceNotFoundException:
        return False
    except secrets.exceptions.InvalidRequestException:  # It is already deleted, and can still be restored.
        return False
    return True
