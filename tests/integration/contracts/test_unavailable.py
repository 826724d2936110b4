"""If an AWS service does not respond, the client gets an error in its format, in time, with Retry-After."""

import importlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from pynamodb.exceptions import GetError

from kolom import aws
from kolom.articles import publishing
from kolom.comments import public, reply_subscriptions
from kolom.config import settings
from kolom.http.errors import failure_of
from kolom.models.base import connection
from kolom.models.retry import DEADLINE_SECONDS
from kolom.observability import logger
from kolom.pages import theme
from kolom.security import signing
from kolom_cli.sam.model import Function, Template
from tests.factories import NOW, Context, comment_request, contact_request, content, form_request, request
from tests.integration.conftest import Configure
from tests.paths import PROJECT

EVENTS = PROJECT / "events"
FILES = sorted(path for path in EVENTS.glob("*/*.json") if "routeKey" in path.read_text())
SLUG = "china-russia-agree-to-deepen-strategic-cooperation"
WITHOUT_DYNAMODB = {
    *(
        "fetch_articles/get_health",
        "write_comments/get_form_token",
        "serve_feeds/get_robots",
        "serve_feeds/head_robots",
    ),
    # Their links were signed with another key, so nothing is looked up.
    *("preview_article/get_preview", "serve_mail_links/show_link", "serve_mail_links/follow_link"),
    *("serve_mail_links/show_subscription", "serve_mail_links/follow_subscription"),
}
WITH_SECRET = {
    *("preview_article/get_preview", "serve_mail_links/show_link", "serve_mail_links/follow_link"),
    *("serve_mail_links/show_subscription", "serve_mail_links/follow_subscription"),
    *("write_comments/get_form_token", "write_comments/post_comment", "submit_contact/submit_message"),
}
GATEWAY_SECONDS = 30


def client_error(code: str, status: int = 400) -> ClientError:
    """Return an error response of a service."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")  # type: ignore[typeddict-item]


LATER = {
    "throttled": client_error("ThrottlingException"),
    "at its limit": client_error("RequestLimitExceeded"),
    "at a quota": client_error("LimitExceededException"),
    "S3 has too many requests": client_error("SlowDown", 503),
    "in conflict with a transaction": client_error("TransactionConflictException"),
    "in conflict with another region": client_error("ReplicatedWriteConflictException"),
    "in the midst of the same transaction": client_error("TransactionInProgressException"),
    "failed": client_error("InternalServerError", 500),
    "failed, as Secrets Manager says it": client_error("InternalServiceError", 500),
    "unavailable": client_error("ServiceUnavailable", 503),
    "a bad gateway": client_error("502", 502),
    "with old credentials": client_error("ExpiredTokenException"),
    "no connection": EndpointConnectionError(endpoint_url="https://aws.example"),
    "no connection in time": ConnectTimeoutError(endpoint_url="https://aws.example"),
    "no answer in time": ReadTimeoutError(endpoint_url="https://aws.example"),
}
NEVER = {
    "not allowed": client_error("AccessDeniedException"),
    "not there": client_error("ResourceNotFoundException"),
    "wrongly asked": client_error("ValidationException"),
    "no credentials": NoCredentialsError(),
}

type Break = Callable[..., list[str]]
"""Makes the calls of a service fail after the first ones; the list has the threads of the failed calls."""


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Return a function that makes a service fail above the SDK's retries, so that tests do not wait for them."""
    make_call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def break_service(service: str, error: Exception, *, after: int = 0) -> list[str]:
        failed: list[str] = []
        made = 0

        def call(client: Any, *arguments: Any) -> Any:
            nonlocal made
            if client.meta.service_model.service_name != service:
                return make_call(client, *arguments)
            made += 1
            if made <= after:
                return make_call(client, *arguments)
            failed.append(threading.current_thread().name)
            raise error

        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        return failed

    return break_service


@pytest.fixture
def cold(secret: str) -> Iterator[None]:
    """Create a site with an article, with all caches of the functions empty."""
    publishing.publish(content(SLUG, labels=("Politik",)), now=NOW)
    theme.clear_cache()
    signing.load_keys.cache_clear()
    yield
    signing.load_keys.cache_clear()


