"""Write ``docs/openapi.json``: the schemas of all functions' handlers, merged into one document."""

import importlib
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi import params
from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer
from pydantic import TypeAdapter

import kolom
from kolom.http.api import TIME_ZONE_HEADER, Api
from kolom.http.errors import PROBLEM, Problem
from kolom.http.parameters import Body, Query, unwrap
from kolom.json_input import MAX_DEPTH
from kolom.submissions.idempotency import IDEMPOTENCY_HEADER, KEY_HOURS, MAX_KEY_CHARACTERS

FUNCTIONS = Path(__file__).parents[2] / "functions"

_DESCRIPTION: Final = (
    "The dynamic part of a blog: articles, search, comments and a contact form. Errors are `application/problem+json`, "
    'except those of the API gateway itself (413, 429, 500 and 503), whose body is `{"message": "…"}`. A POST may also '
    "be sent by a plain HTML form (`application/x-www-form-urlencoded` or `multipart/form-data`); the response is then "
    "a page or a redirect."
)
_TAGS: Final = {
    "articles": "Published articles, their labels and archive",
    "search": "Full-text search",
    "comments": "Reading, posting and editing comments on articles",
    "contact": "Messages to the owner of the site",
    "service": "The health of the service",
}
_EDIT_TOKEN: Final = HTTPBearer(
    description="The `edit_token` of a comment. It allows changes to that comment for some minutes. With a new "
    "comment, it identifies an author who was approved before."
)
_MEANINGS: Final[Mapping[str, str]] = {
    "200": "Success",
    "201": "Accepted and stored",
    "204": "Success, without content",
    "301": "Moved permanently to the URL in `Location`",
    "304": "Not modified: the `ETag` in `If-None-Match` is still current",
    "400": f"The body is neither valid JSON nor a valid form, or is nested deeper than {MAX_DEPTH} levels, or the "
    "cursor is not one of this list",
    "401": "The edit token is missing, or was not issued by this site",
    "403": "A page of another website sent the request, which the site does not allow (`Origin`, `Sec-Fetch-Site`); or "
    "the edit token is for another comment, or the time for changes is over",
    "404": "Not found, or not published",
    "409": "The article is closed for comments",
    "410": "Deleted",
    "413": "The body is larger than 64 KiB",
    "415": "The body is not JSON (or, in a POST, a form)",
    "422": "A parameter or field is invalid or unknown; `errors` lists each with the reason. Form tokens must have "
    "been issued by this site, `parent_id` must be the id of an approved comment, an email address must be at a public "
    f"domain, and an `{IDEMPOTENCY_HEADER}` must not have been used for a different request",
    "429": "The rate limit is exceeded; `Retry-After` says when to retry",
    "500": "Internal server error; it has been logged",
    "503": "The service is temporarily unavailable; a change may or may not have been made",
}
_RETRY: Final = {
    "Retry-After": {"description": "The number of seconds after which to retry", "schema": {"type": "integer"}}
}
_ZONE: Final = {
    TIME_ZONE_HEADER: {
        "description": "The site's time zone (an IANA name), in which its pages show dates",
        "schema": {"type": "string"},
    }
}
_HEADERS: Final[Mapping[str, Any]] = {
    "200": {"ETag": {"description": "A strong validator (only of GET)", "schema": {"type": "string"}}, **_ZONE},
    "201": _ZONE,
    "301": {"Location": {"description": "The new URL", "schema": {"type": "string", "format": "uri-reference"}}},
    "401": {"WWW-Authenticate": {"description": "The scheme: `Bearer`", "schema": {"type": "string"}}},
    "429": _RETRY,
    "503": _RETRY,
}
_IDEMPOTENCY_KEY: Final = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "required": False,
    "description": f"For {KEY_HOURS} hours, a request with the same key gets the response of the first one",
    # The pattern has no outer spaces, because HTTP strips them from header values.
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


def document() -> str:
    """Return the document as JSON with a final line break. It is deterministic for the same handlers."""
    merge = OpenAPIMerge(title="Kolom", version=kolom.__version__, description=_DESCRIPTION, on_conflict="error")
    for path in sorted(FUNCTIONS.glob("*/app.py")):
        api = getattr(importlib.import_module(f"functions.{path.parent.name}.app"), "api", None)
        if isinstance(api, Api):
            schema = _documented(api).get_openapi_json_schema(
                title="Kolom", version=kolom.__version__, security_schemes={"editToken": _EDIT_TOKEN}
            )
            merge.add_schema(json.loads(schema))
    return json.dumps(_completed(merge.get_openapi_schema()), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _documented(api: Api) -> APIGatewayHttpResolver:
    """Return a resolver of Powertools with the operations of ``api``, which generates the document."""
    resolver = APIGatewayHttpResolver(
        enable_validation=True, response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR
    )
    for handler, arguments, options in api.operations:
        resolver.route(*arguments, **options)(_with_powertools_annotations(handler))
    return resolver


def _with_powertools_annotations(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with the signature of ``handler``, in which Powertools finds its own annotations."""

    @wraps(handler)
    def documented(**_: Any) -> None:
        """Do nothing: only the signature is read."""

    signature = inspect.signature(handler)
    parameters = [
        parameter.replace(annotation=_powertools_annotation(parameter.annotation))
        for parameter in signature.parameters.values()
    ]
    vars(documented)["__signature__"] = signature.replace(parameters=parameters)
    return documented


def _powertools_annotation(annotation: Any) -> Any:
    for source in unwrap(annotation)[1]:
        if isinstance(source, Query):
            return Annotated[annotation, params.Query(description=source.description, alias=source.alias)]
        if isinstance(source, Body):
            return Annotated[annotation, params.Body()]
    return annotation


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with the responses that all operations share, in place of Powertools' own validation errors."""
    for path in schema["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    schema["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    for name in _bodies(schema):
        # Fields that begin with `_` are ignored, and others that the schema does not list are refused.
        schemas[name] |= {"additionalProperties": False, "patternProperties": {"^_": {}}}
    return schema


def _bodies(schema: Mapping[str, Any]) -> set[str]:
    """Return the names of the schemas of request bodies."""
    return {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for path in schema["paths"].values()
        for operation in path.values()
        if "requestBody" in operation
    }


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
    """Return the schema of an optional parameter without null: in a URL, null would be the string "null"."""
    not_null = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(not_null) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **not_null[0]}


def _is_powertools_own(status: str, response: Mapping[str, Any]) -> bool:
    return status >= "400" and PROBLEM not in response["content"]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document())
