"""Follow an operation of CloudFormation until it ends, and explain its failure."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kolom_cli.deploying.account import client
from kolom_cli.deploying.errors import DeploymentError, fix_for
from kolom_cli.deploying.stack import Stack, find_stack

POLL_SECONDS: Final = 4.0
_STACK: Final = "AWS::CloudFormation::Stack"
_IN_VAIN: Final = frozenset({"CREATE_FAILED", "IMPORT_FAILED", "IMPORT_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_FAILED"})
_SUCCESSFUL: Final = frozenset({"CREATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE"})
_BEGINS: Final = frozenset(
    {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """A step of an operation: the new status of a resource, or of the stack itself."""

    event_id: str
    logical_id: str
    type: str
    status: str
    reason: str
    is_stack: bool

    @property
    def is_failure(self) -> bool:
        """Whether the step failed by itself, not because another one had failed."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower() and not self.is_stack

    @property
    def ends_operation(self) -> bool:
        """Whether this is the last step of an operation: the stack itself is not changed any more."""
        return self.is_stack and not self.status.endswith("_IN_PROGRESS")


def latest_event(stack_id: str) -> str | None:
    """Return the id of the stack's newest event, for :func:`follow`."""
    return next((event.event_id for event in _newest_first(stack_id)), None)


def follow(stack_id: str, on_event: Callable[[StackEvent], None], *, after: str | None = None) -> Stack:
    """Wait until the operation of the stack has ended, and return the stack.

    ``on_event`` gets each event of the operation. With ``after``, that is the operation whose events come after this
    event; this function also waits until it begins. Without it, it is the operation that is running or was the last.
    """
    shown: set[str] = set()

    def show_new() -> list[StackEvent]:
        events = events_of_operation(stack_id, after=after)
        for event in events:
            if event.event_id not in shown:
                shown.add(event.event_id)
                on_event(event)
        return events

    while True:
        # Before the state, which may still be that of the previous operation.
        events = show_new()
        has_ended = after is None or any(event.ends_operation for event in events)
        stack = find_stack(stack_id)
        assert stack is not None
        if stack.condition != "busy" and (has_ended or stack.status == "DELETE_COMPLETE"):
            show_new()
            return stack
        time.sleep(POLL_SECONDS)


def events_of_operation(stack_id: str, *, after: str | None = None) -> list[StackEvent]:
    """Return the events of the last operation, oldest first."""
    found = []
    for event in _newest_first(stack_id):
        if event.event_id == after:
            break
        found.append(event)
        if event.is_stack and event.status in _BEGINS:
            break
    return found[::-1]


def never_created(stack_id: str) -> set[str]:
    """Return the logical ids of resources that the stack tried in vain to create or to import, and never had."""
    statuses: defaultdict[str, set[str]] = defaultdict(set)
    for event in _newest_first(stack_id):
        statuses[event.logical_id].add(event.status)
    return {name for name, seen in statuses.items() if seen & _IN_VAIN and not seen & _SUCCESSFUL}


def first_failure(events: Sequence[StackEvent]) -> StackEvent | None:
    """Return the event that made the operation fail."""
    return next((event for event in events if event.is_failure), None)


def failure(stack: Stack, events: Sequence[StackEvent], what: str) -> DeploymentError:
    """Return the error for an operation that did not succeed; ``what`` begins the sentence."""
    event = first_failure(events)
    if event is None:
        reason = stack.reason or "CloudFormation gives no reason"
        return DeploymentError(f"{what}: {reason} ({stack.status})", fix_for(reason))
    return DeploymentError(
        f"{what}: {event.logical_id} ({event.type}) failed: {event.reason or event.status}", fix_for(event.reason)
    )


def _newest_first(stack_id: str) -> Iterator[StackEvent]:
    pages = client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for page in pages:
        for each in page["StackEvents"]:
            yield StackEvent(
                event_id=each["EventId"],
                logical_id=each["LogicalResourceId"],
                type=each["ResourceType"],
                status=each["ResourceStatus"],
                reason=each.get("ResourceStatusReason", ""),
                is_stack=each["ResourceType"] == _STACK and each.get("PhysicalResourceId") == each["StackId"],
            )
