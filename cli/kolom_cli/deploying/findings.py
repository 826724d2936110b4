"""The findings of the checks before a deployment: problems, warnings, and what is well."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from kolom_cli.connection import explain
from kolom_cli.deploying.account import Identity
from kolom_cli.deploying.stack import Stack

type Level = Literal["ok", "warning", "problem"]

DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check. A ``problem`` prevents a deployment, a ``warning`` does not."""

    level: Level
    subject: str
    text: str
    fix: str = ""


@dataclass(slots=True, kw_only=True)
class Preflight:
    """The results of all checks, and what they found on the way. ``identity`` is None without valid credentials."""

    findings: list[Finding] = field(default_factory=list)
    identity: Identity | None = None
    stack: Stack | None = None

    @property
    def has_problem(self) -> bool:
        """Whether a deployment would fail."""
        return any(each.level == "problem" for each in self.findings)

    def add(self, level: Level, subject: str, text: str, fix: str = "") -> None:
        """Add a finding."""
        self.findings.append(Finding(level=level, subject=subject, text=text, fix=fix))

    @contextmanager
    def checking(self, subject: str) -> Iterator[None]:
        """Report an AWS call that fails in the block as a warning: the check could not be made."""
        try:
            yield
        except ClientError as error:
            is_denied = error.response["Error"]["Code"] in DENIED
            fix = f"allow the call {error.operation_name} to check this" if is_denied else "run `kolom doctor` again"
            self.add("warning", subject, f"could not be checked: {explain(error)}", fix)
        except BotoCoreError as error:
            self.add("warning", subject, f"could not be checked: {explain(error)}", "check the connection")
