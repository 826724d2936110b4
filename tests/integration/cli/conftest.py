"""`kolom` called with arguments, against a stack on moto."""

import functools
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import typer.testing
from typer.testing import CliRunner

from kolom.config import settings
from kolom.models.base import connection
from kolom.security import signing
from kolom_cli.main import app
from tests.integration.aws import client, restore_or_create

# Building all commands from their functions takes longer than most commands run, so it is done once.
_runner: Any = typer.testing
_runner._get_command = functools.cache(_runner._get_command)

OUTPUTS = {
    "SiteUrl": "https://blog.example",
    "SiteTitle": "Blog",
    "Languages": "id,en",
    "TimeZone": "Asia/Jakarta",
    "ArticlesTable": "kolom-articles",
    "SearchTable": "kolom-search",
    "CommentsTable": "kolom-comments",
    "GuardTable": "kolom-guard",
    "MessagesTable": "kolom-messages",
    "OutboxTable": "kolom-outbox",
    "OwnerEmail": "owner@site.example",
    "MailFrom": "blog@site.example",
    "SpamDays": "30",
    "EmailDays": "365",
    "MessageDays": "365",
    "MediaBucket": "kolom-media",
    "SecretName": "kolom-secret",
}


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Restore the environment variables that a command sets."""
    before = dict(os.environ)
    settings.cache_clear()
    signing.load_keys.cache_clear()
    yield
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()
    signing.load_keys.cache_clear()


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a run of `kolom`."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Return the output as parsed JSON."""
        return json.loads(self.stdout)


class Kolom:
    """Runs `kolom` with arguments."""

    def __call__(self, *arguments: object, answer: str | None = None) -> CommandResult:
        """Run the command; an exception that it does not handle is raised here."""
        result = CliRunner().invoke(app, [str(each) for each in arguments], input=answer, catch_exceptions=False)
        assert "Traceback" not in result.stderr
        return CommandResult(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def kolom(tables: None) -> Kolom:
    """Return `kolom` with a deployed stack: tables, bucket, secret and outputs."""
    restore_or_create("stack", create_stack)
    return Kolom()


def create_stack() -> None:
    """Create the bucket, the secret and the stack that describes them, beside the tables."""
    client("s3").create_bucket(Bucket="kolom-media")
    client("secretsmanager").create_secret(Name="kolom-secret", SecretString="s" * 64)
    stack = {
        "Resources": {"Local": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in OUTPUTS.items()},
    }
    client("cloudformation").create_stack(StackName="kolom", TemplateBody=json.dumps(stack))


@pytest.fixture
def calls(kolom: Kolom, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of AWS operations that are called, in order."""
    import botocore.client

    called: list[str] = []
    original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def record(self: Any, operation: str, parameters: Any) -> Any:
        called.append(operation)
        return original(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", record)
    return called


@pytest.fixture
def delays(kolom: Kolom) -> Iterator[random.Random]:
    """Delay each call of DynamoDB by a random time, so that concurrent calls overtake each other."""
    rng = random.Random(7)

    def delay(**_: Any) -> None:
        time.sleep(rng.random() * 0.003)

    events = connection().client.meta.events
    events.register_first("before-call.dynamodb.*", delay)
    yield rng
    events.unregister("before-call.dynamodb.*", delay)


type Sync = Callable[..., dict[str, Any]]


@pytest.fixture
def sync(kolom: Kolom, sync_source: Sequence[object]) -> Sync:
    """Return a function that synchronizes a site and returns the report.

    The fixture ``sync_source`` of a module has the arguments before the options of a call.
    """

    def run(*options: object, exit_code: int = 0) -> dict[str, Any]:
        result = kolom("sync", *sync_source, "--json", *options)
        assert result.exit_code == exit_code, (result.stdout, result.stderr)
        report: dict[str, Any] = result.json
        assert report["read"] == sum(report[name] for name in ("created", "updated", "unchanged", "skipped"))
        return report

    return run
