"""Print records: as JSON for scripts, as lists and fields for people.

Slugs, ids, dates and addresses are never cut or wrapped: a value that does not fit in its row gets a separate line.
In lists and fields, control characters in texts of visitors are replaced.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import typer
from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

from kolom.config import settings
from kolom.timestamps import to_rfc3339
from kolom_cli.terminal import console
from kolom_cli.terminal.plurals import count

_GAP: Final = "  "
_INDENT: Final = "    "
_MIN_TEXT: Final = 24
"""The minimum width of a text that shares a line with cells."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a list. ``cells``, one for each column, are printed in full; ``texts`` are cut to one line."""

    cells: tuple[str, ...]
    texts: tuple[str, ...] = ()


def print_json(data: object) -> None:
    """Print data for scripts."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


def to_jsonable(fields: Mapping[str, object], *, without: Sequence[str] = ()) -> dict[str, object]:
    """Return the fields of a record as values for JSON."""
    return {name: _plain(value) for name, value in fields.items() if name not in without}


def format_moment(moment: datetime) -> str:
    """Format a time for people: to the minute, in the site's time zone, with the zone's name."""
    local = moment.astimezone(settings().zone)
    return f"{local.isoformat(' ')[:16]} {local:%Z}"


def format_size(size_bytes: int) -> str:
    """Format a size for people: ``512 bytes``, ``1.5 MB``."""
    if size_bytes < 1_000:
        return count(size_bytes, "byte")
    size = size_bytes / 1_000
    for unit in ("KB", "MB"):
        if size < 1_000:
            return f"{size:.1f} {unit}"
        size /= 1_000
    return f"{size:.1f} GB"


def format_place(file: Path | str, line: int | None) -> str:
    """Return the file with the line, if there is one: ``post.md:4``."""
    return f"{file}:{line}" if line else str(file)


def to_printable(text: str) -> str:
    """Return a text on one line, without control characters, and without the surrogates of a path that is not UTF-8."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def cut(text: str, width: int) -> str:
    """Return a text on one line, cut to ``width`` columns."""
    line = to_printable(text)
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + "…"


def print_list(columns: Sequence[str], rows: Sequence[Row], *, empty: str, text: str = "") -> None:
    """Print records for people, or the message ``empty`` if there are none.

    A cell that is too long for its column is printed on an indented line below its row, with the column's name; the
    texts of that row follow it. In the other rows the texts are the last column, with the title ``text``, if there is
    room for it.
    """
    if not rows:
        _print(empty)
        return
    table = [tuple(to_printable(cell) or "-" for cell in row.cells) for row in rows]
    total = console.out().width
    widths = _widths(columns, table, total)
    room = total - sum(width + len(_GAP) for width in widths)
    is_column = bool(text) and len(widths) == len(columns) and room >= _MIN_TEXT
    header = [name.upper() for name in columns[: len(widths)]]
    _print(_columns([*header, text.upper()] if is_column else header, widths), style="bold")
    for cells, row in zip(table, rows, strict=True):
        fits = [index < len(widths) and cell_len(cell) <= widths[index] for index, cell in enumerate(cells)]
        line = [cell if fit else "" for cell, fit in zip(cells, fits, strict=True)][: len(widths)]
        below = [f"{name}: {cell}" for name, cell, fit in zip(columns, cells, fits, strict=True) if not fit]
        if is_column and not below:
            line.append(cut("".join(row.texts), room))
        else:
            below += [cut(each, total - len(_INDENT)) for each in row.texts]
        _print(_columns(line, widths))
        for each in below:
            _print(_INDENT + each)


def _widths(columns: Sequence[str], table: Sequence[tuple[str, ...]], total: int) -> list[int]:
    """Return the widths of the columns that fit in a line: each as wide as its longest cell that still fits."""
    widths: list[int] = []
    for name, cells in zip(columns, zip(*table, strict=True), strict=True):
        room = total - sum(width + len(_GAP) for width in widths)
        if room < len(name):
            break
        widths.append(max(length for length in (len(name), *map(cell_len, cells)) if length <= room))
    return widths


def counts_table(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> Table:
    """Return a table of numbers with a row for each kind, and the sums unless there is exactly one kind."""
    table = Table("", *columns)
    for column in table.columns[1:]:
        column.justify = "right"
    for kind, numbers in rows:
        table.add_row(Text(kind), *map(str, numbers))
    if len(rows) != 1:
        table.add_section()
        table.add_row("all", *(str(sum(numbers[index] for _, numbers in rows)) for index in range(len(columns))))
    return table


def print_fields(fields: Mapping[str, object]) -> None:
    """Print one record for people: a line for each field, or several for a long value."""
    labels = {name: name.replace("_", " ") for name in fields}
    width = max(map(len, labels.values()))
    room = console.out().width - width - len(_GAP)
    for name, value in fields.items():
        lines = list(_lines(value)) or ["-"]
        if len(lines) == 1 and cell_len(lines[0]) <= room:
            _print(f"{labels[name]:<{width}}{_GAP}{lines[0]}")
        else:
            _print(labels[name])
            for line in lines:
                _print((_GAP + line).rstrip())


def _print(line: str, style: str = "") -> None:
    # Only the terminal wraps lines, so that an address can be copied. `Text` disables Rich's markup in visitors' texts.
    console.out().print(Text(line, style=style), soft_wrap=True)


def _columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=False)]
    return _GAP.join([*padded, *cells[len(widths) :]]).rstrip()


def _lines(value: object) -> Iterator[str]:
    match value:
        case None | "" | () | []:
            return
        case bool():
            yield "yes" if value else "no"
        case datetime():
            yield format_moment(value)
        case Mapping():
            for name, inner in value.items():
                yield str(name)
                yield from (_GAP + line for line in _lines(inner))
        case list() | tuple():
            for inner in value:
                yield from _lines(inner)
        case _:
            yield from (_CONTROL.sub("\N{REPLACEMENT CHARACTER}", line) for line in str(value).splitlines())


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return to_rfc3339(value)
    return list(value) if isinstance(value, tuple) else value
