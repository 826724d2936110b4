"""CSV that is safe to open in a spreadsheet (OWASP, *CSV Injection*)."""

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

_FORMULA: Final = re.compile(
    r"""
    (^ | [;\t\r\n])           # the start of a cell, also for a program that separates cells by other characters than
                              # commas: Excel does so in locales with decimal commas, and then ignores the quotes
    ([\s"'\u00a0]*)           # characters that the program skips
    (?=[=+\-@|%＝＋－＠])       # the start of a formula, including the full-width forms
    """,
    re.VERBOSE,
)

_BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it, Excel reads UTF-8 in another encoding."""


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table according to RFC 4180, with every cell quoted."""
    file.write(_BYTE_ORDER_MARK)
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[safe_cell(cell) for cell in row] for row in rows])


def safe_cell(text: str) -> str:
    """Return ``text`` with an apostrophe wherever a formula could begin, for any separator of cells."""
    return _FORMULA.sub(r"\1\2'", text)
