"""The stack's tables on moto, made from the template."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from threading import Lock
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from functions.submit_contact import app as submit_contact
from functions.write_comments import app as write_comments
from kolom.config import Settings, settings
from kolom.models.base import connection
from kolom.pages import theme
from kolom.search import document_table, vocabulary
from kolom.security import signing
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.sam.loader import load
from kolom_cli.sam.model import Template
from tests.paths import PROJECT


@pytest.fixture(scope="session")
def template() -> Template:
    """The project's template, as a deployment for https://blog.example that sends mail sees it."""
    parameters = {"SiteUrl": "https://blog.example", "TimeZone": "Asia/Jakarta", "OwnerEmail": "owner@blog.example"}
    return load(PROJECT / "template.yaml", parameters)


@pytest.fixture
def tables(template: Template) -> Iterator[None]:
    """Empty tables, as the template describes them."""
    with mock_aws(), patch_moto():
        client: Any = connection().client
        for table in template.tables.values():
            client.create_table(**table.create)
        # What a warm function keeps belongs to the tables of the test before.
        vocabulary.clear_cache()
        document_table.clear_cache()
        theme.clear_cache()
        yield


@pytest.fixture(autouse=True)
def unhurried() -> Iterator[None]:
    """No conflict is given up for the time that it took: that says how busy the machine is that runs the tests."""
    # A patch of its own, so that what a test patches itself is undone when it always was.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kolom.models.transaction.DEADLINE_SECONDS", 60.0)
        yield


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the functions that limit senders time stands still, so that no minute begins in the midst of a test."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    for app in (write_comments, submit_contact):
        monkeypatch.setattr(app, "datetime", SimpleNamespace(now=lambda _: now))


class Faults:
    """Answers chosen calls to DynamoDB with an error, as a busy table would; such a call does not reach the table."""

    def __init__(self) -> None:
        self.refused = 0
        self._planned: list[tuple[str, dict[str, Any]]] = []
        self._lock = Lock()

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

    def clear(self) -> None:
        """Refuse nothing any more."""
        self._planned.clear()

    def __call__(self, model: Any, **_: Any) -> Any:
        with self._lock:
            planned = next((planned for planned in self._planned if planned[0] == model.name), None)
            if planned is not None:
                self._planned.remove(planned)
                self.refused += 1
                answer = {**planned[1], "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "fault"}}
                return SimpleNamespace(status_code=400), answer
        return None


class Lightning:
    """Strikes one call to DynamoDB of all that are made: throttles it, fails it, or cuts its connection.

    ``strike`` is the number of the call, from 0; ``kind`` one of :attr:`KINDS`. ``lasting`` strikes all later ones too,
    so that no retry helps. ``made`` counts the calls.
    """

    KINDS = ("throttled", "failed", "cut before", "cut after")

    def __init__(self) -> None:
        self.strike: int | None = None
        self.kind = "throttled"
        self.lasting = False
        self.made = 0

    def hits(self) -> bool:
        """Whether the call that is made now is struck."""
        number, self.made = self.made, self.made + 1
        return self.strike is not None and (number >= self.strike if self.lasting else number == self.strike)

    def aim(self, strike: int | None, kind: str, *, lasting: bool) -> None:
        """Strike that call from now on."""
        self.strike, self.kind, self.lasting, self.made = strike, kind, lasting, 0


@pytest.fixture
def lightning(tables: None, monkeypatch: pytest.MonkeyPatch) -> Lightning:
    """Makes connections to DynamoDB fail below the SDK, which tries again as it would in the field."""
    lightning = Lightning()
    send = BotocoreStubber.__call__

    def respond(status: int, code: str) -> AWSResponse:
        body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "struck"}).encode()
        raw: Any = MockRawResponse(body)
        return AWSResponse("https://dynamodb", status, HTTPHeaders(), raw)

    def struck(stubber: BotocoreStubber, event_name: str, request: Any, **more: Any) -> Any:
        if not event_name.startswith("before-send.dynamodb.") or not lightning.hits():
            return send(stubber, event_name, request, **more)
        if lightning.kind == "throttled":
            return respond(400, "ProvisionedThroughputExceededException")
        if lightning.kind == "failed":
            return respond(500, "InternalServerError")
        if lightning.kind == "cut after":
            send(stubber, event_name, request, **more)
        raise ConnectionClosedError(endpoint_url=request.url)

    # Where moto answers: what is struck does not reach it, or its answer does not come back.
    monkeypatch.setattr(BotocoreStubber, "__call__", struck)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return lightning


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
    signing.load_keys.cache_clear()
    yield text
    signing.load_keys.cache_clear()


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
