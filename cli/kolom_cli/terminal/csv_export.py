"""CSV that is safe to open in a spreadsheet (OWASP, *CSV Injection*)."""

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

_FORMULA: Final = re.compile(
    r"""
    (^ | [;\t\r\n])           # where a cell begins: also for a program that separates by something else than commas, as
                              # Excel does where a comma stands in numbers, and so sees no quotes but the first cell's
    ([\s"'\u00a0]*)           # what it skips
    (?=[=+\-@|%＝＋－＠])       # what it may run, full-width forms included
    """,
    re.VERBOSE,
)

_BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it, Excel takes UTF-8 for something else."""


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table as RFC 4180 has it, with every cell quoted."""
    file.write(_BYTE_ORDER_MARK)
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[safe_cell(cell) for cell in row] for row in rows])


def safe_cell(text: str) -> str:
    """``text`` as a cell that is text: an apostrophe wherever a formula could begin, whatever separates cells."""
    return _FORMULA.sub(r"\1\2'", text)
