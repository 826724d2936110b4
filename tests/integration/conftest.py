"""The stack's tables on moto, made from the template."""

import os
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from kolom import signing
from kolom.config import Settings, settings
from kolom.models.base import connection
from kolom.search import documents, vocabulary
from kolom_cli.local.moto_help import help_moto
from kolom_cli.template import Template, load

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def template() -> Template:
    """The project's template, as a deployment for https://blog.example sees it."""
    return load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example", "TimeZone": "Asia/Jakarta"})


@pytest.fixture
def tables(template: Template) -> Iterator[None]:
    """Empty tables, as the template describes them."""
    with mock_aws(), help_moto():
        client = boto3.client("dynamodb")
        for table in template.tables.values():
            client.create_table(**table.create)
        # What a warm function keeps belongs to the tables of the test before.
        vocabulary.forget()
        documents.forget()
        yield


class Faults:
    """Answers chosen calls to DynamoDB with an error, as a busy table would; such a call does not reach the table."""

    def __init__(self) -> None:
        self.refused = 0
        self._planned: list[tuple[str, dict[str, Any]]] = []

    def conflict(self, times: int) -> None:
        """Cancel the next ``times`` transactions because of others on the same items."""
        answer = {
            "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
            "CancellationReasons": [{"Code": "TransactionConflict", "Message": "Transaction is ongoing"}],
        }
        self._planned += [("TransactWriteItems", answer)] * times

    def throttle(self, operation: str, times: int = 1_000) -> None:
        """Refuse the next ``times`` calls of ``operation`` for lack of capacity."""
        answer = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "Too many requests"}}
        self._planned += [(operation, answer)] * times

    def __call__(self, model: Any, **_: Any) -> Any:
        for planned in self._planned:
            if planned[0] == model.name:
                self._planned.remove(planned)
                self.refused += 1
                answer = {**planned[1], "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "fault"}}
                return SimpleNamespace(status_code=400), answer
        return None


@pytest.fixture
def faults(tables: None) -> Iterator[Faults]:
    """Makes DynamoDB refuse calls."""
    faults = Faults()
    events = connection().client.meta.events
    events.register_first("before-call.dynamodb.*", faults)
    yield faults
    events.unregister("before-call.dynamodb.*", faults)


@pytest.fixture
def secret(tables: None) -> Iterator[str]:
    """The site's secret."""
    text = "0123456789abcdef" * 4
    boto3.client("secretsmanager").create_secret(Name="kolom-secret", SecretString=text)
    signing.secret.cache_clear()
    yield text
    signing.secret.cache_clear()


type Configure = Callable[..., None]
"""Sets settings for the rest of a test: ``configure(moderation_mode="none")``."""


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Settings that are other than the environment's."""
    before = {name: os.environ.get(name) for name in (field.name.upper() for field in fields(Settings))}

    def change(**values: object) -> None:
        os.environ.update({name.upper(): str(value) for name, value in values.items()})
        settings.cache_clear()

    yield change
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    settings.cache_clear()
