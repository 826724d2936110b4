"""What a run of `kolom mail setup` has done and found, and the commands that continue it."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from kolom.errors import KolomError
from kolom.models.errors import StorageError
from kolom_cli.connection import explain
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.findings import Findings
from kolom_cli.deploying.mail.dns_records import MailRecord
from kolom_cli.deploying.mail.production_access import ProductionRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The commands that are shown to the user, for the same stack, account and addresses as this run.

    ``stack`` is empty for the default, and ``deployment`` has the options that select the deployment. ``flags`` are the
    others of this run. `kolom mail allow` takes profile and region from the environment.
    """

    stack: str = ""
    deployment: tuple[str, ...] = ()
    sender: str = ""
    owner: str = ""
    flags: tuple[str, ...] = ()

    def setup(self, *more: str) -> str:
        """Return the command line of this run, with more options."""
        sender = ("--from", self.sender) if self.sender else ()
        owner = ("--owner", self.owner) if self.owner else ()
        added = [each for each in more if each not in self.flags]
        return shlex.join(["kolom", "mail", "setup", *self.deployment, *sender, *owner, *self.flags, *added])

    def deploy(self, *parameters: str) -> str:
        """Return the command line that deploys the stack with these parameters."""
        options = [word for each in parameters for word in ("--parameter", each)]
        return shlex.join(["kolom", "deploy", *self.deployment, *options])

    def allow(self, address: str) -> str:
        """Return the command line that removes the address from the suppression list of the blog."""
        return shlex.join(["kolom", *(("--stack", self.stack) if self.stack else ()), "mail", "allow", address])


@dataclass(slots=True, kw_only=True)
class SetupReport(Findings):
    """What a run has done and found. ``request`` is the request to leave the sandbox, if it is still to be sent."""

    command: str = ""
    commands: Commands
    records: list[MailRecord] = field(default_factory=list)
    request: ProductionRequest | None = None
    message_id: str = ""

    def __post_init__(self) -> None:
        self.command = self.commands.setup()

    @property
    def again(self) -> str:
        """What to do to continue."""
        return f"run `{self.command}` again"

    @property
    def is_complete(self) -> bool:
        """Whether there is no problem, and nothing to wait for."""
        return not any(each.level in {"problem", "waiting"} for each in self.findings)

    @contextmanager
    def step(self, subject: str) -> Iterator[None]:
        """Report an error in the block as a problem, so that the other steps are still made."""
        try:
            yield
        except DeploymentError as error:
            self.add("problem", subject, error.text, error.fix)
        except (BotoCoreError, ClientError) as error:
            self._add_failure(subject, error)
        except StorageError as error:
            if isinstance(error.cause, BotoCoreError | ClientError):
                self._add_failure(subject, error.cause)
            else:
                self.add("problem", subject, f"failed: {error}", self.again)
        except KolomError as error:
            self.add("problem", subject, f"failed: {error}", self.again)

    def _add_failure(self, subject: str, error: BotoCoreError | ClientError) -> None:
        self.add("problem", subject, f"failed: {explain(error)}", self.fix_of_call(error))
