"""Read the files of a Substack export: ``posts.csv``, ``posts/<post_id>.html``, and lists of subscribers.

The files that say who received or opened a post are not read. The lists of subscribers are only read to count their
rows.
"""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kolom.articles.types import MAX_SOURCE_BYTES
from kolom_cli.importers.common.export_files import UNREADABLE, Member, open_member, read_members
from kolom_cli.importers.common.types import SourceError

_POSTS: Final = "posts.csv"
_REQUIRED: Final = frozenset(("post_id", "is_published"))
_SUBSCRIBERS: Final = re.compile(r"(?:email_list|subscribers?)\b.*\.csv", re.IGNORECASE)
_NEWSLETTER: Final = re.compile(r"email_list\.([\w-]+)\.csv", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(\d+)(?:\.(.+))?")
_MAX_CSV_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """A post as ``posts.csv`` describes it, at ``line``. ``text`` is the file with its HTML, if there is one."""

    line: int
    fields: dict[str, str]
    text: Member | None

    def get(self, name: str) -> str:
        """Return the field without surrounding white space; empty if it is missing."""
        return self.fields.get(name, "").strip()

    @property
    def number(self) -> str:
        """The number that identifies the post; empty if it has none."""
        match = _NUMBER.fullmatch(self.get("post_id"))
        return match[1] if match else ""

    @property
    def slug(self) -> str:
        """The name of the post in its URL."""
        for name in (self.get("post_id"), self.text.path.stem if self.text else ""):
            if (match := _NUMBER.fullmatch(name)) and match[2]:
                return match[2]
        return ""

    def read(self) -> str:
        """Return the HTML, cut to one byte more than the limit: this is enough to detect a text that is too long.

        :raises SourceError: the file cannot be read
        """
        return self.text.read(MAX_SOURCE_BYTES + 1).decode("utf-8-sig", "replace") if self.text else ""


@dataclass(slots=True)
class Export:
    """The files of an export. ``newsletter`` is its name at Substack, if the export says it."""

    posts: Member
    texts: dict[str, Member] = field(default_factory=dict)
    subscribers: list[Member] = field(default_factory=list)
    newsletter: str = ""

    def rows(self) -> Iterator[Row]:
        """Yield the posts in the order of the file.

        :raises SourceError: the file is not valid after the posts that were yielded
        """
        by_number = {match[1]: text for name, text in self.texts.items() if (match := _NUMBER.fullmatch(name))}
        rows = _csv_rows(self.posts)
        _, header = next(rows, (1, []))
        columns = [cell.strip().lower() for cell in header]
        if not set(columns) >= _REQUIRED:
            raise SourceError(f"{self.posts.name}:1: the first line must have the columns post_id and is_published")
        for line, cells in rows:
            if any(cell.strip() for cell in cells):
                row = Row(line, dict(zip(columns, cells, strict=False)), None)
                text = self.texts.get(row.get("post_id")) or by_number.get(row.number)
                yield Row(line, row.fields, text)


@contextmanager
def open_export(source: Path) -> Iterator[Export]:
    """Open the export in a directory or a zip archive.

    :raises SourceError: the export cannot be read, or has no ``posts.csv``
    """
    with ExitStack() as stack:
        members = list(read_members(source, stack))
        posts = min((each for each in members if each.path.name == _POSTS), key=_depth, default=None)
        if posts is None:
            raise SourceError(f"{source}: not a Substack export: it has no {_POSTS}")
        directory = posts.path.parent
        export = Export(posts)
        for member in members:
            if member.path.parent == directory / "posts" and member.path.suffix.lower() == ".html":
                export.texts.setdefault(member.path.stem, member)
            elif member.path.parent == directory and _SUBSCRIBERS.fullmatch(member.path.name):
                export.subscribers.append(member)
                if match := _NEWSLETTER.fullmatch(member.path.name):
                    export.newsletter = match[1].lower()
        yield export


def count_rows(member: Member) -> int:
    """Return the number of rows below the header of a CSV file.

    :raises SourceError: the file cannot be read
    """
    return max(0, sum(1 for _, cells in _csv_rows(member) if any(cells)) - 1)


def _depth(member: Member) -> int:
    return len(member.path.parts)


def _csv_rows(member: Member) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line."""
    if member.size > _MAX_CSV_BYTES:
        raise SourceError(f"{member.name}: larger than {_MAX_CSV_BYTES >> 20} MB: not read")
    line = 1
    try:
        with open_member(member) as file:
            reader = csv.reader(io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline=""), strict=True)
            for row in reader:
                yield line, row
                line = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(f"{member.name}:{line}: invalid CSV: {error}") from error
    except UNREADABLE as error:
        raise SourceError(f"{member.name}: cannot be read further: {error}") from error