def answer_to(path: Path) -> dict[str, Any]:
    """Return the response to an event of ``events/``."""
    module = importlib.import_module(f"functions.{path.parent.name}.app")
    answer: dict[str, Any] = module.handler(json.loads(path.read_text()), Context())
    return answer


def check_unavailable(name: str, answer: dict[str, Any]) -> None:
    """Check that a response is a 503 with Retry-After: a page for a reader, a problem for a program."""
    assert answer["statusCode"] == 503, (name, answer)
    assert int(answer["headers"]["Retry-After"]) > 0, name
    assert answer["headers"]["Cache-Control"] == "no-store", name
    is_page = name.startswith(("serve_pages", "serve_mail_links", "preview_article"))
    expected = "text/html; charset=utf-8" if is_page else "application/problem+json"
    assert answer["headers"]["Content-Type"] == expected, name
    if name.startswith(("serve_mail_links", "preview_article")):
        assert answer["headers"]["Referrer-Policy"] == "strict-origin", name


@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize("kind", ["throttled", "no answer in time"])
def test_every_route_answers_503_when_dynamodb_is_unavailable(broken: Break, kind: str) -> None:
    for path in FILES:
        theme.clear_cache()
        signing.load_keys.cache_clear()
        failed = broken("dynamodb", LATER[kind])
        name = f"{path.parent.name}/{path.stem}"
        answer = answer_to(path)
        if name not in WITHOUT_DYNAMODB:
            check_unavailable(name, answer)
        assert len(failed) <= 2, name


@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize("kind", ["throttled", "no connection"])
def test_every_route_answers_503_when_the_secret_cannot_be_fetched(broken: Break, kind: str) -> None:
    broken("secretsmanager", LATER[kind])
    for path in FILES:
        signing.load_keys.cache_clear()
        name = f"{path.parent.name}/{path.stem}"
        if name in WITH_SECRET:
            check_unavailable(name, answer_to(path))


@pytest.mark.usefixtures("cold")
def test_permanent_errors_are_answered_500(broken: Break) -> None:
    broken("secretsmanager", NEVER["not allowed"])
    for name in ("serve_mail_links/show_link", "submit_contact/submit_message"):
        answer = answer_to(EVENTS / f"{name}.json")
        assert answer["statusCode"] == 500
        assert "Retry-After" not in answer["headers"]


@pytest.mark.parametrize("error", LATER.values(), ids=LATER)
def test_transient_errors_are_classified_as_unavailable(error: Exception) -> None:
    assert failure_of(error).status == failure_of(GetError(cause=error)).status == 503


@pytest.mark.parametrize("error", NEVER.values(), ids=NEVER)
def test_permanent_errors_are_not_classified_as_unavailable(error: Exception) -> None:
    assert failure_of(error).status == failure_of(GetError(cause=error)).status == 500


