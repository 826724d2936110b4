"""The comments of an export, kept on disk until all are read, then returned by article, parents first.

An export may contain a reply before its parent, a comment before its article, and more comments than fit in memory.
"""

import hashlib
import json
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from pydantic import TypeAdapter

from kolom_cli.importers.common.entry_ids import SAME_ID
from kolom_cli.importers.common.types import ImportedComment

_SCHEMA: Final = """
    CREATE TABLE comment (
        number INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, parent TEXT, created REAL NOT NULL,
        article INTEGER NOT NULL, data BLOB NOT NULL, depth INTEGER
    );
    CREATE INDEX by_parent ON comment (parent);
    CREATE INDEX by_article ON comment (article);
    CREATE TABLE article (number INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE, id INTEGER);
    CREATE TABLE repeated (
        origin TEXT NOT NULL, digest BLOB NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (origin, digest)
    );
    CREATE INDEX by_number ON repeated (origin, number);
"""
# The recursion starts at the comments without a parent in the export. Comments in a cycle of parents are never
# reached and keep no depth.
_DEPTHS: Final = """
    WITH RECURSIVE thread (origin, depth) AS (
        SELECT origin, 0 FROM comment AS c
        WHERE parent IS NULL OR NOT EXISTS (SELECT 1 FROM comment AS p WHERE p.origin = c.parent)
        UNION ALL
        SELECT c.origin, thread.depth + 1 FROM comment AS c JOIN thread ON c.parent = thread.origin
    )
    UPDATE comment SET depth = thread.depth FROM thread WHERE comment.origin = thread.origin
"""
_NUMBERS: Final = """
    SELECT comment.number FROM article JOIN comment ON comment.article = article.number
    WHERE article.id IS ? ORDER BY comment.depth IS NULL, comment.depth, comment.created, comment.number
"""
_COMMENT: Final = TypeAdapter(ImportedComment)


@dataclass(frozen=True, slots=True)
class SpooledComment:
    """A comment with its ``rank``: comments are ordered by their depth in the thread, then by their dates."""

    comment: ImportedComment
    rank: tuple[bool, int, float, int]


class CommentSpool:
    """A temporary SQLite file with the comments of one import. Several threads may read it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._connection.executescript(_SCHEMA)
        # One transaction without an end: no other process reads the file, and it is deleted afterwards.
        self._connection.execute("BEGIN")

    @classmethod
    @contextmanager
    def on_disk(cls) -> Iterator[Self]:
        """Return a spool in a temporary file, which is deleted at the end."""
        with tempfile.TemporaryDirectory(prefix="kolom-import-") as directory:
            path = f"{directory}/comments.sqlite"
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
                yield cls(connection)
            finally:
                connection.close()

    def add(self, comment: ImportedComment) -> bool:
        """Add the comment; return False if the spool already has the same one.

        A different comment of the same origin is added, too. Its origin gets a number at the end: ``…#2``. Replies
        belong to the first of these comments.
        """
        return self._insert(comment) or self._add_repeated(comment)

    def _add_repeated(self, comment: ImportedComment) -> bool:
        origin, data = comment.origin, _COMMENT.dump_json(comment)
        ((first,),) = self._rows("SELECT data FROM comment WHERE origin = ?", origin)
        digest = hashlib.sha256(data).digest()
        if data == first or self._rows("SELECT 1 FROM repeated WHERE origin = ? AND digest = ?", origin, digest):
            return False
        ((last,),) = self._rows("SELECT max(number) FROM repeated WHERE origin = ?", origin)
        number, notes = (last or 1) + 1, (*comment.notes, SAME_ID)
        while not self._insert(replace(comment, origin=f"{origin}#{number}", notes=notes)):
            number += 1
        self._execute("INSERT INTO repeated (origin, digest, number) VALUES (?, ?, ?)", origin, digest, number)
        return True

    def _insert(self, comment: ImportedComment) -> bool:
        names = json.dumps(comment.article)
        found = self._rows("SELECT number FROM article WHERE names = ?", names)
        article = found[0][0] if found else self._execute("INSERT INTO article (names) VALUES (?)", names).lastrowid
        cursor = self._execute(
            "INSERT OR IGNORE INTO comment (origin, parent, created, article, data) VALUES (?, ?, ?, ?, ?)",
            *(comment.origin, comment.parent, comment.created_at.timestamp(), article, _COMMENT.dump_json(comment)),
        )
        return cursor.rowcount == 1

    def __len__(self) -> int:
        """Return the number of comments."""
        return int(self._rows("SELECT count(*) FROM comment")[0][0])

    def finish(self) -> None:
        """Determine the depths of all comments. Call it after the last :meth:`add`."""
        self._execute(_DEPTHS)

    def article_names(self) -> Iterator[tuple[str, ...]]:
        """Yield the names of each article that has comments."""
        last = 0
        while rows := self._rows("SELECT number, names FROM article WHERE number > ? ORDER BY number LIMIT 100", last):
            last = rows[-1][0]
            yield from (tuple(json.loads(names)) for _, names in rows)

    def set_article_ids(self, ids: Mapping[tuple[str, ...], int]) -> None:
        """Record the ids of articles, by their names."""
        for names, article_id in ids.items():
            self._execute("UPDATE article SET id = ? WHERE names = ?", article_id, json.dumps(names))

    def article_ids(self) -> list[int]:
        """Return the ids of the articles with comments, those with the most comments first."""
        rows = self._rows(
            "SELECT id FROM article JOIN comment ON comment.article = article.number WHERE id IS NOT NULL "
            "GROUP BY id ORDER BY count(*) DESC, id"
        )
        return [article_id for (article_id,) in rows]

    def below(self, article_id: int | None) -> Iterator[SpooledComment]:
        """Yield the comments of an article by their rank; with None, those of all articles without an id."""
        for (number,) in self._rows(_NUMBERS, article_id):
            ((depth, created, data),) = self._rows("SELECT depth, created, data FROM comment WHERE number = ?", number)
            yield SpooledComment(_COMMENT.validate_json(data), (depth is None, depth or 0, created, number))

    def _execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        with self._lock:
            return self._connection.execute(sql, values)

    def _rows(self, sql: str, *values: Any) -> Sequence[Any]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()
