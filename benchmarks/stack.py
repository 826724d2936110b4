"""Helpers for benchmarks on a local stack: publish articles, and invoke its functions."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from typer.testing import CliRunner

from benchmarks.capacity import Bill, metered
from kolom.articles import publishing
from kolom.articles.input import ArticleInput
from kolom.config import settings
from kolom_cli.connection import OUTPUTS
from kolom_cli.emulator.api_gateway import Request, match_route, to_event
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.main import app

TEMPLATE = Path(__file__).parents[1] / "template.yaml"


@contextmanager
def stack_without_events() -> Iterator[EmulatedStack]:
    """Yield a stack that reads no streams, so that only the requests of the benchmark are measured."""
    with EmulatedStack(TEMPLATE, port=0) as stack:
        stack.stop_events()
        yield stack


def run_command(stack: EmulatedStack, *arguments: str) -> None:
    """Run ``kolom`` with the stack, in this process, so that its calls can be metered. It must succeed."""
    result = CliRunner().invoke(app, ["--endpoint-url", stack.aws_endpoint_url, *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def request(stack: EmulatedStack, path: str, query: str = "") -> Callable[[], dict[str, Any]]:
    """Return a callable that invokes the Lambda function of the path with a GET, and returns the response."""
    asked = Request(method="GET", path=path, query=query)
    match = match_route(stack.template.routes, "GET", path)
    assert match is not None

    def make() -> dict[str, Any]:
        answer: dict[str, Any] = stack.runtime.invoke(match.route.function, to_event(asked, match))
        return answer

    return make


def get(stack: EmulatedStack, path: str, query: str = "") -> tuple[int, Bill, dict[str, Any]]:
    """Make a GET, and return the status, the bill and the JSON body, which is empty for a page."""
    make = request(stack, path, query)
    with metered() as bill:
        answer = make()
    body = json.loads(answer["body"]) if path.startswith("/api/") else {}
    return answer["statusCode"], bill, body


def search(stack: EmulatedStack, text: str, limit: int) -> list[dict[str, Any]]:
    """Return the first ``limit`` results of a search, from several pages."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < limit:
        status, _, body = get(stack, "/api/search", urlencode({"q": text, "limit": 100, "cursor": cursor}))
        assert status == 200, body  # noqa: PLR2004, RUF100
        found += body["items"]
        cursor = body["next_cursor"]
    return found[:limit]


def publish(stack: EmulatedStack, contents: Iterable[ArticleInput]) -> list[int]:
    """Publish the articles and wait until the stream has indexed them; return their ids."""
    os.environ.update({variable: stack.template.outputs[name] for name, variable in OUTPUTS.items()})
    settings.cache_clear()
    now = datetime.now(UTC)
    ids = [publishing.publish(content, now=now).article.id for content in contents]
    stack.wait_until_idle(3_600)
    return ids
