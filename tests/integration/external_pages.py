"""Pages of other sites: their files, and looking them up as they do themselves."""

from pathlib import Path
from typing import Any

from functions.fetch_articles import app as fetch_articles
from tests.factories import request
from tests.integration.handlers import call


def slug_at(url: str = "", **query: str) -> Any:
    """Return the slug that `GET /api/paths` has for a URL or other parameters; otherwise the status."""
    answer = call(fetch_articles.handler, request("/api/paths", {"url": url, **query} if url else query))
    return answer.json["slug"] if answer.status == 200 else answer.status


def page(title: str = "Title", text: str = "Some text.", head: str = "") -> str:
    """Return a page of a site."""
    return f'<html lang="en"><meta charset="utf-8"><title>{title}</title>{head}<main><p>{text}</p></main>'


def write(site: Path, name: str, markup: str | bytes) -> None:
    """Write a file into the folder of a site."""
    path = site / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(markup if isinstance(markup, bytes) else markup.encode())
