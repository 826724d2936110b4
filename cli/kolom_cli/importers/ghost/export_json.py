"""Read the JSON export of Ghost: its tables as a stream of rows.

The tables are those of ``ghost/core/core/server/data/schema/schema.js``. Ghost writes them as
``{"db": [{"meta": …, "data": {"posts": [{…}], …}}]}``, and earlier versions as ``{"meta": …, "data": …}``.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from kolom_cli.importers.common import json_stream
from kolom_cli.importers.common.dates import parse_iso_datetime, to_utc
from kolom_cli.importers.common.types import SourceError

TABLES: Final = frozenset(
    ("comments", "members", "posts", "posts_authors", "posts_meta", "posts_tags", "settings", "tags", "users")
)
"""The tables that are read."""

_ZIP: Final = b"PK\x03\x04"

type TableRow = tuple[str, dict[str, Any]]
"""The name of a table, and one of its rows."""


def read_rows(path: Path) -> Iterator[TableRow]:
    """Yield the rows of the tables in the order of the file.

    :raises SourceError: the file cannot be read, is not a Ghost export, or is invalid after what was yielded so far
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_ZIP)) == _ZIP:
                raise SourceError(f"{path}: this is a zip archive: unzip it, then import the JSON file in it")
            file.seek(0)
            is_export = False
            for path_in_file, row in json_stream.read_entries(str(path), file, _is_row):
                is_export = True
                yield path_in_file[-2], row
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    if not is_export:
        raise SourceError(f"{path}: not a Ghost export: it has no table of posts, tags or users")


def _is_row(path: json_stream.Path) -> bool:
    match path:
        case ("db", "[]", "data", table, "[]") | ("data", table, "[]"):
            return table in TABLES
        case _:
            return False


def text(row: dict[str, Any], name: str) -> str:
    """Return the text of a field with lone surrogates replaced; empty if it is missing. Numbers become text."""
    value = row.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def is_true(row: dict[str, Any], name: str) -> bool:
    """Return whether the field is true in one of the ways that Ghost's databases write it."""
    return row.get(name) is True or text(row, name).lower() in {"true", "1"}


def date(row: dict[str, Any], name: str) -> datetime | None:
    """Return the date of a field: ISO, or in milliseconds as old versions write it; None if it is invalid."""
    value = row.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = datetime.fromtimestamp(value / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return None
        return to_utc(found)
    return parse_iso_datetime(text(row, name))
