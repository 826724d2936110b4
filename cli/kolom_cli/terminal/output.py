"""Records on the terminal: as JSON for scripts, as lists and fields for people.

Slugs, ids, dates and addresses are never cut or broken: what does not fit beside the others gets a line of its own.
Control characters in what visitors wrote are replaced.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import typer
from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

from kolom.config import settings
from kolom.timestamps import to_rfc3339
from kolom_cli.terminal import console

_GAP: Final = "  "
_INDENT: Final = "    "
_MIN_TEXT: Final = 24
"""The minimum width of a text that shares a line with cells."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a list. ``cells``, one for each column, are printed whole; ``texts`` are cut to the line."""

    cells: tuple[str, ...]
    texts: tuple[str, ...] = ()


def print_json(data: object) -> None:
    """Print data for scripts."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


def to_jsonable(fields: Mapping[str, object], *, without: Sequence[str] = ()) -> dict[str, object]:
    """The fields of a record as JSON can hold them."""
    return {name: _plain(value) for name, value in fields.items() if name not in without}


def format_moment(moment: datetime) -> str:
    """A moment for people: to the minute, in the site's time zone, with the zone's name."""
    local = moment.astimezone(settings().zone)
    return f"{local.isoformat(' ')[:16]} {local:%Z}"


def one_line(text: str) -> str:
    """A text on one line, without control characters."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def cut(text: str, width: int) -> str:
    """The beginning of a text, on one line."""
    line = one_line(text)
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + "…"


def print_list(columns: Sequence[str], rows: Sequence[Row], *, empty: str, text: str = "") -> None:
    """Print records for people; where there are none, ``empty`` says what to do next.

    A cell that is too long for its column has an indented line below its row, with the column's name, as have the texts
    of that row. Other rows have a single text as last column, called ``text``, if there is room for it.
    """
    if not rows:
        _print(empty)
        return
    table = [tuple(one_line(cell) or "-" for cell in row.cells) for row in rows]
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
    """How wide the columns are that fit into a line: as their longest cell that fits into the rest of it."""
    widths: list[int] = []
    for name, cells in zip(columns, zip(*table, strict=True), strict=True):
        room = total - sum(width + len(_GAP) for width in widths)
        if room < len(name):
            break
        widths.append(max(length for length in (len(name), *map(cell_len, cells)) if length <= room))
    return widths


def counts_table(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> Table:
    """Numbers by kind: a row for each kind, with the sums below unless there is just one."""
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
    """Print one record for people: a line for each field, or lines below its name where one is not enough."""
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
    # Wrapped by the terminal only, so that an address can be copied whole; no markup of rich's in what visitors wrote.
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
