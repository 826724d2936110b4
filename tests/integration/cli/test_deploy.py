"""`kolom deploy`, rehearsed against moto and a double of CloudFormation."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.client
import pytest

from kolom_cli import project_file
from kolom_cli.deploying import change_set, operation, site_check, toolchain
from tests.integration.aws import client, empty_aws
from tests.integration.cli.cloudformation import CloudFormationDouble
from tests.integration.cli.conftest import CommandResult, Kolom
from tests.paths import PROJECT

URL = "https://distribution.cloudfront.net"
TABLES = [f"kolom-{name}" for name in ("articles", "comments", "guard", "messages", "outbox", "search")]


class Rehearsal:
    """An empty account. ``builds`` are the calls of `make` and `sam`; ``broken`` are the paths that do not work."""

    def __init__(self, folder: Path) -> None:
        self.cloudformation = CloudFormationDouble()
        self.builds: list[str] = []
        self.broken: set[str] = set()
        self.kolom = Kolom()
        self.file = folder / "kolom.toml"
        self.template = folder / "packaged.yaml"
        shutil.copy(PROJECT / "template.yaml", self.template)
        # What moto does not know: an account with mail, 1,000 functions at a time, and all rights.
        self.answers: dict[str, Any] = {
            "GetAccount": {"SendingEnabled": True, "ProductionAccessEnabled": True},
            "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000}},
            "GetEmailIdentity": {"VerifiedForSendingStatus": True},
            "GetRole": {},
            "ListResponseHeadersPolicies": {"ResponseHeadersPolicyList": {"MaxItems": 100, "Quantity": 0}},
            "SimulatePrincipalPolicy": {
                "EvaluationResults": [{"EvalActionName": "s3:PutObject", "EvalDecision": "allowed"}]
            },
        }

    def deploy(self, *arguments: str, answer: str | None = None) -> CommandResult:
        return self.kolom("deploy", *arguments, answer=answer)

    def fetch(self, url: str) -> tuple[int, str]:
        path = url.removeprefix(URL)
        text = '"version": "0.1.0" { <feed </html> <link href="/assets/theme/kolom.css">'
        return (500 if path in self.broken else 200), text

    @property
    def stack(self) -> Any:
        return self.cloudformation.find("kolom")


@pytest.fixture
def rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    with empty_aws():
        found = Rehearsal(tmp_path)
        original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

        def call(self: Any, name: str, parameters: dict[str, Any]) -> Any:
            if isinstance(answer := found.answers.get(name), Exception):
                raise answer
            if answer is not None:
                return answer
            if self.meta.service_model.service_name != "cloudformation":
                return original(self, name, parameters)
            return found.cloudformation.call(self.meta.service_model.operation_model(name), parameters)

        def package(bucket: str, prefix: str, region: str) -> Path:
            found.builds.append(f"package {bucket} {prefix} {region}")
            return found.template

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        monkeypatch.setattr(toolchain, "build", lambda: found.builds.append("build"))
        monkeypatch.setattr(toolchain, "package", package)
        monkeypatch.setattr(project_file, "PROJECT_FILE", found.file)
        monkeypatch.setattr(site_check, "fetch", found.fetch)
        monkeypatch.setattr(site_check, "DEADLINE_SECONDS", 0.0)
        for module in (change_set, operation):
            monkeypatch.setattr(module, "POLL_SECONDS", 0.0)
        yield found


def test_an_empty_account_becomes_a_running_blog(rehearsal: Rehearsal) -> None:
    ran = rehearsal.deploy("--yes", "--parameter", "OwnerEmail=me@example.com")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == f"{URL}\n"
    assert rehearsal.stack.parameters["SiteUrl"] == URL
    assert rehearsal.stack.parameters["OwnerEmail"] == "me@example.com"
    assert sorted(client("dynamodb").list_tables()["TableNames"]) == TABLES
    assert rehearsal.builds == [
        "build",
        "package kolom-deploy-123456789012-us-east-1-kolom kolom us-east-1",
    ]
    assert "Changes:\n  add " in ran.stderr
    assert "created ArticlesTable (DynamoDB::Table)" in ran.stderr
    assert "article to begin with: /welcome" in ran.stderr