@pytest.mark.usefixtures("cold")
def test_fetching_the_secret_is_retried_by_the_next_request(broken: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(aws, "new_client", lambda _: (_ for _ in ()).throw(LATER["no connection"]))
        with pytest.raises(EndpointConnectionError):
            signing.load_keys()
    assert signing.load_keys().current == "1"


@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize("calls", range(0, 12, 2))
def test_a_page_waits_at_most_twice_for_dynamodb(broken: Break, calls: int) -> None:
    failed = broken("dynamodb", LATER["no answer in time"], after=calls)
    module = importlib.import_module("functions.serve_pages.app")
    answer = module.handler(request(f"/{SLUG}/"), Context())
    assert answer["statusCode"] in {200, 503}
    # Concurrent queries wait at the same time.
    assert len([name for name in failed if name == "MainThread"]) <= 2


@pytest.mark.usefixtures("cold")
def test_an_article_is_shown_if_its_comments_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A permanent error, such as a missing permission, is logged as one."""
    log = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)

    def refuse(*_: Any, **__: Any) -> None:
        raise GetError(cause=NEVER["not allowed"])

    monkeypatch.setattr(public, "list_comments", refuse)
    answer = importlib.import_module("functions.serve_pages.app").handler(request(f"/{SLUG}/"), Context())
    assert answer["statusCode"] == 200
    assert '"level":"ERROR"' in log.getvalue()


@pytest.mark.usefixtures("cold")
def test_a_form_waits_at_most_twice_for_dynamodb(broken: Break) -> None:
    """After a failed commit, one read checks whether it was stored. The error page reads nothing."""
    waited = set()
    for calls in range(12):
        theme.clear_cache()
        failed = broken("dynamodb", LATER["no answer in time"], after=calls)
        fields = {"name": "Budi", "content": f"Comment {calls}."}
        event = form_request(f"/api/articles/{SLUG}/comments", fields)
        event["requestContext"]["http"]["sourceIp"] = f"10.0.{calls}.1"
        importlib.import_module("functions.write_comments.app").handler(event, Context())
        waited.add(len(failed))
    assert waited == {0, 1, 2}


@pytest.mark.usefixtures("cold")
def test_a_failed_form_is_shown_again_with_its_input(broken: Break) -> None:
    broken("secretsmanager", LATER["throttled"])
    form = form_request("/api/contact", {"email": "budi@example.com", "message": "A long letter."})
    answer = importlib.import_module("functions.submit_contact.app").handler(form, Context())
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "5")
    assert "A long letter." in answer["body"]


@pytest.mark.usefixtures("cold")
def test_error_pages_of_mail_links_use_the_language_of_the_reader(broken: Break) -> None:
    broken("secretsmanager", LATER["throttled"])
    handler = importlib.import_module("functions.serve_mail_links.app").handler
    languages = {}
    for place in ("moderation", "subscription"):
        event = request(f"/api/{place}/1.W10.x", headers={"accept-language": "en"})
        languages[place] = handler(event, Context())["headers"]["Content-Language"]
    assert languages == {"moderation": "en", "subscription": "en"}


@pytest.mark.usefixtures("cold")
def test_an_unavailable_mail_link_says_when_to_try_again(broken: Break) -> None:
    token = reply_subscriptions.create_token("leave", 1, "person", signing.load_keys(), now=datetime.now(UTC))
    broken("dynamodb", LATER["no answer in time"])
    answer = importlib.import_module("functions.serve_mail_links.app").handler(
        request(f"/api/subscription/{token}", method="POST"), Context()
    )
    check_unavailable("serve_mail_links", answer)


def test_clients_use_the_configured_timeouts_and_retries(configure: Configure) -> None:
    configure(aws_read_timeout_milliseconds=1_500, aws_max_attempts=2)
    config = aws.new_client("secretsmanager").meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 1.5)
    assert config.retries == {"mode": "standard", "total_max_attempts": 2}


def test_dynamodbs_client_uses_the_same_timeouts_and_retries() -> None:
    config: Any = connection().client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, settings().aws_read_timeout_milliseconds / 1000)
    assert config.retries["total_max_attempts"] == settings().aws_max_attempts


def call_seconds(function: Function) -> float:
    """Return the maximum duration of a failing call: every attempt times out, with the longest pauses
    between attempts.
    """
    attempts = int(function.environment["AWS_MAX_ATTEMPTS"])
    read_seconds = int(function.environment["AWS_READ_TIMEOUT_MILLISECONDS"]) / 1000
    pauses = sum(2.0**attempt for attempt in range(attempts - 1))  # botocore waits a random part of 1 s, 2 s, 4 s, …
    return attempts * (aws.CONNECT_TIMEOUT_SECONDS + read_seconds) + pauses


def test_a_functions_timeout_allows_for_an_unavailable_service(
    template: Template,
) -> None:
    """Each secret is fetched once, conflicts have their own deadline, and at most two DynamoDB calls
    fail (see above).
    """
    for name in {route.function for route in template.routes}:
        function = template.functions[name]
        secrets = sum(bool(function.environment.get(each)) for each in ("SECRET_NAME", "ORIGIN_SECRET_NAME"))
        writes = "OUTBOX_TABLE" in function.environment
        seconds = (secrets + 2) * call_seconds(function) + (DEADLINE_SECONDS if writes else 0)
        assert seconds < function.timeout_seconds < GATEWAY_SECONDS, name


def test_a_submission_during_an_outage_can_be_repeated(cold: None, broken: Break) -> None:
    broken("dynamodb", LATER["failed"])
    for function, event in (
        ("write_comments", comment_request(SLUG, content="Hello.")),
        ("submit_contact", contact_request()),
    ):
        check_unavailable(function, importlib.import_module(f"functions.{function}.app").handler(event, Context()))
