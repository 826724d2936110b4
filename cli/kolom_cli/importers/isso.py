"""Import comments from Isso: its SQLite file, or the generic JSON format that Isso itself imports.

Comments are matched to articles by the URLs of their threads.

The tables are those of ``isso/db/threads.py`` and ``isso/db/comments.py``. The JSON is a list of threads; ``id`` is
the URL: ``[{"id": "/x/", "title": …, "comments": [{"author": …, "created": "2005-02-24 04:03:37", "text": …}]}]``.
IP addresses are never read.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote_plus

from kolom.comments.types import Status
from kolom.urls import origin_of
from kolom_cli.importers.common.article_matching import extract_host, thread_names
from kolom_cli.importers.common.comment_backups import refuse_backup_of_another_system
from kolom_cli.importers.common.comment_fields import (
    MAX_CONTENT,
    MAX_PAGE_URL,
    RawComment,
    page_url_problem,
    parse_datetime,
    parse_unix_seconds,
    shorten,
    to_imported_comment,
    to_single_line,
    to_text,
)
from kolom_cli.importers.common.comment_text import to_markdown
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
from kolom_cli.importers.common.thread_map import ThreadMap
from kolom_cli.importers.common.types import Item, Skipped, SourceError

_KIND: Final = "comment"
_SQLITE: Final = b"SQLite format 3\0"
_MAX_JSON_BYTES: Final = 512 * 1024 * 1024
_STATUSES: Final[Mapping[int, Status]] = {1: "approved", 2: "pending", 4: "deleted"}
_OPTIONAL: Final = ("parent", "email", "website")
_ALL_MARKUP: Final = re.compile(r"\s*<p\b[^<>]*>.*</?[a-z][^<>]*>\s*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Threads:
    """Tells to which article a thread belongs. ``origin`` is that of the site, for threads that have only a path."""

    mapping: ThreadMap
    origin: str

    def url(self, uri: str) -> str:
        """Return the URL of a thread, or what is known of it."""
        return f"{self.origin}{uri}" if uri.startswith("/") else uri

    def article(self, uri: str) -> tuple[str, ...] | None:
        """Return the names of the article of a thread; None if the mapping excludes its comments."""
        found = self.mapping.find(self.url(uri), uri)
        return None if found == () else found or thread_names(self.url(uri))


def read_isso(path: Path, mapping: ThreadMap | None = None, *, site: str = "") -> Iterator[Item]:
    """Yield every comment of the file. ``mapping`` takes precedence over the threads' own URLs.

    ``site`` is the URL of the site, for threads that are identified by a path.

    :raises SourceError: the file cannot be read, or is neither an Isso database nor its JSON format
    """
    threads = _Threads(mapping or ThreadMap(), origin_of(site) or "")
    try:
        with path.open("rb") as file:
            is_database = file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    if not is_database:
        refuse_backup_of_another_system(path, "isso")
    yield from _read_database(path, threads) if is_database else _read_json(path, threads)


def _read_database(path: Path, threads: _Threads) -> Iterator[Item]:
    # Immutable mode creates no files beside the database and waits for no lock. It ignores the journals, so if Isso
    # is running and one of them has data, an ordinary read-only connection is needed.
    has_more = any(_size(path.with_name(path.name + suffix)) for suffix in ("-wal", "-journal"))
    uri = f"file:{quote(str(path.resolve()))}?mode=ro{'' if has_more else '&immutable=1'}"
    try:
        connection = sqlite3.connect(uri, uri=True)
        try:
            connection.row_factory = sqlite3.Row
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            for row in connection.execute(_query(path, connection)):
                yield _comment_from_row(dict(row), threads)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise SourceError(f"{path}: cannot read the database: {error}") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _query(path: Path, connection: sqlite3.Connection) -> str:
    # Views are not accepted: the query behind a view can run forever.
    tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('comments', 'threads')"
    if connection.execute(tables).fetchone()[0] != len(("comments", "threads")):
        raise SourceError(f"{path}: not an Isso database")
    columns = {row["name"] for row in connection.execute("PRAGMA table_info(comments)")}
    threads = {row["name"] for row in connection.execute("PRAGMA table_info(threads)")}
    if not {"tid", "id", "created", "mode", "text", "author"} <= columns or not {"id", "uri"} <= threads:
        raise SourceError(f"{path}: not an Isso database")
    chosen = ", ".join(f"c.{name}" if name in columns else f"NULL AS {name}" for name in _OPTIONAL)
    title = "t.title" if "title" in threads else "NULL AS title"
    # One character more than the limit is enough to detect a text that is too long.
    text = f"substr(c.text, 1, {MAX_CONTENT + 1}) AS text"
    return (
        f"SELECT c.id, c.created, c.mode, {text}, c.author, {chosen}, t.uri, {title} "  # noqa: S608 - names from above
        "FROM comments AS c LEFT JOIN threads AS t ON t.id = c.tid ORDER BY c.id"
    )


def _comment_from_row(row: dict[str, Any], threads: _Threads) -> Item:
    uri = to_single_line(to_text(row["uri"]))
    name = f"{shorten(str(row['id']))} on {uri[:MAX_PAGE_URL] or 'no thread'}"
    if problem := page_url_problem(uri) if uri else "its thread is not in the database":
        return Skipped(kind=_KIND, name=name, reason=problem, refused=True)
    article = threads.article(uri)
    if article is None:
        return Skipped(kind=_KIND, name=name, reason="excluded by the mapping")
    status = _STATUSES.get(row["mode"], "pending")
    notes = (
        () if row["mode"] in _STATUSES else (f"unknown mode {shorten(str(row['mode']))} in Isso: imported as pending",)
    )
    blog = extract_host(uri)
    return to_imported_comment(
        RawComment(
            name=name,
            origin=f"isso:{blog}#{row['id']}",
            article=article,
            thread=threads.url(uri),
            title=to_single_line(to_text(row["title"])),
            authors=(to_text(row["author"]),),
            content=_database_markdown(to_text(row["text"])),
            created_at=parse_unix_seconds(row["created"]),
            status=status,
            parent=f"isso:{blog}#{row['parent']}" if row["parent"] else None,
            website=to_text(row["website"]),
            email=to_text(row["email"]),
            notes=notes,
        )
    )


def _read_json(path: Path, threads: _Threads) -> Iterator[Item]:
    for thread in _json_threads(path):
        uri, title = to_single_line(to_text(thread.get("id"))), to_text(thread.get("title"))
        for comment in thread["comments"]:
            yield _comment_from_json(comment if isinstance(comment, dict) else {}, uri, title, threads)


def _json_threads(path: Path) -> Iterator[dict[str, Any]]:
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise SourceError(f"{path}: larger than {_MAX_JSON_BYTES // 1024 // 1024} MB: split the file")
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path}: neither an Isso database nor valid JSON: {error}") from error
    if not isinstance(data, list) or not all(
        isinstance(each, dict) and isinstance(each.get("comments"), list) for each in data
    ):
        raise SourceError(f"{path}: the JSON must be a list of threads with comments")
    yield from data


def _comment_from_json(comment: dict[str, Any], uri: str, title: str, threads: _Threads) -> Item:
    created, created_at = _time(comment.get("created"))
    author, text = to_text(comment.get("author")), to_text(comment.get("text"))
    # The ids of comments may all be 0, so the comment is identified by a digest of its content.
    digest = hashlib.sha256("\n".join((uri, created, author, text)).encode()).hexdigest()[:16]
    name = f"{shorten(created) or digest} by {shorten(author) or '?'} on {uri[:MAX_PAGE_URL] or 'no thread'}"
    if problem := page_url_problem(uri) if uri else "its thread has no URL":
        return Skipped(kind=_KIND, name=name, reason=problem, refused=True)
    article = threads.article(uri)
    if article is None:
        return Skipped(kind=_KIND, name=name, reason="excluded by the mapping")
    return to_imported_comment(
        RawComment(
            name=name,
            origin=f"isso-json:{uri[:500]}#{digest}",
            article=article,
            thread=threads.url(uri),
            # In Isso's own examples the title is URL-encoded. An encoded title has no spaces.
            title=to_single_line(title if " " in title else unquote_plus(title)),
            authors=(author,),
            content=to_markdown(text),
            created_at=created_at,
            status="approved",
            website=to_text(comment.get("website")),
            email=to_text(comment.get("email")),
        )
    )


def _time(value: Any) -> tuple[str, datetime | None]:
    """Return the time as text, and its datetime. The JSON has a date as text, or seconds as in the database."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value), parse_unix_seconds(value)
    written = to_text(value)
    return written, parse_datetime(written)


def _database_markdown(text: str) -> str:
    """Return the Markdown of a stored comment. Isso stores Markdown, but HTML for comments imported from Disqus."""
    return html_to_markdown(text) if _ALL_MARKUP.fullmatch(text) else text
