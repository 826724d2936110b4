"""Searches with the search function."""

import json
from typing import Any

from functions.search_articles.app import handler
from tests.factories import Context, request


def search(status: int = 200, path: str = "/api/search", **query: Any) -> dict[str, Any]:
    """Return the body of a response."""
    answer = handler(request(path, query), Context())
    assert answer["statusCode"] == status, answer
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def found(q: str, **query: Any) -> list[str]:
    """Return the slugs of the results."""
    return [item["slug"] for item in search(q=q, **query)["items"]]
