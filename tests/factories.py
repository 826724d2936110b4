"""Factories with defaults for all values that a test does not set."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from kolom.articles.input import ArticleInput
from kolom.articles.types import Body

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def content(slug: str = "hello", **changes: Any) -> ArticleInput:
    """Return the content of an article; ``html`` is its body."""
    html = changes.pop("html", f"<p>The body of {slug}.</p>")
    defaults: dict[str, Any] = {
        "title": slug.replace("-", " ").title(),
        "slug": slug,
        "body": Body(html=html, source=html, source_format="html"),
        "published_at": datetime(2026, 2, 1, 8, tzinfo=UTC),
    }
    return ArticleInput(**defaults | changes)


def request(
    path: str,
    query: str | dict[str, Any] = "",
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    """Return an HTTP API event of payload format 2.0."""
    raw_query = query if isinstance(query, str) else urlencode(query, doseq=True)
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(raw_query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": raw_query,
        "headers": {"host": "blog.example", **(headers or {})},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "blog.example",
            "domainPrefix": "blog",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "test",
            },
            "requestId": "request",
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "01/Mar/2026:12:00:00 +0000",
            "timeEpoch": 1772366400000,
        },
        "isBase64Encoded": False,
    }
    if values:
        event["queryStringParameters"] = {name: ",".join(listed) for name, listed in values.items()}
    if body is not None:
        event["body"] = body
    return event


def comment_request(
    slug: str = "hello", *, headers: dict[str, str] | None = None, address: str = "203.0.113.7", **fields: Any
) -> dict[str, Any]:
    """Return a POST event of a comment as JSON; the name has a default."""
    body = json.dumps({"name": "Budi", **fields})
    event = request(
        f"/api/articles/{slug}/comments",
        method="POST",
        headers={"content-type": "application/json", **(headers or {})},
        body=body,
    )
    event["requestContext"]["http"]["sourceIp"] = address
    return event


def contact_request(
    *, headers: dict[str, str] | None = None, address: str = "203.0.113.7", **fields: Any
) -> dict[str, Any]:
    """Return a POST event of the contact form as JSON; the email address and the message have defaults."""
    body = json.dumps({"email": "budi@example.com", "message": "Hello.", **fields})
    event = request(
        "/api/contact", method="POST", headers={"content-type": "application/json", **(headers or {})}, body=body
    )
    event["requestContext"]["http"]["sourceIp"] = address
    return event


def multipart_request(path: str, *parts: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return an event with a submitted multipart form.

    Each part is the rest of its ``Content-Disposition``, a blank line and the value.
    """
    kind = {"content-type": "multipart/form-data; boundary=x"}
    body = "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
    return request(path, method="POST", headers={**kind, **(headers or {})}, body=f"{body}--x--\r\n")


def form_request(path: str, fields: dict[str, str], *, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return an event with a submitted HTML form."""
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return request(path, method="POST", headers={**kind, **(headers or {})}, body=urlencode(fields))


def pending_mail_event(*mail_ids: str) -> dict[str, Any]:
    """Return an event of the Outbox's stream for pending mail."""
    return {
        "Records": [
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "Keys": {"id": {"S": mail_id}},
                    "NewImage": {"id": {"S": mail_id}, "status": {"S": "waiting"}},
                    "SequenceNumber": str(number),
                },
            }
            for number, mail_id in enumerate(mail_ids, start=1)
        ]
    }


class Context:
    """The attributes of Lambda's context that Powertools and the handlers read."""

    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id = "request"

    def __init__(self, left_milliseconds: int = 120_000) -> None:
        self._left_milliseconds = left_milliseconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time of the invocation."""
        return self._left_milliseconds
