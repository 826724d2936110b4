"""Read a file of relevance judgments: queries, and the articles that each of them should find.

A line has a query, the slug of an article and, optionally, a grade from 1 (useful) to 3 (perfect), separated by tabs.
A query has a line for each of its articles. Empty lines, and lines that begin with ``#`` and a space, are ignored.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kolom.errors import KolomError
from kolom.limits import MAX_QUERY
from kolom_cli.terminal.input_file import read_input_file
from kolom_cli.terminal.output import format_place

MAX_QUERIES: Final = 1_000
GRADES: Final = ("1", "2", "3")
_MAX_PROBLEMS: Final = 10
_COLUMNS: Final = (2, 3)


class JudgmentsError(KolomError):
    """The file is not valid; the message names the first ten lines with an error."""


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query, and the grade of each article that it should find, by slug. ``line`` is its first line in the file."""

    text: str
    line: int
    grades: dict[str, int] = field(default_factory=dict)


def read_judgments(path: Path) -> list[JudgedQuery]:
    """Return the queries of a file, in its order.

    :raises JudgmentsError: the file cannot be read, has no queries, or has a line that is not valid
    """
    return parse_judgments(read_input_file(path, JudgmentsError), path)


def parse_judgments(data: bytes, path: Path) -> list[JudgedQuery]:
    """Return the queries of the content of a file; ``path`` is for messages only.

    :raises JudgmentsError: there are no queries, or a line is not valid
    """
    queries: dict[str, JudgedQuery] = {}
    problems: list[str] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        problem = _add(queries, line.removesuffix(b"\r"), number)
        if problem:
            problems.append(f"{format_place(path, number)}: {problem}")
        if len(problems) == _MAX_PROBLEMS:
            break
    if problems:
        raise JudgmentsError("\n".join(problems))
    if not queries:
        raise JudgmentsError(f"{path} has no queries: write a query, a tab and the slug of an article on each line")
    return list(queries.values())


def _add(queries: dict[str, JudgedQuery], line: bytes, number: int) -> str:
    """Add a line to the queries. Returns what is wrong with it, or an empty text."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "the file must be UTF-8"
    if not text.strip() or text.startswith("# "):
        return ""
    columns = [column.strip() for column in text.split("\t")]
    if len(columns) not in _COLUMNS:
        return f"must have a query, a tab and a slug, and optionally a tab and a grade, got {_columns(len(columns))}"
    query, slug, grade, *_ = *columns, "1"
    if not query or not slug:
        return f"the {'slug' if query else 'query'} is empty"
    if len(query) > MAX_QUERY:
        return f"the query has more than {MAX_QUERY} characters"
    if grade not in GRADES:
        return f"the grade must be 1, 2 or 3, got {grade!r}"
    if query not in queries and len(queries) == MAX_QUERIES:
        return f"at most {MAX_QUERIES:,} queries are allowed"
    judged = queries.setdefault(query, JudgedQuery(query, number))
    if slug in judged.grades:
        return f"the article {slug!r} is listed twice for this query"
    judged.grades[slug] = int(grade)
    return ""


def _columns(number: int) -> str:
    return "1 column" if number == 1 else f"{number} columns"
