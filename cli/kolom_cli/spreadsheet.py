"""CSV that is safe to open in a spreadsheet (OWASP, *CSV Injection*)."""

import csv
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")
"""What a cell begins with that a spreadsheet may run, full-width forms included."""

_BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it, Excel takes UTF-8 for something else."""


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table as RFC 4180 has it, with every cell quoted, so that none ends before its end."""
    file.write(_BYTE_ORDER_MARK)
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[safe_cell(cell) for cell in row] for row in rows])


def safe_cell(text: str) -> str:
    """``text`` as a cell that is text: an apostrophe before it where it would be taken for a formula."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text
