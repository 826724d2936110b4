"""Tables of the stack on moto, made from the template."""

import itertools
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from functions.submit_contact import app as submit_contact
from functions.write_comments import app as write_comments
from kolom.config import Settings, settings
from kolom.models.base import connection
from kolom.search import query_counts
from kolom.security import signing
from kolom_cli.sam.loader import load
from kolom_cli.sam.model import Template
from tests.iam import enforcement
from tests.integration.aws import client, empty_tables
from tests.paths import PROJECT

enforcement.enforce_policies()


@pytest.fixture(autouse=True)
def permitted_calls() -> Iterator[None]:
    """Fail the test if a function makes a call that its policies in the template do not allow."""
    enforcement.denied.clear()
    yield
    assert not enforcement.denied


@pytest.fixture(scope="session")
def template() -> Template:
    """Return the project's template, deployed for https://blog.example with mail."""
    parameters = {"SiteUrl": "https://blog.example", "TimeZone": "Asia/Jakarta", "OwnerEmail": "owner@blog.example"}
    return load(PROJECT / "template.yaml", parameters)


@pytest.fixture
def tables(template: Template) -> Iterator[None]:
    """Create the empty tables of the template."""
    with empty_tables(template):
        yield


@pytest.fixture(autouse=True)
def long_retry_deadline() -> Iterator[None]:
    """Extend the deadline of retries after conflicts, which would make tests depend on the speed of the machine."""
    # Without `monkeypatch`: every test would then set it up first, and undo its patches after all other fixtures.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kolom.models.retry.DEADLINE_SECONDS", 60.0)
        yield


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze the time of the functions that limit rates, so that no new minute begins during a test."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    for app in (write_comments, submit_contact):
        monkeypatch.setattr(app, "datetime", SimpleNamespace(now=lambda _: now))


@pytest.fixture
def several_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches take place on the first three days of the month in turn."""
    first = query_counts.today().replace(day=1)
    days = itertools.cycle([first, first.replace(day=2), first.replace(day=3)])
    monkeypatch.setattr(query_counts, "today", lambda: next(days))


class RefusedCalls:
    """Rejects chosen DynamoDB calls, like a busy table; a rejected call does not reach the table."""

    def __init__(self) -> None:
        self.refused = 0
        self._planned: list[tuple[str, dict[str, Any]]] = []
        self._lock = Lock()

    def conflict(self, times: int) -> None:
        """Cancel the next ``times`` transactions because of a conflict."""
        answer = {
            "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
            "CancellationReasons": [{"Code": "TransactionConflict", "Message": "Transaction is ongoing"}],
        }
        self._planned += [("TransactWriteItems", answer)] * times

    def throttle(self, operation: str, times: int = 1_000) -> None:
        """Refuse the next ``times`` calls of ``operation`` for lack of capacity."""
        self.refuse(operation, "ProvisionedThroughputExceededException", times)

    def refuse(self, operation: str, code: str, times: int = 1_000) -> None:
        """Refuse the next ``times`` calls of ``operation`` with that error code."""
        self._planned += [(operation, {"Error": {"Code": code, "Message": "refused"}})] * times

    def clear(self) -> None:
        """Reject no further calls."""
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


class FaultInjector:
    """Fails one of all calls to the ``services``: throttles it, answers 500, cuts its connection or lets it time out.

    ``failing_call`` is the number of the call, from 0; ``kind`` is one of :attr:`KINDS` or :attr:`MORE_KINDS`.
    ``persistent`` fails all later calls too, so that no retry helps. ``calls`` counts the calls, and ``operations``
    has their names.
    """

    KINDS = ("throttled", "failed", "cut before", "cut after")
    MORE_KINDS = ("timed out before", "timed out after", "slow", "partial")
    """``before`` and ``after`` say whether the call had its effect. A ``partial`` batch processes its first item."""

    CASES = (
        ("failed", False),
        ("throttled", True),
        ("cut after", False),
        ("cut after", True),
        pytest.param("throttled", False, marks=pytest.mark.slow),
        pytest.param("failed", True, marks=pytest.mark.slow),
        pytest.param("cut before", False, marks=pytest.mark.slow),
        pytest.param("cut before", True, marks=pytest.mark.slow),
    )
    """Each kind with and without ``persistent``. Those that the code cannot distinguish from others are slow tests."""

    def __init__(self) -> None:
        self.failing_call: int | None = None
        self.kind = "throttled"
        self.persistent = False
        self.calls = 0
        self.services: tuple[str, ...] = ("dynamodb",)
        self.operations: list[str] = []
        self._waited: Counter[int] = Counter()

    @property
    def seconds(self) -> float:
        """Return the time that pauses, timeouts and slow calls would have taken: threads wait at the same time."""
        main = threading.main_thread().ident or 0
        return self._waited[main] + max((each for name, each in self._waited.items() if name != main), default=0.0)

    def wait(self, seconds: float) -> None:
        """Let time pass for this thread."""
        self._waited[threading.get_ident()] += seconds  # type: ignore[assignment]  # Counter has whole numbers

    def next_fails(self, operation: str) -> bool:
        """Count a call, and return whether it fails."""
        number, self.calls = self.calls, self.calls + 1
        self.operations.append(operation)
        if self.failing_call is None:
            return False
        return number >= self.failing_call if self.persistent else number == self.failing_call

    def fail_at(self, call: int | None, kind: str, *, persistent: bool) -> None:
        """Reset the count, and fail the call with that number; None fails none."""
        self.failing_call, self.kind, self.persistent, self.calls = call, kind, persistent, 0
        self.operations.clear()
        self._waited.clear()


@pytest.fixture
def injector(tables: None, monkeypatch: pytest.MonkeyPatch) -> FaultInjector:
    """Yield an injector that fails calls below the SDK, so that the SDK's retries run as in production."""
    injector = FaultInjector()
    send = BotocoreStubber.__call__

    def send_or_fail(stubber: BotocoreStubber, event_name: str, request: Any, **more: Any) -> Any:
        _, service, operation = event_name.split(".")
        if service not in injector.services or not injector.next_fails(operation):
            return send(stubber, event_name, request, **more)
        timeout = SES_TIMEOUT_SECONDS if service == "sesv2" else settings().aws_read_timeout_milliseconds / 1000
        match injector.kind:
            case "throttled" | "failed":
                return _error_response(service, injector.kind)
            case "slow":
                injector.wait(timeout - 0.1)
                return send(stubber, event_name, request, **more)
            case "partial":
                return _process_partly(lambda: send(stubber, event_name, request, **more), request)
        if injector.kind.endswith("after"):
            send(stubber, event_name, request, **more)
        if injector.kind.startswith("timed out"):
            injector.wait(timeout)
            raise ReadTimeoutError(endpoint_url=request.url)
        raise ConnectionClosedError(endpoint_url=request.url)

    # This replaces moto's response handler: a failed call does not reach moto, or moto's response is lost.
    monkeypatch.setattr(BotocoreStubber, "__call__", send_or_fail)
    monkeypatch.setattr("time.sleep", injector.wait)
    return injector


