"""``docs/openapi.json`` says what the handlers do, no more and no less."""

import json
from pathlib import Path

from kolom_cli.openapi import document
from kolom_cli.template import Template

PUBLISHED = Path(__file__).parents[3] / "docs/openapi.json"


def test_the_document_is_what_the_handlers_say() -> None:
    """`make openapi` writes it anew."""
    assert PUBLISHED.read_text() == document()


def test_every_documented_path_is_a_route_and_the_other_way_round(template: Template) -> None:
    documented = {
        (method.upper(), path) for path, operations in json.loads(document())["paths"].items() for method in operations
    }
    pages = ("/api/moderation/", "/api/subscription/")
    assert documented == {
        (route.method, route.path)
        for route in template.routes
        if route.path.startswith("/api/") and not route.path.startswith(pages)
    }


def test_every_operation_tells_of_problems() -> None:
    for operations in json.loads(document())["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
