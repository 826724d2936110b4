"""Records on the terminal: as JSON for scripts, as tables for people. What visitors wrote is escaped in both."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import typer
from rich.markup import escape
from rich.table import Table

from kolom.timestamps import to_rfc3339
from kolom_cli.terminal import console

_EXCERPT: Final = 80


def print_json(data: object) -> None:
    """Print data for scripts."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


def to_jsonable(fields: Mapping[str, object], *, without: Sequence[str] = ()) -> dict[str, object]:
    """The fields of a record as JSON can hold them."""
    return {name: _plain(value) for name, value in fields.items() if name not in without}


def print_fields(fields: Mapping[str, object]) -> None:
    """Print one record for people, a line for each field, or more."""
    table = Table(show_header=False, box=None)
    for name, value in fields.items():
        lines = [f"{key} {each}" for key, each in value.items()] if isinstance(value, dict) else value
        text = "\n".join(map(str, lines)) if isinstance(lines, list) else "" if lines is None else str(lines)
        table.add_row(name, escape(text))
    console.out().print(table)


def excerpt(text: str) -> str:
    """The beginning of a text, on one line, for a cell of a table."""
    words = " ".join(text.split())
    return escape(words if len(words) <= _EXCERPT else words[: _EXCERPT - 1] + "…")


def format_minute(moment: datetime) -> str:
    """A moment for a cell of a table, in UTC."""
    return to_rfc3339(moment)[:16].replace("T", " ")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return to_rfc3339(value)
    return list(value) if isinstance(value, tuple) else value