SES_TIMEOUT_SECONDS = 8.0
_ERRORS = {
    ("dynamodb", "throttled"): (400, "ProvisionedThroughputExceededException"),
    ("dynamodb", "failed"): (500, "InternalServerError"),
    ("secrets-manager", "throttled"): (400, "ThrottlingException"),
    ("secrets-manager", "failed"): (500, "InternalServiceError"),
    ("sesv2", "throttled"): (429, "TooManyRequestsException"),
    ("sesv2", "failed"): (500, "InternalFailure"),
}


def _error_response(service: str, kind: str) -> AWSResponse:
    """Return the error of a service, in the format of its protocol."""
    status, code = _ERRORS[service, kind]
    raw: Any = MockRawResponse(json.dumps({"__type": f"com.amazonaws#{code}", "message": "injected fault"}).encode())
    headers = HTTPHeaders()
    headers["x-amzn-ErrorType"] = code
    return AWSResponse(f"https://{service}", status, headers, raw)


def _process_partly(send: Callable[[], Any], request: Any) -> Any:
    """Process the first item of a batch, and return the others as unprocessed; process other calls completely."""
    wanted = json.loads(request.body) if request.body else {}
    tables: dict[str, Any] = wanted.get("RequestItems") or {}
    if not tables:
        return send()
    first, *others = tables
    if isinstance(tables[first], dict):
        items = tables[first]["Keys"]
        kept, left = ({**tables[first], "Keys": some} for some in (items[:1], items[1:]))
        name = "UnprocessedKeys"
    else:
        items = tables[first]
        kept, left = items[:1], items[1:]
        name = "UnprocessedItems"
    request.body = json.dumps({**wanted, "RequestItems": {first: kept}})
    response = send()
    rest = {other: tables[other] for other in others} | ({first: left} if items[1:] else {})
    raw: Any = MockRawResponse(json.dumps({**json.loads(response.content), name: rest}).encode())
    return AWSResponse(response.url, response.status_code, HTTPHeaders(), raw)


@pytest.fixture
def faults(tables: None) -> Iterator[RefusedCalls]:
    """Yield an object that makes DynamoDB reject calls."""
    faults = RefusedCalls()
    events = connection().client.meta.events
    events.register_first("before-call.dynamodb.*", faults)
    yield faults
    events.unregister("before-call.dynamodb.*", faults)


@pytest.fixture
def secret(tables: None) -> str:
    """Create the site's secret and return its value."""
    text = "0123456789abcdef" * 4
    client("secretsmanager").create_secret(Name="kolom-secret", SecretString=text)
    signing.load_keys.cache_clear()
    return text


type Configure = Callable[..., None]
"""Sets settings for the rest of a test: ``configure(moderation_mode="none")``."""


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Return a function that changes settings for the test."""
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
