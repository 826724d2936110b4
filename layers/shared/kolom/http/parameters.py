"""Types of query parameters for the OpenAPI document. Only handlers with validation load them, with pydantic."""

from typing import Annotated

from pydantic import Field

Cursor = Annotated[str, Field(json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"})]
"""A cursor; :func:`kolom.pagination.decode_cursor` validates it."""

Moment = Annotated[str, Field(json_schema_extra={"anyOf": [{"format": "date"}, {"format": "date-time"}]})]
"""A date or a time; :func:`kolom.search.date_range.parse_range` validates it."""
