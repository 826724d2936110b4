"""``docs/openapi.json`` describes exactly what the handlers do."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from kolom_cli.openapi import document
from kolom_cli.sam.model import Template
from tests.paths import PROJECT

PUBLISHED = PROJECT / "docs/openapi.json"
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    """Return the document that the handlers generate."""
    parsed: dict[str, Any] = json.loads(document())
    return parsed


def operations(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return all operations by method and path."""
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def parameter(operation: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the schema of a parameter."""
    (found,) = (each["schema"] for each in operation["parameters"] if each["name"] == name)
    schema: dict[str, Any] = found
    return schema


def test_the_document_is_up_to_date() -> None:
    """`make openapi` updates it."""
    assert PUBLISHED.read_text() == document()


def test_the_document_is_valid_openapi(api: dict[str, Any]) -> None:
    """The validator also finds dangling references."""
    validate(api)


def test_documented_paths_and_routes_are_the_same(template: Template, api: dict[str, Any]) -> None:
    pages = ("/api/moderation/", "/api/subscription/")
    assert {name for name, _ in operations(api)} == {
        f"{route.method} {route.path}"
        for route in template.routes
        if route.path.startswith("/api/") and not route.path.startswith(pages)
    }


def test_every_component_is_referenced(api: dict[str, Any]) -> None:
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(api)))
    assert set(api["components"]["schemas"]) == referred


def test_every_operation_has_an_id_and_a_tag(api: dict[str, Any]) -> None:
    known = {tag["name"] for tag in api["tags"]}
    for name, operation in operations(api):
        assert operation["operationId"], name
        assert operation["summary"], name
        assert set(operation["tags"]) <= known, name
    identifiers = [operation["operationId"] for _, operation in operations(api)]
    assert len(identifiers) == len(set(identifiers))


def test_every_error_is_a_problem_and_every_success_has_a_schema(api: dict[str, Any]) -> None:
    for name, operation in operations(api):
        assert {"500", "503"} <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            assert response["description"], (name, status)
            if status >= "400":
                assert response["content"] == PROBLEM, (name, status)
            elif status in {"200", "201"}:
                assert response["content"]["application/json"]["schema"], (name, status)
            else:
                assert "content" not in response, (name, status)


def test_rate_limit_and_unavailable_responses_document_retry_after(api: dict[str, Any]) -> None:
    for name, operation in operations(api):
        for status in {"429", "503"} & set(operation["responses"]):
            assert "Retry-After" in operation["responses"][status]["headers"], (name, status)


def test_editing_a_comment_requires_a_bearer_token(api: dict[str, Any]) -> None:
    comment = api["paths"]["/api/articles/{slug}/comments/{comment_id}"]
    assert api["components"]["securitySchemes"]["editToken"]["scheme"] == "bearer"
    assert comment["patch"]["security"] == comment["delete"]["security"] == [{"editToken": []}]
    assert api["paths"]["/api/articles/{slug}/comments"]["post"]["security"] == [{}, {"editToken": []}]


@pytest.mark.parametrize("path", ["/api/articles/{slug}/comments", "/api/contact"])
def test_post_operations_accept_an_idempotency_key(api: dict[str, Any], path: str) -> None:
    key = parameter(api["paths"][path]["post"], "Idempotency-Key")
    assert (key["minLength"], key["maxLength"]) == (1, 255)


def test_parameters_document_their_allowed_values(api: dict[str, Any]) -> None:
    search = api["paths"]["/api/search"]["get"]
    for name in ("from", "to"):
        assert parameter(search, name)["anyOf"] == [{"format": "date"}, {"format": "date-time"}]
    assert parameter(search, "cursor")["pattern"] == "^[A-Za-z0-9_-]+$"
    assert parameter(api["paths"]["/api/comments/counts"]["get"], "slug")["maxItems"] == 50
    for name, operation in operations(api):
        for each in operation.get("parameters", ()):
            assert '"null"' not in json.dumps(each["schema"]), (name, each["name"])


@pytest.mark.parametrize(("schema", "field"), [("CommentIn", "name"), ("CommentIn", "content"), ("EditIn", "content")])
def test_required_texts_document_that_they_must_not_be_blank(api: dict[str, Any], schema: str, field: str) -> None:
    described = api["components"]["schemas"][schema]["properties"][field]
    assert described["minLength"] == 1
    assert [bool(re.search(described["pattern"], text)) for text in ("Budi", "李", "👍", " ", "\u200b", "\u0301")] == [
        *(True, True, True),
        *(False, False, False),
    ]


def test_email_addresses_have_the_email_format(api: dict[str, Any]) -> None:
    assert api["components"]["schemas"]["MessageIn"]["properties"]["email"]["format"] == "email"
