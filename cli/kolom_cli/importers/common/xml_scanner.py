"""Split an XML export into its entries, without parsing them, in bounded memory.

A damaged entry cannot affect those after it, since each is parsed separately (:mod:`.xml_stream`).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from kolom_cli.importers.common.export_files import UNREADABLE
from kolom_cli.importers.common.xml_encoding import ReadableFile

MAX_ENTRY_BYTES: Final = 32 * 1024 * 1024
"""The maximum size of an entry, and of what is between two entries. They are in memory, in several copies."""

TOO_LARGE: Final = f"more than {MAX_ENTRY_BYTES >> 20} MB"

_CHUNK_BYTES: Final = 64 * 1024
_MAX_TAG_BYTES: Final = 8 * 1024
_MAX_NAME_BYTES: Final = 128
_BEGINNING_BYTES: Final = 16 * 1024
_TERMINATORS: Final = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_TAG_END: Final = re.compile(rb"[^<>\"']*(?:(?:\"[^\"<]*\"|'[^'<]*')[^<>\"']*)*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An entry, or what is between two entries: then ``name`` is empty. ``line`` is the line of its first byte.

    An entry without its end tag ends with the next entry, or with the file. If the piece is too large, ``data`` is only
    its beginning.
    """

    line: int
    data: bytes
    name: str = ""
    ends_with: Literal["tag", "next entry", "end of file"] = "tag"
    is_too_large: bool = False


class _Token(NamedTuple):
    """The beginning of an entry's tag, or of a comment, CDATA section or instruction; positions are in the buffer."""

    start: int
    end: int
    opening: bytes
    name: str
    is_end_tag: bool


class Scanner:
    """Yields the pieces of a file in their order. ``entries`` are the names of the entries' elements, without prefixes.

    ``read_error`` is the exception that ended the reading, if the file is damaged. ``line`` is the number of the last
    line after all pieces were read.
    """

    def __init__(self, file: ReadableFile, entries: Collection[str]) -> None:
        self._file = file
        names = "|".join(sorted(entries)).encode()
        self._tokens = re.compile(rb"<!--|<!\[CDATA\[|<\?|<(/?)(?:[\w.-]+:)?(" + names + rb")(?=[\s/>])")
        self._buffer = bytearray()
        self._is_at_end = False
        self._entry = ""
        self._first_line = 1
        self._beginning = b""
        self._unterminated: set[bytes] = set()
        self.line = 1
        self.read_error: BaseException | None = None

    def __iter__(self) -> Iterator[Piece]:
        position = 0
        while (token := self._next_token(position)) is not None:
            if token.opening in _TERMINATORS:
                position = self._after(token.opening, token.end)
            elif self._entry not in {"", token.name}:
                position = token.end
            elif token.is_end_tag:
                position, _ = self._tag_end(token.end)
                if self._entry:
                    yield self._piece(position, "tag")
                    position = 0
            else:
                end, is_empty = self._tag_end(token.end)
                if self._entry and is_empty:
                    position = end
                    continue
                yield self._piece(token.start, "next entry", following=token.name)
                position = end - token.start
                if is_empty:
                    yield self._piece(position, "tag")
                    position = 0
        yield self._piece(len(self._buffer), "end of file")

    def _piece(self, end: int, ends_with: Literal["tag", "next entry", "end of file"], *, following: str = "") -> Piece:
        """Remove the piece before ``end`` from the buffer and return it. ``following`` is the name of the next one."""
        piece = Piece(
            line=self._first_line,
            data=self._beginning or bytes(self._buffer[:end]),
            name=self._entry,
            ends_with=ends_with,
            is_too_large=bool(self._beginning),
        )
        self._drop(end)
        self._first_line, self._beginning, self._entry = self.line, b"", following
        self._unterminated.clear()
        return piece

    def _drop(self, end: int) -> None:
        self.line += self._buffer.count(b"\n", 0, end)
        del self._buffer[:end]

    def _next_token(self, position: int) -> _Token | None:
        """Return the next token; None at the end of the file."""
        while True:
            if match := self._tokens.search(self._buffer, position):
                name = (match[2] or b"").decode()
                return _Token(match.start(), match.end(), bytes(match[0]), name, bool(match[1]))
            further = self._read_on(max(position, len(self._buffer) - _MAX_NAME_BYTES))
            if further is None:
                return None
            position = further

    def _after(self, opening: bytes, position: int) -> int:
        """Return the position after a comment, a CDATA section or an instruction; ``position`` if it has no end."""
        terminator = _TERMINATORS[opening]
        start = position
        while opening not in self._unterminated:
            found = self._buffer.find(terminator, position)
            if found >= 0:
                return found + len(terminator)
            further = self._read_on(max(position, len(self._buffer) - len(terminator)))
            if further is None:
                self._unterminated.add(opening)
            else:
                position = further
        return len(self._buffer) if self._beginning else start

    def _tag_end(self, position: int) -> tuple[int, bool]:
        """Return the position after the tag with its attributes, and whether it has the form ``<x/>``."""
        limit = position + _MAX_TAG_BYTES
        while b">" not in self._buffer[position:limit] and len(self._buffer) < limit and self._read():
            pass
        match = _TAG_END.match(self._buffer, position, limit)
        end = match.end() if match else self._buffer.find(b">", position) + 1 or len(self._buffer)
        return end, self._buffer[end - 2 : end] == b"/>"

    def _read_on(self, position: int) -> int | None:
        """Read on; return the new index of the byte at ``position`` in the buffer, or None at the end of the file.

        The index changes if the piece is too large: its bytes before ``position`` are then removed, except for a
        copy of its beginning.
        """
        if len(self._buffer) > MAX_ENTRY_BYTES or self._beginning:
            self._beginning = self._beginning or bytes(self._buffer[:_BEGINNING_BYTES])
            self._drop(position)
            position = 0
        return position if self._read() else None

    def _read(self) -> bool:
        """Append to the buffer; return False at the end of the file."""
        data = b""
        if not self._is_at_end:
            try:
                data = self._file.read1(_CHUNK_BYTES)
            except UNREADABLE as error:
                self.read_error = error
        self._buffer += data
        self._is_at_end = not data
        return bool(data)
