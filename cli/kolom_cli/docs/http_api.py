"""Generate the reference of the HTTP API from ``docs/openapi.json`` and the requests in ``events/``.

The document comes from ``kolom_cli.openapi``. This module supports only the part of JSON Schema that the document uses.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from kolom_cli.docs.markdown import code, fenced, table

_PROJECT: Final = Path(__file__).parents[3]
OPENAPI: Final = _PROJECT / "docs" / "openapi.json"
EVENTS: Final = _PROJECT / "events"
SITE: Final = "https://blog.example.com"

type Json = Mapping[str, Any]

_FORMAT_EXAMPLES: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T08:30:00Z",
    "email": "reader@example.com",
    "uri": f"{SITE}/",
    "uri-reference": "/",
}
_REF: Final = "#/components/schemas/"
# A longer regular expression, such as one of all visible characters, does not help a reader.
_PATTERN_LIMIT: Final = 60


def render_reference(openapi: Path = OPENAPI, events: Path = EVENTS) -> str:
    """Return the reference as Markdown: operations by tag, then the schemas. Headings begin at the second level."""
    document = json.loads(openapi.read_text("utf-8"))
    return "\n".join(_Page(document, requests(events)).sections())


def requests(events: Path = EVENTS) -> dict[str, Json]:
    """Return the first API Gateway event of each route, by ``METHOD /path``."""
    found: dict[str, Json] = {}
    for path in sorted(events.glob("*/*.json")):
        event = json.loads(path.read_text("utf-8"))
        if "routeKey" in event:
            found.setdefault(event["routeKey"], event)
    return found


def curl(event: Json) -> str:
    """Return the command that sends the request of an API Gateway event."""
    method = event["requestContext"]["http"]["method"]
    query = event.get("rawQueryString")
    words = [["curl", SITE + event["rawPath"] + (f"?{query}" if query else "")]]
    if method not in {"GET", "POST"}:
        words.append(["--request", method])
    headers = {name.lower(): value for name, value in event["headers"].items()}
    if "authorization" in headers:
        words.append(["--header", "Authorization: Bearer EDIT_TOKEN"])
    if "idempotency-key" in headers:
        words.append(["--header", f"Idempotency-Key: {headers['idempotency-key']}"])
    if event.get("body"):
        words.append(["--json", _json(json.loads(event["body"]))])
    return " \\\n  ".join(shlex.join(each) for each in words)


def example(schema: Json, schemas: Mapping[str, Json]) -> Any:
    """Return a valid value of the schema: its own example, default or first choice, or one generated for its type."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].removeprefix(_REF)], schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(_choices(schema)[0], schemas)
    return _example_of_type(schema, schemas)


def _example_of_type(schema: Json, schemas: Mapping[str, Json]) -> Any:
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {name: example(each, schemas) for name, each in schema["properties"].items()}
        case "object":
            value = schema.get("additionalProperties")
            return {"…": example(value, schemas)} if isinstance(value, Mapping) else {}
        case "array":
            return [example(schema["items"], schemas)]
        case "integer" | "number":
            return int(schema.get("minimum", 1))
        case "boolean":
            return False
        case "string":
            return _FORMAT_EXAMPLES.get(schema.get("format", ""), "…")
        case kind:
            raise ValueError(f"no example for the type {kind!r}: {schema}")


def type_of(schema: Json) -> str:
    """Return the type of a schema with its limits, as Markdown: ``string or null, at most 80 characters``."""
    choices = _choices(schema)
    kinds = " or ".join(_kind(each) for each in choices)
    return ", ".join([kinds, *(limit for each in choices for limit in _limits(each))])


def _choices(schema: Json) -> list[Json]:
    """Return the alternatives of ``anyOf``, each with the type beside ``anyOf``, or else the schema itself."""
    if "anyOf" not in schema:
        return [schema]
    shared = {"type": schema["type"]} if "type" in schema else {}
    return [{**shared, **each} for each in schema["anyOf"]]


def _kind(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        return f"[{name}](#{_anchor(name)})"
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return " or ".join(code(json.dumps(value)) for value in schema["enum"])
    kind: str = schema["type"]
    if kind == "array":
        return f"array of {type_of(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {type_of(schema['additionalProperties'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _limits(schema: Json) -> Iterator[str]:
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " character"),
        ("minItems", "maxItems", " item"),
    ):
        low, high = schema.get(least), schema.get(most)
        if low is not None and high is not None:
            yield f"{low:g} to {_amount(high, unit)}"
        elif low is not None:
            yield f"at least {_amount(low, unit)}"
        elif high is not None:
            yield f"at most {_amount(high, unit)}"
    if "pattern" in schema:
        pattern = schema["pattern"]
        short = len(pattern) <= _PATTERN_LIMIT and pattern.isprintable()
        yield f"matches {code(pattern)}" if short else "matches its pattern in the OpenAPI document"


