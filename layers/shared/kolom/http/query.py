"""Read the query of HTTP API events (payload format 2.0) without validation. Pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from kolom.errors import FieldError, InvalidInput


def parse_query(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values of each query parameter, including empty ones."""
    return parse_qs(event["rawQueryString"], keep_blank_values=True)


def query_value(event: Mapping[str, Any], name: str) -> str | None:
    """Return the value of a query parameter, or None.

    :raises InvalidInput: the query has the parameter more than once
    """
    values = parse_query(event).get(name, [])
    if len(values) > 1:
        raise InvalidInput(FieldError(name, f"only one value is allowed, got {len(values)}"))
    return values[0] if values else None
