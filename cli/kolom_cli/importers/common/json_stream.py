"""Read the entries of large JSON files one by one, in constant memory."""

from collections.abc import Callable, Iterator
from typing import IO, Any, Final

import ijson
from ijson.common import ObjectBuilder

from kolom_cli.importers.common.export_files import UNREADABLE
from kolom_cli.importers.common.types import SourceError
from kolom_cli.terminal.plurals import count

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BUFFER_BYTES: Final = 1024 * 1024
"""A large buffer is faster: if it ends within a text, the parser reads that text again from the beginning."""
_MAX_ENTRY_BYTES: Final = 32 * 1024 * 1024
"""The maximum size of a wanted entry, or of a single value between such entries. It is in memory as a whole."""
_MAX_DEPTH: Final = 64

_STARTS: Final = frozenset(("start_map", "start_array"))
_ENDS: Final = frozenset(("end_map", "end_array"))

type Path = tuple[str, ...]
"""The keys on the way to a value; an entry of an array has the key ``[]``."""


class _Counted:
    """A file without its byte order mark. It counts the bytes that were read since the last complete entry or value."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self._name = name
        self._file = file
        self._unfinished_bytes = 0
        self._beginning: bytes | None = None

    def begin(self) -> None:
        """Start to count the bytes of the next entry, or of the next value between entries."""
        self._unfinished_bytes = 0

    def read(self, size: int) -> bytes:
        if size == 0:  # the parser asks in this way whether the file is binary
            return b""
        if self._beginning is None:
            self._beginning = self._file.read(len(_BYTE_ORDER_MARK)).removeprefix(_BYTE_ORDER_MARK)
        data, self._beginning = self._beginning or self._file.read(size), b""
        self._unfinished_bytes += len(data)
        if self._unfinished_bytes > _MAX_ENTRY_BYTES:
            raise SourceError(f"{self._name}: an entry has more than {_MAX_ENTRY_BYTES >> 20} MB: not read further")
        return data


class _Parser:
    """The events of a JSON file, with the path of each value. ``entries`` is the number that the errors mention."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self.entries = 0
        self._name = name
        self._counted = _Counted(name, file)

    def end_value(self) -> None:
        """Start to count the bytes of the next entry, or of the next value between entries."""
        self._counted.begin()

    def events(self) -> Iterator[tuple[str, Any, list[str]]]:
        """Yield each event of ijson with its value and the path of the value, a list that the next event changes.

        :raises SourceError: the file cannot be read, or is invalid after what was yielded so far
        """
        path: list[str] = []
        try:
            for event, value in ijson.basic_parse(self._counted, use_float=True, buf_size=_BUFFER_BYTES):
                if event == "map_key":
                    path[-1] = value
                if event in _ENDS:
                    path.pop()
                yield event, value, path
                if event in _STARTS:
                    path.append("[]" if event == "start_array" else "")
                    if len(path) > _MAX_DEPTH:
                        raise SourceError(f"{self._name}: nested deeper than {_MAX_DEPTH} levels: not read further")
        except ijson.JSONError as error:
            reason = str(error).partition("\n")[0].removeprefix("b'").partition("\\n")[0]
            read = count(self.entries, "entry", "entries")
            raise SourceError(f"{self._name}: invalid JSON, after {read}: {reason}") from error
        except UNREADABLE as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SourceError(f"{self._name}: cannot be read further: {reason}") from error


def read_entries(
    name: str, file: IO[bytes], is_wanted: Callable[[Path], bool]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each object at a wanted path with its path, in the order of the file ``name``.

    :raises SourceError: the file cannot be read, or is invalid after what was yielded so far
    """
    parser = _Parser(name, file)
    builder: ObjectBuilder | None = None
    entry_depth = 0
    for event, value, path in parser.events():
        if builder is None and event == "start_map" and is_wanted(tuple(path)):
            builder, entry_depth = ObjectBuilder(), len(path)
        if builder is not None:
            builder.event(event, value)
            if event == "end_map" and len(path) == entry_depth:
                parser.entries += 1
                yield tuple(path), builder.value
                builder = None
        if builder is None:
            parser.end_value()


def read_outline(name: str, file: IO[bytes]) -> dict[str, Any]:
    """Return the members of the outermost object; arrays and objects are empty. Reads the whole file ``name``.

    The outline of a file whose outermost value is no object is empty.

    :raises SourceError: the file cannot be read, or is invalid
    """
    parser = _Parser(name, file)
    outline: dict[str, Any] = {}
    for event, value, path in parser.events():
        if len(path) == 1 and path != ["[]"] and event != "map_key" and event not in _ENDS:
            outline[path[0]] = [] if event == "start_array" else {} if event == "start_map" else value
        parser.end_value()
    return outline
