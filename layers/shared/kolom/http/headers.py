"""Reading HTTP API events of payload format 2.0. Pure."""

from collections.abc import Mapping
from typing import Any


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """The request's headers by their names in small letters, which clients write as they like (RFC 9110, 5.1)."""
    return {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}


def header(event: Mapping[str, Any], name: str) -> str | None:
    """The value of a request's header, None without it."""
    return headers_of(event).get(name)
