"""Look up the pages of other sites, as their own pages do."""

from typing import Any

from functions.fetch_articles import app as fetch_articles
from tests.factories import request
from tests.integration.handlers import call


def slug_at(url: str = "", **query: str) -> Any:
    """Return the slug that `GET /api/paths` has for a URL or other parameters; otherwise the status."""
    answer = call(fetch_articles.handler, request("/api/paths", {"url": url, **query} if url else query))
    return answer.json["slug"] if answer.status == 200 else answer.status
