"""Writes ``docs/openapi.json``: what the functions' handlers say of themselves, merged into one document."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge

import kolom
from kolom.http import PROBLEM, Api, Problem

FUNCTIONS = Path(__file__).parents[2] / "functions"


def document() -> str:
    """The document as JSON, ending in a line break: the same for the same handlers."""
    merge = OpenAPIMerge(
        title="Kolom",
        version=kolom.__version__,
        description="The living half of a blog: articles, search, comments, contact form.",
        on_conflict="error",
    )
    for path in sorted(FUNCTIONS.glob("*/app.py")):
        api = getattr(importlib.import_module(f"functions.{path.parent.name}.app"), "api", None)
        if isinstance(api, Api):
            merge.add_schema(json.loads(api.get_openapi_json_schema(title="Kolom", version=kolom.__version__)))
    return json.dumps(_with_problems(merge.get_openapi_schema()), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    """Describe every error as the problem that it is, in place of Powertools' own validation error."""
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    for path in schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {
                "description": "A problem (RFC 9457)",
                "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
    return schema


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document())
