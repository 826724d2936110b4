"""Read the headers of HTTP API events (payload format 2.0). Pure."""

from collections.abc import Mapping
from typing import Any


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the request's headers with their names in lower case. Names are case-insensitive (RFC 9110, 5.1)."""
    return {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}


def header(event: Mapping[str, Any], name: str) -> str | None:
    """Return the value of a request header, or None. ``name`` must be in lower case."""
    return headers_of(event).get(name)
