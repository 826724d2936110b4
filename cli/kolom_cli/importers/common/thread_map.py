"""Read the file that maps comment threads to articles, and write the list of unmatched threads.

An author makes the mapping from this list by entering the articles. A line of the mapping may also be for all threads
of a site or a folder: ``https://old.example/*,https://new.example/*``.

Both are CSV with a header. Only the columns ``thread`` and ``article`` are read; the others are information for the
author. Files saved by a spreadsheet are accepted: with a byte order mark, semicolons, and apostrophes before cells that
could be formulas.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self, TextIO
from urllib.parse import quote, unquote, urlsplit

from kolom.articles.names import slug_problem
from kolom.articles.page_urls import normalize_url, site_of
from kolom_cli.importers.common.article_matching import (
    extract_host,
    extract_path,
    is_url_or_path,
    own_names,
    path_names,
    slug_names,
    thread_names,
    url_names,
)
from kolom_cli.importers.common.types import SourceError
from kolom_cli.terminal.csv_export import safe_cell, write_csv

_ALL_BELOW: Final = "/*"
_COLUMNS: Final = ("thread", "article", "title", "comments")


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A thread of an export for which no article was found, with the number of its comments."""

    thread: str
    title: str
    comments: int


@dataclass(frozen=True, slots=True)
class _Address:
    """A URL or a path. ``site`` is that of :func:`.site_of`, and empty for a path. ``path`` is percent-decoded."""

    site: str
    path: str
    query: str

    @classmethod
    def of(cls, text: str) -> Self | None:
        """Return the address that ``text`` is; None if it is none."""
        if not is_url_or_path(text):
            return None
        try:
            parts = urlsplit(text.strip())
        except ValueError:
            return None
        if parts.scheme and not parts.netloc:
            return None
        url = parts._replace(scheme=parts.scheme or "https").geturl()
        # A host that is not valid is only the same as itself.
        site = site_of(url) or parts.netloc.lower() if parts.netloc else ""
        path = re.sub("//+", "/", unquote(parts.path, errors="surrogateescape"))
        return cls(site, path or "/", parts.query)

    @property
    def keys(self) -> list[str]:
        """Return the keys of the page on its site: its path with the query, then without; none for a front page.

        >>> _Address.of("https://blog.example/2024/x/?m=1").keys
        ['/2024/x?m=1', '/2024/x']
        """
        path = self.path.rstrip("/")
        return [f"{path}?{self.query}"] * bool(self.query) + [path] * bool(path)

    def folders(self, max_length: int) -> Iterator[tuple[str, str]]:
        """Yield the folders of the path, the nearest first, each with the rest of the path.

        They end with a slash. The first is the path itself. Those longer than ``max_length`` are left out.
        """
        path = self.path if self.path.endswith("/") else f"{self.path}/"
        end = max_length
        while (slash := path.rfind("/", 0, end)) >= 0:
            yield path[: slash + 1], self.path[slash + 1 :]
            end = slash


@dataclass(frozen=True, slots=True)
class Folder:
    """A site or a folder: the site (:func:`.site_of`), empty for any, and a path that ends with a slash."""

    site: str
    path: str


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """What the threads of a folder are mapped to: each to the same path below ``url``, or all to one article.

    ``names`` are those of the article; without names and URL, the comments are excluded.
    """

    url: str = ""
    names: tuple[str, ...] = ()

    def names_at(self, path: str, query: str) -> tuple[str, ...] | None:
        """Return the names of the article for a thread at a path below the folder; None if no article can be there."""
        if not self.url:
            return self.names
        path = quote(path, errors="surrogateescape")
        return thread_names(f"{self.url}{path}{f'?{query}' if query else ''}") or None