def _amount(number: float, unit: str) -> str:
    return f"{number:g}{unit}{'s' if unit and number != 1 else ''}"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _anchor(schema_name: str) -> str:
    return f"schema-{schema_name.lower()}"


def _sentence(text: str) -> str:
    """Return a description as one paragraph that ends with a period."""
    joined = " ".join(text.split())
    return joined if joined.endswith((".", "!", "?")) else f"{joined}."


class _Page:
    """The sections of the page for one OpenAPI document."""

    def __init__(self, document: Json, events: Mapping[str, Json]) -> None:
        self._document = document
        self._events = events
        self._schemas: Mapping[str, Json] = document["components"]["schemas"]

    def sections(self) -> Iterator[str]:
        yield _sentence(self._document["info"]["description"]) + "\n"
        yield from self._authentication()
        for tag in self._document["tags"]:
            yield f"## {tag['name'].capitalize()}\n"
            yield f"{_sentence(tag['description'])}\n"
            for path, operations in self._document["paths"].items():
                for method, operation in operations.items():
                    if tag["name"] in operation["tags"]:
                        yield from self._operation(method.upper(), path, operation)
        yield "## Schemas\n"
        for name, schema in self._schemas.items():
            yield from self._schema(name, schema)

    def _authentication(self) -> Iterator[str]:
        yield "## Authentication\n"
        for name, scheme in self._document["components"].get("securitySchemes", {}).items():
            header = code(f"Authorization: {scheme['scheme'].capitalize()} …")
            yield f"- {code(name)}: the header {header}. {_sentence(scheme['description'])}\n"

    def _operation(self, method: str, path: str, operation: Json) -> Iterator[str]:
        yield f"### {operation['summary']}\n"
        yield fenced("text", f"{method} {path}")
        if "description" in operation:
            yield f"{operation['description']}\n"
        if operation.get("security"):
            names = [code(name) for each in operation["security"] for name in each]
            need = "is optional" if {} in operation["security"] else "is required"
            yield f"Authentication by {' or '.join(names)} {need}.\n"
        if operation.get("parameters"):
            yield "**Parameters**\n"
            yield "".join(_field(each["name"], each["schema"], each) for each in operation["parameters"])
        if "requestBody" in operation:
            for media_type, content in operation["requestBody"]["content"].items():
                yield f"**Body**: {type_of(content['schema'])} as {code(media_type)}\n"
        if event := self._events.get(f"{method} {path}"):
            yield "**Example request**\n"
            yield fenced("sh", curl(event))
        yield from self._responses(operation["responses"])

    def _responses(self, responses: Mapping[str, Json]) -> Iterator[str]:
        for status, response in responses.items():
            if status.startswith("2"):
                for content in response.get("content", {}).values():
                    yield "**Example response**\n"
                    yield fenced("json", _json(example(content["schema"], self._schemas)))
        yield "**Responses**\n"
        yield table(
            ["status", "body", "meaning"],
            ([code(status), _bodies(response), _meaning(response)] for status, response in responses.items()),
        )

    def _schema(self, name: str, schema: Json) -> Iterator[str]:
        yield f"({_anchor(name)})=\n### {name}\n"
        if "description" in schema:
            yield f"{schema['description']}\n"
        if "properties" not in schema:
            yield f"{type_of(schema)}\n"
            return
        required = schema.get("required", ())
        yield "".join(
            _field(field, each, {**each, "required": field in required}) for field, each in schema["properties"].items()
        )


def _field(name: str, schema: Json, about: Json) -> str:
    """Return the line for a parameter or a field; ``about`` has its location, its description, and ``required``."""
    parts = [f"in the {about['in']}"] if "in" in about else []
    parts.append(type_of(schema))
    if about.get("required"):
        parts.append("required")
    elif schema.get("default") is not None:
        parts.append(f"default {code(json.dumps(schema['default']))}")
    text = f" {_sentence(about['description'])}" if about.get("description") else ""
    return f"- {code(name)}: {', '.join(parts)}.{text}\n"


def _bodies(response: Json) -> str:
    contents = response.get("content", {}).values()
    return ", ".join(type_of(content["schema"]) for content in contents)


def _meaning(response: Json) -> str:
    headers = [
        f"{code(name)}: {header['description'][0].lower()}{header['description'][1:]}."
        for name, header in response.get("headers", {}).items()
    ]
    return " ".join([_sentence(response["description"]), *headers])
