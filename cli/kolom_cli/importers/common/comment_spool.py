"""The comments of an export, put in order: kept on disk until all are known, then given parents first.

An export may hold a reply before the comment that it answers, a comment before its article, and more of them than
there is memory.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

from pydantic import TypeAdapter

from kolom_cli.importers.common.types import ImportedComment

_SCHEMA: Final = """
    CREATE TABLE comment (
        number INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, parent TEXT, created REAL NOT NULL, data BLOB NOT NULL,
        depth INTEGER, article_id INTEGER, comment_id TEXT
    );
    CREATE INDEX by_parent ON comment (parent);
    CREATE TABLE known (article_id INTEGER, mark TEXT, comment_id TEXT, PRIMARY KEY (article_id, mark)) WITHOUT ROWID;
"""
# From the comments that answer none in the export downwards. What a circle of parents keeps from being reached, stays
# without a depth.
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
    """Where a comment of the export stands here."""

    article_id: int
    comment_id: str


class CommentSpool:
    """The comments of one import, and which were here before, in a file that vanishes with it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.executescript(_SCHEMA)

    @classmethod
    @contextmanager
    def on_disk(cls) -> Iterator[Self]:
        """Threads in a temporary file."""
        with tempfile.TemporaryDirectory(prefix="kolom-import-") as folder:
            connection = sqlite3.connect(f"{folder}/comments.sqlite", isolation_level=None)
            try:
                connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
                yield cls(connection)
            finally:
                connection.close()

    def add(self, comment: ImportedComment) -> bool:
        """Keep the comment; False if one of that origin is kept already."""
        cursor = self._connection.execute(
            "INSERT OR IGNORE INTO comment (origin, parent, created, data) VALUES (?, ?, ?, ?)",
            (comment.origin, comment.parent, comment.created_at.timestamp(), _COMMENT.dump_json(comment)),
        )
        return cursor.rowcount == 1

    def __len__(self) -> int:
        """How many comments are kept."""
        return int(self._connection.execute("SELECT count(*) FROM comment").fetchone()[0])

    def ordered(self) -> Iterator[ImportedComment]:
        """Every comment, those that others answer before the answers, otherwise by time."""
        self._connection.execute(_DEPTHS)
        numbers = self._connection.execute("SELECT number FROM comment ORDER BY depth IS NULL, depth, created, number")
        for (number,) in numbers:
            row = self._connection.execute("SELECT data FROM comment WHERE number = ?", (number,)).fetchone()
            yield _COMMENT.validate_json(row[0])

    def place(self, comment: ImportedComment, place: StoredComment) -> None:
        """Remember where the comment stands, for those that answer it."""
        self._connection.execute(
            "UPDATE comment SET article_id = ?, comment_id = ? WHERE origin = ?",
            (place.article_id, place.comment_id, comment.origin),
        )

    def place_of(self, origin: str) -> StoredComment | None:
        """Where the comment of that origin stands; None if it is in no place yet."""
        row = self._connection.execute(
            "SELECT article_id, comment_id FROM comment WHERE origin = ? AND comment_id IS NOT NULL", (origin,)
        ).fetchone()
        return StoredComment(*row) if row else None

    def keep_known(self, article_id: int, ids_by_mark: Mapping[str, str]) -> None:
        """Remember which comments the article has had before, by the marks of their origins."""
        rows = ((article_id, mark, comment_id) for mark, comment_id in ids_by_mark.items())
        self._connection.executemany("INSERT INTO known VALUES (?, ?, ?)", rows)

    def known(self, article_id: int, mark: str) -> str | None:
        """The id of the comment of that mark that the article has had before, if any."""
        row = self._connection.execute(
            "SELECT comment_id FROM known WHERE article_id = ? AND mark = ?", (article_id, mark)
        ).fetchone()
        return str(row[0]) if row else None
