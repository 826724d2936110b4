"""``docs/openapi.json`` says what the handlers do, no more and no less."""

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
    """The document as the handlers say it now."""
    parsed: dict[str, Any] = json.loads(document())
    return parsed


def operations(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All operations by method and path."""
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def parameter(operation: dict[str, Any], name: str) -> dict[str, Any]:
    """The schema of a parameter."""
    (found,) = (each["schema"] for each in operation["parameters"] if each["name"] == name)
    schema: dict[str, Any] = found
    return schema


def test_the_document_is_what_the_handlers_say() -> None:
    """`make openapi` writes it anew."""
    assert PUBLISHED.read_text() == document()


def test_the_document_is_valid_openapi(api: dict[str, Any]) -> None:
    """References that lead nowhere are among what the validator finds."""
    validate(api)


def test_every_documented_path_is_a_route_and_the_other_way_round(template: Template, api: dict[str, Any]) -> None:
    pages = ("/api/moderation/", "/api/subscription/")
    assert {name for name, _ in operations(api)} == {
        f"{route.method} {route.path}"
        for route in template.routes
        if route.path.startswith("/api/") and not route.path.startswith(pages)
    }


def test_every_component_is_referred_to(api: dict[str, Any]) -> None:
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(api)))
    assert set(api["components"]["schemas"]) == referred


def test_every_operation_is_named_and_grouped(api: dict[str, Any]) -> None:
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


def test_what_asks_to_wait_says_for_how_long(api: dict[str, Any]) -> None:
    for name, operation in operations(api):
        for status in {"429", "503"} & set(operation["responses"]):
            assert "Retry-After" in operation["responses"][status]["headers"], (name, status)


def test_the_author_of_a_comment_is_known_by_a_bearer_token(api: dict[str, Any]) -> None:
    comment = api["paths"]["/api/articles/{slug}/comments/{comment_id}"]
    assert api["components"]["securitySchemes"]["editToken"]["scheme"] == "bearer"
    assert comment["patch"]["security"] == comment["delete"]["security"] == [{"editToken": []}]
    assert api["paths"]["/api/articles/{slug}/comments"]["post"]["security"] == [{}, {"editToken": []}]


@pytest.mark.parametrize("path", ["/api/articles/{slug}/comments", "/api/contact"])
def test_a_post_may_have_an_idempotency_key(api: dict[str, Any], path: str) -> None:
    key = parameter(api["paths"][path]["post"], "Idempotency-Key")
    assert (key["minLength"], key["maxLength"]) == (1, 255)


def test_a_parameter_says_what_it_may_be(api: dict[str, Any]) -> None:
    search = api["paths"]["/api/search"]["get"]
    for name in ("from", "to"):
        assert parameter(search, name)["anyOf"] == [{"format": "date"}, {"format": "date-time"}]
    assert parameter(search, "cursor")["pattern"] == "^[A-Za-z0-9_-]+$"
    assert parameter(api["paths"]["/api/comments/counts"]["get"], "slug")["maxItems"] == 50
    for name, operation in operations(api):
        for each in operation.get("parameters", ()):
            assert '"null"' not in json.dumps(each["schema"]), (name, each["name"])


@pytest.mark.parametrize(("schema", "field"), [("CommentIn", "name"), ("CommentIn", "content"), ("EditIn", "content")])
def test_a_text_must_have_something_that_can_be_seen(api: dict[str, Any], schema: str, field: str) -> None:
    described = api["components"]["schemas"][schema]["properties"][field]
    assert described["minLength"] == 1
    assert [bool(re.search(described["pattern"], text)) for text in ("Budi", "李", "👍", " ", "\u200b", "\u0301")] == [
        *(True, True, True),
        *(False, False, False),
    ]


def test_an_address_is_an_email_address(api: dict[str, Any]) -> None:
    assert api["components"]["schemas"]["MessageIn"]["properties"]["email"]["format"] == "email"