@dataclass(slots=True)
class ThreadMap:
    """The author's mapping of threads to articles.

    ``_by_path`` has the lines for single threads by site and path. The site is empty in a line for a path, and None
    finds the first line for the path, whatever its site.
    """

    _exact: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _by_path: dict[tuple[str | None, str], tuple[str, ...]] = field(default_factory=dict)
    _folders: dict[Folder, FolderTarget] = field(default_factory=dict)
    _max_folder_length: int = 0

    def find(self, *names: str, with_folders: bool = True) -> tuple[str, ...] | None:
        """Return the names of the article for the thread that has one of ``names`` in the export.

        The result is empty if the comments are to be excluded, and None if the thread is not in the mapping. Without
        ``with_folders``, only lines for single threads count. A path among ``names`` is on the site of the others.
        """
        for name in filter(None, names):
            for form in (name, safe_cell(name)):
                if form in self._exact:
                    return self._exact[form]
        addresses = [address for name in names if (address := _Address.of(name)) is not None]
        site = next((each.site for each in addresses if each.site), "")
        addresses = [replace(each, site=each.site or site) for each in addresses]
        for address in addresses:
            for key in address.keys:
                for each in (address.site, "") if address.site else ("", None):
                    if (each, key) in self._by_path:
                        return self._by_path[each, key]
        return self._find_in_folder(addresses) if with_folders and self._folders else None

    def _find_in_folder(self, addresses: Iterable[_Address]) -> tuple[str, ...] | None:
        """Return the names of the article by the line for the nearest folder; of two, the one with a site."""
        for address in addresses:
            for path, rest in address.folders(self._max_folder_length):
                for site in (address.site, ""):
                    if (target := self._folders.get(Folder(site, path))) is not None:
                        return target.names_at(rest, address.query)
        return None

    def add(self, thread: str, names: tuple[str, ...]) -> None:
        """Map a thread to the names of an article.

        :raises ValueError: the thread is mapped to a different article already
        """
        if self._exact.setdefault(thread, names) != names:
            raise ValueError(thread)
        address = _Address.of(thread)
        if address is not None and address.keys:
            for site in (address.site, None):
                self._by_path.setdefault((site, address.keys[0]), names)

    def add_folder(self, folder: Folder, target: FolderTarget) -> None:
        """Map all threads of a site or a folder.

        :raises ValueError: the folder is mapped to something different already
        """
        if self._folders.setdefault(folder, target) != target:
            raise ValueError(folder.path)
        self._max_folder_length = max(self._max_folder_length, len(folder.path))

    def __len__(self) -> int:
        return len(self._exact) + len(self._folders)


def read_mapping(path: Path) -> ThreadMap:
    """Read the mapping from the file.

    :raises SourceError: the file cannot be read, or a line of it is invalid
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _mapping(path, file)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8: save it as “CSV UTF-8”") from error


def check_unmatched(path: Path) -> None:
    """Check that :func:`write_unmatched` can write the file, without changing it.

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
    """Write the threads as a mapping with an empty article column, those with the most comments first.

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
            raise SourceError(f"{path}:{line}: must have the columns thread and article")
        if any(cell.strip() for cell in row[len(columns) :]):
            raise SourceError(
                f"{path}:{line}: has {len(row)} columns, expected {len(columns)}: quote cells that contain a comma"
            )
        thread, article = row[thread_column].strip(), row[article_column].strip()
        if not thread:
            raise SourceError(f"{path}:{line}: the thread is missing")
        try:
            if (folder := _folder(thread)) is not None:
                mapping.add_folder(folder, _folder_target(path, line, article))
            else:
                mapping.add(thread, _article(path, line, article))
        except ValueError as error:
            raise SourceError(f"{path}:{line}: a line above maps {thread} to a different article") from error
    return mapping


def _rows(path: Path, file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line."""
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
        raise SourceError(f"{path}:{line}: invalid CSV: {error}") from error


def _folder(thread: str) -> Folder | None:
    """Return the site or folder that a line is for: a URL or path with ``/*`` at its end; None if there is none."""
    address = _Address.of(thread.removesuffix("*")) if _is_folder(thread) else None
    return None if address is None else Folder(address.site, address.path)


def _is_folder(text: str) -> bool:
    """Return whether a cell has ``/*`` at the end of its path. Behind ``?`` or ``#``, it is part of a thread's name."""
    return text.endswith(_ALL_BELOW) and "?" not in text and "#" not in text


def _folder_target(path: Path, line: int, article: str) -> FolderTarget:
    if not article.endswith(_ALL_BELOW):
        return FolderTarget(names=_article(path, line, article))
    url = article.removesuffix("*")
    if not _is_folder(article) or not is_url_or_path(url) or (not url.startswith("/") and normalize_url(url) is None):
        raise SourceError(f"{path}:{line}: {article!r} is not the URL or the path of a folder")
    return FolderTarget(url=url)


def _article(path: Path, line: int, article: str) -> tuple[str, ...]:
    """Return the names of the article that the author gives as a slug, a path or a URL."""
    if not article:
        return ()
    if article.endswith(_ALL_BELOW):
        raise SourceError(f"{path}:{line}: {article!r} is for threads with /* at their end")
    if "/" in article:
        url = article if is_url_or_path(article) else f"/{article}"
        names = [*url_names(url), *path_names(url)]
        if (extract_path(url) or "").strip("/").count("/") == 0:
            names += own_names(slug_names(url)) if extract_host(url) else slug_names(url)
        if names:
            return tuple(names)
        raise SourceError(f"{path}:{line}: {article!r} is not the URL of an article")
    slug = unicodedata.normalize("NFC", article.lower())
    if problem := slug_problem(slug):
        raise SourceError(f"{path}:{line}: invalid slug {article!r}: it {problem}")
    return (f"slug:{slug}",)
