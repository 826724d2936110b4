"""Show the progress of a deployment on standard error: a line for each step and resource."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from kolom_cli.deploying.operation import StackEvent
from kolom_cli.terminal import console

_DONE: Final = {
    "CREATE_COMPLETE": "created",
    "UPDATE_COMPLETE": "updated",
    "DELETE_COMPLETE": "deleted",
    "DELETE_SKIPPED": "kept",
    "IMPORT_COMPLETE": "imported",
    "ROLLBACK_COMPLETE": "rolled back",
    "UPDATE_ROLLBACK_COMPLETE": "rolled back",
}


_SLOW: Final = frozenset({"AWS::CloudFront::Distribution", "AWS::Lambda::Version"})
"""Their beginning is shown, too, because they take minutes."""


@dataclass(slots=True)
class Progress:
    """Prints lines, and counts the resources that are done."""

    _total: int = 0
    _done: set[str] = field(default_factory=set)

    def step(self, text: str) -> None:
        """Show the beginning of a step."""
        _print(text)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Say what to do if the block, which follows an operation, is interrupted, or can ask AWS no longer."""
        try:
            yield
        except (KeyboardInterrupt, BotoCoreError, ClientError):
            self.step("CloudFormation continues by itself. Run the command again to follow it.")
            raise

    def begin(self, total: int) -> None:
        """Begin to count the resources that are done."""
        self._total = total
        self._done.clear()

    def plan(self, lines: Sequence[str]) -> None:
        """Show what will be changed."""
        self.step("Changes:")
        for line in lines:
            self.step(f"  {line}")

    def event(self, event: StackEvent) -> None:
        """Show that a resource is done or has failed."""
        kind = event.type.removeprefix("AWS::")
        if event.is_failure:
            _print(f"  failed {event.logical_id} ({kind}): {event.reason or event.status}")
        elif not event.is_stack and event.status in _DONE:
            self._done.add(event.logical_id)
            counter = f"{min(len(self._done), self._total)}/{self._total} " if self._total else ""
            self.step(f"  {counter}{_DONE[event.status]} {event.logical_id} ({kind})")
        elif event.type in _SLOW and event.status.endswith("_IN_PROGRESS"):
            self.step(f"  waiting for {event.logical_id} ({kind}), which takes some minutes")


def _print(text: str) -> None:
    console.err().print(text, markup=False, highlight=False, soft_wrap=True)
