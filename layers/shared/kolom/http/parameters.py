"""Read the parameters and the body of a request, as the signature of its handler declares them.

A parameter with a :class:`Query` is one of the query; a parameter with a :class:`Body` is the body, a dataclass with
the fields of a JSON object. All others are of the path. The type of a value has its check as metadata
(:mod:`kolom.validation`). The command line generates the OpenAPI document from the same signatures
(``kolom_cli.openapi``).
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

from kolom.errors import FieldError, InvalidInput
from kolom.http.query import parse_query
from kolom.pagination import MAX_LIMIT
from kolom.validation import Integer, Text, parse_choice, parse_flag


class Query:
    """A parameter of the query: a string, a whole number, a choice (``Literal``), or a list of strings.

    ``alias`` is its name in the query if that is a keyword of Python. The strings of a list may be repeated, and with
    ``is_separated`` also separated by commas.
    """

    def __init__(self, description: str | None = None, *, alias: str | None = None, is_separated: bool = True) -> None:
        self.description = description
        self.alias = alias
        self.is_separated = is_separated


class Body:
    """The body of a request: a dataclass whose fields are strings, optional strings and flags."""


Limit = Annotated[int, Integer(minimum=1, maximum=MAX_LIMIT), Query()]
"""The maximum number of items on a page."""

Cursor = Annotated[str | None, Text(pattern="^[A-Za-z0-9_-]+$"), Query("`next_cursor` of the previous page")]
"""A cursor; :func:`kolom.pagination.decode_cursor` validates it."""

Moment = Annotated[str | None, Text(anyOf=[{"format": "date"}, {"format": "date-time"}])]
"""A date or a time; :func:`kolom.search.date_range.parse_range` validates it."""


class InvalidRequest(InvalidInput):
    """A parameter or a field of the body is missing, unknown or invalid."""

    def __str__(self) -> str:
        """Return the same text for all requests; ``errors`` has the details."""
        return "request validation failed"


def read_arguments(
    handler: Callable[..., Any], event: Mapping[str, Any], body: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the arguments of a handler from the query of its request and from the fields of its body.

    :raises InvalidRequest: one of them is missing or invalid, or the body has an unknown field
    """
    arguments: dict[str, Any] = {}
    errors: list[FieldError] = []
    declared = _declarations_of(handler)
    query = parse_query(event) if declared else {}
    for name, kind, check, source, is_required in declared:
        if isinstance(source, Body):
            arguments[name] = _read_body(kind, body, errors)
            continue
        key = source.alias or name
        if key in query:
            try:
                arguments[name] = _parse_query(query[key], kind, check, is_separated=source.is_separated)
            except ValueError as error:
                errors.append(FieldError(key, str(error)))
        elif is_required:
            errors.append(FieldError(key, "is required"))
    if errors:
        raise InvalidRequest(*errors)
    return arguments


def unwrap(annotation: Any) -> tuple[Any, list[Any], bool]:
    """Return the type of an annotation without its metadata and None; the metadata; and whether it allows None."""
    metadata: list[Any] = []
    is_optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            metadata += annotation.__metadata__
            annotation = annotation.__origin__
        elif origin in {Union, UnionType}:
            is_optional = True
            (annotation,) = (each for each in get_args(annotation) if each is not NoneType)
        elif isinstance(annotation, TypeAliasType):
            annotation = annotation.__value__
        else:
            return annotation, metadata, is_optional


@cache
def _declarations_of(handler: Callable[..., Any]) -> Sequence[tuple[str, Any, Text | Integer, Query | Body, bool]]:
    """Return the parameters that are not of the path: name, type, check, source, and whether it is required."""
    found: list[tuple[str, Any, Text | Integer, Query | Body, bool]] = []
    for name, parameter in inspect.signature(handler).parameters.items():
        kind, metadata, _ = unwrap(parameter.annotation)
        found += [
            (name, kind, _check_of(metadata), source, parameter.default is parameter.empty)
            for source in metadata
            if isinstance(source, (Query, Body))
        ]
    return found


def _parse_query(values: Sequence[str], kind: Any, check: Text | Integer, *, is_separated: bool) -> Any:
    """Return the value of a parameter.

    :raises ValueError: it is invalid
    """
    if get_origin(kind) is list:
        return [check.parse(part) for value in values for part in (value.split(",") if is_separated else [value])]
    value = values[0] if len(values) == 1 else values
    if get_origin(kind) is Literal:
        return parse_choice(value, get_args(kind))
    return check.parse(value)


def _read_body(kind: Any, body: Mapping[str, Any] | None, errors: list[FieldError]) -> Any:
    """Return the dataclass with the fields of a body; None after adding ``errors``.

    Nothing that a client sends is dropped silently, except for names that begin with ``_``, such as ``_charset_`` of
    browsers.
    """
    if body is None:
        errors.append(FieldError("body", "is required"))
        return None
    known = {field.name: field for field in fields(kind)}
    values: dict[str, Any] = {}
    found = []
    for name, field in known.items():
        if name in body:
            try:
                values[name] = _parse_field(body[name], field.type)
            except ValueError as error:
                found.append(FieldError(name, str(error)))
        elif field.default is MISSING:
            found.append(FieldError(name, "is required"))
    found += [
        FieldError(name, "is unknown: remove it, or begin its name with _ to have it ignored")
        for name in body
        if name not in known and not name.startswith("_")
    ]
    errors += found
    return None if found else kind(**values)


def _parse_field(value: object, annotation: Any) -> Any:
    """Return the value of a field of a body.

    :raises ValueError: it is invalid
    """
    kind, metadata, is_optional = unwrap(annotation)
    if kind is bool:
        return parse_flag(value)
    check = _check_of(metadata)
    return check.parse_optional(value) if is_optional and isinstance(check, Text) else check.parse(value)


def _check_of(metadata: Sequence[Any]) -> Text | Integer:
    return next((each for each in metadata if isinstance(each, (Text, Integer))), _PLAIN)


_PLAIN = Text()
