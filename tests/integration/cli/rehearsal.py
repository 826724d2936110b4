"""An account for the rehearsal of a deployment: moto, and a double of CloudFormation."""

import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import botocore.client
import pytest

from kolom_cli import project_file
from kolom_cli.deploying import change_set, deployer, operation, site_check, toolchain
from tests.integration.aws import empty_aws, restore_or_create
from tests.integration.cli.cloudformation import CloudFormationDouble, StackDouble
from tests.integration.cli.conftest import CommandResult, Kolom
from tests.paths import PROJECT

URL: Final = "https://distribution.cloudfront.net"
OWNER: Final = "me@example.com"

_deployed: list[StackDouble] = []


class Rehearsal:
    """An account. ``builds`` are the calls of `make` and `sam`; ``broken`` are paths, or URLs, that do not work.

    ``answers`` are the responses, or the errors, of operations that moto does not have.
    """

    def __init__(self, folder: Path) -> None:
        self.cloudformation = CloudFormationDouble()
        self.builds: list[str] = []
        self.broken: set[str] = set()
        self.kolom = Kolom()
        self.file = folder / "kolom.toml"
        self.frontend = folder / "frontend"
        (self.frontend / "theme").mkdir(parents=True)
        (self.frontend / "theme/kolom.css").write_text("body { margin: 0 }")
        self.template = folder / "packaged.yaml"
        shutil.copy(PROJECT / "template.yaml", self.template)
        self.answers: dict[str, Any] = {
            "GetAccount": {"SendingEnabled": True, "ProductionAccessEnabled": True},
            "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000}},
            "GetEmailIdentity": {"VerifiedForSendingStatus": True},
            "GetRole": {"Role": {"Arn": "arn:aws:iam::123456789012:role/team/deployer"}},
            "ListResponseHeadersPolicies": {"ResponseHeadersPolicyList": {"MaxItems": 100, "Quantity": 0}},
            "SimulatePrincipalPolicy": {
                "EvaluationResults": [{"EvalActionName": "s3:PutObject", "EvalDecision": "allowed"}]
            },
        }

    def call(self, name: str, parameters: Mapping[str, Any]) -> Any:
        """Return the answer of an operation that moto does not have; None for the others."""
        answer = self.answers.get(name)
        if isinstance(answer, BaseException):
            raise answer
        return answer(**parameters) if callable(answer) else answer

    def deploy(self, *arguments: str, answer: str | None = None) -> CommandResult:
        return self.kolom("deploy", *arguments, answer=answer)

    def fetch(self, url: str) -> tuple[int, str]:
        path = url.removeprefix(URL)
        if path in self.broken:
            return 500, ""
        return 200, '"version": "0.1.0" { <feed </html> <link href="/assets/theme/kolom.css">'

    @property
    def stack(self) -> StackDouble:
        return self.cloudformation.find("kolom")

    @property
    def remembered(self) -> Any:
        return tomllib.loads(self.file.read_text("utf-8"))["stacks"]["kolom"]

    def executions(self) -> int:
        return self.cloudformation.calls.count("ExecuteChangeSet")

    def build_package(self, bucket: str, prefix: str, region: str) -> Path:
        self.builds.append(f"package {bucket} {prefix} {region}")
        return self.template


@contextmanager
def rehearse(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Yield an empty account."""
    with rehearse_in(Rehearsal(folder), monkeypatch) as found:
        yield found


@contextmanager
def rehearse_in[Account: Rehearsal](found: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Yield the account, which is empty."""
    with empty_aws():
        original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

        def call(self: Any, name: str, parameters: dict[str, Any]) -> Any:
            if (answer := found.call(name, parameters)) is not None:
                return answer
            if self.meta.service_model.service_name != "cloudformation":
                return original(self, name, parameters)
            return found.cloudformation.call(self.meta.service_model.operation_model(name), parameters)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        monkeypatch.setattr(toolchain, "LOCK", found.file.with_name("deploy.lock"))
        monkeypatch.setattr(toolchain, "build", lambda: found.builds.append("build"))
        monkeypatch.setattr(toolchain, "package", found.build_package)
        monkeypatch.setattr(project_file, "PROJECT_FILE", found.file)
        monkeypatch.setattr(deployer, "FRONTEND", found.frontend)
        monkeypatch.setattr(site_check, "fetch", found.fetch)
        monkeypatch.setattr(site_check, "DEADLINE_SECONDS", 0.0)
        for module in (change_set, operation):
            monkeypatch.setattr(module, "POLL_SECONDS", 0.0)
        yield found


def record_calls(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the set of the calls that follow, as actions of IAM: ``dynamodb:Scan``."""
    called: set[str] = set()
    original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, name: str, parameters: dict[str, Any]) -> Any:
        called.add(f"{self.meta.service_model.service_name}:{name}")
        return original(self, name, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    return called


def rights_in_guide(command: str) -> set[str]:
    """Return the actions that the guide lists for a command that backs up or restores."""
    guide = (PROJECT / "docs/deploy.md").read_text("utf-8").partition("### Rights")[2]
    row = next(line for line in guide.splitlines() if line.startswith(f"| `{command}` |"))
    return set(re.findall(r"`(\w+:\w+)`", row))


def with_blog(rehearsal: Rehearsal) -> Rehearsal:
    """Deploy a blog in the account; once for all tests of the process."""

    def create() -> None:
        ran = rehearsal.deploy("--yes", "--parameter", f"OwnerEmail={OWNER}")
        assert ran.exit_code == 0, ran.stderr
        _deployed[:] = [stack.copied() for stack in rehearsal.cloudformation.stacks]

    restore_or_create("deployed", create)
    project_file.write_entry(
        rehearsal.file, "kolom", project_file.StackEntry(region="us-east-1", parameters={"OwnerEmail": OWNER})
    )
    rehearsal.cloudformation.stacks = [stack.copied() for stack in _deployed]
    rehearsal.cloudformation.calls.clear()
    rehearsal.builds.clear()
    return rehearsal
