"""Writes ``docs/openapi.json``: what the functions' handlers say of themselves, merged into one document."""

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

import kolom
from kolom.http.api import Api
from kolom.http.errors import PROBLEM, Problem
from kolom.json_input import MAX_DEPTH
from kolom.submissions.idempotency import IDEMPOTENCY_HEADER, KEY_HOURS, MAX_KEY_CHARACTERS

FUNCTIONS = Path(__file__).parents[2] / "functions"

_DESCRIPTION: Final = (
    "The dynamic part of a blog: articles, search, comments, contact form. The gateway before it answers 413, 429, 500 "
    'and 503 of its own, which are no problems but `{"message": "…"}`. A POST may also be sent by a plain HTML form '
    "(`application/x-www-form-urlencoded` or `multipart/form-data`), which is answered by a page or a redirect."
)
_TAGS: Final = {
    "articles": "What is published",
    "search": "Full text",
    "comments": "What readers write below the articles",
    "contact": "What readers write to the site's owner",
    "service": "Whether all of it runs",
}
_EDIT_TOKEN: Final = HTTPBearer(
    description="The `edit_token` of a comment. It changes that comment for some minutes; with a new comment it "
    "proves an author who was approved before."
)
_MEANINGS: Final[Mapping[str, str]] = {
    "200": "What was asked for",
    "201": "Accepted and stored",
    "204": "Done",
    "301": "It has another address now: `Location`",
    "304": "Nothing has changed since the answer whose `ETag` is in `If-None-Match`",
    "400": f"The body is not JSON, is nested deeper than {MAX_DEPTH} levels, or the cursor is not one of this list",
    "404": "There is none that is published",
    "409": "The article takes no more comments",
    "410": "It was deleted",
    "413": "The body has more than 64 KiB",
    "415": "The body is neither JSON nor a form",
    "422": "`errors` names the parameters and fields that are not acceptable, and says why. Tokens must be of this "
    "site, `parent_id` of an approved comment, an e-mail address at a public domain, and an "
    f"`{IDEMPOTENCY_HEADER}` must not have been used for something else",
    "429": "Too much was sent in a short time",
    "500": "A fault of the site, which has been recorded",
    "503": "The site cannot answer at the moment; nothing is known to be changed",
}
_RETRY: Final = {"Retry-After": {"description": "In how many seconds to try again", "schema": {"type": "integer"}}}
_HEADERS: Final[Mapping[str, Any]] = {
    "200": {"ETag": {"description": "A strong validator (of GET)", "schema": {"type": "string"}}},
    "301": {"Location": {"description": "Where it is", "schema": {"type": "string", "format": "uri-reference"}}},
    "429": _RETRY,
    "503": _RETRY,
}
_IDEMPOTENCY_KEY: Final = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "required": False,
    "description": f"For {KEY_HOURS} hours the same key means the same request, which is answered as the first one was",
    # Of spaces around it, HTTP knows nothing.
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


def document() -> str:
    """The document as JSON, ending in a line break: the same for the same handlers."""
    merge = OpenAPIMerge(title="Kolom", version=kolom.__version__, description=_DESCRIPTION, on_conflict="error")
    for path in sorted(FUNCTIONS.glob("*/app.py")):
        api = getattr(importlib.import_module(f"functions.{path.parent.name}.app"), "api", None)
        if isinstance(api, Api):
            schema = api.get_openapi_json_schema(
                title="Kolom", version=kolom.__version__, security_schemes={"editToken": _EDIT_TOKEN}
            )
            merge.add_schema(json.loads(schema))
    return json.dumps(_completed(merge.get_openapi_schema()), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    """Say what is true of every operation, in place of Powertools' own validation errors."""
    for path in schema["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    schema["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    return schema


def _complete(method: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
    responses = operation["responses"]
    for status in [status for status, response in responses.items() if _is_powertools_own(status, response)]:
        del responses[status]
    if method == "get":
        responses["304"] = {}
    for status in ("500", "503"):
        responses[status] = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, response in responses.items():
        response["description"] = _MEANINGS[status]
        if status in _HEADERS and (status != "200" or method == "get"):
            response["headers"] = _HEADERS[status]
        if not response.get("content"):
            response.pop("content", None)
    if method == "post":
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that may be missing: in an address, null would be the word "null"."""
    possible = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(possible) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **possible[0]}


def _is_powertools_own(status: str, response: Mapping[str, Any]) -> bool:
    return status >= "400" and PROBLEM not in response["content"]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document())
