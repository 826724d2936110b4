"""Generate the index of the decision records: ``docs/decisions/README.md``."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DIRECTORY: Final = Path(__file__).parents[3] / "docs" / "decisions"

_HEADING: Final = re.compile(r"# (\d+)\. (.+)")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}\b")
_SUPERSEDED: Final = re.compile(r"\bsuperseded by (\[\d+\]\([^)]+\))", re.IGNORECASE)
_INTRODUCTION: Final = """\
# Decision records

Each record is one page: the context of a choice, the decision, its alternatives and its consequences. The line below
the title has the date, and says how easily the decision can be reversed: a *two-way door* is easy to reverse, a
*one-way door* is not.

The decision of an accepted record is not changed. If a later record supersedes it, this line ends with
`· superseded by [N](file.md)`.

`make decisions` generates this page from the records.

| no. | title | status | date |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Record:
    """One record as listed in the index. ``date`` is empty if the record has none."""

    file: str
    number: int
    title: str
    status: str
    date: str


def read_record(name: str, text: str) -> Record:
    """Read the record in the file ``name``. Raises :class:`ValueError` if its heading is not ``# N. Title``."""
    heading, _, rest = text.partition("\n\n")
    match = _HEADING.fullmatch(heading)
    if match is None or not name.startswith(f"{int(match[1]):04}-"):
        raise ValueError(f"{name} must begin with `# N. Title`, with the number of its name, not {heading!r}")
    metadata = rest.partition("\n\n")[0]
    date = _DATE.match(metadata)
    # Only the metadata is searched, because the body of a record may mention other records.
    superseded = _SUPERSEDED.search(metadata) if date else None
    return Record(
        file=name,
        number=int(match[1]),
        title=match[2],
        status=f"superseded by {superseded[1]}" if superseded else "accepted",
        date=date[0] if date else "",
    )


def records(directory: Path = DIRECTORY) -> Iterator[Record]:
    """Yield all records in the order of their numbers."""
    for path in sorted(directory.glob("[0-9]*.md")):
        yield read_record(path.name, path.read_text("utf-8"))


def render_index(directory: Path = DIRECTORY) -> str:
    """Return the index as Markdown."""
    rows = (
        f"| {record.number} | [{record.title.replace('|', r'\|')}]({record.file}) | {record.status} | {record.date} |\n"
        for record in records(directory)
    )
    return _INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render_index(), "utf-8")
