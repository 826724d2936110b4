"""The file by which an author says to which article here a thread of comments belongs, and the list it begins as.

Both are CSV with a header; ``thread`` and ``article`` are read, whatever stands beside them is for people. A
spreadsheet may have saved it, with its byte order mark, its semicolons, and apostrophes before what could be formulas.
"""

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO
from urllib.parse import urlsplit

from kolom.articles.names import slug_problem
from kolom_cli.importers.common.article_matching import is_address, path_names, path_of, slug_names
from kolom_cli.importers.common.types import SourceError
from kolom_cli.terminal.csv_export import safe_cell, write_csv

_COLUMNS: Final = ("thread", "article", "title", "comments")


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A thread of an export whose article is not here, with the number of its comments."""

    thread: str
    title: str
    comments: int


@dataclass(frozen=True, slots=True)
class ThreadMap:
    """Which thread belongs to which article, in the author's words; an empty one says nothing."""

    _exact: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _by_path: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def find(self, *names: str) -> tuple[str, ...] | None:
        """The names of the article to which the thread belongs that the export calls by ``names``.

        Empty if its comments are to be left out, None if nothing is said of it.
        """
        wanted = [name for name in names if name]
        for name in wanted:
            for form in (name, safe_cell(name)):
                if form in self._exact:
                    return self._exact[form]
        for name in wanted:
            for key in _path_keys(name):
                if key in self._by_path:
                    return self._by_path[key]
        return None

    def __len__(self) -> int:
        return len(self._exact)


def read_mapping(path: Path) -> ThreadMap:
    """The mapping in the file.

    :raises SourceError: the file cannot be read, or a line of it says nothing that can be followed
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _mapping(path, file)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: this is not UTF-8; save it as “CSV UTF-8”") from error


def check_unmatched(path: Path) -> None:
    """Whether :func:`write_unmatched` could write there; what is there stays as it is.

    :raises SourceError: the file cannot be written
    """
    target = path.resolve()
    is_new = not target.exists()
    try:
        target.open("a").close()
        if is_new:
            target.unlink()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error


def write_unmatched(path: Path, threads: Iterable[Unmatched]) -> None:
    """Write the threads, those with the most comments first, as a mapping whose articles are to be filled in.

    :raises SourceError: the file cannot be written
    """
    ordered = sorted(threads, key=lambda each: (-each.comments, each.thread))
    rows = ([each.thread, "", each.title, str(each.comments)] for each in ordered)
    try:
        with path.open("w", encoding="utf-8", newline="", errors="replace") as file:
            write_csv(file, _COLUMNS, rows)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error


def _mapping(path: Path, file: TextIO) -> ThreadMap:
    mapping = ThreadMap()
    rows = _rows(path, file)
    _, header = next(rows, (1, []))
    columns = [cell.strip().lower() for cell in header]
    if not {"thread", "article"} <= set(columns):
        raise SourceError(f"{path}:1: the first line must name the columns: thread,article")
    thread_column, article_column = columns.index("thread"), columns.index("article")
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < len(columns) and len(row) <= max(thread_column, article_column):
            raise SourceError(f"{path}:{line}: the columns thread and article are not both there")
        if any(cell.strip() for cell in row[len(columns) :]):
            raise SourceError(f"{path}:{line}: has {len(row)} columns, not {len(columns)}: quote what holds a comma")
        thread, article = row[thread_column].strip(), row[article_column].strip()
        if not thread:
            raise SourceError(f"{path}:{line}: names no thread")
        _add(mapping, thread, _article(path, line, article), f"{path}:{line}")
    return mapping


def _rows(path: Path, file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line that it begins in."""
    first = file.readline()
    file.seek(0)
    delimiter = next((each for each in (",", ";", "\t") if each in first), ",")
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(f"{path}:{line}: this is no CSV: {error}") from error


def _add(mapping: ThreadMap, thread: str, names: tuple[str, ...], place: str) -> None:
    if mapping._exact.setdefault(thread, names) != names:
        raise SourceError(f"{place}: says something else of {thread} than a line above")
    for key in _path_keys(thread)[:1]:
        mapping._by_path.setdefault(key, names)


def _article(path: Path, line: int, article: str) -> tuple[str, ...]:
    """The names of the article that the author means by a slug, a path or an address."""
    if not article:
        return ()
    if "/" in article:
        address = article if is_address(article) else f"/{article}"
        names = path_names(address)
        if (path_of(address) or "").strip("/").count("/") == 0:
            names += slug_names(address)
        if names:
            return tuple(names)
        raise SourceError(f"{path}:{line}: {article!r} is no article's address")
    slug = unicodedata.normalize("NFC", article.lower())
    if problem := slug_problem(slug):
        raise SourceError(f"{path}:{line}: {article!r} is no article's slug: it {problem}")
    return (f"slug:{slug}",)


def _path_keys(name: str) -> list[str]:
    """What is the same for all addresses of a page: its path with the query, then without; nothing for a front page.

    >>> _path_keys("https://blog.example/2024/x/?m=1")
    ['/2024/x?m=1', '/2024/x']
    """
    if not is_address(name):
        return []
    path = path_of(name)
    try:
        query = urlsplit(name).query
    except ValueError:
        return []
    bare = (path or "").rstrip("/")
    keys = [f"{bare}?{query}"] if query else []
    return [*keys, bare] if bare else keys
