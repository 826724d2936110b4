"""What checks have found: each problem with its fix."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from kolom_cli.connection import explain
from kolom_cli.deploying.account import Identity
from kolom_cli.deploying.stack import Stack

type Level = Literal["ok", "waiting", "warning", "problem"]

_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})


def is_denied(error: ClientError) -> bool:
    """Return whether the credentials lack the right for a call."""
    return error.response["Error"]["Code"] in _DENIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check or step.

    A ``problem`` prevents what the command is for, a ``warning`` does not. What is ``waiting`` is not done yet.
    """

    level: Level
    subject: str
    text: str
    fix: str = ""


@dataclass(slots=True, kw_only=True)
class Findings:
    """The results of the checks and steps of a command. ``command`` is what the user runs again."""

    command: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def has_problem(self) -> bool:
        """Whether something prevents what the command is for."""
        return any(each.level == "problem" for each in self.findings)

    def add(self, level: Level, subject: str, text: str, fix: str = "") -> None:
        """Add a finding."""
        self.findings.append(Finding(level=level, subject=subject, text=text, fix=fix))

    @contextmanager
    def checking(self, subject: str) -> Iterator[None]:
        """Report an AWS call that fails in the block as a warning: the check could not be made."""
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            self.add("warning", subject, f"could not be checked: {explain(error)}", self.fix_of_call(error))

    def fix_of_call(self, error: BotoCoreError | ClientError) -> str:
        """Return what to do about a call of AWS that failed."""
        if isinstance(error, BotoCoreError):
            return "check the connection"
        if is_denied(error):
            return f"allow the call {error.operation_name} to the user or role of these credentials"
        return f"run `{self.command}` again"


@dataclass(slots=True, kw_only=True)
class Preflight(Findings):
    """The results of all checks, and what they found on the way. ``identity`` is None without valid credentials."""

    command: str = "kolom doctor"
    identity: Identity | None = None
    stack: Stack | None = None
