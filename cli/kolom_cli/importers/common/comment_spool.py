"""The comments of an export, kept on disk until all are read, then returned parents first.

An export may contain a reply before its parent, a comment before its article, and more comments than fit in memory.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Self

from pydantic import TypeAdapter

from kolom_cli.importers.common.entry_ids import SAME_ID
from kolom_cli.importers.common.types import ImportedComment

_SCHEMA: Final = """
    CREATE TABLE comment (
        number INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, parent TEXT, created REAL NOT NULL, data BLOB NOT NULL,
        depth INTEGER, article_id INTEGER, comment_id TEXT
    );
    CREATE INDEX by_parent ON comment (parent);
    CREATE TABLE known (article_id INTEGER, suffix TEXT, comment_id TEXT, PRIMARY KEY (article_id, suffix)) WITHOUT
    ROWID;
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
_COMMENT: Final = TypeAdapter(ImportedComment)


@dataclass(frozen=True, slots=True)
class StoredComment:
    """The article id and the comment id that a comment of the export has in Kolom."""

    article_id: int
    comment_id: str


class CommentSpool:
    """A temporary SQLite file with the comments of one import and the ids of comments imported earlier."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.executescript(_SCHEMA)

    @classmethod
    @contextmanager
    def on_disk(cls) -> Iterator[Self]:
        """Return a spool in a temporary file, which is deleted at the end."""
        with tempfile.TemporaryDirectory(prefix="kolom-import-") as directory:
            connection = sqlite3.connect(f"{directory}/comments.sqlite", isolation_level=None)
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
        candidate, number = comment, 1
        while not self._insert(candidate):
            if self._has(candidate):
                return False
            number += 1
            candidate = replace(comment, origin=f"{comment.origin}#{number}", notes=(*comment.notes, SAME_ID))
        return True

    def _insert(self, comment: ImportedComment) -> bool:
        cursor = self._connection.execute(
            "INSERT OR IGNORE INTO comment (origin, parent, created, data) VALUES (?, ?, ?, ?)",
            (comment.origin, comment.parent, comment.created_at.timestamp(), _COMMENT.dump_json(comment)),
        )
        return cursor.rowcount == 1

    def _has(self, comment: ImportedComment) -> bool:
        row = self._connection.execute("SELECT data FROM comment WHERE origin = ?", (comment.origin,)).fetchone()
        return bool(row[0] == _COMMENT.dump_json(comment))

    def __len__(self) -> int:
        """Return the number of comments."""
        return int(self._connection.execute("SELECT count(*) FROM comment").fetchone()[0])

    def ordered(self) -> Iterator[ImportedComment]:
        """Yield every comment, parents before replies, otherwise by date."""
        self._connection.execute(_DEPTHS)
        numbers = self._connection.execute("SELECT number FROM comment ORDER BY depth IS NULL, depth, created, number")
        for (number,) in numbers:
            row = self._connection.execute("SELECT data FROM comment WHERE number = ?", (number,)).fetchone()
            yield _COMMENT.validate_json(row[0])

    def mark_stored(self, comment: ImportedComment, stored: StoredComment) -> None:
        """Record the ids of the stored comment, so that its replies find it."""
        self._connection.execute(
            "UPDATE comment SET article_id = ?, comment_id = ? WHERE origin = ?",
            (stored.article_id, stored.comment_id, comment.origin),
        )

    def find_stored(self, origin: str) -> StoredComment | None:
        """Return the ids of the comment of that origin; None if it is not stored yet."""
        row = self._connection.execute(
            "SELECT article_id, comment_id FROM comment WHERE origin = ? AND comment_id IS NOT NULL", (origin,)
        ).fetchone()
        return StoredComment(*row) if row else None

    def add_known(self, article_id: int, ids_by_suffix: Mapping[str, str]) -> None:
        """Record the ids of the article's existing comments by the id suffixes of their origins."""
        rows = ((article_id, suffix, comment_id) for suffix, comment_id in ids_by_suffix.items())
        self._connection.executemany("INSERT INTO known VALUES (?, ?, ?)", rows)

    def find_known(self, article_id: int, suffix: str) -> str | None:
        """Return the id of the article's existing comment with that suffix, if any."""
        row = self._connection.execute(
            "SELECT comment_id FROM known WHERE article_id = ? AND suffix = ?", (article_id, suffix)
        ).fetchone()
        return str(row[0]) if row else None
