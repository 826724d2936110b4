"""Each function may do exactly what it does: nothing that it needs is missing, nothing that it is granted is unused."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.fetch_articles import app as fetch_articles
from functions.index_articles import app as index_articles
from functions.preview_article import app as preview_article
from functions.release_due import app as release_due
from functions.search_articles import app as search_articles
from functions.serve_pages import app as serve_pages
from kolom import preview
from kolom.articles import publishing
from kolom.search.indexing import index
from kolom_cli.template import Template
from tests.factories import NOW, Context, content, request
from tests.integration.contracts.recorder import recorded

pytestmark = pytest.mark.usefixtures("tables")


DRAFT_ID = 5


def blog() -> None:
    """An article of every kind, so that every path through a function has something to find."""
    for number in range(3):
        publishing.publish(content(f"n{number}", labels=("News",), path=f"/2024/05/{number}.html"), now=NOW)
    publishing.publish(content("about", kind="page"), now=NOW)
    assert publishing.publish(content("draft", draft=True), now=NOW).article.id == DRAFT_ID
    publishing.publish(content("new", labels=("News",)), now=NOW, article_id=1, expected_version=1)
    publishing.publish(content("gone"), now=NOW)
    publishing.delete("gone", now=NOW)
    soon = datetime.now(UTC) + timedelta(hours=1)
    publishing.publish(content("soon", labels=("News",), published_at=soon), now=soon - timedelta(hours=9))


def use_fetch_articles() -> None:
    for path, query in [
        ("/api/health", ""),
        *(
            ("/api/articles", query)
            for query in ("", "label=News", "year=2026", "year=2026&month=2", "label=News&year=2026")
        ),
        *((f"/api/articles/{slug}", "") for slug in ("new", "n0", "n1", "about", "gone", "draft", "none")),
        ("/api/labels", ""),
        ("/api/archive", ""),
        *(("/api/paths", f"path={path}") for path in ("/2024/05/1.html", "/n2/", "/none")),
    ]:
        fetch_articles.handler(request(path, query), Context())


def use_serve_pages() -> None:
    for path in (
        *("/", "/new/", "/n0/", "/n1", "/n1/", "/2024/05/1.html", "/about/", "/gone/", "/none/", "/draft/", "/api/x"),
        *("/label/News/", "/labels/", "/archive/", "/2026/", "/2026/02/"),
    ):
        serve_pages.handler(request(path), Context())


def use_preview_article() -> None:
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    token = preview.sign(DRAFT_ID, preview.secret(), expires_at=expires_at)
    for path in (f"/preview/{token}", "/preview/none"):
        preview_article.handler(request(path), Context())


def use_release_due(monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(release_due, "datetime", SimpleNamespace(now=lambda _: tomorrow))
    release_due.handler({}, Context())


def stream_event(*article_ids: int) -> dict[str, Any]:
    """Records of the stream, one for each article."""
    return {
        "Records": [
            {"dynamodb": {"Keys": {"key": {"S": str(each)}, "part": {"S": "card"}}, "SequenceNumber": str(number)}}
            for number, each in enumerate(article_ids)
        ]
    }


def use_index_articles() -> None:
    index_articles.handler(stream_event(1, 2, 3, 4, 5, 6, 7), Context())


def use_search_articles() -> None:
    for path, query in [
        *(("/api/search", f"q={query}") for query in ("body", '"the body" -n0', "bodyy+strategi", "none", "")),
        ("/api/search", "q=body&label=News&language=en&from=2026-01-01"),
        *(("/api/search/suggest", f"q={query}") for query in ("bo", "the body o", "")),
        *((f"/api/articles/{slug}/related", "") for slug in ("new", "n0", "gone", "draft", "none", "about")),
    ]:
        search_articles.handler(request(path, query), Context())


@pytest.fixture
def uses(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], None]]:
    """How to lead each function along all of its paths."""
    return {
        "fetch_articles": use_fetch_articles,
        "serve_pages": use_serve_pages,
        "preview_article": use_preview_article,
        "index_articles": use_index_articles,
        "search_articles": use_search_articles,
        "release_due": lambda: use_release_due(monkeypatch),
    }


def granted(template: Template, function: str) -> set[tuple[str, str]]:
    """What the template lets the function do to DynamoDB: pairs of an action and a table or an index."""
    return {
        (action, resource.split(":table/")[1])
        for statement in template.functions[function].policies
        for action in statement.actions
        for resource in statement.resources
        if action.startswith("dynamodb:") and ":table/" in resource
    }


@pytest.mark.parametrize("function", [path.parent.name for path in sorted(Path("functions").glob("*/app.py"))])
def test_a_function_uses_exactly_what_it_is_granted(
    function: str, template: Template, uses: dict[str, Callable[[], None]], secret: str
) -> None:
    blog()
    if function == "search_articles":
        index(range(1, 8))
    if function == "index_articles":
        index((2, 3))
        publishing.publish(content("n1", html="<p>other words</p>"), now=NOW, force=True)
        publishing.unpublish("n2", now=NOW)
    with recorded() as operations:
        uses[function]()
    assert set(operations) == granted(template, function)


def test_nothing_is_granted_by_a_pattern(template: Template) -> None:
    for function in template.functions.values():
        for statement in function.policies:
            assert not [text for text in (*statement.actions, *statement.resources) if "*" in text]


def test_no_function_may_scan(template: Template) -> None:
    actions = json.dumps([statement.actions for f in template.functions.values() for statement in f.policies])
    assert "Scan" not in actions


def test_only_previews_may_read_the_secret(template: Template) -> None:
    readers = [
        name
        for name, function in template.functions.items()
        if any("secretsmanager:GetSecretValue" in statement.actions for statement in function.policies)
    ]
    assert readers == ["preview_article"]
